//! Test files, the `mod` lines of a tier and the rows of the ledger are the same set, and every test file says what
//! it shows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use ledger::{Ledger, RequirementId, Tier};

use super::rust_source::RustSource;
use super::{Finding, Rule};

const SAME_SET: Rule = Rule {
    name: "test files",
    reason: "files, `mod` lines and implemented ledger rows of a tier are the same set, \
             or a requirement would seem to be tested while no test of it runs",
};

const TEST_HEAD: Rule = Rule {
    name: "test head",
    reason: "a test file begins with `//! INT-020 — …` and has lines `//! Seam: …` and `//! Requirement: …`, \
             so that whoever sees it fail knows what broke and where",
};

const NO_TEST: Rule = Rule {
    name: "empty test file",
    reason: "a file of an id without `#[tokio::test]` or `#[rstest]` shows nothing; write the test or defer the id",
};

const ONE_BINARY: Rule = Rule {
    name: "one binary per tier",
    reason: "a test binary per id takes minutes to link after every change; a tier has `autotests = false` and one \
             `[[test]]`, of which each id is a module",
};

/// Everything that is wrong with the three tiers.
///
/// # Errors
/// When a directory or a file that is there cannot be read.
pub fn check(root: &Path, ledger: &Ledger) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for tier in Tier::ALL {
        findings.extend(check_manifest(root, tier)?);
        findings.extend(check_set(root, ledger, tier)?);
    }
    Ok(findings)
}

/// `tests-p0`.
fn package_of(tier: Tier) -> PathBuf {
    format!("tests-{}", tier.path_name()).into()
}

/// `tests-p0/tests/p0`.
fn directory_of(tier: Tier) -> PathBuf {
    package_of(tier).join("tests").join(tier.path_name())
}

fn read(root: &Path, file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(root.join(file)).with_context(|| format!("reading {}", file.display()))
}

fn check_manifest(root: &Path, tier: Tier) -> anyhow::Result<Vec<Finding>> {
    let file = package_of(tier).join("Cargo.toml");
    let text = read(root, &file)?;
    let lines: Vec<String> = text.lines().map(|line| line.split('#').next().unwrap_or("").replace(' ', "")).collect();
    let mut findings = Vec::new();
    if !lines.iter().any(|line| line == "autotests=false") {
        findings.push(Finding::new(&ONE_BINARY, &file, 1, "`autotests = false` is missing"));
    }
    let tests: Vec<usize> =
        (0..lines.len()).filter(|index| lines[*index] == "[[test]]").map(|index| index + 1).collect();
    if tests.len() != 1 {
        let line = tests.get(1).copied().unwrap_or(1);
        findings.push(Finding::new(&ONE_BINARY, &file, line, format!("has {} `[[test]]`, must have 1", tests.len())));
    }
    Ok(findings)
}

fn check_set(root: &Path, ledger: &Ledger, tier: Tier) -> anyhow::Result<Vec<Finding>> {
    let directory = directory_of(tier);
    let main = directory.join("main.rs");
    let files = test_files(root, &directory)?;
    let main_text = read(root, &main)?;
    let modules = test_modules(&main_text);
    let mut findings = Vec::new();

    for (module, file) in &files {
        match RequirementId::from_module_name(module) {
            Err(error) => findings.push(Finding::new(&SAME_SET, file, 1, error.to_string())),
            Ok(id) => {
                findings.extend(misplaced(ledger, tier, id).map(|what| Finding::new(&SAME_SET, file, 1, what)));
                findings.extend(check_test(file, &read(root, file)?, id));
            }
        }
        if !modules.contains_key(module) {
            let what = format!("{} is not compiled: add `mod {module};`", file.display());
            findings.push(Finding::new(&SAME_SET, &main, 1, what));
        }
    }
    for (module, line) in modules.iter().filter(|(module, _)| !files.contains_key(*module)) {
        let what = format!("`mod {module};` has no file {}", directory.join(format!("{module}.rs")).display());
        findings.push(Finding::new(&SAME_SET, &main, *line, what));
    }
    for entry in ledger.of_tier(tier).filter(|entry| entry.is_implemented()) {
        let module = entry.id.module_name();
        if !files.contains_key(&module) {
            let file = directory.join(format!("{module}.rs"));
            let what = format!("{} is implemented in the ledger and has no file {}", entry.id, file.display());
            findings.push(Finding::new(&SAME_SET, &main, 1, what));
        }
    }
    Ok(findings)
}

/// Why a test of this id must not be in this tier.
fn misplaced(ledger: &Ledger, tier: Tier, id: RequirementId) -> Option<String> {
    if id.tier() != tier {
        return Some(format!("{id} belongs to {}", directory_of(id.tier()).display()));
    }
    let deferred = ledger.get(id).is_none_or(|entry| !entry.is_implemented());
    deferred.then(|| format!("{id} is deferred in the ledger: say `state: implemented` there and drop the reason"))
}

/// Files named after an id, by module name.
fn test_files(root: &Path, directory: &Path) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    let listing = root.join(directory).read_dir().with_context(|| format!("reading {}", directory.display()))?;
    for entry in listing {
        let name = entry.with_context(|| format!("reading {}", directory.display()))?.file_name();
        let name = name.to_string_lossy();
        if let Some(module) = name.strip_suffix(".rs").filter(|module| is_named_after_an_id(module)) {
            files.insert(module.to_owned(), directory.join(name.as_ref()));
        }
    }
    Ok(files)
}

/// Modules named after an id, with their lines.
fn test_modules(main: &str) -> BTreeMap<String, usize> {
    let module_of = |line: &str| {
        let declaration = line.trim().strip_prefix("mod ")?.strip_suffix(';')?;
        is_named_after_an_id(declaration).then(|| declaration.to_owned())
    };
    main.lines().enumerate().filter_map(|(index, line)| Some((module_of(line)?, index + 1))).collect()
}

fn is_named_after_an_id(module: &str) -> bool {
    module.starts_with("int_") || module.starts_with("orc_")
}

/// Head and content of one test file.
fn check_test(file: &Path, text: &str, id: RequirementId) -> Vec<Finding> {
    let mut findings = Vec::new();
    let first = text.lines().next().unwrap_or_default();
    let title = first.strip_prefix(&format!("//! {id} — ")).map(str::trim).unwrap_or_default();
    if title.is_empty() {
        let what = format!("begins with `{first}`, must begin with `//! {id} — ` and what is shown");
        findings.push(Finding::new(&TEST_HEAD, file, 1, what));
    }
    for label in ["//! Seam:", "//! Requirement:"] {
        let said = text.lines().any(|line| line.strip_prefix(label).is_some_and(|rest| !rest.trim().is_empty()));
        if !said {
            findings.push(Finding::new(&TEST_HEAD, file, 1, format!("has no line `{label} …`")));
        }
    }
    // A file that is not Rust is reported with the sources.
    if RustSource::parse(text).is_ok_and(|source| !has_test(&source)) {
        findings.push(Finding::new(&NO_TEST, file, 1, format!("no test of {id}")));
    }
    findings
}

fn has_test(source: &RustSource<'_>) -> bool {
    source.attributes().iter().any(|attribute| {
        let words: Vec<&str> = attribute.words.iter().map(String::as_str).collect();
        matches!(words.as_slice(), ["rstest", ..] | ["tokio", "test", ..])
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{places, tree, write};
    use super::*;

    const MANIFEST: &str = "[package]\nautotests = false\n\n[[test]]\nname = \"p\"\n";

    fn test_file(id: RequirementId) -> String {
        format!("//! {id} — shown.\n//!\n//! Seam: a → b\n//! Requirement: it holds.\n\n#[rstest]\nfn holds() {{}}\n")
    }

    /// A project whose tiers are as the ledger wants them.
    fn project() -> (tempfile::TempDir, Ledger) {
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        let tree = tree(&[]);
        for tier in Tier::ALL {
            write(tree.path(), &format!("{}/Cargo.toml", package_of(tier).display()), MANIFEST);
            let directory = directory_of(tier);
            let mut main = "//! Tier.\n".to_owned();
            for entry in ledger.of_tier(tier).filter(|entry| entry.is_implemented()) {
                let module = entry.id.module_name();
                main += &format!("mod {module};\n");
                write(tree.path(), &format!("{}/{module}.rs", directory.display()), &test_file(entry.id));
            }
            write(tree.path(), &format!("{}/main.rs", directory.display()), &main);
        }
        (tree, ledger)
    }

    /// What is found after one file of an orderly project is written anew, or removed when there is no text.
    fn found_after(path: &str, text: Option<&str>) -> Vec<String> {
        let (tree, ledger) = project();
        match text {
            Some(text) => write(tree.path(), path, text),
            None => std::fs::remove_file(tree.path().join(path)).expect("the file is there"),
        }
        places(&check(tree.path(), &ledger).expect("the project can be read"))
    }

    /// An id that the ledger defers.
    fn deferred() -> RequirementId {
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        ledger.of_tier(Tier::P0).find(|entry| !entry.is_implemented()).map(|entry| entry.id).expect("one is deferred")
    }

    #[test]
    fn orderly_project_passes() {
        let (tree, ledger) = project();
        assert_eq!(places(&check(tree.path(), &ledger).expect("readable")), [""; 0]);
    }

    #[test]
    fn missing_file_is_found_from_both_sides() {
        let found = found_after("tests-p0/tests/p0/int_001.rs", None);
        assert_eq!(found, ["tests-p0/tests/p0/main.rs:1 test files", "tests-p0/tests/p0/main.rs:2 test files"]);
    }

    #[test]
    fn uncompiled_file_is_found() {
        let (tree, ledger) = project();
        let main = tree.path().join("tests-p0/tests/p0/main.rs");
        let text = std::fs::read_to_string(&main).expect("readable").replace("mod int_002;\n", "");
        std::fs::write(&main, text).expect("writable");
        let findings = check(tree.path(), &ledger).expect("readable");
        assert_eq!(places(&findings), ["tests-p0/tests/p0/main.rs:1 test files"]);
        assert!(findings[0].what.contains("mod int_002;"), "{}", findings[0].what);
    }

    #[test]
    fn test_of_a_deferred_id_is_found() {
        let path = format!("tests-p0/tests/p0/{}.rs", deferred().module_name());
        let found = found_after(&path, Some(&test_file(deferred())));
        assert_eq!(found, [format!("{path}:1 test files"), "tests-p0/tests/p0/main.rs:1 test files".to_owned()]);
    }

    #[test]
    fn misplaced_or_unknown_test_file_is_found() {
        for module in ["int_001", "int_999"] {
            let path = format!("tests-p1/tests/p1/{module}.rs");
            let found = found_after(&path, Some("//! INT-001 — x\n"));
            assert!(found.contains(&format!("{path}:1 test files")), "{found:?}");
        }
    }

    #[test]
    fn other_tier_modules_are_exempt() {
        assert_eq!(found_after("tests-p0/tests/p0/designs.rs", Some("//! Designs.\n")), [""; 0]);
    }

    #[test]
    fn head_names_its_own_id_seam_and_requirement() {
        let path = "tests-p0/tests/p0/int_001.rs";
        let head = format!("{path}:1 test head");
        let orderly = test_file("INT-001".parse().expect("an id"));
        for broken in [
            orderly.replace("INT-001", "INT-002"),
            orderly.replace(" — shown.", " — "),
            orderly.replace("//! Seam: a → b", "//! Seam:"),
            orderly.replace("//! Requirement:", "// Requirement:"),
        ] {
            assert_eq!(found_after(path, Some(&broken)), [head.as_str()], "{broken}");
        }
    }

    #[test]
    fn file_without_a_test_is_found() {
        let path = "tests-p0/tests/p0/int_001.rs";
        let orderly = test_file("INT-001".parse().expect("an id"));
        assert_eq!(
            found_after(path, Some(&orderly.replace("#[rstest]", "// #[rstest]"))),
            [format!("{path}:1 empty test file")]
        );
        assert_eq!(found_after(path, Some(&orderly.replace("#[rstest]", "#[tokio::test(flavor = \"x\")]"))), [""; 0]);
    }

    #[test]
    fn tier_has_one_binary() {
        let path = "tests-p2/Cargo.toml";
        assert_eq!(
            found_after(path, Some(&MANIFEST.replace("false", "true"))),
            [format!("{path}:1 one binary per tier")]
        );
        assert_eq!(
            found_after(path, Some(&MANIFEST.replace("[[test]]", ""))),
            [format!("{path}:1 one binary per tier")]
        );
        let twice = format!("{MANIFEST}[[test]]\nname = \"q\"\n");
        assert_eq!(found_after(path, Some(&twice)), [format!("{path}:6 one binary per tier")]);
    }
}
