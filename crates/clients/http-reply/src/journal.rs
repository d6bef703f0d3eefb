//! What clients called, for the evidence of a failed test.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use reqwest::Method;

/// The calls of all clients that share it, in the order in which they began. Clones share one list.
#[derive(Debug, Clone)]
pub struct Journal {
    since: Instant,
    calls: Arc<Mutex<Vec<Entry>>>,
}

#[derive(Debug, Clone)]
struct Entry {
    /// Time from the journal's beginning to the call's.
    begun: Duration,
    method: Method,
    url: String,
    /// Status and duration of the answer, or why there was none; `None` while the call is in flight.
    end: Option<(String, Duration)>,
}

/// A call that a journal holds; [`Noted::ended`] adds how it ended.
#[derive(Debug)]
pub(crate) struct Noted {
    journal: Journal,
    index: usize,
    begun: Instant,
}

impl Journal {
    /// An empty journal whose time begins now.
    pub fn new() -> Self {
        Self { since: Instant::now(), calls: Arc::default() }
    }

    pub(crate) fn note(&self, method: Method, url: String) -> Noted {
        let begun = Instant::now();
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(Entry { begun: begun.duration_since(self.since), method, url, end: None });
        Noted { journal: self.clone(), index: calls.len() - 1, begun }
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self::new()
    }
}

impl Noted {
    /// Adds the end of the call: the status of the answer, or why there was none.
    pub(crate) fn ended(self, how: impl fmt::Display) {
        let mut calls = self.journal.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls[self.index].end = Some((how.to_string(), self.begun.elapsed()));
    }
}

/// One line a call: when it began, how long it took, its status and what was called. Equal calls in a row, such as a wait
/// makes, are one line.
impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for equal in calls.chunk_by(Entry::equals) {
            let (first, last) = (&equal[0], &equal[equal.len() - 1]);
            let (how, took) = match &last.end {
                Some((how, took)) => (how.as_str(), format!("{:.3} s", took.as_secs_f64())),
                None => ("no answer", "abandoned".to_owned()),
            };
            write!(f, "{:>8.3} s  {took:>9}  {how}  {} {}", first.begun.as_secs_f64(), first.method, first.url)?;
            if equal.len() > 1 {
                write!(f, "  ({} times, until {:.3} s)", equal.len(), last.begun.as_secs_f64())?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl Entry {
    fn equals(&self, other: &Self) -> bool {
        let how = |entry: &Self| entry.end.as_ref().map(|(how, _)| how.clone());
        self.method == other.method && self.url == other.url && how(self) == how(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journal_joins_equal_calls_and_shows_unanswered() {
        let journal = Journal::new();
        journal.note(Method::POST, "http://a/write".into()).ended(200);
        for _ in 0..3 {
            journal.note(Method::GET, "http://a/episode".into()).ended(200);
        }
        journal.note(Method::GET, "http://a/episode".into()).ended(404);
        drop(journal.note(Method::GET, "http://a/slow".into()));
        let shown = journal.to_string();
        let lines: Vec<_> = shown.lines().collect();
        assert_eq!(lines.len(), 4, "{shown}");
        assert!(lines[0].ends_with("200  POST http://a/write"), "{shown}");
        assert!(lines[1].contains("200  GET http://a/episode  (3 times, until "), "{shown}");
        assert!(lines[2].ends_with("404  GET http://a/episode"), "{shown}");
        assert!(lines[3].ends_with("abandoned  no answer  GET http://a/slow"), "{shown}");
    }
}
