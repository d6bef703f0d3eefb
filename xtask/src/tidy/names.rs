//! What packages, directories and files may be called.

use std::path::{Path, PathBuf};

use super::dependencies::Package;
use super::{Finding, Rule};

const PACKAGE: Rule =
    Rule { name: "package name", reason: "a package is found by its name, so its directory has the same one" };

const EMPTY_NAME: Rule = Rule {
    name: "empty name",
    reason: "utils, helpers, common and misc say nothing about what is inside and attract everything; \
             name the thing after what it does",
};

const SAYING_NOTHING: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "misc"];

/// Where agents' scripts and tools find `utils`: that name is fixed by the contract.
const AGENT_FACING: [&str; 2] = ["crates/system/cad-runtime/python", "crates/system/cad-runtime/mounts"];

/// Every package, directory and file with a name that it must not have. `files` are from the project's root.
pub fn check(packages: &[Package], files: &[PathBuf]) -> Vec<Finding> {
    let mut findings: Vec<Finding> = packages.iter().filter_map(misnamed).collect();
    let mut reported = Vec::new();
    for file in files {
        for place in empty_names(file) {
            if !reported.contains(&place) {
                findings.push(Finding::new(&EMPTY_NAME, file, 1, format!("`{}` says nothing", place.display())));
                reported.push(place);
            }
        }
    }
    findings
}

fn misnamed(package: &Package) -> Option<Finding> {
    let directory = package.directory.file_name()?.to_string_lossy();
    let what = format!("package {} is in a directory called {directory}", package.name);
    (directory != package.name).then(|| Finding::new(&PACKAGE, package.directory.join("Cargo.toml"), 2, what))
}

/// The path down to each part of `file` that says nothing.
fn empty_names(file: &Path) -> Vec<PathBuf> {
    let ancestors: Vec<&Path> = file.ancestors().collect();
    ancestors.into_iter().rev().filter(|place| says_nothing(place)).map(Path::to_owned).collect()
}

fn says_nothing(place: &Path) -> bool {
    let Some(name) = place.file_name().map(|name| name.to_string_lossy().to_lowercase()) else { return false };
    let stem = name.split('.').next().unwrap_or_default();
    let fixed_by_contract = stem == "utils" && AGENT_FACING.iter().any(|allowed| place.starts_with(allowed));
    SAYING_NOTHING.contains(&stem) && !fixed_by_contract
}

#[cfg(test)]
mod tests {
    use super::super::fixture::places;
    use super::*;

    fn checked(files: &[&str]) -> Vec<String> {
        places(&check(&[], &files.iter().map(PathBuf::from).collect::<Vec<_>>()))
    }

    #[test]
    fn meaningful_names_pass() {
        assert_eq!(checked(&["crates/suite/stack/src/common_ports.rs", "tests-p0/tests/p0/int_001.rs"]), [""; 0]);
    }

    #[test]
    fn vague_file_and_directory_names_are_found_once() {
        let found = checked(&[
            "crates/suite/utils/src/a.rs",
            "crates/suite/utils/src/b.rs",
            "tests-p0/tests/common/mod.rs",
            "crates/system/service/src/helpers.rs",
            "xtask/src/Misc.test.rs",
        ]);
        assert_eq!(
            found,
            [
                "crates/suite/utils/src/a.rs:1 empty name",
                "crates/system/service/src/helpers.rs:1 empty name",
                "tests-p0/tests/common/mod.rs:1 empty name",
                "xtask/src/Misc.test.rs:1 empty name",
            ]
        );
    }

    #[test]
    fn only_the_contract_fixed_name_is_exempt() {
        assert_eq!(checked(&["crates/system/cad-runtime/mounts/utils/submission.py"]), [""; 0]);
        assert_eq!(checked(&["crates/system/cad-runtime/python/utils/__init__.py"]), [""; 0]);
        assert_eq!(checked(&["crates/system/cad-runtime/python/misc.py"]).len(), 1);
        assert_eq!(checked(&["crates/system/cad-runtime/src/utils.rs"]).len(), 1);
    }

    #[test]
    fn package_and_directory_have_one_name() {
        let package = |directory: &str, name: &str| Package {
            name: name.to_owned(),
            directory: directory.into(),
            dependencies: Vec::new(),
        };
        let packages = [package("crates/suite/stack", "stack"), package("crates/suite/kit", "testkit")];
        assert_eq!(places(&check(&packages, &[])), ["crates/suite/kit/Cargo.toml:2 package name"]);
    }
}
