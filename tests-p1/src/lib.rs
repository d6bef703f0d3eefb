//! Tier P1 of the suite: see `tests/p1/main.rs`.
