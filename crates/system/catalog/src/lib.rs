//! The catalogue of bought parts.
