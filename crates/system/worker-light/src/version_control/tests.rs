//! A repository through its life, and against a hostile `.git`.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use contract::{git::ResolveStrategy, session::SessionId};
use sessions::{Existing, Sessions, Workspace};
use tempfile::TempDir;

use crate::limited::Client;

use super::{Git, GitError, Repository, repository::RepositoryError};

struct Fixture {
    folder: TempDir,
    git: Git,
    sessions: Sessions,
    session: SessionId,
}

impl Fixture {
    async fn new() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let sessions = Sessions::new(folder.path().join("sessions"), folder.path().join("mounts")).expect("sessions");
        let git = Git::find().await.expect("git is installed");
        Self { folder, git, sessions, session: "mine".parse().expect("a valid id") }
    }

    async fn with_repository() -> Self {
        let fixture = Self::new().await;
        fixture.repository().await.init().await.expect("a repository");
        fixture
    }

    async fn repository(&self) -> Repository {
        Repository::open(&self.git, &self.sessions, &self.session, &Client::service()).await.expect("opened")
    }

    fn workspace(&self) -> Workspace {
        self.sessions.open(&self.session).expect("a workspace")
    }

    fn put(&self, path: &str, content: &str) {
        self.workspace().write(path, content.as_bytes(), Existing::Replace).expect("written");
    }

    fn read(&self, path: &str) -> String {
        self.workspace().read_text(path).expect("read")
    }

    async fn commit(&self, message: &str) -> String {
        let committed = self.repository().await.commit(message).await.expect("git runs");
        assert!(committed.success, "{}", committed.message);
        committed.commit_hash.expect("a commit")
    }

    /// Git as an attacker or a test has it: unlocked, and obeying whatever the repository says.
    fn plain_git(&self, arguments: &[&str]) -> bool {
        let identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
        let output = Command::new("git").args(identity).args(arguments).current_dir(self.workspace().path()).output();
        output.expect("git runs").status.success()
    }

    /// A merge with one file changed on both sides, one deleted by us, one deleted by them.
    async fn start_conflicting_merge(&self) {
        for file in ["both.txt", "ours_deleted.txt", "theirs_deleted.txt"] {
            self.put(file, "base\n");
        }
        self.commit("base").await;
        assert!(self.plain_git(&["checkout", "-q", "-b", "other"]));
        self.put("both.txt", "theirs\n");
        self.put("ours_deleted.txt", "theirs\n");
        self.workspace().delete("theirs_deleted.txt").expect("deleted");
        self.commit("theirs").await;
        assert!(self.plain_git(&["checkout", "-q", "main"]));
        self.put("both.txt", "ours\n");
        self.put("theirs_deleted.txt", "ours\n");
        self.workspace().delete("ours_deleted.txt").expect("deleted");
        self.commit("ours").await;
        assert!(!self.plain_git(&["merge", "other"]), "the merge has no conflict");
    }

    /// A program that leaves a mark when anybody runs it, and the mark.
    fn trap(&self) -> (PathBuf, PathBuf) {
        let (program, mark) = (self.workspace().path().join("trap.sh"), self.workspace().path().join("mark"));
        fs::write(&program, format!("#!/bin/sh\ntouch {}\ncat\n", mark.display())).expect("a trap");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
        (program, mark)
    }
}

#[tokio::test]
async fn every_operation_fails_without_a_repository() {
    let fixture = Fixture::new().await;
    let repository = fixture.repository().await;
    let committed = repository.commit("nothing").await.expect("an answer");
    assert!(!committed.success && committed.commit_hash.is_none(), "{committed:?}");
    assert!(!repository.complete_merge(None).await.expect("an answer").success);
    let status = repository.status().await.expect("an answer");
    assert_eq!(status.branch, "unknown");
    assert!(status.error.is_some());
    assert!(matches!(repository.abort_merge().await, Err(RepositoryError::NotPossible(_))));
    let resolved = repository.resolve("x", ResolveStrategy::Ours).await;
    assert!(matches!(resolved, Err(RepositoryError::NotPossible(_))));
}

#[tokio::test]
async fn changes_are_committed_once() {
    let fixture = Fixture::with_repository().await;
    let status = fixture.repository().await.status().await.expect("a status");
    assert_eq!((status.branch.as_str(), status.is_dirty, status.error), ("main", true, None));
    let first = fixture.commit("first\n\n# not a comment").await;
    assert_eq!(first.len(), 40);
    assert!(!fixture.repository().await.status().await.expect("a status").is_dirty);
    let again = fixture.repository().await.commit("again").await.expect("an answer");
    assert_eq!((again.success, again.commit_hash, again.message.as_str()), (true, None, "No changes to commit"));
    fixture.put("part.py", "x = 1\n");
    assert_ne!(fixture.commit("second").await, first);
    let log = fixture.git.run(fixture.workspace().path(), &["log", "--format=%an <%ae> %s"], b"").await;
    let log = log.expect("git runs").text();
    let identity = "Agent Worker <agent@problemologist.ai>";
    assert_eq!(log, format!("{identity} second\n{identity} first"));
    fixture.repository().await.init().await.expect("a second init leaves the repository as it is");
    assert!(!fixture.repository().await.status().await.expect("a status").is_dirty);
}

#[tokio::test]
async fn a_merge_is_resolved_and_completed() {
    let fixture = Fixture::with_repository().await;
    fixture.start_conflicting_merge().await;
    let repository = fixture.repository().await;
    let status = repository.status().await.expect("a status");
    assert_eq!(status.conflicts, ["both.txt", "ours_deleted.txt", "theirs_deleted.txt"]);
    assert!(status.is_merging && status.is_dirty);
    for early in [repository.commit("too early").await, repository.complete_merge(Some("too early")).await] {
        let early = early.expect("an answer");
        assert!(!early.success && early.message.contains("both.txt"), "{early:?}");
    }
    repository.resolve("/both.txt", ResolveStrategy::Theirs).await.expect("resolved");
    repository.resolve("ours_deleted.txt", ResolveStrategy::Ours).await.expect("resolved");
    repository.resolve("theirs_deleted.txt", ResolveStrategy::Ours).await.expect("resolved");
    let twice = repository.resolve("both.txt", ResolveStrategy::Ours).await;
    assert!(matches!(twice, Err(RepositoryError::NotPossible(_))), "a file without conflict was resolved");
    let completed = repository.complete_merge(None).await.expect("an answer");
    assert!(completed.success, "{}", completed.message);
    let status = repository.status().await.expect("a status");
    assert!(!status.is_merging && !status.is_dirty && status.conflicts.is_empty());
    assert_eq!(fixture.read("both.txt"), "theirs\n");
    assert_eq!(fixture.read("theirs_deleted.txt"), "ours\n");
    assert!(!fixture.workspace().exists("ours_deleted.txt"));
}

#[tokio::test]
async fn merge_can_be_aborted() {
    let fixture = Fixture::with_repository().await;
    fixture.start_conflicting_merge().await;
    let repository = fixture.repository().await;
    repository.abort_merge().await.expect("aborted");
    assert_eq!(fixture.read("both.txt"), "ours\n");
    assert!(!repository.status().await.expect("a status").is_merging);
    let again = repository.abort_merge().await.expect_err("there is none any more");
    assert!(again.to_string().starts_with("Failed to abort merge"), "{again}");
}

#[tokio::test]
async fn programs_named_by_a_repository_are_not_run() {
    let fixture = Fixture::with_repository().await;
    fixture.commit("base").await;
    let (trap, mark) = fixture.trap();
    let trap = trap.display();
    fixture.put(
        ".git/config",
        &format!(
            "[core]\n\trepositoryformatversion = 1\n\tfsmonitor = {trap}\n\thooksPath = hooks\n\tsshCommand = {trap}\n\
             [filter \"trap\"]\n\tclean = {trap}\n\tsmudge = {trap}\n\trequired = true\n\
             [merge \"trap\"]\n\tname = trap\n\tdriver = {trap}\n\
             [diff]\n\texternal = {trap}\n[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {trap}\n\
             [remote \"origin\"]\n\turl = ext::{trap}\n\tpromisor = true\n[extensions]\n\tpartialClone = origin\n\
             [alias]\n\tstatus = !{trap}\n\tcommit = !{trap}\n[include]\n\tpath = more\n"
        ),
    );
    fixture.put(".git/more", &format!("[core]\n\teditor = {trap}\n\tpager = {trap}\n"));
    fixture.put(".gitattributes", "*.txt filter=trap merge=trap diff=trap\n");
    for hook in ["pre-commit", "post-commit", "prepare-commit-msg", "post-merge", "post-checkout"] {
        let path = fixture.workspace().path().join(".git/hooks").join(hook);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::copy(fixture.workspace().path().join("trap.sh"), &path).expect("a hook");
    }
    fixture.put("a.txt", "content\n");
    let repository = fixture.repository().await;
    assert!(repository.status().await.expect("a status").is_dirty);
    let committed = repository.commit("with traps").await.expect("an answer");
    assert!(committed.success, "{}", committed.message);
    assert!(!mark.exists(), "something planted was run");
    assert!(!fixture.read(".git/config").contains("trap"));
}

#[tokio::test]
async fn merges_run_no_planted_driver() {
    let fixture = Fixture::with_repository().await;
    fixture.start_conflicting_merge().await;
    let (trap, mark) = fixture.trap();
    fixture.put(".git/config", &format!("[core]\n\tbare = false\n[merge \"t\"]\n\tdriver = {}\n", trap.display()));
    fixture.put(".git/info/attributes", "* merge=t filter=t\n");
    let repository = fixture.repository().await;
    repository.resolve("both.txt", ResolveStrategy::Theirs).await.expect("resolved");
    repository.abort_merge().await.expect("aborted");
    assert!(!mark.exists(), "something planted was run");
}

#[tokio::test]
async fn confinement_holds_even_when_git_complies() {
    let fixture = Fixture::with_repository().await;
    let (trap, mark) = fixture.trap();
    let secret = fixture.folder.path().join("secret.txt");
    fs::write(&secret, "secret").expect("a file outside");
    let root = fixture.workspace().path().to_owned();
    let run = async |arguments: &[&str]| fixture.git.run(&root, arguments, b"").await.expect("git runs");
    let alias = format!("alias.trap=!{}", trap.display());
    assert!(!run(&["-c", &alias, "trap"]).await.success, "a shell was started");
    let monitor = format!("core.fsmonitor={}", trap.display());
    run(&["-c", &monitor, "status"]).await;
    assert!(!mark.exists(), "a planted program was run");
    let outside = secret.to_str().expect("text");
    assert!(!run(&["hash-object", outside]).await.success, "a file outside was read");
    assert!(run(&["hash-object", "objectives.yaml"]).await.success, "a file inside cannot be read");
    let output = format!("--output={}", fixture.folder.path().join("written").display());
    assert!(!run(&["diff", "--no-index", &output, "objectives.yaml", "trap.sh"]).await.success);
    assert!(!fixture.folder.path().join("written").exists(), "a file outside was written");
}

#[tokio::test]
async fn redirected_repository_stays_in_its_workspace() {
    let fixture = Fixture::with_repository().await;
    let other = fixture.sessions.open(&"other".parse().expect("a valid id")).expect("a workspace");
    other.write("secret.txt", b"secret", Existing::Keep).expect("written");
    let elsewhere = other.path().display();
    fixture.put(".git/config", &format!("[core]\n\tworktree = {elsewhere}\n\tbare = false\n"));
    fixture.put(".git/commondir", &format!("{elsewhere}\n"));
    fixture.put("mine.txt", "mine\n");
    fixture.commit("all").await;
    let listed = fixture.git.run(fixture.workspace().path(), &["ls-files"], b"").await.expect("git runs").text();
    assert!(listed.contains("mine.txt") && !listed.contains("secret"), "{listed}");
}

#[tokio::test]
async fn links_in_the_repository_write_nothing_outside() {
    let fixture = Fixture::with_repository().await;
    fixture.commit("base").await;
    let outside = fixture.folder.path().join("outside.txt");
    fs::write(&outside, "untouched").expect("a file outside");
    let root = fixture.workspace().path().to_owned();
    for inside in [".git/index", ".git/COMMIT_EDITMSG", ".git/logs/HEAD", ".git/ORIG_HEAD"] {
        let link = root.join(inside);
        // Some of them do not exist yet.
        let _ = fs::remove_file(&link);
        symlink(&outside, &link).expect("a link");
        fixture.put("changed.txt", inside);
        let repository = fixture.repository().await;
        let _ = repository.commit("through a link").await.expect("an answer");
        let _ = repository.status().await.expect("an answer");
        assert_eq!(fs::read_to_string(&outside).expect("readable"), "untouched", "{inside} was followed");
        fs::remove_file(&link).unwrap_or_default();
        drop(repository);
    }
}

#[tokio::test]
async fn dot_git_link_or_file_is_not_a_repository() {
    let fixture = Fixture::new().await;
    let other = fixture.sessions.open(&"other".parse().expect("a valid id")).expect("a workspace");
    let root = fixture.workspace().path().to_owned();
    let plants: [&dyn Fn(&Path); 2] = [&|path| symlink(other.path(), path).expect("a link"), &|path| {
        fs::write(path, format!("gitdir: {}\n", other.path().display())).expect("a file");
    }];
    for plant in plants {
        plant(&root.join(".git"));
        let repository = fixture.repository().await;
        assert!(!repository.commit("x").await.expect("an answer").success);
        assert!(matches!(repository.init().await, Err(RepositoryError::NotPossible(_))));
        assert!(!other.exists("HEAD"), "a repository was made elsewhere");
        fs::remove_file(root.join(".git")).expect("removed");
    }
}

#[tokio::test]
async fn stale_git_lock_is_removed() {
    let fixture = Fixture::with_repository().await;
    fixture.put(".git/index.lock", "");
    fixture.put(".git/HEAD.lock", "");
    fixture.commit("after the crash").await;
}

#[tokio::test]
async fn repository_beyond_the_limits_is_refused() {
    let fixture = Fixture::with_repository().await;
    fixture.commit("base").await;
    // One blob, and trees of twelve times the tree before: 12^10 files in a few hundred bytes.
    let bomb = "set -e; tree=$(printf '100644 blob %s\\tf\\n' $(echo x | git hash-object -w --stdin) | git mktree)
        for level in 1 2 3 4 5 6 7 8 9 10; do
            tree=$(for n in a b c d e f g h i j k l; do printf '040000 tree %s\\t%s\\n' $tree $n; done | git mktree)
        done
        git update-ref HEAD $(git commit-tree -m bomb $tree)";
    let made = Command::new("/bin/sh")
        .args(["-c", bomb])
        .current_dir(fixture.workspace().path())
        .env("HOME", "/nowhere")
        .envs([
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a"),
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a"),
        ])
        .status();
    assert!(made.expect("a shell").success(), "the bomb was not made");
    let status = fixture.repository().await.status().await.expect("an answer");
    assert!(status.error.is_some(), "{status:?}");
}

#[tokio::test]
async fn too_deep_workspace_is_refused_until_cleared() {
    let fixture = Fixture::with_repository().await;
    fixture.commit("base").await;
    let (deep, chain) = (fixture.workspace().path().join("deep"), ["n"; 500].join("/"));
    fs::create_dir_all(deep.join(&chain)).expect("a chain");
    for _ in 0..25 {
        let next = fixture.workspace().path().join("next");
        fs::create_dir_all(next.join(&chain)).expect("a chain");
        fs::rename(&deep, next.join(&chain).join("n")).expect("hung into it");
        fs::rename(&next, &deep).expect("renamed");
    }
    // The session is full by then, so nothing is written into it, git's configuration neither.
    let opened = Repository::open(&fixture.git, &fixture.sessions, &fixture.session, &Client::service()).await;
    assert!(opened.is_err_and(|error| error.status().as_u16() == 413));
    fixture.workspace().delete("deep").expect("deleted");
    assert!(fixture.repository().await.status().await.expect("a status").error.is_none());
}

#[tokio::test]
async fn departing_client_cancels_its_git_call() {
    let fixture = Fixture::with_repository().await;
    let (sender, client) = Client::present();
    let first = Repository::open(&fixture.git, &fixture.sessions, &fixture.session, &client).await.expect("opened");
    // The second waits for the session, until its client leaves.
    let (second_sender, second_client) = Client::present();
    let waiting = Repository::open(&fixture.git, &fixture.sessions, &fixture.session, &second_client);
    let (second, ()) = tokio::join!(waiting, async { drop(second_sender) });
    assert!(second.is_err_and(|error| error.status().as_u16() == 503));
    drop(sender);
    assert!(matches!(first.status().await, Err(RepositoryError::Git(GitError::Abandoned))));
    drop(first);
    fixture.commit("nothing is locked").await;
}

#[tokio::test]
async fn objectives_of_the_first_commit_are_kept() {
    let fixture = Fixture::with_repository().await;
    let kept = || {
        fixture.sessions.first_commit(&fixture.session).expect("read").map(|it| String::from_utf8(it).expect("text"))
    };
    fixture.put("objectives.yaml", "first: 1\n");
    fixture.commit("initial commit").await;
    assert_eq!(kept().as_deref(), Some("first: 1\n"));
    fixture.put("objectives.yaml", "second: 2\n");
    fixture.commit("second").await;
    fixture.workspace().delete(".git").expect("deleted");
    fixture.repository().await.init().await.expect("a repository");
    fixture.commit("initial commit of another repository").await;
    assert_eq!(kept().as_deref(), Some("first: 1\n"), "another repository lets go of what the first one fixed");
}

#[tokio::test]
async fn committed_template_fixes_no_objectives() {
    let fixture = Fixture::with_repository().await;
    fixture.commit("initial commit").await;
    fixture.put("objectives.yaml", "mine: 1\n");
    fixture.commit("second").await;
    assert_eq!(fixture.sessions.first_commit(&fixture.session).expect("read"), None);
}
