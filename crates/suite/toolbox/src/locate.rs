//! Finding the tools without starting any: what the stack asks when it boots.
//!
//! Each tool is looked for in the same order: the variable that overrides it, the checkout's `.tools` link, the cache,
//! and, for tools that any installation of serves, `PATH`. A variable that is set but wrong is an error: falling back
//! silently would run something other than what was asked for.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::cache::Cache;
use crate::checkout::python_slot_name;
use crate::links::link_path;
use crate::pins;
use crate::search_path::{debian_postgres_directories, executables, holds_postgres, is_executable};

/// The tools that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Postgres' server programs.
    Postgres,
    /// The Temporal command line program.
    Temporal,
    /// The Python interpreter whose environment holds build123d.
    Python,
    /// The Python linter of the same environment.
    Ruff,
    /// The video encoder, of the same environment or the machine's.
    Ffmpeg,
    /// The MuJoCo shared library.
    Mujoco,
    /// The test runner.
    Nextest,
    /// The sandbox program.
    Bubblewrap,
}

impl Tool {
    /// The name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "Postgres server programs (initdb, postgres)",
            Self::Temporal => "Temporal command line program",
            Self::Python => "Python environment with build123d",
            Self::Ruff => "ruff, the Python linter",
            Self::Ffmpeg => "ffmpeg, the video encoder",
            Self::Mujoco => "MuJoCo library",
            Self::Nextest => "cargo-nextest",
            Self::Bubblewrap => "bubblewrap",
        }
    }

    /// The variable that overrides where the tool is: a directory for Postgres and MuJoCo, else the program.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "POSTGRES_BIN_DIR",
            Self::Temporal => "TEMPORAL_CLI",
            Self::Python => "CAD_PYTHON",
            Self::Ruff => "RUFF",
            Self::Ffmpeg => "FFMPEG",
            Self::Mujoco => "MUJOCO_LIB_DIR",
            Self::Nextest => "CARGO_NEXTEST",
            Self::Bubblewrap => "BUBBLEWRAP",
        }
    }

    /// What a usable place must hold, in words.
    fn expectation(self) -> &'static str {
        match self {
            Self::Postgres => "a directory that holds the programs initdb and postgres",
            Self::Mujoco => "a directory that holds libmujoco.so",
            _ => "an executable file",
        }
    }

    fn accepts(self, place: &Path) -> bool {
        match self {
            Self::Postgres => holds_postgres(place),
            Self::Mujoco => place.join("libmujoco.so").is_file(),
            _ => is_executable(place),
        }
    }

    /// The name under `.tools`, and the tool's place below it. Bubblewrap only ever comes from the system.
    fn link(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Postgres => Some(("postgres", "")),
            Self::Temporal => Some(("temporal", "bin/temporal")),
            Self::Python => Some(("python", "bin/python")),
            Self::Ruff => Some(("python", "bin/ruff")),
            Self::Ffmpeg => Some(("python", "bin/ffmpeg")),
            Self::Mujoco => Some(("mujoco", "lib")),
            Self::Nextest => Some(("nextest", "bin/cargo-nextest")),
            Self::Bubblewrap => None,
        }
    }

    /// The program to look for on `PATH`. None where any installation would not do: the Python of a machine has no
    /// build123d, and MuJoCo must be the exact version.
    fn program(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some("postgres"),
            Self::Temporal => Some("temporal"),
            Self::Ruff => Some("ruff"),
            Self::Ffmpeg => Some("ffmpeg"),
            Self::Nextest => Some("cargo-nextest"),
            Self::Bubblewrap => Some("bwrap"),
            Self::Python | Self::Mujoco => None,
        }
    }
}

/// A tool that is not there, with everything its reader needs to fix that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MissingTool {
    /// None of the places holds it.
    NotFound {
        /// What was looked for.
        tool: Tool,
        /// Where, in order.
        looked_at: Vec<String>,
    },
    /// The overriding variable is set to something that is not the tool.
    WrongOverride {
        /// What was looked for.
        tool: Tool,
        /// What the variable says.
        value: PathBuf,
    },
}

impl fmt::Display for MissingTool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { tool, looked_at } => {
                writeln!(formatter, "{} not found; looked at:", tool.name())?;
                for place in looked_at {
                    writeln!(formatter, "  - {place}")?;
                }
                write!(formatter, "run: make setup (or set {} to {})", tool.variable(), tool.expectation())
            }
            Self::WrongOverride { tool, value } => write!(
                formatter,
                "{} not found: {} is set to {}, which is not {}; correct it, or unset it and run: make setup",
                tool.name(),
                tool.variable(),
                value.display(),
                tool.expectation()
            ),
        }
    }
}

/// Where the tools of one checkout are. Cheap to make; each question looks at the file system anew.
#[derive(Debug, Clone)]
pub struct Toolbox {
    checkout: PathBuf,
    cache: Option<Cache>,
    search_path: OsString,
    overrides: Vec<(Tool, PathBuf)>,
    debian_postgres: PathBuf,
}

impl Toolbox {
    /// The tools of the checkout at `checkout_root`, by the variables of this process.
    pub fn locate(checkout_root: &Path) -> Self {
        Self::with_variables(checkout_root, |name| std::env::var_os(name))
    }

    /// As [`Toolbox::locate`], by the variables that `variable` gives.
    pub fn with_variables(checkout_root: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let all = [
            Tool::Postgres,
            Tool::Temporal,
            Tool::Python,
            Tool::Ruff,
            Tool::Ffmpeg,
            Tool::Mujoco,
            Tool::Nextest,
            Tool::Bubblewrap,
        ];
        let overrides = all
            .into_iter()
            .filter_map(|tool| Some((tool, variable(tool.variable()).filter(|value| !value.is_empty())?.into())))
            .collect();
        Self {
            checkout: checkout_root.to_path_buf(),
            search_path: variable("PATH").unwrap_or_default(),
            overrides,
            cache: Cache::from_variables(variable).ok(),
            debian_postgres: PathBuf::from("/usr/lib/postgresql"),
        }
    }

    /// The directory with `initdb`, `postgres` and their companions.
    pub fn postgres_bin_dir(&self) -> Result<PathBuf, MissingTool> {
        self.find(Tool::Postgres)
    }

    /// The Temporal command line program.
    pub fn temporal(&self) -> Result<PathBuf, MissingTool> {
        self.find(Tool::Temporal)
    }

    /// The interpreter of the Python environment that holds build123d and `bd_warehouse`.
    pub fn python(&self) -> Result<PathBuf, MissingTool> {
        self.find(Tool::Python)
    }

    /// The Python linter.
    pub fn ruff(&self) -> Result<PathBuf, MissingTool> {
        self.find(Tool::Ruff)
    }

    /// The video encoder. Everything but videos works without it.
    pub fn ffmpeg(&self) -> Result<PathBuf, MissingTool> {
        self.find(Tool::Ffmpeg)
    }

    /// The directory with `libmujoco.so`, for the dynamic loader's search path.
    pub fn mujoco_lib_dir(&self) -> Result<PathBuf, MissingTool> {
        self.find(Tool::Mujoco)
    }

    /// The `cargo-nextest` program.
    pub fn nextest(&self) -> Result<PathBuf, MissingTool> {
        self.find(Tool::Nextest)
    }

    /// The bubblewrap program, where the machine has it; the sandbox works without.
    pub fn bubblewrap(&self) -> Option<PathBuf> {
        self.find(Tool::Bubblewrap).ok()
    }

    /// What the variable that overrides `tool` says, where it is set.
    pub fn overridden(&self, tool: Tool) -> Option<Result<PathBuf, MissingTool>> {
        let (_, value) = self.overrides.iter().find(|(overridden, _)| *overridden == tool)?;
        let value = value.clone();
        Some(if tool.accepts(&value) { Ok(value) } else { Err(MissingTool::WrongOverride { tool, value }) })
    }

    /// The place of `tool`, by the order this module describes.
    pub fn find(&self, tool: Tool) -> Result<PathBuf, MissingTool> {
        if let Some(chosen) = self.overridden(tool) {
            return chosen;
        }
        let mut looked_at = vec![format!("variable {} (not set)", tool.variable())];
        for place in self.installed_places(tool).into_iter().chain(self.system_places(tool)) {
            if tool.accepts(&place) {
                return Ok(place);
            }
            looked_at.push(place.display().to_string());
        }
        if let Some(program) = tool.program() {
            looked_at.push(format!("{program} on PATH"));
        }
        Err(MissingTool::NotFound { tool, looked_at })
    }

    /// The `.tools` link and the cache directory. The link is resolved, so that one that is moved later does not pull a
    /// running stack's tools away; what lies below it is not, because a Python environment is known by its own path.
    fn installed_places(&self, tool: Tool) -> Vec<PathBuf> {
        let Some((link, below)) = tool.link() else { return Vec::new() };
        let link = link_path(&self.checkout, link);
        let linked = link.canonicalize().unwrap_or(link);
        let cached = self.cached_directory(tool);
        [Some(linked), cached].into_iter().flatten().map(|directory| join(&directory, below)).collect()
    }

    fn cached_directory(&self, tool: Tool) -> Option<PathBuf> {
        let name = match tool {
            Tool::Postgres => return self.complete(&format!("postgres-{}", pins::POSTGRES_FROM_NPM), "bin"),
            Tool::Temporal => format!("temporal-{}", pins::TEMPORAL),
            Tool::Mujoco => format!("mujoco-{}", pins::MUJOCO),
            Tool::Nextest => format!("nextest-{}", pins::NEXTEST),
            Tool::Python | Tool::Ruff | Tool::Ffmpeg => python_slot_name(&self.checkout).ok()?,
            Tool::Bubblewrap => return None,
        };
        self.complete(&name, "")
    }

    fn complete(&self, slot: &str, below: &str) -> Option<PathBuf> {
        let slot = self.cache.as_ref()?.slot(slot);
        slot.is_complete().then(|| join(&slot.path(), below))
    }

    fn system_places(&self, tool: Tool) -> Vec<PathBuf> {
        let programs = tool.program().map_or_else(Vec::new, |program| executables(program, &self.search_path));
        if tool != Tool::Postgres {
            return programs;
        }
        // A program on PATH may be a link into the directory that has all of them.
        let on_path = programs.iter().filter_map(|program| Some(program.canonicalize().ok()?.parent()?.to_path_buf()));
        on_path.chain(debian_postgres_directories(&self.debian_postgres)).collect()
    }
}

/// `directory/below`, without a trailing separator where there is nothing below.
fn join(directory: &Path, below: &str) -> PathBuf {
    if below.is_empty() { directory.to_path_buf() } else { directory.join(below) }
}

#[cfg(test)]
#[path = "locate_tests.rs"]
mod tests;
