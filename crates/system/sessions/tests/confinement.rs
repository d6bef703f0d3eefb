//! Whatever a caller asks and whatever a script has planted: nothing outside the session is read or changed.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use contract::{files::Edit, session::SessionId};
use proptest::prelude::*;
use sessions::{EntryKind, Existing, FileError, Sessions, Workspace, unbundle};
use tempfile::TempDir;

const SECRET: &str = "the secret of another session";
/// Stands in every folder outside, and no path of the test names it.
const MARKER: &str = "marker-of-the-outside";

/// A session with traps in it, beside things that it must not reach.
struct Trapped {
    folder: TempDir,
    workspace: Workspace,
}

impl Trapped {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let place = folder.path();
        fs::create_dir_all(place.join("mounts/config")).expect("a mount");
        fs::write(place.join("mounts/config/prices.yaml"), "steel: 2").expect("a mounted file");
        fs::write(place.join("mounts/hidden.txt"), SECRET).expect("a file beside the mounts");
        fs::create_dir_all(place.join("outside/deep")).expect("a folder outside");
        fs::write(place.join("outside/secret.txt"), SECRET).expect("a file outside");
        fs::write(place.join("outside/deep/secret.txt"), SECRET).expect("a file outside");
        for part in ["mounts", "outside", "outside/deep"] {
            fs::write(place.join(part).join(MARKER), SECRET).expect("a marker");
        }
        let sessions = Sessions::new(place.join("sessions"), place.join("mounts")).expect("sessions");
        let other = sessions.open(&id("other")).expect("a workspace");
        other.write("secret.txt", SECRET.as_bytes(), Existing::Keep).expect("written");
        other.write(MARKER, SECRET.as_bytes(), Existing::Keep).expect("written");
        let workspace = sessions.open(&id("mine")).expect("a workspace");
        fs::create_dir_all(workspace.path().join("a/b")).expect("a folder");
        fs::write(workspace.path().join("a/f"), "mine").expect("a file");
        for (target, link) in [
            (place.join("outside"), "out_dir"),
            (place.join("outside/secret.txt"), "out_file"),
            (place.join("mounts"), "out_mounts"),
            (PathBuf::from("../other"), "out_other"),
            (PathBuf::from("../../outside/secret.txt"), "a/out_file"),
            (PathBuf::from("/"), "a/b/out_root"),
            (PathBuf::from("a"), "in_dir"),
            (PathBuf::from("in_loop"), "in_loop"),
        ] {
            symlink(target, workspace.path().join(link)).expect("a link");
        }
        Self { folder, workspace }
    }

    /// Every file and folder outside the session, with its content.
    fn outside(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut seen = BTreeMap::new();
        let place = self.folder.path();
        for part in ["mounts", "outside", "sessions/other"] {
            record(&place.join(part), &mut seen);
        }
        let names = fs::read_dir(place.join("sessions")).expect("the sessions").map(|entry| entry.expect("one").path());
        seen.extend(names.map(|path| (path, None)));
        seen
    }
}

fn id(text: &str) -> SessionId {
    text.parse().expect("a valid session id")
}

fn record(path: &Path, seen: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
    if path.is_dir() {
        seen.insert(path.to_owned(), None);
        for entry in fs::read_dir(path).expect("a folder") {
            record(&entry.expect("an entry").path(), seen);
        }
    } else {
        seen.insert(path.to_owned(), Some(fs::read(path).expect("a file")));
    }
}

fn holds_secret(bytes: &[u8]) -> bool {
    bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes())
}

#[test]
fn outward_link_is_never_followed() {
    let trapped = Trapped::new();
    let before = trapped.outside();
    let workspace = &trapped.workspace;
    for path in ["out_file", "out_dir/secret.txt", "out_other/secret.txt", "a/out_file", "a/b/out_root/etc/passwd"] {
        let read = workspace.read_bytes(path).expect_err("it leads outside");
        assert!(matches!(read, FileError::OutsideWorkspace { .. }), "{path}: {read:?}");
        assert!(!workspace.exists(path), "{path} is said to exist");
        assert!(workspace.grep("secret", Some(path), None).is_err(), "{path} was searched");
    }
    for path in ["out_dir", "out_other", "out_dir/deep", "a/b/out_root"] {
        assert!(matches!(workspace.list(path), Err(FileError::OutsideWorkspace { .. })), "{path} was listed");
    }
    for path in ["out_dir/new.txt", "out_dir/secret.txt", "out_other/secret.txt", "out_dir/new/x.txt"] {
        assert!(workspace.write(path, b"x", Existing::Replace).is_err(), "{path} was written");
        assert!(workspace.delete(path).is_err(), "{path} was deleted");
        let edit = Edit { old_string: "secret".into(), new_string: "x".into() };
        assert!(workspace.edit(path, &[edit]).is_err(), "{path} was edited");
    }
    assert!(workspace.grep("secret", None, None).expect("searched").is_empty());
    let scratch =
        unbundle(&workspace.bundle().expect("packed"), trapped.folder.path(), trapped.folder.path()).expect("unpacked");
    for link in ["out_dir", "out_file", "in_dir"] {
        assert!(!scratch.workspace().exists(link), "{link} travelled");
    }
    assert_eq!(trapped.outside(), before);
}

#[test]
fn writing_or_deleting_a_link_changes_the_link_alone() {
    let trapped = Trapped::new();
    let before = trapped.outside();
    trapped.workspace.write("out_file", b"mine now", Existing::Replace).expect("the link is replaced");
    assert_eq!(trapped.workspace.read_text("out_file").expect("read"), "mine now");
    trapped.workspace.delete("out_dir").expect("the link is deleted");
    trapped.workspace.delete("a").expect("a folder with links in it is deleted");
    assert_eq!(trapped.outside(), before);
}

#[test]
fn a_link_inside_the_workspace_works() {
    let trapped = Trapped::new();
    assert_eq!(trapped.workspace.read_text("in_dir/f").expect("read"), "mine");
    assert!(trapped.workspace.read_text("in_loop").is_err());
    assert_eq!(trapped.workspace.kind("in_dir"), Some(EntryKind::Other));
    assert_eq!(trapped.workspace.kind("out_dir"), Some(EntryKind::Other));
    assert_eq!(trapped.workspace.kind("a"), Some(EntryKind::Directory));
    assert_eq!(trapped.workspace.kind("a/f"), Some(EntryKind::File));
    assert_eq!(trapped.workspace.kind("out_dir/secret.txt"), None);
}

#[test]
fn a_link_in_the_place_of_a_session_is_not_opened() {
    let trapped = Trapped::new();
    let place = trapped.folder.path().join("sessions");
    symlink(place.join("other"), place.join("linked")).expect("a link");
    let sessions = Sessions::new(&place, trapped.folder.path().join("mounts")).expect("sessions");
    assert!(sessions.open(&id("linked")).is_err());
}

fn component() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "..",
            ".",
            "",
            "a",
            "b",
            "f",
            "config",
            "utils",
            "out_dir",
            "out_file",
            "out_other",
            "out_mounts",
            "out_root",
            "in_dir",
            "in_loop",
            "deep",
            "secret.txt",
            "prices.yaml",
            "hidden.txt",
            "objectives.yaml",
            "sessions",
            "mounts",
            "other",
            "mine",
            "outside",
            ".incoming",
            "~",
            "%2e%2e",
            "..\\..",
            "…",
            "\0",
        ])
        .prop_map(str::to_owned),
        "[a-z]{1,3}",
        any::<String>(),
    ]
}

fn path() -> impl Strategy<Value = String> {
    (any::<bool>(), prop::collection::vec(component(), 0..7))
        .prop_map(|(absolute, parts)| format!("{}{}", if absolute { "/" } else { "" }, parts.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_path_reaches_outside(paths in prop::collection::vec(path(), 1..8)) {
        let trapped = Trapped::new();
        let before = trapped.outside();
        let workspace = &trapped.workspace;
        for path in &paths {
            if let Ok(bytes) = workspace.read_bytes(path) {
                prop_assert!(!holds_secret(&bytes), "{path:?} read a secret");
            }
            for entry in workspace.list(path).unwrap_or_default() {
                prop_assert!(entry.name != MARKER, "{path:?} listed {entry:?}");
            }
            let found = workspace.grep(SECRET, Some(path), None).unwrap_or_default();
            prop_assert!(found.is_empty(), "{path:?} found {found:?}");
            // Results do not matter: refused or done, the outside stays as it is.
            let _ = workspace.write(path, b"written", Existing::Keep);
            let _ = workspace.write(path, b"written", Existing::Replace);
            let _ = workspace.edit(path, &[Edit { old_string: "written".into(), new_string: "edited".into() }]);
            let _ = workspace.delete(path);
            prop_assert_eq!(trapped.outside(), before.clone(), "{:?} changed something outside", path);
        }
        prop_assert!(!holds_secret(&workspace.bundle().expect("packed")));
    }
}
