//! Location of a Python interpreter and its libraries.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::CadRuntimeError;

/// An interpreter, and the folders that it needs to see.
#[derive(Debug, Clone)]
pub(crate) struct Interpreter {
    /// Program, with the folder part free of symbolic links, so that a virtual environment is still recognised.
    pub(crate) program: PathBuf,
    /// Environment and installation, free of symbolic links.
    pub(crate) folders: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct Prefixes {
    prefix: PathBuf,
    base_prefix: PathBuf,
}

impl Interpreter {
    /// Asks the interpreter about itself.
    pub(crate) fn discover(python: &Path) -> Result<Self, CadRuntimeError> {
        let wrong = |problem: String| CadRuntimeError::Configuration {
            setting: "python",
            problem,
            remedy: "Run `make setup`, or point the setting at an interpreter that has build123d",
        };
        let name = python.file_name().ok_or_else(|| wrong(format!("{} is not a program path", python.display())))?;
        let folder = python.parent().unwrap_or(Path::new("."));
        let program = folder
            .canonicalize()
            .map_err(|error| wrong(format!("{} cannot be found: {error}", python.display())))?
            .join(name);
        let output = Command::new(&program)
            .args(["-I", "-S", "-c"])
            .arg("import json, sys; print(json.dumps({'prefix': sys.prefix, 'base_prefix': sys.base_prefix}))")
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .map_err(|error| wrong(format!("{} cannot be run: {error}", program.display())))?;
        let prefixes: Prefixes = serde_json::from_slice(&output.stdout).map_err(|_| {
            wrong(format!("{} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr).trim()))
        })?;

        // The program itself may report a different prefix than that of its environment (-S skips that step).
        let environment = program.parent().and_then(Path::parent).map(Path::to_owned);
        let mut folders = Vec::new();
        for path in environment.into_iter().chain([prefixes.prefix, prefixes.base_prefix]) {
            let path = path.canonicalize().map_err(CadRuntimeError::file("resolve", &path))?;
            if path == Path::new("/") {
                return Err(wrong(format!("{} has the root of the file system as its prefix", program.display())));
            }
            if !folders.contains(&path) {
                folders.push(path);
            }
        }
        Ok(Self { program, folders })
    }
}
