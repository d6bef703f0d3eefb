//! Scenes are in millimetres, engines compute in metres.

/// Millimetres in a metre.
pub(crate) const MM_PER_M: f64 = 1000.0;
