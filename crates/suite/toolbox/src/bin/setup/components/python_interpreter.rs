//! The Python of the machine: the one that makes environments, never the one that runs agent scripts.

use std::path::PathBuf;

use toolbox::pins::{PYTHON_MAXIMUM, PYTHON_MINIMUM};
use toolbox::search_path::executables;

use super::version_in;
use crate::command::ask;
use crate::component::Site;

/// Prints version and real path, and fails where environments cannot be made.
const QUESTION: &str = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2], sys.executable)";

/// The first interpreter in the accepted range of versions that can make environments, or why there is none.
pub fn find(site: &Site) -> Result<PathBuf, String> {
    let versions = (PYTHON_MINIMUM[1]..=PYTHON_MAXIMUM[1]).rev().map(|minor| format!("python3.{minor}"));
    let names = std::iter::once("python3".to_owned()).chain(versions);
    let mut rejected = Vec::new();
    for program in names.flat_map(|name| executables(&name, &site.search_path)) {
        let Some(answer) = ask(&program, &["-c", QUESTION]) else {
            rejected.push(format!("{} cannot make environments (it lacks venv or ensurepip)", program.display()));
            continue;
        };
        let accepted = version_in(&answer)
            .is_some_and(|[major, minor, _]| PYTHON_MINIMUM <= [major, minor] && [major, minor] <= PYTHON_MAXIMUM);
        match answer.split_once(' ') {
            Some((_, path)) if accepted => return Ok(PathBuf::from(path)),
            _ => rejected.push(format!("{} is version {answer}", program.display())),
        }
    }
    if rejected.is_empty() {
        rejected.push("there is no python3 on PATH".to_owned());
    }
    Err(rejected.join("; "))
}

/// Whether some `python3` of the machine can make environments, be its version accepted or not.
pub fn any_makes_environments(site: &Site) -> bool {
    executables("python3", &site.search_path).iter().any(|program| ask(program, &["-c", QUESTION]).is_some())
}

/// What to do about a machine without a fitting Python.
pub fn remedy() -> String {
    let [[_, minimum], [_, maximum]] = [PYTHON_MINIMUM, PYTHON_MAXIMUM];
    format!(
        "install Python 3.{minimum} to 3.{maximum} with its venv module (Debian: python3 and python3-venv), \
         then run: make setup"
    )
}
