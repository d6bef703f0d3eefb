//! Rules of a design that no manufacturing method decides.
