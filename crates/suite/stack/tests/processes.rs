//! A stack must leave nothing behind, whoever dies first; and what it offers must be real. These tests boot only the
//! servers, not the four services.

#![expect(clippy::unwrap_used, reason = "the helpers of these tests may panic as the tests do")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
};
use sqlx::{Connection, PgConnection};
use stack::{
    Fault, PrivateOptions, Service, Stack, StackDescriptor,
    control::{ServiceState, ServiceStatus},
};

const INFRASTRUCTURE: PrivateOptions = PrivateOptions { services: false };
/// An ended stack needs some tens of milliseconds to clean up; this is for a machine that does much else.
const TIDY_DEADLINE: Duration = Duration::from_secs(20);

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < TIDY_DEADLINE, "timed out after {TIDY_DEADLINE:?} waiting for: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn directory(descriptor: &StackDescriptor) -> PathBuf {
    descriptor.supervisor.as_ref().expect("an embedded stack has a supervisor").directory.clone()
}

fn supervisor(descriptor: &StackDescriptor) -> i32 {
    descriptor.supervisor.as_ref().expect("an embedded stack has a supervisor").pid
}

/// Processes whose command line, environment or working directory names `directory`, zombies left out.
fn processes_of(directory: &Path) -> Vec<String> {
    let name = directory.to_str().expect("a plain path").as_bytes().to_vec();
    let mentions = |bytes: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    std::fs::read_dir("/proc")
        .expect("this test needs /proc")
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
        .filter(|entry| {
            let file = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
            let works_there = std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(directory));
            mentions(&file("cmdline")) || mentions(&file("environ")) || works_there
        })
        .map(|entry| {
            let comm = std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            format!("{} {}", entry.file_name().to_string_lossy(), comm.trim())
        })
        .collect()
}

fn addresses(descriptor: &StackDescriptor) -> Vec<SocketAddr> {
    let postgres =
        descriptor.database().expect("a database").split(['@', '/']).nth(3).expect("host and port").to_owned();
    let store = descriptor.object_store().expect("an object store").endpoint.trim_start_matches("http://").to_owned();
    let temporal = descriptor.temporal().expect("Temporal").to_owned();
    [postgres, store, temporal].iter().map(|address| address.parse().expect("an address")).collect()
}

fn assert_nothing_is_left(descriptor: &StackDescriptor) {
    let directory = directory(descriptor);
    wait_until("the stack's directory is gone", || !directory.exists());
    wait_until("no process of the stack is left", || processes_of(&directory).is_empty());
    for address in addresses(descriptor) {
        assert!(TcpStream::connect(address).is_err(), "{address} must not answer any more");
    }
}

/// Where cargo put the programs of this crate: beside the folder of this test. Not by the path that was compiled in,
/// which in a copied checkout is the original's.
fn programs() -> PathBuf {
    std::env::current_exe().unwrap().parent().and_then(Path::parent).expect("a test lies in `deps`").to_path_buf()
}

/// A program of this crate, away from the shared stack of the checkout.
fn stack_command(home: &Path) -> Command {
    let mut command = Command::new(programs().join("stack"));
    command.env("STACK_HOME", home).env("STACK_NO_BUILD", "1").env("STACK_IDLE_SECONDS", "60");
    command.env_remove("STACK_DESCRIPTOR").env_remove("STACK").env_remove("CONTROLLER_URL");
    command
}

fn ensure(home: &Path) -> Command {
    let mut command = stack_command(home);
    command.args(["ensure", "--infrastructure-only"]).stderr(Stdio::piped());
    command
}

#[tokio::test]
async fn private_stack_works_and_leaves_nothing() {
    let stack = Stack::private(INFRASTRUCTURE).await.unwrap();
    let descriptor = stack.descriptor().clone();
    let mut connection = PgConnection::connect(descriptor.database().unwrap()).await.unwrap();
    sqlx::query("CREATE TABLE proof (id int)").execute(&mut connection).await.unwrap();
    for address in addresses(&descriptor) {
        assert!(TcpStream::connect(address).is_ok(), "{address} must answer");
    }
    assert_eq!(stack.status().await.unwrap().leases.len(), 1, "its owner is its only user");
    drop(stack);
    assert_nothing_is_left(&descriptor);
}

fn s3_client(endpoint: &str, access_key: &str, secret_key: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(Credentials::new(access_key, secret_key, None, None, "test"))
        .force_path_style(true)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

#[tokio::test]
async fn object_store_takes_only_its_own_keys() {
    let stack = Stack::private(INFRASTRUCTURE).await.unwrap();
    let store = stack.descriptor().object_store().unwrap().clone();
    let right = s3_client(&store.endpoint, &store.access_key, &store.secret_key);
    let content = b"content".to_vec();
    right.put_object().bucket(&store.bucket).key("a/b").body(content.clone().into()).send().await.unwrap();
    let read = right.get_object().bucket(&store.bucket).key("a/b").send().await.unwrap();
    assert_eq!(read.body.collect().await.unwrap().to_vec(), content);

    let wrong_secret = s3_client(&store.endpoint, &store.access_key, "not the secret");
    let refused = wrong_secret.get_object().bucket(&store.bucket).key("a/b").send().await.unwrap_err();
    assert_eq!(refused.into_service_error().meta().code(), Some("SignatureDoesNotMatch"));

    let wrong_key = s3_client(&store.endpoint, "somebody", &store.secret_key);
    assert!(wrong_key.list_buckets().send().await.is_err(), "an unknown access key must be refused");

    let address: SocketAddr = store.endpoint.trim_start_matches("http://").parse().unwrap();
    let mut unsigned = TcpStream::connect(address).unwrap();
    let request = format!("GET /{}/a/b HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n", store.bucket);
    unsigned.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    unsigned.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 403"), "a request without signature must be refused: {answer}");
}

async fn postgres_answers(url: &str) -> bool {
    let question = async { PgConnection::connect(url).await?.close().await };
    tokio::time::timeout(Duration::from_secs(1), question).await.is_ok_and(|answer| answer.is_ok())
}

async fn state_of(stack: &Stack, service: Service) -> ServiceState {
    part(stack, service).await.state
}

#[tokio::test]
async fn faults_reach_postgres_and_can_be_undone() {
    let stack = Stack::private(INFRASTRUCTURE).await.unwrap();
    let url = stack.descriptor().database().unwrap().to_owned();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("CREATE TABLE kept (id int)").execute(&mut connection).await.unwrap();

    stack.fault(Service::Postgres, Fault::Pause).await.unwrap();
    assert_eq!(state_of(&stack, Service::Postgres).await, ServiceState::Paused);
    assert!(!postgres_answers(&url).await, "a paused server must not take a new connection");
    let open = tokio::time::timeout(Duration::from_secs(1), sqlx::query("SELECT 1").execute(&mut connection)).await;
    assert!(open.is_err(), "nor answer on an open one, which a process of its own serves");
    stack.fault(Service::Postgres, Fault::Resume).await.unwrap();
    assert!(postgres_answers(&url).await, "a resumed server must answer");

    stack.fault(Service::Postgres, Fault::Kill).await.unwrap();
    assert_eq!(state_of(&stack, Service::Postgres).await, ServiceState::Stopped);
    assert!(!postgres_answers(&url).await, "a killed server must not answer");
    let again = stack.fault(Service::Postgres, Fault::Pause).await.unwrap_err().to_string();
    assert!(again.contains("does not run"), "what is dead cannot be paused: {again}");

    let mark = stack.log_mark(Service::Postgres);
    stack.fault(Service::Postgres, Fault::Restart).await.unwrap();
    assert_eq!(state_of(&stack, Service::Postgres).await, ServiceState::Ready);
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("SELECT id FROM kept").execute(&mut connection).await.unwrap();
    let lines = stack.logs(Service::Postgres, mark).unwrap();
    assert!(lines.iter().any(|line| line.message.contains("ready to accept connections")), "{lines:?}");

    stack.fault(Service::Postgres, Fault::Stop).await.unwrap();
    assert!(!postgres_answers(&url).await, "a stopped server must not answer");
    let descriptor = stack.descriptor().clone();
    drop(stack);
    assert_nothing_is_left(&descriptor);
}

async fn part(stack: &Stack, service: Service) -> ServiceStatus {
    let status = stack.status().await.unwrap();
    status.services.into_iter().find(|part| part.service == service).expect("part of every stack")
}

/// Kills a part behind the stack's back, which is what a crash looks like, and waits until it works again.
async fn crash(stack: &Stack, service: Service) -> ServiceStatus {
    let before = part(stack, service).await;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(before.pid.unwrap()), nix::sys::signal::Signal::SIGKILL).unwrap();
    let started = Instant::now();
    loop {
        let now = part(stack, service).await;
        if now.restarts > before.restarts && now.state == ServiceState::Ready {
            assert_ne!(now.pid, before.pid, "{service} is another process now");
            return now;
        }
        assert!(started.elapsed() < TIDY_DEADLINE, "{service} crashed and is not back: {now:?}");
    }
}

#[tokio::test]
async fn crashed_part_is_restarted_and_counted() {
    let stack = Stack::private(INFRASTRUCTURE).await.unwrap();
    assert_eq!(crash(&stack, Service::Temporal).await.restarts, 1);
    assert_eq!(crash(&stack, Service::Temporal).await.restarts, 2);
    stack.fault(Service::Temporal, Fault::Kill).await.unwrap();
    // An ended process and a lost restart would both show as something else.
    let down = part(&stack, Service::Temporal).await;
    assert_eq!((down.state, down.restarts), (ServiceState::Stopped, 2), "what is killed on purpose stays down");
    stack.fault(Service::Temporal, Fault::Restart).await.unwrap();
    assert_eq!(crash(&stack, Service::Temporal).await.restarts, 3, "it is watched again after a restart on purpose");
}

#[tokio::test]
async fn crashed_postgres_keeps_acknowledged_commits() {
    let stack = Stack::private(INFRASTRUCTURE).await.unwrap();
    let url = stack.descriptor().database().unwrap().to_owned();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("CREATE TABLE kept (id int)").execute(&mut connection).await.unwrap();
    // The last commits are those that an asynchronous commit would lose.
    for id in 0..500 {
        sqlx::query("INSERT INTO kept VALUES ($1)").bind(id).execute(&mut connection).await.unwrap();
    }
    crash(&stack, Service::Postgres).await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut connection).await.unwrap();
    assert_eq!(kept, 500, "commits that were acknowledged are lost");
    let setting: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut connection).await.unwrap();
    assert_eq!(setting, "on");
}

/// A process that owns a private stack: the example of this crate, which cargo builds along with its tests.
fn owner() -> (Child, StackDescriptor) {
    let mut owner = Command::new(programs().join("examples/own_private_stack"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let text =
        lines.map_while(Result::ok).find_map(|line| line.split_once("DESCRIPTOR ").map(|(_, rest)| rest.to_owned()));
    let descriptor = serde_json::from_str(&text.expect("the owner boots its stack")).unwrap();
    (owner, descriptor)
}

#[test]
fn private_stack_ends_with_its_killed_owner() {
    let (mut owner, descriptor) = owner();
    assert!(directory(&descriptor).exists(), "the stack is up");
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert_nothing_is_left(&descriptor);
}

#[test]
fn killed_supervisor_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    assert!(ensure(home.path()).status().unwrap().success(), "the stack boots");
    let descriptor = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    let directory = directory(&descriptor);
    assert!(!processes_of(&directory).is_empty(), "the check for processes sees those of a living stack");

    nix::sys::signal::kill(nix::unistd::Pid::from_raw(supervisor(&descriptor)), nix::sys::signal::Signal::SIGKILL)
        .unwrap();
    wait_until("the kernel ended the parts", || processes_of(&directory).is_empty());

    assert!(ensure(home.path()).status().unwrap().success(), "another stack boots");
    // Another test that starts a stack in this moment may be the one that removes it.
    wait_until("the directory of the killed stack is gone", || !directory.exists());
    let second = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    assert_ne!(supervisor(&second), supervisor(&descriptor), "the second stack is a new one");
    assert!(stack_command(home.path()).arg("down").status().unwrap().success());
    assert_nothing_is_left(&second);
    assert!(!home.path().join("stack.json").exists(), "the descriptor goes with the stack");
}

#[test]
fn status_removes_paused_parts_of_a_killed_supervisor() {
    let home = tempfile::tempdir().unwrap();
    assert!(ensure(home.path()).status().unwrap().success(), "the stack boots");
    let descriptor = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    let paused = stack_command(home.path()).args(["fault", "postgres", "pause"]).status().unwrap();
    assert!(paused.success(), "Postgres is paused");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(supervisor(&descriptor)), nix::sys::signal::Signal::SIGKILL)
        .unwrap();
    let stat = format!("/proc/{}/stat", supervisor(&descriptor));
    wait_until("the supervisor is dead", || std::fs::read_to_string(&stat).map_or(true, |text| text.contains(") Z ")));
    // A frozen process gets no signal but the hard one, so Postgres is still there.
    let status = || stack_command(home.path()).arg("status").stdout(Stdio::null()).status().unwrap();
    wait_until("status removes what is left", || {
        assert_eq!(status().code(), Some(3), "no stack runs");
        !directory(&descriptor).exists()
    });
    assert_nothing_is_left(&descriptor);
}

#[test]
fn two_starts_at_once_share_one_stack() {
    let home = tempfile::tempdir().unwrap();
    let both = [ensure(home.path()).spawn().unwrap(), ensure(home.path()).spawn().unwrap()];
    let told: Vec<String> = both
        .into_iter()
        .map(|process| {
            let output = process.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{told}");
            told
        })
        .collect();
    assert_eq!(told.iter().filter(|text| text.contains("is up after")).count(), 1, "one starts it: {told:?}");
    assert_eq!(told.iter().filter(|text| text.contains("runs already")).count(), 1, "one adopts it: {told:?}");
    let descriptor = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    assert!(stack_command(home.path()).arg("down").status().unwrap().success());
    assert_nothing_is_left(&descriptor);
}

#[test]
fn broken_stack_is_replaced_and_not_adopted() {
    let home = tempfile::tempdir().unwrap();
    assert!(ensure(home.path()).status().unwrap().success(), "the stack boots");
    let first = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    assert!(stack_command(home.path()).args(["fault", "object-store", "kill"]).status().unwrap().success());
    let output = ensure(home.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.contains("object-store is not ready but stopped"), "{told}");
    assert_nothing_is_left(&first);
    assert!(stack_command(home.path()).arg("down").status().unwrap().success());
}

#[test]
fn interrupted_start_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut starter = ensure(home.path()).spawn().unwrap();
    let mut told = BufReader::new(starter.stderr.take().unwrap()).lines();
    let line = told.next().expect("the boot is shown").unwrap();
    assert!(line.contains("ready after"), "the first part is up while others are not: {line}");
    starter.kill().unwrap();
    starter.wait().unwrap();
    let holder = format!("STACK_HOME={}", home.path().display());
    let supervisors = || processes_of(home.path());
    wait_until(&format!("no process with {holder} is left"), || supervisors().is_empty());
    assert!(!home.path().join("stack.json").exists(), "what was not up was never announced");
}

#[test]
fn command_gets_addresses_and_returns_its_exit_code() {
    let home = tempfile::tempdir().unwrap();
    assert!(ensure(home.path()).status().unwrap().success(), "the stack boots");
    let descriptor_file = home.path().join("stack.json");
    let descriptor = StackDescriptor::read(&descriptor_file).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&descriptor_file.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600, "the descriptor holds secrets");
    let printed = stack_command(home.path()).arg("env").output().unwrap().stdout;
    let printed = String::from_utf8(printed).unwrap();
    for (name, value) in descriptor.environment() {
        assert!(printed.contains(&format!("export {name}='{value}'")), "{name} is missing in:\n{printed}");
    }
    let script = r#"test "$STACK_DESCRIPTOR" = "$0" && test -n "$POSTGRES_URL" && exit 7"#;
    let run = |script: &str| {
        stack_command(home.path())
            .args(["run", "--infrastructure-only", "--", "sh", "-c", script])
            .arg(&descriptor_file)
            .status()
            .unwrap()
    };
    assert_eq!(run(script).code(), Some(7), "the command sees the stack, and its exit code comes back");
    assert_eq!(run("kill -TERM $$").code(), Some(128 + 15), "a command that a signal ends gives 128 and its number");
    assert!(stack_command(home.path()).arg("down").status().unwrap().success());
}

#[test]
fn unused_stack_stops_by_itself() {
    let home = tempfile::tempdir().unwrap();
    assert!(ensure(home.path()).env("STACK_IDLE_SECONDS", "1").status().unwrap().success(), "the stack boots");
    let descriptor = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    assert_nothing_is_left(&descriptor);
    assert!(!home.path().join("stack.json").exists(), "the descriptor goes with the stack");
}

#[test]
fn plain_connections_keep_the_stack_running() {
    // Long enough for a machine that does ten other things.
    let unused = Duration::from_secs(2);
    let home = tempfile::tempdir().unwrap();
    assert!(
        ensure(home.path()).env("STACK_IDLE_SECONDS", unused.as_secs().to_string()).status().unwrap().success(),
        "the stack boots"
    );
    let file = home.path().join("stack.json");
    let descriptor = StackDescriptor::read(&file).unwrap();
    let store = addresses(&descriptor)[1];
    let started = Instant::now();
    // Three times as long as the stack stays unused. First one request after the other, then one that stays open.
    while started.elapsed() < 3 * unused {
        let mut stream = TcpStream::connect(store).expect("a stack that is used stays");
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        assert!(stream.read_to_end(&mut Vec::new()).is_ok());
    }
    let unfinished = TcpStream::connect(store).expect("a stack that was used a moment ago is there");
    wait_until("the open connection is reported as use", || {
        let told = stack_command(home.path()).args(["down", "--if-idle"]).output().unwrap();
        String::from_utf8_lossy(&told.stderr).contains("1 open connections without a lease")
    });
    while started.elapsed() < 6 * unused {
        assert!(file.exists(), "a stack with an open connection stays");
    }
    drop(unfinished);
    assert_nothing_is_left(&descriptor);
}

/// A stack of other sources, as far as its descriptor says.
fn give_another_fingerprint(home: &Path) {
    let file = home.join("stack.json");
    let mut descriptor = StackDescriptor::read(&file).unwrap();
    "of other sources".clone_into(&mut descriptor.fingerprint);
    descriptor.write(&file).unwrap();
}

#[test]
fn stack_of_other_sources_runs_until_unused() {
    let home = tempfile::tempdir().unwrap();
    let mut user = stack_command(home.path())
        .args(["run", "--infrastructure-only", "--", "sh", "-c", "echo up; cat"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let told = BufReader::new(user.stdout.take().unwrap()).lines().next().expect("the command runs").unwrap();
    assert_eq!(told, "up");
    let first = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    give_another_fingerprint(home.path());

    let output = ensure(home.path()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && told.contains("starting another one beside it"), "{told}");
    let second = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    assert_ne!(supervisor(&first), supervisor(&second));
    for address in addresses(&first).into_iter().chain(addresses(&second)) {
        assert!(TcpStream::connect(address).is_ok(), "{address} must answer");
    }

    drop(user.stdin.take());
    assert!(user.wait().unwrap().success());
    // Without waiting for the idle time of 60 s.
    assert_nothing_is_left(&first);
    assert!(stack_command(home.path()).arg("down").status().unwrap().success());
    assert_nothing_is_left(&second);
}

#[test]
fn copied_checkout_leaves_the_original_stack_alone() {
    let (home, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(ensure(home.path()).status().unwrap().success(), "the stack boots");
    let descriptor = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    let mut copied = descriptor.clone();
    copied.checkout = Some(PathBuf::from("/the/original"));
    copied.write(&copy.path().join("stack.json")).unwrap();
    let status = stack_command(copy.path()).arg("status").stdout(Stdio::null()).status().unwrap();
    assert_eq!(status.code(), Some(3), "the stack of another checkout is not this one's");
    assert!(stack_command(copy.path()).arg("down").stdout(Stdio::null()).status().unwrap().success());
    assert!(addresses(&descriptor).into_iter().all(|address| TcpStream::connect(address).is_ok()), "it goes on");
    assert!(stack_command(home.path()).arg("down").status().unwrap().success());
    assert_nothing_is_left(&descriptor);
}

#[test]
fn lost_reader_ends_a_command_quietly() {
    let home = tempfile::tempdir().unwrap();
    let into_closed_pipe = |arguments: &[&str], streams: [bool; 2]| {
        let closed = || {
            let (reader, writer) = std::io::pipe().unwrap();
            drop(reader);
            Stdio::from(writer)
        };
        let mut command = stack_command(home.path());
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        if streams[0] {
            command.stdout(closed());
        }
        if streams[1] {
            command.stderr(closed());
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(told, "", "{arguments:?} must not complain that nobody reads");
        output.status.code()
    };
    assert_eq!(into_closed_pipe(&["ensure", "--infrastructure-only"], [true, true]), Some(0));
    let descriptor = StackDescriptor::read(&home.path().join("stack.json")).unwrap();
    for arguments in [&["status"][..], &["status", "--json"], &["env"], &["logs"], &["logs", "postgres", "--follow"]] {
        assert_eq!(into_closed_pipe(arguments, [true, false]), Some(0), "{arguments:?}");
    }
    assert_eq!(into_closed_pipe(&["fault", "temporal", "restart"], [true, false]), Some(0));
    assert_eq!(into_closed_pipe(&["down"], [true, false]), Some(0));
    assert_nothing_is_left(&descriptor);
    assert_eq!(into_closed_pipe(&["status"], [true, false]), Some(3), "the code stays");
}
