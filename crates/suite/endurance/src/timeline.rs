//! Lines of progress, each with its time.

use tokio::time::Instant;

/// Prints lines with the seconds since the beginning. Clones share it.
#[derive(Debug, Clone, Copy)]
pub struct Timeline(Instant);

impl Timeline {
    /// Begins now.
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Prints one line.
    pub fn say(self, sentence: &str) {
        eprintln!("{:7.1} s  {sentence}", self.0.elapsed().as_secs_f64());
    }
}
