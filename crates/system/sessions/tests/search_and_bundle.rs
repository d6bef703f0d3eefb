//! Searching a session and packing it.

use std::{fs, io::Write};

use contract::session::SessionId;
use flate2::{Compression, write::GzEncoder};
use sessions::{BundleError, Existing, FileError, MAX_BUNDLE_BYTES, MAX_MATCHES, Sessions, Workspace, unbundle};
use tempfile::TempDir;

fn workspace() -> (TempDir, Workspace) {
    let folder = TempDir::new().expect("a temporary folder");
    let mounts = folder.path().join("mounts");
    fs::create_dir_all(mounts.join("skills")).expect("a mount");
    fs::write(mounts.join("skills/joints.md"), "a needle in a mount\n").expect("a mounted file");
    let sessions = Sessions::new(folder.path().join("sessions"), mounts).expect("sessions");
    let session: SessionId = "s".parse().expect("a valid id");
    let workspace = sessions.open(&session).expect("a workspace");
    (folder, workspace)
}

fn put(workspace: &Workspace, path: &str, content: &[u8]) {
    workspace.write(path, content, Existing::Replace).expect("written");
}

fn found(workspace: &Workspace, path: Option<&str>, glob: Option<&str>) -> Vec<(String, u64)> {
    let matches = workspace.grep("needle", path, glob).expect("searched");
    matches.into_iter().map(|found| (found.path, found.line)).collect()
}

#[test]
fn literal_search_covers_files_and_mounts() {
    let (_folder, workspace) = workspace();
    put(&workspace, "a/x.py", b"one\r\nneedle here\n");
    put(&workspace, "b.txt", b"needle\nnothing\nneedle");
    put(&workspace, "binary", b"needle\0");
    put(&workspace, ".git/config", b"needle");
    let everything = [("/a/x.py", 2), ("/b.txt", 1), ("/b.txt", 3), ("/skills/joints.md", 1)]
        .map(|(path, line)| (path.to_owned(), line));
    assert_eq!(found(&workspace, None, None), everything);
    assert_eq!(found(&workspace, Some("/"), None), everything);
    assert_eq!(found(&workspace, Some("skills"), None), everything[3..]);
    assert_eq!(found(&workspace, Some("b.txt"), None), everything[1..3]);
    assert_eq!(found(&workspace, Some("/skills/joints.md"), None), everything[3..]);
    assert_eq!(workspace.grep("needle here", Some("a"), None).expect("searched")[0].text, "needle here");
    assert!(workspace.grep("n.*dle", None, None).expect("searched").is_empty());
    assert!(matches!(workspace.grep("x", Some("nowhere"), None), Err(FileError::NotFound { .. })));
    assert!(matches!(workspace.grep("x", Some("/skills/none"), None), Err(FileError::NotFound { .. })));
}

#[test]
fn a_glob_narrows_the_search() {
    let (_folder, workspace) = workspace();
    put(&workspace, "a/x.py", b"needle");
    put(&workspace, "a/deep/y.py", b"needle");
    put(&workspace, "b.txt", b"needle");
    let names = |glob: &str| found(&workspace, None, Some(glob)).into_iter().map(|hit| hit.0).collect::<Vec<_>>();
    assert_eq!(names("*.py"), ["/a/deep/y.py", "/a/x.py"]);
    assert_eq!(names("**/*.py"), ["/a/deep/y.py", "/a/x.py"]);
    assert_eq!(names("a/*.py"), ["/a/x.py"]);
    assert_eq!(names("/a/*.py"), ["/a/x.py"]);
    assert_eq!(names("skills/*"), ["/skills/joints.md"]);
    let refused = workspace.grep("x", None, Some("a[")).expect_err("a broken glob");
    assert!(matches!(refused, FileError::InvalidGlob { .. }), "{refused}");
}

#[test]
fn too_many_matches_are_an_error() {
    let (_folder, workspace) = workspace();
    put(&workspace, "many.txt", "needle\n".repeat(MAX_MATCHES).as_bytes());
    assert_eq!(workspace.grep("needle", Some("many.txt"), None).expect("just as many").len(), MAX_MATCHES);
    put(&workspace, "many.txt", "needle\n".repeat(MAX_MATCHES + 1).as_bytes());
    assert!(matches!(workspace.grep("needle", None, None), Err(FileError::TooManyMatches)));
}

#[test]
fn bundle_carries_design_but_no_results_or_history() {
    let (folder, workspace) = workspace();
    for path in ["script.py", "parts/gear.py", "renders/a.png", ".git/HEAD", "x/__pycache__/y", "x/assets/z.glb"] {
        put(&workspace, path, path.as_bytes());
    }
    let bundle = workspace.bundle().expect("packed");
    assert_eq!(bundle, workspace.bundle().expect("packed again"), "the same files gave other bytes");
    let scratch = unbundle(&bundle, folder.path(), &folder.path().join("mounts")).expect("unpacked");
    let unpacked = scratch.workspace();
    assert_eq!(unpacked.read_text("parts/gear.py").expect("read"), "parts/gear.py");
    assert!(unpacked.exists("script.py") && unpacked.exists("objectives.yaml") && unpacked.exists("/skills"));
    for path in ["renders", ".git", "x/__pycache__", "x/assets"] {
        assert!(!unpacked.exists(path), "{path} travelled");
    }
    put(unpacked, "events.jsonl", b"{}\n");
    assert_eq!(unpacked.take_events().expect("taken").events.len(), 1);
    let place = unpacked.path().to_owned();
    drop(scratch);
    assert!(!place.exists(), "the scratch folder stayed");
}

/// An archive with one entry, its header as given: the `tar` crate would refuse to write some of them.
fn archive(name: &str, kind: tar::EntryType, size: u64, content: &[u8]) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(0o644);
    if kind.is_symlink() || kind.is_hard_link() {
        header.set_link_name("/etc/passwd").expect("a link name");
    }
    header.set_cksum();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(header.as_bytes()).expect("packed");
    packed.write_all(content).expect("packed");
    packed.write_all(&vec![0; 1024 + 512 - content.len() % 512]).expect("packed");
    packed.finish().expect("packed")
}

#[test]
fn a_hostile_bundle_is_refused() {
    let folder = TempDir::new().expect("a temporary folder");
    let open = |bundle: &[u8]| unbundle(bundle, folder.path(), folder.path()).map(drop);
    let file = tar::EntryType::Regular;
    for name in ["../x", "/etc/x", "a/../../x"] {
        assert!(matches!(open(&archive(name, file, 1, b"x")), Err(BundleError::Outside(_))), "{name}");
    }
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Fifo, tar::EntryType::Char] {
        assert!(matches!(open(&archive("x", kind, 0, b"")), Err(BundleError::NotAFile(_))), "{kind:?}");
    }
    let huge = archive("x", file, MAX_BUNDLE_BYTES + 1, b"");
    assert!(matches!(open(&huge), Err(BundleError::TooLarge)));
    let cut = archive("x", file, 100_000, b"short");
    assert!(matches!(open(&cut), Err(BundleError::Malformed(_))));
    assert!(matches!(open(b"no gzip"), Err(BundleError::Malformed(_))));
    assert!(open(&archive("fine", file, 1, b"x")).is_ok());
    let left = fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 0, "something of the refused bundles stayed");
}
