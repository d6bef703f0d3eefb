//! Folders that scripts have written into: removing them, measuring them, and finding those whose owner has died.
//!
//! A script can leave any tree that the file system allows: a hundred thousand nested folders, folders that nobody may
//! list, millions of names. What is done here needs neither a stack frame nor an open file for each level, and stops
//! where a limit is reached.
//!
//! What it must not know: sessions, runs, HTTP.

mod owned;
mod removal;
mod usage;

pub use owned::OwnedFolder;
pub use removal::remove;
pub use usage::{Excess, MAX_DEPTH, Quota, Usage, measure};
