//! No code. This package's dependencies hold the features of shared crates the same, whichever packages are built, so
//! that nothing is compiled twice; `cargo hakari generate` writes them (see `.config/hakari.toml`).
