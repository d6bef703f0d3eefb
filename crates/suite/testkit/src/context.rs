//! The surroundings of one test: its stack, its names, its clients, and what is shown when it fails.

use std::{cell::RefCell, collections::BTreeMap, thread, time::Duration};

use anyhow::Context as _;
use contract::{
    benchmark::BenchmarkRequest,
    gate::Stage,
    handover::{HandoverRequest, SubmitRequest},
    workbench::PriceRequest,
};
use controller_api::ControllerClient;
use http_reply::Journal;
use stack::{LogLevel, LogMark, Service, Stack, StackDescriptor};
use storage_probe::{Database, ObjectStore};
use worker_api::{HeavyWorker, LightWorker};

use crate::files::Workspace;

/// Lines of each service's log that a failed test shows.
const LOG_LINES_SHOWN: usize = 40;

/// One test's view of a stack. Everything it names carries a nonce, so that tests never meet; the one session that they
/// share is [`Context::bystander`].
pub struct Context {
    stack: Stack,
    http: reqwest::Client,
    test_id: String,
    nonce: String,
    journal: Journal,
    log_marks: BTreeMap<Service, LogMark>,
    expected_errors: RefCell<Vec<String>>,
}

/// A worker session of a test, with clients that are already in it.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Light worker.
    pub light: LightWorker,
    /// Heavy worker.
    pub heavy: HeavyWorker,
}

impl Session {
    /// Writes a workspace into the session.
    pub async fn must_hold(&self, workspace: &impl Workspace) {
        for (path, content) in workspace.files().0 {
            self.light.must_write_file(path, &content).await;
        }
    }

    /// Writes a workspace into the session and has it priced, without which nothing is simulated.
    pub async fn must_hold_priced(&self, workspace: &impl Workspace) {
        self.must_hold(workspace).await;
        self.must_be_priced().await;
    }

    /// Has what the session holds priced; panics with the answer when it does not pass.
    pub async fn must_be_priced(&self) {
        let priced = self.heavy.must_validate_and_price(&PriceRequest::default()).await;
        assert!(priced.success, "expected the design to pass pricing: {priced:#?}");
    }

    /// Has what the session holds validated; panics with the answer when it does not pass.
    pub async fn must_be_valid(&self) {
        let validated = self.heavy.must_validate(&BenchmarkRequest::default()).await;
        assert!(validated.success, "expected the design to pass validation: {validated:#?}");
    }

    /// Submits what the session holds as a benchmark, with the checks before it; panics with the answer that refuses.
    pub async fn must_be_submitted_as_benchmark(&self) {
        self.must_be_valid().await;
        self.must_be_priced().await;
        let request = SubmitRequest { stage: Stage::Benchmark, ..SubmitRequest::default() };
        let answer = self.heavy.must_submit(&request).await;
        assert!(answer.success, "expected the benchmark to be submitted: {answer:#?}");
    }

    /// Brings the benchmark that another session submitted into this one; panics with the answer that refuses.
    pub async fn must_receive(&self, benchmark: &Self) {
        let benchmark_session_id = benchmark.id.parse().expect("a test's session id is valid");
        let answer = self.heavy.must_handover(&HandoverRequest { benchmark_session_id }).await;
        assert!(answer.success, "expected the benchmark to be handed over: {answer:#?}");
    }
}

impl Context {
    /// On the shared stack, which is found or started.
    pub async fn shared() -> Self {
        let stack = Stack::shared().await.context("no stack to run against");
        Self::on(stack.unwrap_or_else(|error| panic!("{error:#}")))
    }

    /// On a stack that it has to itself, for tests that stop, cut off or corrupt something. Others had it before.
    pub async fn alone() -> Self {
        let stack = Stack::alone().await.context("no stack to have alone");
        Self::on(stack.unwrap_or_else(|error| panic!("{error:#}")))
    }

    /// On a stack that it has to itself, or on the external one where one was chosen: for tests that need quiet and
    /// disturb nothing.
    pub async fn alone_or_external() -> Self {
        let shared = Stack::shared().await.context("no stack to run against");
        let shared = shared.unwrap_or_else(|error| panic!("{error:#}"));
        if shared.capabilities().faults { Self::alone().await } else { Self::on(shared) }
    }

    fn on(stack: Stack) -> Self {
        let test = thread::current().name().unwrap_or("test").to_owned();
        let nonce = uuid::Uuid::new_v4().simple().to_string()[..12].to_owned();
        let test_id = format!("{}-{nonce}", test.replace("::", "."));
        let log_marks = Service::SYSTEM.into_iter().map(|service| (service, stack.log_mark(service))).collect();
        Self {
            http: http_client(stack.descriptor()),
            stack,
            test_id,
            nonce,
            journal: Journal::new(),
            log_marks,
            expected_errors: RefCell::default(),
        }
    }

    /// The stack.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Where everything is.
    pub fn descriptor(&self) -> &StackDescriptor {
        self.stack.descriptor()
    }

    /// Base URL of a service.
    pub fn url(&self, service: Service) -> String {
        self.descriptor().url(service).unwrap_or_else(|error| panic!("{error}")).to_owned()
    }

    /// A plain HTTP client, for requests that the typed clients would not send. The dump of a failed test does not list
    /// its requests.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// A name that no other test and no other run uses. `purpose` makes it readable.
    pub fn unique(&self, purpose: &str) -> String {
        format!("{purpose}-{}", self.nonce)
    }

    /// A worker session of this test. The same purpose gives the same session.
    pub fn session(&self, purpose: &str) -> Session {
        self.session_named(self.unique(purpose))
    }

    pub(crate) fn session_named(&self, id: String) -> Session {
        let light = LightWorker::new(self.url(Service::WorkerLight), id.as_str(), self.http.clone());
        let heavy = HeavyWorker::new(self.url(Service::WorkerHeavy), id.as_str(), self.http.clone());
        let token = self.descriptor().worker_token.as_deref();
        let light = light.with_token(token).with_test_id(&self.test_id).with_journal(&self.journal);
        let heavy = heavy.with_token(token).with_test_id(&self.test_id).with_journal(&self.journal);
        Session { id, light, heavy }
    }

    /// The controller, with the key of this stack.
    pub fn controller(&self) -> ControllerClient {
        let key = self.descriptor().api_key.clone().unwrap_or_default();
        let controller = ControllerClient::new(self.url(Service::Controller), key, self.http.clone());
        controller.with_test_id(&self.test_id).with_journal(&self.journal)
    }

    /// The database, read-only.
    pub async fn database(&self) -> anyhow::Result<Database> {
        Database::connect(self.descriptor().database()?).await
    }

    /// The object store.
    pub fn object_store(&self) -> anyhow::Result<ObjectStore> {
        let address = self.descriptor().object_store()?;
        Ok(ObjectStore::new(&address.endpoint, &address.access_key, &address.secret_key))
    }

    /// Declares that a service will log an error because of what this test does; `text` occurs in the line.
    pub fn expect_error_log(&self, text: &str) {
        self.expected_errors.borrow_mut().push(text.to_owned());
    }

    /// Lines that a service logged for this test's requests since the test began.
    pub fn log_lines(&self, service: Service) -> Vec<stack::LogLine> {
        let Some(mark) = self.log_marks.get(&service) else { return Vec::new() };
        let lines = self.stack.logs(service, *mark).unwrap_or_default();
        lines.into_iter().filter(|line| line.raw.contains(&self.test_id)).collect()
    }

    fn show_evidence(&self) {
        eprintln!("\n--- {} failed; its requests: begin, duration, status ---\n{}", self.test_id, self.journal);
        eprintln!("--- what the services logged for it ---");
        for service in Service::SYSTEM {
            let lines = self.log_lines(service);
            let skipped = lines.len().saturating_sub(LOG_LINES_SHOWN);
            eprintln!("[{service}] {} lines", lines.len());
            for line in &lines[skipped..] {
                eprintln!("  {}", line.raw);
            }
        }
        eprintln!("--- whole logs: `cargo run -p stack -- logs SERVICE` ---\n");
    }

    fn unexpected_errors(&self) -> Vec<String> {
        let expected = self.expected_errors.borrow();
        Service::SYSTEM
            .into_iter()
            .flat_map(|service| self.log_lines(service).into_iter().map(move |line| (service, line)))
            .filter(|(_, line)| line.level == Some(LogLevel::Error))
            .filter(|(_, line)| !expected.iter().any(|text| line.raw.contains(text.as_str())))
            .map(|(service, line)| format!("[{service}] {}", line.raw))
            .collect()
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        if thread::panicking() {
            self.show_evidence();
            return;
        }
        let errors = self.unexpected_errors();
        assert!(
            errors.is_empty(),
            "the test passed, but a service logged errors for its requests; declare them with \
             `ctx.expect_error_log(…)` if they belong there:\n{}",
            errors.join("\n")
        );
    }
}

/// A plain HTTP client for a stack.
fn http_client(stack: &StackDescriptor) -> reqwest::Client {
    let mut builder = reqwest::Client::builder().pool_idle_timeout(Duration::from_secs(5));
    let store = stack.object_store.iter().map(|store| &store.endpoint);
    let mut urls = stack.urls.values().chain(store);
    if urls.all(|url| url.starts_with("http://")) {
        // Reading the machine's certificates is a fifth of what a short test computes.
        builder = builder.tls_certs_only([]);
    }
    http_reply::client(builder).expect("a plain HTTP client needs nothing that could be missing")
}
