//! Tests of tier P1, one module per id.
