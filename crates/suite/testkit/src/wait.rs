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

/// Looks again and again until `done` accepts what `look` returns, and returns that.
///
/// # Panics
/// When `deadline` has passed; the message holds `what` was waited for and the last state seen.
#[track_caller]
pub fn wait_for<T, L, R, D>(what: &str, deadline: Duration, look: L, done: D) -> impl Future<Output = T>
where
    T: Debug,
    L: FnMut() -> R,
    R: Future<Output = T>,
    D: Fn(&T) -> bool,
{
    let called_at = std::panic::Location::caller();
    wait(what.to_owned(), deadline, look, done, called_at)
}

async fn wait<T, L, R, D>(
    what: String,
    deadline: Duration,
    mut look: L,
    done: D,
    called_at: &'static std::panic::Location<'static>,
) -> T
where
    T: Debug,
    L: FnMut() -> R,
    R: Future<Output = T>,
    D: Fn(&T) -> bool,
{
    let begun = Instant::now();
    loop {
        let state = look().await;
        let waited = begun.elapsed();
        if done(&state) {
            return state;
        }
        assert!(
            waited < deadline,
            "{called_at}: waited {} s for {what}; it did not come. Last state seen:\n{state:#?}",
            deadline.as_secs_f64(),
        );
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
}
