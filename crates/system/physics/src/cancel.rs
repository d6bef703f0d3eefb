//! How a caller ends work early.

use std::sync::atomic::AtomicBool;

/// Set by the caller to end a run early. It is checked before every step.
pub type CancelFlag = AtomicBool;
