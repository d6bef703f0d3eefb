//! The programs that a stack runs, found through the toolbox of this checkout.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toolbox::{MissingTool, Tool, Toolbox};

/// Programs, as absolute paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tools {
    /// Folder with `initdb` and `postgres`.
    pub postgres: PathBuf,
    /// Temporal's command, which has the development server.
    pub temporal: PathBuf,
    /// What agent scripts need; absent in a stack without services.
    pub scripts: Option<ScriptTools>,
}

/// Programs that run and check agent scripts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScriptTools {
    /// Python with build123d.
    pub python: PathBuf,
    /// The linter.
    pub ruff: PathBuf,
    /// The encoder of videos; without it, a worker that is asked for one says how to get it.
    pub ffmpeg: Option<PathBuf>,
}

impl Tools {
    /// Finds what a stack needs; the error names what is missing and how to get it.
    pub fn locate(root: &Path, with_services: bool) -> Result<Self, MissingTool> {
        let toolbox = Toolbox::locate(root);
        let scripts = if with_services {
            // A variable that is set and wrong is an error, as for every tool; a missing encoder is not.
            let ffmpeg = toolbox.overridden(Tool::Ffmpeg).transpose()?.or_else(|| toolbox.ffmpeg().ok());
            Some(ScriptTools { python: toolbox.python()?, ruff: toolbox.ruff()?, ffmpeg })
        } else {
            None
        };
        Ok(Self { postgres: toolbox.postgres_bin_dir()?, temporal: toolbox.temporal()?, scripts })
    }
}
