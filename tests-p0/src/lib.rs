//! Tier P0 of the suite: see `tests/p0/main.rs`.
