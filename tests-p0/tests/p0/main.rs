//! Tests of tier P0, one module per id.
