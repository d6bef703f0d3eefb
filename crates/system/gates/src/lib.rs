//! Reads what agents write, and says everything that is wrong with it.
