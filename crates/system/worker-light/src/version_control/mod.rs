//! Version control of a session's workspace, by the git program.
//!
//! A session's `.git` folder can be written by agents, so all of it is taken for hostile. What git would run or follow
//! because of it, and the defence against it:
//!
//! | Planted | Answer |
//! |---|---|
//! | hooks | `core.hooksPath=/dev/null`, no template folder |
//! | `core.fsmonitor`, filters, merge drivers, diff programs, signing, aliases, includes, another work tree, partial clones | the repository's own configuration is replaced by ours before each operation; the machine's and the user's are not read |
//! | editors, pagers, credential helpers, remotes | none is ever asked for; `protocol.allow=never` |
//! | nested repositories with a configuration of their own | not looked into (`diff.ignoreSubmodules=all`) |
//! | `.git` that is a link or a file, `commondir` | refused; removed |
//! | links, alternates, objects that lead to other sessions | git runs locked into the session ([`confinement`]): it sees no other session, and links are never made (`core.symlinks=false`) |
//! | any program at all, by a way not listed here | the same lock lets nothing be executed but git itself |
//! | a lock file left by a git that was killed | removed: operations of a session never overlap |

mod confinement;
mod git;
mod repository;
mod status;
#[cfg(test)]
mod tests;

pub use git::{Git, GitError};
pub use repository::{Repository, RepositoryError};
