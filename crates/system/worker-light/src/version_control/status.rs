//! What `git status` and `git ls-files` print for programs.

use std::collections::BTreeMap;

use contract::git::GitStatus;

/// Which sides of a conflict have the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sides {
    /// The branch that merges.
    pub ours: bool,
    /// The branch that is merged.
    pub theirs: bool,
}

/// Reads `git status --porcelain=v2 --branch -z`.
pub fn parse_status(output: &[u8], is_merging: bool) -> GitStatus {
    let mut status =
        GitStatus { branch: "unknown".into(), is_dirty: false, is_merging, conflicts: Vec::new(), error: None };
    let text = String::from_utf8_lossy(output);
    let mut records = text.split('\0');
    while let Some(record) = records.next() {
        match record.split_once(' ') {
            Some(("#", header)) => {
                if let Some(branch) = header.strip_prefix("branch.head ") {
                    branch.clone_into(&mut status.branch);
                }
            }
            Some(("u", conflict)) => {
                // Nine fields precede the path.
                status.conflicts.extend(conflict.splitn(10, ' ').nth(9).map(str::to_owned));
                status.is_dirty = true;
            }
            Some(("2", _)) => {
                // A renamed file has its old path in a record of its own.
                records.next();
                status.is_dirty = true;
            }
            Some(_) => status.is_dirty = true,
            None => {}
        }
    }
    status
}

/// Reads `git ls-files --unmerged -z`: each file in conflict with its sides.
pub fn parse_conflicts(output: &[u8]) -> BTreeMap<String, Sides> {
    let mut conflicts: BTreeMap<String, Sides> = BTreeMap::new();
    for record in String::from_utf8_lossy(output).split('\0') {
        let Some((fields, path)) = record.split_once('\t') else { continue };
        let sides = conflicts.entry(path.to_owned()).or_default();
        match fields.rsplit(' ').next() {
            Some("2") => sides.ours = true,
            Some("3") => sides.theirs = true,
            _ => {}
        }
    }
    conflicts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clean_branch_has_no_changes() {
        let status = parse_status(b"# branch.oid 1f\0# branch.head main\0", false);
        assert_eq!((status.branch.as_str(), status.is_dirty, status.conflicts.len()), ("main", false, 0));
    }

    #[test]
    fn renames_and_conflicts_with_spaces_are_read() {
        let output = b"# branch.head main\x002 R. N... 100644 100644 100644 a a R100 new name\0u old name\0\
                       u UU N... 100644 100644 100644 100644 a b c a file.txt\0? un tracked\0";
        let status = parse_status(output, true);
        assert_eq!(status.conflicts, ["a file.txt"]);
        assert!(status.is_dirty && status.is_merging);
    }

    #[test]
    fn conflict_sides_are_distinguished() {
        let output = b"100644 a 1\tboth\x00100644 b 2\tboth\x00100644 c 3\tboth\x00100644 d 2\tdeleted by them\0";
        let conflicts = parse_conflicts(output);
        assert_eq!(conflicts["both"], Sides { ours: true, theirs: true });
        assert_eq!(conflicts["deleted by them"], Sides { ours: true, theirs: false });
    }
}
