//! The order in which a tool is looked for, and what a missing one says.

use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;
use crate::links::link;

/// A checkout, a cache and a search path of their own, so that the machine's tools do not matter.
struct Machine {
    root: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a temporary directory");
        for directory in ["checkout", "cache", "bin"] {
            std::fs::create_dir_all(root.path().join(directory)).expect("create");
        }
        Self { root }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.root.path().canonicalize().expect("it exists").join(below)
    }

    fn program(&self, below: &str) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("it has a directory")).expect("create");
        std::fs::write(&path, "#!/bin/sh\n").expect("write");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set the mode");
        path
    }

    fn cached(&self, slot: &str, program: &str) -> PathBuf {
        let path = self.program(&format!("cache/{slot}/{program}"));
        std::fs::write(self.path(&format!("cache/{slot}/.complete")), "\n").expect("write");
        path
    }

    fn toolbox(&self, extra: &[(&str, PathBuf)]) -> Toolbox {
        let mut toolbox = Toolbox::with_variables(&self.path("checkout"), |name| {
            let extra = extra.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
            match name {
                "PATH" => Some(self.path("bin").into()),
                "PROVING_GROUND_CACHE" => Some(self.path("cache").into()),
                _ => extra.map(PathBuf::into_os_string),
            }
        });
        toolbox.debian_postgres = self.path("debian");
        toolbox
    }
}

#[test]
fn places_are_tried_in_order_of_precedence() {
    let machine = Machine::new();
    let on_path = machine.program("bin/temporal");
    assert_eq!(machine.toolbox(&[]).temporal(), Ok(on_path));

    let cached = machine.cached(&format!("temporal-{}", pins::TEMPORAL), "bin/temporal");
    assert_eq!(machine.toolbox(&[]).temporal(), Ok(cached));

    let linked = machine.program("elsewhere/bin/temporal");
    link(&machine.path("checkout"), "temporal", &machine.path("elsewhere")).expect("a link");
    assert_eq!(machine.toolbox(&[]).temporal(), Ok(linked));

    let chosen = machine.program("chosen/temporal");
    assert_eq!(machine.toolbox(&[("TEMPORAL_CLI", chosen.clone())]).temporal(), Ok(chosen));
}

#[test]
fn wrong_override_fails_even_if_the_tool_exists() {
    let machine = Machine::new();
    machine.program("bin/temporal");
    let wrong = machine.path("no-such-file");

    let error = machine.toolbox(&[("TEMPORAL_CLI", wrong.clone())]).temporal().expect_err("it is not there");

    assert_eq!(error, MissingTool::WrongOverride { tool: Tool::Temporal, value: wrong });
    assert!(error.to_string().contains("TEMPORAL_CLI"), "{error}");
}

#[test]
fn unfinished_cache_directory_is_not_used() {
    let machine = Machine::new();
    machine.program(&format!("cache/temporal-{}/bin/temporal", pins::TEMPORAL));

    assert!(machine.toolbox(&[]).temporal().is_err());
}

#[test]
fn dangling_link_falls_through_to_the_cache() {
    let machine = Machine::new();
    link(&machine.path("checkout"), "nextest", &machine.path("removed")).expect("a link");
    let cached = machine.cached(&format!("nextest-{}", pins::NEXTEST), "bin/cargo-nextest");

    assert_eq!(machine.toolbox(&[]).nextest(), Ok(cached));
}

#[test]
fn system_python_is_not_used() {
    let machine = Machine::new();
    machine.program("bin/python");
    machine.program("bin/python3");

    assert!(machine.toolbox(&[]).python().is_err());
}

#[test]
fn python_keeps_the_path_of_its_environment() {
    let machine = Machine::new();
    let base = machine.program("base/python3.11");
    std::fs::create_dir_all(machine.path("environment/bin")).expect("create");
    let interpreter = machine.path("environment/bin/python");
    symlink(base, &interpreter).expect("a link to the base interpreter");
    link(&machine.path("checkout"), "python", &machine.path("environment")).expect("a link");

    assert_eq!(machine.toolbox(&[]).python(), Ok(interpreter));
}

#[test]
fn postgres_on_path_may_be_a_link_into_its_directory() {
    let machine = Machine::new();
    machine.program("real/bin/initdb");
    symlink(machine.program("real/bin/postgres"), machine.path("bin/postgres")).expect("a link");

    assert_eq!(machine.toolbox(&[]).postgres_bin_dir(), Ok(machine.path("real/bin")));
}

#[test]
fn postgres_of_debian_is_found_though_not_on_path() {
    let machine = Machine::new();
    machine.program("debian/15/bin/initdb");
    machine.program("debian/15/bin/postgres");

    assert_eq!(machine.toolbox(&[]).postgres_bin_dir(), Ok(machine.path("debian/15/bin")));
}

#[test]
fn missing_tool_names_the_places_and_the_remedy() {
    let machine = Machine::new();

    let message = machine.toolbox(&[]).mujoco_lib_dir().expect_err("it is not there").to_string();

    for expected in ["MuJoCo library", "MUJOCO_LIB_DIR", ".tools/mujoco/lib", "run: make setup"] {
        assert!(message.contains(expected), "{expected:?} is missing in: {message}");
    }
}

#[test]
fn bubblewrap_is_found_only_if_installed() {
    let machine = Machine::new();
    assert_eq!(machine.toolbox(&[]).bubblewrap(), None);

    let program = machine.program("bin/bwrap");
    assert_eq!(machine.toolbox(&[]).bubblewrap(), Some(program));
}
