//! What a component of the setup is, and what it knows about the machine.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Mutex;

use clap::ValueEnum;
use toolbox::{Cache, SlotLock, Tool};

use crate::command::{CommandFailure, Logged};

/// The components, by the name that the command line and the summary use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Packages of the operating system: git, bubblewrap, OpenGL and its software renderer.
    System,
    /// Postgres' server programs.
    Postgres,
    /// The MuJoCo library.
    Mujoco,
    /// The Python environment with build123d, ruff and ffmpeg.
    Python,
    /// The Temporal command line program.
    Temporal,
    /// The test runner.
    Nextest,
}

impl Name {
    /// The tool that the component provides; a variable may name another one instead.
    pub fn tool(self) -> Option<Tool> {
        match self {
            Self::System => None,
            Self::Postgres => Some(Tool::Postgres),
            Self::Mujoco => Some(Tool::Mujoco),
            Self::Python => Some(Tool::Python),
            Self::Temporal => Some(Tool::Temporal),
            Self::Nextest => Some(Tool::Nextest),
        }
    }

    /// As typed on the command line; also the name of the log file.
    pub fn text(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Postgres => "postgres",
            Self::Mujoco => "mujoco",
            Self::Python => "python",
            Self::Temporal => "temporal",
            Self::Nextest => "nextest",
        }
    }
}

/// The machine and the checkout that are being set up.
#[derive(Debug)]
pub struct Site {
    /// Where the checkout starts.
    pub checkout: PathBuf,
    /// Where installed tools are kept.
    pub cache: Cache,
    /// The `PATH` of this process.
    pub search_path: OsString,
    /// Whether the package lists were refreshed by this run; holding it is also the right to use the package manager.
    pub package_manager: Mutex<PackageLists>,
}

/// Whether the package manager's lists are fresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackageLists {
    /// As the machine had them.
    AsFound,
    /// Refreshed by this run.
    Refreshed,
}

impl Site {
    /// The site of `checkout`, whose tools are kept in `cache`.
    pub fn new(checkout: PathBuf, cache: Cache) -> Self {
        let search_path = std::env::var_os("PATH").unwrap_or_default();
        Self { checkout, cache, search_path, package_manager: Mutex::new(PackageLists::AsFound) }
    }

    /// Whether this process may use the package manager.
    pub fn is_root() -> bool {
        nix::unistd::Uid::effective().is_root()
    }
}

/// What looking for a component found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is there and good enough.
    Usable(Usable),
    /// It must be installed.
    Missing {
        /// What was found instead, in a few words.
        reason: String,
    },
}

impl Finding {
    /// Missing, for `reason`.
    pub fn missing(reason: impl Into<String>) -> Self {
        Self::Missing { reason: reason.into() }
    }
}

/// A component that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usable {
    /// Version or description.
    pub what: String,
    /// Where it is.
    pub place: PathBuf,
    /// What `.tools/NAME` is to point at; none for what is used where the machine has it.
    pub link: Option<PathBuf>,
    /// Remarks for the summary, such as an optional part that is missing.
    pub remarks: Vec<String>,
}

/// Why a component could not be installed, as its reader needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was tried, in order.
    pub tried: Vec<String>,
    /// What went wrong, with the last lines of output where a program failed.
    pub cause: String,
    /// What the reader can do.
    pub remedy: String,
}

impl Failure {
    /// A failure of `step`, whose way out is `remedy`.
    pub fn of(step: &str, remedy: &str) -> impl Fn(CommandFailure) -> Self {
        let (step, remedy) = (step.to_owned(), remedy.to_owned());
        move |failure| Self { tried: vec![step.clone()], cause: failure.to_string(), remedy: remedy.clone() }
    }

    /// A failure for the cause that `error` names.
    pub fn because(tried: &str, remedy: &str, error: &dyn std::fmt::Display) -> Self {
        Self { tried: vec![tried.to_owned()], cause: error.to_string(), remedy: remedy.to_owned() }
    }
}

/// One thing that the project needs from the machine.
pub trait Component: Sync {
    /// Its name.
    fn name(&self) -> Name;

    /// Looks for it. Must be quick: it runs before every test run.
    fn find(&self, site: &Site) -> Finding;

    /// Installs it. Called only after [`Component::find`] found nothing usable; `lock` keeps other setups out.
    fn install(&self, site: &Site, lock: &SlotLock, logged: &Logged<'_>) -> Result<(), Failure>;

    /// The slot of the cache that an installation locks, and fills if it puts anything there.
    fn slot_name(&self, site: &Site) -> String;

    /// What else makes a usable component reachable for the user; returns a remark for each change it made.
    fn make_reachable(&self, _site: &Site) -> Vec<String> {
        Vec::new()
    }
}
