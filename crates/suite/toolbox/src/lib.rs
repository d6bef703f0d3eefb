//! Every outside program and environment this project needs: which version, where it is kept, how it is found.
//!
//! Two readers. `make setup` (the `setup` program of this crate) finds or installs the tools; the `stack` crate asks
//! [`Toolbox`] for their paths and never installs anything. What is installed lives in the user's cache directory, one
//! directory per tool and version ([`Cache`]), so that a second checkout finds it; `.tools/` of a checkout holds links
//! into it ([`links`]).
//!
//! This crate does not know the services or the tests, and looking a tool up starts no process.

pub mod cache;
mod caller;
pub mod checkout;
pub mod links;
pub mod locate;
pub mod pins;
pub mod search_path;

pub use cache::{Cache, CacheError, Construction, Slot, SlotLock};
pub use caller::forget_the_caller;
pub use checkout::{checkout_root, current_checkout, python_slot_name};
pub use locate::{MissingTool, Tool, Toolbox};
