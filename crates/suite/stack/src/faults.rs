//! Disturbances of a running part of a stack, to see how the others react.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A deliberate disturbance of one part, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[value(rename_all = "kebab-case")]
pub enum Fault {
    /// Asks it to end, and waits until it has.
    Stop,
    /// Freezes it and every process below it: its port accepts, nothing answers.
    Pause,
    /// Resumes a paused part.
    Resume,
    /// Ends it and every process below it at once, without a chance to clean up. It stays down until `Restart`; only a
    /// part that ends by itself is started again by the supervisor.
    Kill,
    /// Stops it where it still runs, starts it on the same port, waits until it is ready. What it kept in memory is
    /// gone.
    Restart,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Stop => "stop",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Kill => "kill",
            Self::Restart => "restart",
        })
    }
}
