//! What is written into a session: the files of a workspace by name.

use std::collections::BTreeMap;

use crate::change::Changed as _;

/// Text of every file by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files(pub BTreeMap<&'static str, String>);

/// What a session can hold.
pub trait Workspace {
    /// Its files.
    fn files(&self) -> Files;
}

impl Workspace for Files {
    fn files(&self) -> Files {
        self.clone()
    }
}

impl Files {
    /// The same with another file, or with this text in one of them.
    #[must_use]
    pub fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.0.insert(name, text.into());
        self
    }

    /// The same without a file.
    ///
    /// # Panics
    /// There is no such file.
    #[must_use]
    #[track_caller]
    pub fn without(mut self, name: &str) -> Self {
        assert!(self.0.remove(name).is_some(), "there is no file {name}");
        self
    }

    /// The same with `from` replaced by `to` in a file: for what has no field, such as prose and malformed documents.
    ///
    /// # Panics
    /// There is no such file, or as [`Changed::changed`](crate::Changed::changed).
    #[must_use]
    #[track_caller]
    pub fn changed(mut self, name: &str, from: &str, to: &str) -> Self {
        let text = self.0.get_mut(name).unwrap_or_else(|| panic!("there is no file {name}"));
        *text = text.changed(from, to);
        self
    }
}
