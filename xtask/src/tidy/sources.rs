//! What a source file may and may not contain.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::Context as _;
use regex::Regex;

use super::rust_source::RustSource;
use super::{Finding, Rule};

const NOT_RUST: Rule =
    Rule { name: "not rust", reason: "a file that ends in .rs is Rust, or no tool can look into it" };

const HEAD: Rule = Rule {
    name: "file head",
    reason: "every file begins with `//!` and says why it exists, so that a reader need not guess from the code",
};

const SLEEP: Rule = Rule {
    name: "sleep in a test",
    reason: "a sleep is too short on a busy machine and too long on every other; \
             wait for a condition with testkit's polling, which reports the last state seen",
};

const IGNORED: Rule = Rule {
    name: "ignored test",
    reason: "an ignored test looks like coverage and is none; defer the id in the ledger with a reason instead",
};

const MARK: Rule = Rule {
    name: "to-do mark",
    reason: "a note to oneself is never read again; do it now, or defer an id in the ledger with a reason",
};

const LENGTH: Rule = Rule {
    name: "file length",
    reason: "a file keeps to one subject; beyond 600 lines it has several, so split it by subject",
};

const MACHINE_PATH: Rule = Rule {
    name: "machine path",
    reason: "a path of one machine is wrong on every other; take it from the settings or from a directory of the user",
};

const TEST_NAME: Rule = Rule {
    name: "test name",
    reason: "a test's name is a sentence that is read in a list of hundreds: the subject first, a verb in the present, \
             and short enough for one line",
};

const LONGEST_FILE: usize = 600;

const LONGEST_TEST_NAME: usize = 50;

static MARKS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\b(?:TODO|FIXME|XXX)\b").expect("the pattern is a valid expression"));

static MACHINE_PATHS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?m)(?:^|[^\w.~-])(/(?:work|root)/)").expect("the pattern is a valid expression"));

/// Every place in `files`, which are from the project's root, that breaks a rule on sources.
///
/// # Errors
/// When a file cannot be read.
pub fn check(root: &Path, files: &[PathBuf]) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in files {
        let rust = file.extension().is_some_and(|extension| extension == "rs");
        let python = file.extension().is_some_and(|extension| extension == "py");
        if !rust && !python {
            continue;
        }
        let text = std::fs::read_to_string(root.join(file)).with_context(|| format!("reading {}", file.display()))?;
        if rust {
            findings.extend(check_rust(file, &text));
        } else {
            findings.extend(machine_paths(file, &text, &[]));
        }
    }
    Ok(findings)
}

/// The rules on one Rust file.
fn check_rust(file: &Path, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !text.starts_with("//!") {
        findings.push(Finding::new(&HEAD, file, 1, "does not begin with `//!`"));
    }
    findings.extend(too_long(file, text));
    match RustSource::parse(text) {
        Err((line, message)) => findings.push(Finding::new(&NOT_RUST, file, line, message)),
        Ok(source) => {
            findings.extend(sleeps(file, &source));
            findings.extend(marks(file, &source));
            findings.extend(ignored_tests(file, &source));
            findings.extend(test_names(file, &source));
            findings.extend(machine_paths(file, text, &source.test_lines()));
        }
    }
    findings
}

fn test_names(file: &Path, source: &RustSource<'_>) -> Vec<Finding> {
    let long = source.test_functions().into_iter().filter(|(name, _)| name.len() > LONGEST_TEST_NAME);
    long.map(|(name, line)| {
        let what = format!("{name} has {} characters, {LONGEST_TEST_NAME} at most", name.len());
        Finding::new(&TEST_NAME, file, line, what)
    })
    .collect()
}

fn too_long(file: &Path, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let counts = file.starts_with("crates") && !file.iter().any(|part| part == "data");
    (counts && lines > LONGEST_FILE)
        .then(|| Finding::new(&LENGTH, file, LONGEST_FILE + 1, format!("{lines} lines, {LONGEST_FILE} at most")))
}

fn sleeps(file: &Path, source: &RustSource<'_>) -> Vec<Finding> {
    let in_tests = file.iter().next().is_some_and(|room| room.to_string_lossy().starts_with("tests-"));
    if !in_tests {
        return Vec::new();
    }
    let names = ["sleep", "sleep_until", "sleep_ms"];
    let lines = ["time", "thread"].into_iter().flat_map(|module| source.lines_with_path(module, &names));
    lines.map(|line| at_line(&SLEEP, file, source.text, line)).collect()
}

/// Marks in comments; a string may hold what it likes.
fn marks(file: &Path, source: &RustSource<'_>) -> Vec<Finding> {
    MARKS
        .find_iter(source.text)
        .filter(|mark| !source.is_in_literal(mark.start()))
        .map(|mark| at_line(&MARK, file, source.text, line_of(source.text, mark.start())))
        .collect()
}

fn ignored_tests(file: &Path, source: &RustSource<'_>) -> Vec<Finding> {
    let is_ignored = |words: &[String]| match words {
        [first, ..] if first == "ignore" => true,
        [first, rest @ ..] => first == "cfg_attr" && rest.iter().any(|word| word == "ignore"),
        [] => false,
    };
    let ignored = source.attributes().into_iter().filter(|attribute| is_ignored(&attribute.words));
    ignored.map(|attribute| at_line(&IGNORED, file, source.text, attribute.line)).collect()
}

fn machine_paths(file: &Path, text: &str, test_lines: &[Range<usize>]) -> Vec<Finding> {
    if !file.starts_with("crates/system") || is_test_file(file) {
        return Vec::new();
    }
    MACHINE_PATHS
        .captures_iter(text)
        .filter_map(|captures| captures.get(1))
        .map(|path| line_of(text, path.start()))
        .filter(|line| !is_among(test_lines, *line))
        .map(|line| at_line(&MACHINE_PATH, file, text, line))
        .collect()
}

/// True for files that are compiled for tests only: those in a `tests` directory and modules called `tests`.
fn is_test_file(file: &Path) -> bool {
    file.iter().any(|part| part == "tests" || part == "tests.rs")
}

fn is_among(ranges: &[Range<usize>], line: usize) -> bool {
    ranges.iter().any(|range| range.contains(&line))
}

fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// A finding that shows the line.
fn at_line(rule: &'static Rule, file: &Path, text: &str, line: usize) -> Finding {
    const SHOWN: usize = 100;
    let content = text.lines().nth(line - 1).unwrap_or_default().trim();
    let mut shown: String = content.chars().take(SHOWN).collect();
    if content.chars().count() > SHOWN {
        shown.push('…');
    }
    Finding::new(rule, file, line, shown)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{places, tree};
    use super::*;

    /// What is found in one file; a head is added, so line 1 is the head and the text begins at line 2.
    fn found(path: &str, text: &str) -> Vec<String> {
        let with_head = format!("//! Head.\n{text}");
        let tree = tree(&[(path, &with_head)]);
        let findings = check(tree.path(), &[path.into()]).expect("the tree can be read");
        places(&findings).into_iter().map(|place| place.replacen(&format!("{path}:"), "", 1)).collect()
    }

    #[test]
    fn orderly_file_passes() {
        let text = "/// Says.\npub fn f() -> Option<u8> {\n    Some(1)\n}\n";
        assert_eq!(found("crates/system/service/src/lib.rs", text), [""; 0]);
    }

    #[test]
    fn file_without_a_head_is_found() {
        let tree = tree(&[("xtask/src/a.rs", "\n//! Too late.\n"), ("xtask/src/b.rs", "")]);
        let findings = check(tree.path(), &["xtask/src/a.rs".into(), "xtask/src/b.rs".into()]).expect("readable");
        assert_eq!(places(&findings), ["xtask/src/a.rs:1 file head", "xtask/src/b.rs:1 file head"]);
    }

    #[test]
    fn sleeping_test_is_found_and_sleeping_suite_is_not() {
        let text = "use std::thread::sleep;\nasync fn f() {\n    tokio::time::sleep(D).await;\n}\n";
        assert_eq!(found("tests-p0/tests/p0/int_001.rs", text), ["2 sleep in a test", "4 sleep in a test"]);
        assert_eq!(found("crates/suite/testkit/src/waiting.rs", text), [""; 0]);
    }

    #[test]
    fn python_in_a_string_may_sleep() {
        let text = "const SCRIPT: &str = \"import time; time.sleep(1)  # time::sleep\";\n";
        assert_eq!(found("tests-p0/tests/p0/int_001.rs", text), [""; 0]);
    }

    #[test]
    fn ignored_tests_are_found() {
        let text = "#[test]\n#[ignore = \"slow\"]\nfn a() {}\n#[cfg_attr(unix, ignore)]\nfn b() {}\n";
        assert_eq!(found("crates/contract/src/a.rs", text), ["3 ignored test", "5 ignored test"]);
    }

    #[test]
    fn marks_are_found_in_comments_only() {
        let mark = ["TO", "DO"].concat();
        let text = format!("// {mark}: later\n/// {mark}(x)\nfn a() -> &'static str {{\n    \"{mark}\"\n}}\n");
        assert_eq!(found("crates/contract/src/a.rs", &text), ["2 to-do mark", "3 to-do mark"]);
    }

    #[test]
    fn long_file_is_found_in_crates_and_not_among_data() {
        let text = "\n".repeat(600);
        assert_eq!(found("crates/contract/src/a.rs", &text), ["601 file length"]);
        assert_eq!(found("crates/contract/src/data/a.rs", &text), [""; 0]);
        assert_eq!(found("crates/contract/src/a.rs", &"\n".repeat(599)), [""; 0]);
    }

    #[test]
    fn machine_paths_are_found_in_service_code() {
        // Written with an `@`, so that this file itself holds no machine path.
        let text = "const A: &str = \"@work/x\";\nconst B: &str = \"home/work/x\";\n// see @root/x\n\
                    #[cfg(test)]\nmod tests {\n    const C: &str = \"@root/x\";\n}\n";
        let text = text.replace('@', "/");
        assert_eq!(found("crates/system/service/src/a.rs", &text), ["2 machine path", "4 machine path"]);
        assert_eq!(found("crates/system/service/tests/a.rs", &text), [""; 0]);
        assert_eq!(found("crates/suite/stack/src/a.rs", &text), [""; 0]);
        assert_eq!(
            found("crates/system/cad-runtime/python/a.py", &"A = '@work/x'\n".replace('@', "/")),
            ["2 machine path"]
        );
    }

    #[test]
    fn long_test_name_is_found() {
        let long = "x".repeat(51);
        for head in
            ["#[test]", "#[tokio::test]", "#[rstest]\n#[case::one(1)]\n#[tokio::test(flavor = \"multi_thread\")]"]
        {
            let text = format!("{head}\nasync fn {long}() {{}}\n#[test]\nfn short() {{}}\nfn {long}x() {{}}\n");
            let line = head.lines().count() + 2;
            assert_eq!(found("tests-p0/tests/p0/int_001.rs", &text), [format!("{line} test name")], "{head}");
        }
    }

    #[test]
    fn invalid_rust_is_found() {
        assert_eq!(found("crates/contract/src/a.rs", "fn a( {\n"), ["2 not rust"]);
    }
}
