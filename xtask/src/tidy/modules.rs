//! Which modules of a package use each other. Two that need each other are one: neither can be read, tested or moved
//! without the other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::rust_source::RustSource;
use super::{Finding, Rule};

const CYCLE: Rule = Rule {
    name: "module cycle",
    reason: "modules that use each other in a circle cannot be read, tested or moved apart; move what both need into a \
             module of its own, below them",
};

/// Names of modules from the root of their package; none for the root itself.
type ModulePath = Vec<String>;

/// The modules of one package.
#[derive(Default)]
struct Package {
    modules: BTreeMap<ModulePath, Module>,
}

struct Module {
    file: PathBuf,
    /// Every path that its code names, with the line.
    paths: Vec<(ModulePath, usize)>,
}

/// Modules of the same parent: which uses which, and where.
type Uses = BTreeMap<(String, String), (PathBuf, usize)>;

/// Every circle of modules below one parent. `files` are from the project's root.
///
/// # Errors
/// When a file cannot be read.
pub fn check(root: &Path, files: &[PathBuf]) -> anyhow::Result<Vec<Finding>> {
    let mut packages: BTreeMap<PathBuf, Package> = BTreeMap::new();
    for file in files {
        let Some((source_folder, path)) = place_of(file) else { continue };
        let text = std::fs::read_to_string(root.join(file)).with_context(|| format!("reading {}", file.display()))?;
        // A file that does not parse is a finding of another rule.
        let Ok(source) = RustSource::parse(&text) else { continue };
        let module = Module { file: file.clone(), paths: source.paths() };
        packages.entry(source_folder).or_default().modules.insert(path, module);
    }
    Ok(packages.values().flat_map(Package::cycles).collect())
}

/// The source folder of a file below `src`, and the path of its module.
fn place_of(file: &Path) -> Option<(PathBuf, ModulePath)> {
    if file.extension()? != "rs" {
        return None;
    }
    let at = file.iter().position(|part| part == "src")?;
    let mut path: ModulePath =
        file.with_extension("").iter().skip(at + 1).map(|it| it.to_string_lossy().into()).collect();
    let is_own_program = path.first().is_some_and(|first| first == "bin");
    if path.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        path.pop();
    }
    (!is_own_program).then(|| (file.iter().take(at + 1).collect(), path))
}

impl Package {
    fn cycles(&self) -> Vec<Finding> {
        let mut by_parent: BTreeMap<&[String], Uses> = BTreeMap::new();
        for (user, module) in &self.modules {
            for (path, line) in &module.paths {
                let Some(used) = self.resolve(user, path) else { continue };
                let shared = user.iter().zip(&used).take_while(|(one, other)| one == other).count();
                // A parent and its own children count as one.
                if let (Some(from), Some(to)) = (user.get(shared), used.get(shared)) {
                    let uses = by_parent.entry(&user[..shared]).or_default();
                    uses.entry((from.clone(), to.clone())).or_insert_with(|| (module.file.clone(), *line));
                }
            }
        }
        by_parent.values().flat_map(circles_of).collect()
    }

    /// The module that defines what `path` names, as code in the module `user` sees it; nothing for other packages.
    fn resolve(&self, user: &[String], path: &[String]) -> Option<ModulePath> {
        let (mut module, mut rest): (ModulePath, &[String]) = match path.first()?.as_str() {
            "crate" => (Vec::new(), &path[1..]),
            "self" => (user.to_vec(), &path[1..]),
            "super" => {
                let ups = path.iter().take_while(|segment| *segment == "super").count();
                (user.get(..user.len().checked_sub(ups)?)?.to_vec(), &path[ups..])
            }
            // Without a prefix it is a module of one's own, or another package.
            own => {
                let child = [user, &[own.to_owned()]].concat();
                self.modules.contains_key(&child).then_some((child, &path[1..]))?
            }
        };
        while let Some((next, after)) = rest.split_first() {
            let child = [&module[..], std::slice::from_ref(next)].concat();
            if self.modules.contains_key(&child) {
                (module, rest) = (child, after);
                continue;
            }
            // Not a module: an item of this one, or one that it takes from a child and passes on.
            let passed_on = self.modules.get(&module)?.paths.iter().map(|(path, _)| path);
            let from_child = passed_on.filter(|path| path.last() == Some(next) && path.len() > 1).find_map(|path| {
                let below = path.strip_prefix(&["self".to_owned()][..]).unwrap_or(path);
                let child = [&module[..], &below[..below.len() - 1]].concat();
                self.modules.contains_key(&child).then_some(child)
            });
            return Some(from_child.unwrap_or(module));
        }
        Some(module)
    }
}

/// One finding for each group of modules that reach each other: the shortest circle through its first one.
fn circles_of(uses: &Uses) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut done = BTreeSet::new();
    for start in uses.keys().map(|(from, _)| from) {
        if done.contains(start) {
            continue;
        }
        let Some(circle) = circle_through(start, uses) else { continue };
        done.extend(circle.iter().cloned());
        let steps = circle.iter().zip(circle.iter().cycle().skip(1));
        let places: Vec<_> = steps
            .map(|(from, to)| {
                let (file, line) = &uses[&(from.clone(), to.clone())];
                format!("{from} uses {to} ({}:{line})", file.display())
            })
            .collect();
        let (file, line) = &uses[&(circle[0].clone(), circle[1 % circle.len()].clone())];
        found.push(Finding::new(&CYCLE, file, *line, places.join(", ")));
    }
    found
}

/// The shortest way from a module back to itself.
fn circle_through(start: &str, uses: &Uses) -> Option<Vec<String>> {
    let mut ways = vec![vec![start.to_owned()]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way.last()?;
            for (_, to) in uses.keys().filter(|(from, _)| from == last) {
                if to == start {
                    return Some(way);
                }
                if seen.insert(to.clone()) {
                    longer.push([&way[..], std::slice::from_ref(to)].concat());
                }
            }
        }
        ways = longer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn found(sources: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = sources.iter().map(|(path, text)| (format!("crates/a/src/{path}"), *text)).collect();
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let tree = fixture::tree(&files);
        let paths: Vec<_> = files.iter().map(|(path, _)| PathBuf::from(path)).collect();
        let findings = check(tree.path(), &paths).expect("the tree can be read");
        findings.into_iter().map(|finding| finding.what.replace("crates/a/src/", "")).collect()
    }

    #[test]
    fn cycle_is_found_with_its_places() {
        let sources = [
            ("lib.rs", "mod a;\nmod b;\nmod c;"),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "\nuse super::{c::{C, D}, x};"),
            ("c.rs", "fn f() -> crate::a::A {}"),
        ];
        assert_eq!(found(&sources), ["a uses b (a.rs:1), b uses c (b.rs:2), c uses a (c.rs:1)"]);
    }

    #[test]
    fn cycle_through_a_reexport_is_found() {
        let sources = [
            ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use self::b::{B};"),
            ("a.rs", "use crate::B;"),
            ("b.rs", "use crate::A;"),
        ];
        assert_eq!(found(&sources), ["a uses b (a.rs:1), b uses a (b.rs:1)"]);
    }

    #[test]
    fn cycle_below_a_module_is_found() {
        let sources = [
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod b;\nmod c;"),
            ("a/b.rs", "use super::c::C;"),
            ("a/c.rs", "use crate::a::b::B;"),
        ];
        assert_eq!(found(&sources), ["b uses c (a/b.rs:1), c uses b (a/c.rs:1)"]);
    }

    #[test]
    fn parents_packages_and_tests_make_no_cycle() {
        let sources = [
            ("lib.rs", "mod a;\nmod b;\npub struct Root;\nuse a::A;"),
            ("a.rs", "use crate::{Root, b::B};\nuse b::X;"),
            ("b.rs", "use a::X;\n#[cfg(test)]\nmod tests {\n    use crate::a::A;\n}"),
            ("bin/c.rs", "use crate::a::A;"),
        ];
        assert_eq!(found(&sources), [""; 0]);
    }
}
