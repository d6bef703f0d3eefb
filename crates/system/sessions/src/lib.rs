//! Session workspaces on disk: one folder a session, and the only way in which services touch it.
//!
//! A session's files are written by agents and by the scripts that they run, so nothing in them is trusted. Every path
//! of a caller is a virtual one ([`VirtualPath`]), and every access goes through a directory handle that the operating
//! system keeps inside the session's folder, whatever names or links exist there. The read-only mounts (`utils`,
//! `skills`, `reviews`, `config`) are seen at the root of every session and belong to none.
//!
//! All calls of [`Workspace`] block; [`Sessions::in_workspace`] runs them on a thread that may. This crate knows no
//! route, no Python and no git.

mod bundle;
mod change;
mod error;
mod events;
mod first_commit;
mod limits;
mod locks;
mod mount;
mod registry;
mod search;
mod template;
mod virtual_path;
mod walk;
mod workspace;

pub use bundle::{BundleError, Scratch, unbundle};
pub use change::Existing;
pub use error::FileError;
pub use events::TakenEvents;
pub use limits::{MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRIES, MAX_MATCHES};
pub use locks::SessionLock;
pub use registry::Sessions;
pub use virtual_path::{Place, VirtualPath};
pub use workspace::{EntryKind, MAX_FILE_BYTES, Workspace};
