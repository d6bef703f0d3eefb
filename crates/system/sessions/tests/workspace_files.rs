//! Reading, writing, editing, listing and deleting in one session.

use std::{fs, path::Path};

use contract::{
    events::EVENTS_FILE,
    files::{Edit, FileInfo},
    objectives::{OBJECTIVES_FILE, TEMPLATE_MARKER},
    session::SessionId,
};
use sessions::{Existing, FileError, Sessions, Workspace};
use tempfile::TempDir;

struct Fixture {
    folder: TempDir,
    sessions: Sessions,
    workspace: Workspace,
}

fn fixture() -> Fixture {
    let folder = TempDir::new().expect("a temporary folder");
    let mounts = folder.path().join("mounts");
    fs::create_dir_all(mounts.join("config")).expect("a mount");
    fs::create_dir_all(mounts.join("utils")).expect("a mount");
    fs::write(mounts.join("config/prices.yaml"), "aluminium: 6.0\n").expect("a mounted file");
    let sessions = Sessions::new(folder.path().join("sessions"), mounts).expect("sessions");
    let workspace = sessions.open(&id("one")).expect("a workspace");
    Fixture { folder, sessions, workspace }
}

fn id(text: &str) -> SessionId {
    text.parse().expect("a valid session id")
}

fn edit(old: &str, new: &str) -> Edit {
    Edit { old_string: old.into(), new_string: new.into() }
}

fn paths(entries: &[FileInfo]) -> Vec<&str> {
    entries.iter().map(|entry| entry.path.as_str()).collect()
}

#[test]
fn template_is_written_only_to_a_new_session() {
    let Fixture { sessions, workspace, folder: _folder, .. } = fixture();
    assert!(workspace.read_text(OBJECTIVES_FILE).expect("the template").contains(TEMPLATE_MARKER));
    workspace.delete(OBJECTIVES_FILE).expect("deleted");
    let again = sessions.open(&id("one")).expect("the same workspace");
    assert!(!again.exists(OBJECTIVES_FILE), "opening a known session wrote the template again");
}

#[test]
fn concurrently_opened_session_is_complete() {
    let Fixture { sessions, folder: _folder, .. } = fixture();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let workspace = sessions.open(&id("crowded")).expect("a workspace");
                assert!(workspace.exists(OBJECTIVES_FILE), "a session was seen without its template");
            });
        }
    });
}

#[test]
fn sessions_do_not_see_each_other() {
    let Fixture { sessions, workspace, folder: _folder, .. } = fixture();
    workspace.write("secret.txt", b"one", Existing::Keep).expect("written");
    let other = sessions.open(&id("two")).expect("a workspace");
    for path in ["secret.txt", "/../one/secret.txt", "../one/secret.txt"] {
        assert!(!other.exists(path), "{path} is visible to another session");
        assert!(other.read_text(path).is_err());
    }
}

#[test]
fn file_is_read_back_under_every_path_spelling() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    workspace.write("/a/b/part.py", b"x = 1\n", Existing::Keep).expect("written");
    for spelling in ["a/b/part.py", "/a/b/part.py", "./a//b/part.py", "a/c/../b/part.py"] {
        assert_eq!(workspace.read_text(spelling).expect("read"), "x = 1\n", "{spelling}");
    }
    assert!(workspace.exists("a/b") && workspace.exists("/"));
}

#[test]
fn names_like_a_mount_are_ordinary_files() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    for path in ["/config.yaml", "/utils_x.py", "sub/config/x"] {
        workspace.write(path, b"mine", Existing::Keep).expect("written");
        assert_eq!(workspace.read_text(path).expect("read"), "mine");
    }
}

#[test]
fn an_existing_file_is_kept_unless_it_may_be_replaced() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    workspace.write("a.txt", b"old", Existing::Keep).expect("written");
    let refused = workspace.write("a.txt", b"new", Existing::Keep).expect_err("it exists");
    assert!(matches!(refused, FileError::AlreadyExists { .. }) && refused.to_string().contains("already exists"));
    assert_eq!(workspace.read_text("a.txt").expect("read"), "old");
    workspace.write("a.txt", b"new", Existing::Replace).expect("replaced");
    assert_eq!(workspace.read_text("a.txt").expect("read"), "new");
}

#[test]
fn one_of_many_first_writers_wins() {
    let Fixture { sessions, folder: _folder, .. } = fixture();
    let wins: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8)
            .map(|number| {
                let workspace = sessions.open(&id("race")).expect("a workspace");
                scope.spawn(move || workspace.write("one.txt", format!("{number}").as_bytes(), Existing::Keep).is_ok())
            })
            .collect();
        writers.into_iter().map(|writer| usize::from(writer.join().expect("no panic"))).sum()
    });
    assert_eq!(wins, 1);
}

#[test]
fn mounts_are_read_and_never_changed() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    assert_eq!(workspace.read_text("/config/prices.yaml").expect("read"), "aluminium: 6.0\n");
    for path in ["config", "/config", "./config/x", "a/../config/x", "/reviews/not/there", "/skills"] {
        let changes = [
            workspace.write(path, b"x", Existing::Replace),
            workspace.edit(path, &[edit("a", "b")]),
            workspace.delete(path),
        ];
        for change in changes {
            assert!(matches!(change, Err(FileError::ReadOnly { .. })), "{path}: {change:?}");
        }
    }
    let refused = workspace.delete("/utils/x").expect_err("read-only");
    assert!(refused.to_string().contains("/utils"), "the error does not name the mount: {refused}");
    assert_eq!(workspace.read_text("/config/prices.yaml").expect("read"), "aluminium: 6.0\n");
}

#[test]
fn only_the_root_listing_shows_existing_mounts() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    workspace.write("b/x.txt", b"12345", Existing::Keep).expect("written");
    workspace.write("a.txt", b"12345", Existing::Keep).expect("written");
    let root = workspace.list("/").expect("listed");
    assert_eq!(paths(&root), ["/a.txt", "/b/", "/config", "/objectives.yaml", "/utils"]);
    assert_eq!(root[0].size, Some(5));
    assert_eq!((root[1].is_dir, root[1].size), (true, Some(0)));
    assert_eq!((root[2].is_dir, root[2].size), (true, None));
    assert_eq!(paths(&workspace.list(".").expect("listed")), ["/a.txt", "/b/", "/objectives.yaml"]);
    assert_eq!(paths(&workspace.list("/config").expect("listed")), ["/config/prices.yaml"]);
    assert!(workspace.list("/nowhere").expect("an unknown directory is empty").is_empty());
    assert!(workspace.list("/skills").expect("a mount without a folder is empty").is_empty());
    assert!(matches!(workspace.list("a.txt"), Err(FileError::NotADirectory { .. })));
}

#[test]
fn a_folder_of_the_session_never_shadows_a_mount() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    fs::create_dir(workspace.path().join("config")).expect("as a script would");
    fs::write(workspace.path().join("config/prices.yaml"), "aluminium: 0.0\n").expect("as a script would");
    assert_eq!(workspace.read_text("config/prices.yaml").expect("read"), "aluminium: 6.0\n");
    let shown = workspace.list("/").expect("listed");
    assert_eq!(shown.iter().filter(|entry| entry.name == "config").count(), 1);
    assert!(workspace.grep("0.0", Some("config"), None).expect("searched").is_empty());
}

#[test]
fn edits_are_applied_in_order_or_not_at_all() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    workspace.write("a.py", b"width = 10\nheight = 20\n", Existing::Keep).expect("written");
    workspace.edit("a.py", &[edit("10", "11"), edit("width = 11", "width = 12")]).expect("edited");
    assert_eq!(workspace.read_text("a.py").expect("read"), "width = 12\nheight = 20\n");

    let missing = workspace.edit("a.py", &[edit("12", "13"), edit("depth", "x")]).expect_err("no such text");
    assert!(missing.to_string().starts_with("Content not found for replacement: \"depth\""), "{missing}");
    let twice = workspace.edit("a.py", &[edit("12", "13"), edit(" = ", ":")]).expect_err("twice");
    assert!(matches!(twice, FileError::EditNotUnique { count: 2, .. }), "{twice}");
    assert_eq!(workspace.read_text("a.py").expect("read"), "width = 12\nheight = 20\n", "half an edit stayed");

    let overlapping =
        workspace.write("b", b"aaa", Existing::Keep).and_then(|()| workspace.edit("b", &[edit("aa", "x")]));
    assert!(matches!(overlapping, Err(FileError::EditNotUnique { count: 2, .. })));
    assert!(matches!(workspace.edit("none.py", &[edit("a", "b")]), Err(FileError::NotFound { .. })));
}

#[test]
fn deleting_takes_files_and_folders_but_not_the_root() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    workspace.write("a/b/c.txt", b"x", Existing::Keep).expect("written");
    workspace.delete("a").expect("deleted");
    assert!(!workspace.exists("a"));
    assert!(matches!(workspace.delete("a"), Err(FileError::NotFound { .. })));
    assert!(matches!(workspace.delete("objectives.yaml/x"), Err(FileError::NotFound { .. })));
    for root in ["/", ".", "a/.."] {
        assert!(matches!(workspace.delete(root), Err(FileError::SessionRoot { .. })), "{root}");
    }
}

#[test]
fn file_errors_distinguish_their_causes() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    workspace.write("blob", &[b'a', 0xff], Existing::Keep).expect("written");
    workspace.write("dir/file", b"x", Existing::Keep).expect("written");
    assert!(matches!(workspace.read_text("blob"), Err(FileError::NotUtf8 { offset: 1, .. })));
    assert!(matches!(workspace.read_text("dir"), Err(FileError::IsDirectory { .. })));
    assert!(matches!(workspace.read_text("blob/x"), Err(FileError::NotFound { .. })));
    assert!(matches!(workspace.write("dir", b"x", Existing::Replace), Err(FileError::IsDirectory { .. })));
    assert!(matches!(workspace.write("blob/x", b"x", Existing::Keep), Err(FileError::NotADirectory { .. })));
    assert!(matches!(workspace.write("/", b"x", Existing::Replace), Err(FileError::SessionRoot { .. })));
}

#[test]
fn pipe_in_place_of_a_file_does_not_block_a_reader() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    let pipe = workspace.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
    assert!(made.success());
    assert!(matches!(workspace.read_text("pipe"), Err(FileError::InvalidPath { .. })));
    assert!(workspace.grep("no such text", None, None).expect("searched").is_empty());
}

#[test]
fn events_are_taken_once_and_bad_lines_counted() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    let lines = "{\"n\": 1}\n\nnot json\n[1]\n{\"n\": 2}";
    workspace.write(EVENTS_FILE, lines.as_bytes(), Existing::Keep).expect("written");
    let taken = workspace.take_events().expect("taken");
    let numbers: Vec<_> = taken.events.iter().map(|event| event["n"].as_i64()).collect();
    assert_eq!(numbers, [Some(1), Some(2)]);
    assert_eq!(taken.malformed, 2);
    assert!(!workspace.exists(EVENTS_FILE));
    assert_eq!(workspace.take_events().expect("nothing left"), sessions::TakenEvents::default());
}

#[test]
fn non_file_in_place_of_the_event_file_is_removed() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    fs::create_dir_all(workspace.path().join(EVENTS_FILE).join("x")).expect("as a script would");
    assert_eq!(workspace.take_events().expect("taken").malformed, 1);
    std::os::unix::fs::symlink(Path::new("/etc/passwd"), workspace.path().join(EVENTS_FILE)).expect("a link");
    let taken = workspace.take_events().expect("taken");
    assert_eq!((taken.events.len(), taken.malformed), (0, 1));
    assert!(!workspace.exists(EVENTS_FILE));
}

#[tokio::test]
async fn session_lock_blocks_its_own_session_only() {
    use std::time::Duration;
    let Fixture { sessions, folder: _folder, .. } = fixture();
    let held = sessions.lock(&id("one")).await.expect("locked");
    let second = tokio::time::timeout(Duration::from_millis(50), sessions.lock(&id("one"))).await;
    assert!(second.is_err(), "two held the lock of one session");
    assert!(sessions.try_lock(&id("one")).expect("asked").is_none());
    let _other = sessions.lock(&id("two")).await.expect("locked");
    drop(held);
    let _again = sessions.lock(&id("one")).await.expect("locked");
}

#[tokio::test]
async fn workers_sharing_sessions_share_their_locks() {
    let Fixture { sessions, folder, .. } = fixture();
    let of_another_worker =
        Sessions::new(folder.path().join("sessions"), folder.path().join("mounts")).expect("the same sessions");
    let one = id("one");
    let held = sessions.lock(&one).await.expect("locked");
    assert!(of_another_worker.try_lock(&id("one")).expect("asked").is_none(), "both workers hold the session");
    {
        // Somebody who stops waiting must not hold the lock later.
        let given_up = of_another_worker.lock(&one);
        tokio::pin!(given_up);
        assert!(futures::poll!(&mut given_up).is_pending());
    }
    let waiting = of_another_worker.lock(&one);
    tokio::pin!(waiting);
    assert!(futures::poll!(&mut waiting).is_pending());
    drop(held);
    let theirs = waiting.await.expect("locked");
    assert!(sessions.try_lock(&id("one")).expect("asked").is_none());
    drop(theirs);
    drop(sessions.lock(&id("one")).await.expect("locked"));
}

#[test]
fn events_of_scripts_are_marked() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    let forged = "{\"event_type\": \"simulation_result\", \"source\": \"worker-heavy\"}";
    workspace.write(EVENTS_FILE, forged.as_bytes(), Existing::Keep).expect("written");
    let taken = workspace.take_events().expect("taken");
    assert_eq!(taken.events[0]["source"], "script");
    workspace.write(EVENTS_FILE, forged.as_bytes(), Existing::Keep).expect("written");
    workspace.discard_events().expect("discarded");
    assert_eq!(workspace.take_events().expect("nothing left"), sessions::TakenEvents::default());
}

/// Hangs chains that a path still reaches into each other: 13 000 levels below `top`.
fn nest(top: &Path) {
    let chain = ["n"; 500].join("/");
    fs::create_dir_all(top.join(&chain)).expect("a chain");
    for _ in 0..25 {
        let next = top.with_extension("next");
        fs::create_dir_all(next.join(&chain)).expect("a chain");
        fs::rename(top, next.join(&chain).join("n")).expect("hung into it");
        fs::rename(&next, top).expect("renamed");
    }
}

/// Runs `work` where a recursion of some thousand levels overflows.
fn on_a_small_stack<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(work).expect("a thread");
    thread.join().expect("no overflow")
}

#[test]
fn too_deep_folders_are_reported_and_deleted() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    nest(&workspace.path().join("deep"));
    nest(&workspace.path().join(EVENTS_FILE));
    on_a_small_stack(move || {
        let told =
            |result: Result<(), FileError>| assert!(matches!(result, Err(FileError::TooDeep { .. })), "{result:?}");
        told(workspace.grep("x", None, None).map(drop));
        told(workspace.grep("x", None, Some("**/*.py")).map(drop));
        told(workspace.bundle().map(drop));
        assert_eq!(workspace.list("/deep").expect("listed").len(), 1);
        let refused = workspace.write("a.txt", b"x", Existing::Keep);
        assert!(matches!(refused, Err(FileError::OverQuota { .. })), "{refused:?}");

        assert_eq!(workspace.take_events().expect("taken").malformed, 1);
        workspace.delete("deep").expect("deleted");
        assert!(!workspace.exists("deep") && !workspace.exists(EVENTS_FILE));
        workspace.write("a.txt", b"x", Existing::Keep).expect("written");
        told(workspace.write(&"n/".repeat(101), b"x", Existing::Keep));
    });
}

#[test]
fn full_session_refuses_further_files() {
    let Fixture { workspace, folder: _folder, .. } = fixture();
    let crowd = workspace.path().join("crowd");
    fs::create_dir(&crowd).expect("a folder");
    for number in 0..50_000 {
        fs::File::create(crowd.join(number.to_string())).expect("a file");
    }
    let refused = workspace.write("a.txt", b"x", Existing::Keep).expect_err("it is full");
    let words = refused.to_string();
    assert!(words.contains("a.txt"), "{words}");
    assert!(words.contains("50000") && words.contains("50001"), "{words}");
    let many: Vec<_> = (0..3).map(|number| (format!("made/{number}"), b"x".to_vec())).collect();
    let refuses_all = || matches!(workspace.write_all(&many), Err(FileError::OverQuota { .. }));
    let is_full = || workspace.write("a.txt", b"x", Existing::Replace).is_err();
    assert!(refuses_all() && !workspace.exists("made"));
    let mut number = 0..50_000;
    while is_full() {
        fs::remove_file(crowd.join(number.next().expect("one of them").to_string())).expect("removed");
    }
    assert!(refuses_all() && !workspace.exists("made"), "there is room for one and not for three");
    workspace.delete("crowd").expect("deleted");
    workspace.write_all(&many).expect("there is room for all");
    assert!(many.iter().all(|(path, _)| workspace.read_text(path).is_ok_and(|text| text == "x")));
}
