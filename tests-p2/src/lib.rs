//! Tier P2 of the suite: see `tests/p2/main.rs`.
