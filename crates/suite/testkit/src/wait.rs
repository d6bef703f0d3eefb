//! Waiting for a condition, never for a time.

use std::{
    fmt::Debug,
    future::Future,
    time::{Duration, Instant},
};

/// For what a healthy stack does at once.
pub const SHORT: Duration = Duration::from_secs(10);
/// For what takes a run of something.
pub const LONG: Duration = Duration::from_mins(1);

/// Time between two looks: a part of the time waited so far, since a look costs the stack work that others wait for.
const SHORTEST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);
const PAUSES_PER_WAIT: u32 = 8;

/// What a look found. A condition that has no way to fail may return a `bool`: done, or not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// What was waited for.
    Done,
    /// Not yet; look again.
    NotYet,
    /// It cannot come any more, for this reason.
    Failed(String),
}

impl From<bool> for Seen {
    fn from(done: bool) -> Self {
        if done { Self::Done } else { Self::NotYet }
    }
}

/// Looks again and again until `judge` accepts what `look` returns, and returns that.
///
/// # Panics
/// When `judge` says that it failed, or `deadline` has passed. The message holds `what` was waited for, the reason, and
/// the last state seen.
#[track_caller]
pub fn wait_for<T, L, R, J, S>(what: &str, deadline: Duration, look: L, judge: J) -> impl Future<Output = T>
where
    T: Debug,
    L: FnMut() -> R,
    R: Future<Output = T>,
    J: Fn(&T) -> S,
    S: Into<Seen>,
{
    let called_at = std::panic::Location::caller();
    wait(what.to_owned(), deadline, look, judge, called_at)
}

async fn wait<T, L, R, J, S>(
    what: String,
    deadline: Duration,
    mut look: L,
    judge: J,
    called_at: &'static std::panic::Location<'static>,
) -> T
where
    T: Debug,
    L: FnMut() -> R,
    R: Future<Output = T>,
    J: Fn(&T) -> S,
    S: Into<Seen>,
{
    let begun = Instant::now();
    loop {
        let state = look().await;
        let waited = begun.elapsed();
        match judge(&state).into() {
            Seen::Done => return state,
            Seen::NotYet if waited < deadline => {}
            Seen::NotYet => panic!(
                "{called_at}: timed out after {} s waiting for {what}. Last state seen:\n{state:#?}",
                deadline.as_secs_f64(),
            ),
            Seen::Failed(reason) => panic!(
                "{called_at}: failed after {:.1} s of waiting for {what}: {reason}. Last state seen:\n{state:#?}",
                waited.as_secs_f64(),
            ),
        }
        tokio::time::sleep((waited / PAUSES_PER_WAIT).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn wait_for_returns_the_satisfying_state() {
        let mut count = 0;
        let seen = wait_for(
            "three",
            SHORT,
            || {
                count += 1;
                std::future::ready(count)
            },
            |n| *n == 3,
        )
        .await;
        assert_eq!(seen, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "Last state seen:\n\"still queued\"")]
    async fn timeout_shows_the_last_state() {
        let state = || std::future::ready("still queued");
        wait_for("an end", Duration::from_millis(30), state, |_| false).await;
    }

    #[tokio::test]
    #[should_panic(expected = "waiting for an end: it was cancelled. Last state seen:\n\"cancelled\"")]
    async fn failure_ends_the_wait_at_once() {
        let state = || std::future::ready("cancelled");
        let judge = |_: &_| Seen::Failed("it was cancelled".to_owned());
        wait_for("an end", Duration::MAX, state, judge).await;
    }
}
