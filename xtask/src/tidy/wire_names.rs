//! Names on the wire are written twice: as constants of the contract, and by hand in a list.

use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::{Finding, Rule};

const WIRE_NAME: Rule = Rule {
    name: "wire name",
    reason: "suite and stack share the contract, so no test sees a slip in one of its names; write the name by hand into \
             crates/contract/tests/agreed.json as well: under `own` unless the seed or CONTRACT.md names it",
};

/// Where the contract has its names of headers, environment variables, queues and buckets. Those of events are names of
/// variants, which a test of the contract holds against the list.
const FILES: [&str; 2] = ["wire/session.rs", "wiring.rs"];

/// Every name on the wire that the list lacks.
pub fn check(root: &Path) -> anyhow::Result<Vec<Finding>> {
    let contract = Path::new("crates/contract");
    let list = root.join(contract).join("tests/agreed.json");
    let list = std::fs::read(&list).with_context(|| format!("reading {}", list.display()))?;
    let list: Value = serde_json::from_slice(&list).context("agreed.json is not JSON")?;
    let mut findings = Vec::new();
    for file in FILES {
        let file = contract.join("src").join(file);
        let text = std::fs::read_to_string(root.join(&file)).with_context(|| format!("reading {}", file.display()))?;
        let lacking = names(&text).filter(|(_, name)| !holds(&list, name));
        findings.extend(lacking.map(|(line, name)| Finding::new(&WIRE_NAME, &file, line, format!("{name:?}"))));
    }
    Ok(findings)
}

/// Line and value of each constant that is a name, and not a pattern or a sentence.
fn names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let (_, value) = line.trim().strip_prefix("pub const ")?.split_once(": &str = \"")?;
        let value = value.strip_suffix("\";")?;
        let is_name = value.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
        is_name.then_some((index + 1, value))
    })
}

fn holds(list: &Value, name: &str) -> bool {
    match list {
        Value::String(text) => text == name,
        Value::Array(items) => items.iter().any(|item| holds(item, name)),
        Value::Object(fields) => fields.values().any(|value| holds(value, name)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn constants_are_found_with_their_lines() {
        let text = "//! x\n/// A header.\npub const HEADER: &str = \"X-Name\";\npub const PATTERN: &str = \"^[a]$\";\n\
                    pub mod variables {\n    pub const URL: &str = \"NAME_URL\";\n}\n";
        assert_eq!(names(text).collect::<Vec<_>>(), [(3, "X-Name"), (6, "NAME_URL")]);
    }

    #[test]
    fn names_are_looked_up_at_every_depth() {
        let list = json!({ "headers": { "one": "X-One" }, "own": { "events": ["two"] } });
        assert!(holds(&list, "X-One") && holds(&list, "two"));
        assert!(!holds(&list, "one") && !holds(&list, "X-on"));
    }
}
