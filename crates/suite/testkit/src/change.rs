//! One change to an input that is sound.

use std::fmt::Debug;

/// A whole with a change to its fields. A change that changes nothing would make a test that tests nothing.
///
/// # Panics
/// Nothing was changed.
#[must_use]
#[track_caller]
pub fn with<T: Clone + PartialEq + Debug>(whole: &T, change: impl FnOnce(&mut T)) -> T {
    let mut changed = whole.clone();
    change(&mut changed);
    assert_ne!(&changed, whole, "nothing was changed");
    changed
}

/// A text with a change, which must not be without effect either.
pub trait Changed {
    /// The same with `from` replaced by `to`, everywhere. A control case says so by giving the same text twice.
    ///
    /// # Panics
    /// `from` does not occur.
    #[must_use]
    #[track_caller]
    fn changed(&self, from: &str, to: &str) -> String;
}

impl Changed for str {
    fn changed(&self, from: &str, to: &str) -> String {
        assert!(self.contains(from), "nothing would change: {from:?} does not occur in\n{self}");
        self.replace(from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_is_made_everywhere() {
        assert_eq!("a b a".changed("a", "c"), "c b c");
    }

    #[test]
    #[should_panic(expected = "nothing would change: \"x\" does not occur in\na b")]
    fn change_without_effect_is_refused() {
        let _ = "a b".changed("x", "y");
    }
}
