//! Tools that agents call, by HTTP and from their scripts, both through this code.
