//! Tests of tier P2, one module per id.
