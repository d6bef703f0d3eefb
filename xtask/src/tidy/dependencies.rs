//! Who may depend on whom: the judge shares no code with the judged.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::{Finding, Rule};

const DIRECTION: Rule = Rule {
    name: "dependency direction",
    reason: "tests, clients and suite never build on the system, or a bug in shared code would hide from the tests; \
             the system never builds on what judges it; the contract builds on nothing of ours",
};

const ROOM: Rule = Rule {
    name: "room",
    reason: "a package lives in crates/contract, crates/clients, crates/suite, crates/system, tests-pN or xtask, \
             because what it may depend on follows from its place",
};

const ONE_BUILD: Rule = Rule {
    name: "one build",
    reason: "cargo chooses the features of shared dependencies by what is built together; a package that does not \
             depend on workspace-hack has hundreds of crates compiled a second time (`cargo hakari manage-deps` adds it)",
};

/// Keeps the features of shared dependencies the same whichever packages are built. It has no code.
const WORKSPACE_HACK: &str = "workspace-hack";

/// `make setup` is built before anything else, with as little as it needs.
const BUILT_ALONE: &str = "toolbox";

/// Services that call another service, and therefore may use the client crates.
const CALLING_SERVICES: [&str; 4] = ["controller", "controller-worker", "worker-light", "worker-heavy"];

/// A package of the workspace, as `cargo metadata` reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its directory, from the project's root.
    pub directory: PathBuf,
    /// Names of the packages that it depends on in any way: normal, dev or build.
    pub dependencies: Vec<String>,
}

/// What a package is for, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    Contract,
    Clients,
    Suite,
    System,
    Tests,
    Xtask,
}

impl Room {
    fn of(directory: &Path) -> Option<Self> {
        let parts: Vec<_> = directory.iter().map(|part| part.to_string_lossy()).collect();
        let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
        match parts.as_slice() {
            ["crates", "contract"] => Some(Self::Contract),
            ["crates", "clients", _] => Some(Self::Clients),
            ["crates", "suite", _] => Some(Self::Suite),
            ["crates", "system", _] => Some(Self::System),
            ["xtask"] => Some(Self::Xtask),
            [tests] if tests.starts_with("tests-") => Some(Self::Tests),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    packages: Vec<MetadataPackage>,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<MetadataDependency>,
}

#[derive(Deserialize)]
struct MetadataDependency {
    name: String,
}

/// Asks cargo for the packages of the workspace, without the network and without resolving anything.
///
/// # Errors
/// When cargo cannot be run, refuses the workspace, or names a package outside of it.
pub fn packages_of(root: &Path) -> anyhow::Result<Vec<Package>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(root)
        .output()
        .context("running `cargo metadata`")?;
    if !output.status.success() {
        bail!("`cargo metadata` refuses the workspace: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("the answer of `cargo metadata`")?;
    let Metadata { workspace_root, packages } = metadata;
    packages.into_iter().map(|package| package_from(&workspace_root, package)).collect()
}

fn package_from(root: &Path, package: MetadataPackage) -> anyhow::Result<Package> {
    let directory = package.manifest_path.parent().context("a manifest lies in a directory")?;
    let directory = directory
        .strip_prefix(root)
        .with_context(|| format!("{} is outside the project", directory.display()))?
        .to_owned();
    let dependencies = package.dependencies.into_iter().map(|dependency| dependency.name).collect();
    Ok(Package { name: package.name, directory, dependencies })
}

/// Every dependency that goes the wrong way, and every package without a room.
pub fn check(root: &Path, packages: &[Package]) -> Vec<Finding> {
    let mut findings = built_apart(packages);
    for package in packages.iter().filter(|package| package.name != WORKSPACE_HACK) {
        let manifest = package.directory.join("Cargo.toml");
        let Some(room) = Room::of(&package.directory) else {
            findings.push(Finding::new(&ROOM, manifest, 1, format!("{} lives in none of the rooms", package.name)));
            continue;
        };
        for dependency in packages.iter().filter(|other| package.dependencies.contains(&other.name)) {
            let Some(target) = Room::of(&dependency.directory) else { continue };
            if let Some(why) = forbidden(room, &package.name, target) {
                let line = line_of_dependency(&root.join(&manifest), &dependency.name);
                let what = format!("{} depends on {}: {why}", package.name, dependency.directory.display());
                findings.push(Finding::new(&DIRECTION, &manifest, line, what));
            }
        }
    }
    findings
}

/// Every package whose build would share nothing with the others'.
fn built_apart(packages: &[Package]) -> Vec<Finding> {
    let is_hack = |name: &String| name == WORKSPACE_HACK;
    if !packages.iter().any(|package| is_hack(&package.name)) {
        return Vec::new();
    }
    packages
        .iter()
        .filter(|package| !is_hack(&package.name) && package.name != BUILT_ALONE)
        .filter(|package| !package.dependencies.iter().any(is_hack))
        .map(|package| {
            let what = format!("{} does not depend on {WORKSPACE_HACK}", package.name);
            Finding::new(&ONE_BUILD, package.directory.join("Cargo.toml"), 1, what)
        })
        .collect()
}

/// Why a package of one room must not depend on one of another; nothing when it may.
fn forbidden(from: Room, name: &str, to: Room) -> Option<&'static str> {
    match (from, to) {
        (_, Room::Tests | Room::Xtask) => Some("tests and chores are the end of the line, nothing builds on them"),
        (Room::Contract, _) => Some("the contract depends on no package of the workspace"),
        (Room::Xtask, Room::System) => Some("a chore looks at the system from outside and starts within seconds"),
        (Room::Tests | Room::Clients | Room::Suite, Room::System) => {
            Some("what judges the system reaches it by HTTP only; move shared wire types to crates/contract")
        }
        (Room::System, Room::Suite) => Some("the system must build and run without the suite"),
        (Room::System, Room::Clients) if !CALLING_SERVICES.contains(&name) => {
            Some("only the four services call another service; pass what is needed into this crate")
        }
        _ => None,
    }
}

/// The line of the manifest that names the dependency, or 1.
fn line_of_dependency(manifest: &Path, dependency: &str) -> usize {
    let text = std::fs::read_to_string(manifest).unwrap_or_default();
    let names_it = |line: &str| {
        let rest = line.trim_start().strip_prefix(dependency).map(str::trim_start);
        rest.is_some_and(|rest| rest.starts_with(['.', '=']))
    };
    text.lines().position(names_it).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn package(directory: &str, dependencies: &[&str]) -> Package {
        Package {
            name: directory.rsplit('/').next().unwrap_or(directory).to_owned(),
            directory: directory.into(),
            dependencies: dependencies.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// Names of the packages whose dependencies are refused in a workspace with one package per room.
    fn refused(extra: Package) -> Vec<String> {
        let packages = [
            package("crates/contract", &[]),
            package("crates/clients/worker-api", &["contract"]),
            package("crates/suite/testkit", &["contract", "worker-api"]),
            package("crates/system/physics", &["contract"]),
            package("tests-p0", &["contract", "testkit"]),
            extra,
        ];
        check(Path::new("/nowhere"), &packages).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn permitted_directions_pass() {
        for extra in [
            package("crates/system/worker-heavy", &["contract", "physics", "worker-api"]),
            package("crates/system/controller", &["worker-api"]),
            package("tests-p1", &["testkit", "worker-api", "contract", "serde"]),
            package("xtask", &["testkit"]),
        ] {
            assert_eq!(refused(extra), [""; 0]);
        }
    }

    #[test]
    fn every_wrong_direction_is_found() {
        for (directory, dependency) in [
            ("tests-p1", "physics"),
            ("crates/clients/events-reader", "physics"),
            ("crates/suite/stack", "physics"),
            ("crates/system/sessions", "testkit"),
            ("crates/system/sessions", "worker-api"),
            ("crates/system/controller", "testkit"),
            ("crates/suite/stack", "tests-p0"),
            ("xtask", "physics"),
        ] {
            let findings = refused(package(directory, &[dependency]));
            assert_eq!(findings.len(), 1, "{directory} on {dependency}: {findings:?}");
            assert!(findings[0].contains(dependency), "{findings:?}");
        }
    }

    #[test]
    fn contract_depends_on_nothing_of_the_workspace() {
        let packages =
            [package("crates/contract", &["worker-api", "serde"]), package("crates/clients/worker-api", &[])];
        let findings = check(Path::new("/nowhere"), &packages);
        assert_eq!(fixture::places(&findings), ["crates/contract/Cargo.toml:1 dependency direction"]);
    }

    #[test]
    fn package_outside_the_layout_is_found() {
        let findings = check(Path::new("/nowhere"), &[package("crates/tools/thing", &[])]);
        assert_eq!(fixture::places(&findings), ["crates/tools/thing/Cargo.toml:1 room"]);
    }

    #[test]
    fn package_without_the_workspace_hack_is_found() {
        let packages = [
            package("crates/workspace-hack", &[]),
            package("crates/contract", &["workspace-hack"]),
            package("crates/suite/toolbox", &[]),
            package("crates/system/physics", &["contract"]),
        ];
        let findings = check(Path::new("/nowhere"), &packages);
        assert_eq!(fixture::places(&findings), ["crates/system/physics/Cargo.toml:1 one build"]);
    }

    #[test]
    fn finding_points_at_the_line_of_the_manifest() {
        let manifest =
            "[package]\nname = \"stack\"\n\n[dev-dependencies]\nphysics-data = \"1\"\nphysics.workspace = true\n";
        let tree = fixture::tree(&[("crates/suite/stack/Cargo.toml", manifest)]);
        let packages = [package("crates/suite/stack", &["physics"]), package("crates/system/physics", &[])];
        let findings = check(tree.path(), &packages);
        assert_eq!(fixture::places(&findings), ["crates/suite/stack/Cargo.toml:6 dependency direction"]);
    }

    #[test]
    fn renamed_dev_dependency_cannot_hide() {
        let manifest = |name: &str, more: &str| {
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n{more}")
        };
        let hidden = "[dev-dependencies]\nmotion = { package = \"physics\", path = \"../crates/system/physics\" }\n";
        let tree = fixture::tree(&[
            ("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"tests-p0\", \"crates/system/physics\"]\n"),
            ("tests-p0/Cargo.toml", &manifest("tests-p0", hidden)),
            ("tests-p0/src/lib.rs", ""),
            ("crates/system/physics/Cargo.toml", &manifest("physics", "")),
            ("crates/system/physics/src/lib.rs", ""),
        ]);
        let packages = packages_of(tree.path()).expect("cargo tells the packages");
        let findings = check(tree.path(), &packages);
        assert_eq!(fixture::places(&findings), ["tests-p0/Cargo.toml:1 dependency direction"]);
    }

    #[test]
    fn metadata_of_this_project_is_understood() {
        let root = toolbox::current_checkout().expect("cargo runs this test inside the project");
        let packages = packages_of(&root).expect("cargo tells the packages");
        let xtask = packages.iter().find(|package| package.name == "xtask").expect("xtask is a package");
        assert_eq!(xtask.directory, Path::new("xtask"));
        assert!(xtask.dependencies.contains(&"ledger".to_owned()));
    }
}
