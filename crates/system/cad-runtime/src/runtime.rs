//! The runtime: its start and its operations.

use std::{
    future::Future,
    path::Path,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use contract::execution::{InspectTopologyResponse, ScriptFault, ScriptFaultKind};
use design::{Design, ExportFormat, Geometry};
use kept::Kept;
use serde_json::json;
use tokio::sync::oneshot;

use crate::{
    CadRuntimeError,
    config::{CadRuntimeConfig, WarmUp},
    execution::Execution,
    geometry,
    launch::LaunchPlan,
    measured::{measured_content, measured_designs},
    measuring,
    request::{BuildRequest, ScriptSource, Tessellation},
    run::{Input, Job, Outcome, Runner, policy},
    run_directory::RunsDirectory,
    topology,
    warm_parent::{State, Supervisor},
};

/// Time for measuring when the script used up all of its time.
const LEAST_MEASURING_TIME: Duration = Duration::from_secs(10);

/// Shapes, and what the script printed, as output and as errors.
type HandedOver = (Geometry, (String, String));

/// A request to cancel a call, which is passed to each process of the call in turn.
struct Cancel<F> {
    wish: Pin<Box<F>>,
    came: bool,
}

impl<F: Future<Output = ()>> Cancel<F> {
    fn new(wish: F) -> Self {
        Self { wish: Box::pin(wish), came: false }
    }

    /// Completes when cancellation is requested, or at once when it already was.
    async fn again(&mut self) {
        if !self.came {
            self.wish.as_mut().await;
            self.came = true;
        }
    }
}

/// Remaining time for the second process.
fn time_left(timeout: Duration, started: Instant) -> Duration {
    timeout.saturating_sub(started.elapsed()).max(LEAST_MEASURING_TIME.min(timeout))
}

/// Runs scripts. Cloning is cheap; the processes end with the last clone.
///
/// Runs are concurrent; the caller limits their number. Dropping the future of a run ends its process.
#[derive(Debug, Clone)]
pub struct CadRuntime {
    runner: Arc<Runner>,
    measured: Arc<Kept<Design>>,
}

impl CadRuntime {
    /// Starts the warm parent and returns when it is ready, after some seconds; or at once, where it starts on first use.
    ///
    /// # Errors
    /// The interpreter, a folder or the sandbox library is missing; build123d cannot be imported; the kernel cannot
    /// sandbox scripts.
    pub async fn start(config: CadRuntimeConfig) -> Result<Self, CadRuntimeError> {
        let runs_dir = Arc::new(RunsDirectory::create(&config.sessions_dir)?);
        let (limits, warm_up) = (config.limits, config.warm_up);
        let folder = runs_dir.path().to_owned();
        let plan = tokio::task::spawn_blocking(move || LaunchPlan::prepare(&config, &folder))
            .await
            .map_err(|error| CadRuntimeError::NotRunning(error.to_string()))??;
        // The trial of the sandbox has no session; generous memory, since the parent's size is not known yet.
        let probe_policy = policy(&plan, vec![plan.runs_dir.clone()], &limits, 1 << 30, Duration::from_secs(10));
        let plan = Arc::new(plan);
        let supervisor = Supervisor::new(Arc::clone(&plan), probe_policy);
        let runner = Arc::new(Runner { supervisor, plan, runs_dir, limits });
        let runtime = Self { runner, measured: Arc::new(measured_designs()) };
        if warm_up == WarmUp::OnFirstUse {
            return Ok(runtime);
        }
        match runtime.runner.supervisor.settled().await {
            State::Ready(parent) => {
                tracing::info!(
                    import_s = parent.ready.import_s, python = %parent.ready.python,
                    build123d = %parent.ready.build123d, isolation = %runtime.description(),
                    "the CAD runtime is warm"
                );
                Ok(runtime)
            }
            State::Failed(reason) => Err(CadRuntimeError::NotRunning(reason)),
            State::Idle | State::Starting => Err(CadRuntimeError::NotRunning("it did not start".into())),
        }
    }

    /// True when a run can start, at once or with the warm parent that it starts; false while the warm parent is being restarted or has failed for good.
    pub fn ready(&self) -> bool {
        matches!(self.runner.supervisor.state(), State::Idle | State::Ready(_))
    }

    /// Process of the warm parent (or of the bubblewrap around it); None while there is none.
    pub fn process_id(&self) -> Option<u32> {
        self.runner.supervisor.process_id()
    }

    /// The active sandbox layers, such as `bubblewrap + landlock(7) + seccomp`.
    pub fn description(&self) -> String {
        let shell = if self.runner.plan.has_bubblewrap() { "bubblewrap + " } else { "" };
        match self.runner.supervisor.state() {
            State::Ready(parent) => format!("{shell}landlock({}) + seccomp", parent.ready.sandbox.landlock_abi),
            State::Idle => format!("{shell}landlock + seccomp (starts with the first run)"),
            State::Starting => format!("{shell}landlock + seccomp (starting)"),
            State::Failed(reason) => format!("not running: {reason}"),
        }
    }

    /// Runs a script with the session's root as working folder, as `python file.py` would.
    ///
    /// The process is ended at `timeout`, when `cancel` completes, or when the returned future is dropped.
    pub async fn execute(
        &self,
        session_root: &Path,
        script: impl Into<ScriptSource>,
        timeout: Duration,
        cancel: impl Future<Output = ()>,
    ) -> Result<Execution, CadRuntimeError> {
        let input = match measuring::input_of(&script.into()) {
            Ok(input) => input,
            Err(fault) => return Ok(Execution::refused(fault)),
        };
        let job = Job { mode: "execute", input, extra: json!({}) };
        let outcome = self.run(session_root, job, timeout, cancel).await?;
        Ok(Execution::new(outcome, timeout))
    }

    /// Runs a design script, measures the shapes that it hands over, and returns the design, or the fault.
    ///
    /// Two processes do this: the script's, and one that runs no script and measures. Both together are ended at
    /// `timeout`, or when the returned future is dropped. Byte-identical shapes that were already measured in the same
    /// way are not measured again; the script runs every time.
    pub async fn build(
        &self,
        session_root: &Path,
        request: &BuildRequest,
        timeout: Duration,
    ) -> Result<Result<Design, ScriptFault>, CadRuntimeError> {
        self.build_unless(session_root, request, timeout, std::future::pending()).await
    }

    /// The same, ended when `cancel` completes. Unlike a future that is dropped, this one completes when the process
    /// has ended.
    pub async fn build_unless(
        &self,
        session_root: &Path,
        request: &BuildRequest,
        timeout: Duration,
        cancel: impl Future<Output = ()>,
    ) -> Result<Result<Design, ScriptFault>, CadRuntimeError> {
        let started = Instant::now();
        let mut cancel = Cancel::new(cancel);
        let handed_over = self.hand_over(session_root, &request.script, true, timeout, cancel.again()).await?;
        let (geometry, (stdout, stderr)) = match handed_over {
            Ok(handed_over) => handed_over,
            Err(fault) => return Ok(Err(fault)),
        };
        let job = measuring::measuring_job(geometry.clone(), request);
        let content = measured_content(&geometry, &job.extra);
        if let Some(known) = self.measured.get(&content) {
            return Ok(Ok(Design { stdout, stderr, ..Design::clone(&known) }));
        }
        let outcome = self.run(session_root, job, time_left(timeout, started), cancel.again()).await?;
        if let Some(fault) = outcome.fault {
            return Ok(Err(fault));
        }
        let tessellation = request.tessellation;
        let loaded = tokio::task::spawn_blocking(move || measuring::load(&outcome.directory, geometry, tessellation))
            .await
            .map_err(|error| CadRuntimeError::Setup(format!("the design could not be read: {error}")))?;
        Ok(loaded.map(|design| {
            self.measured.keep(content, Arc::new(design.clone()));
            Design { stdout, stderr, ..design }
        }))
    }

    /// Writes a built design in the given formats, from the shapes that were measured; no script runs.
    ///
    /// Ended at `timeout`, or when `cancel` completes.
    pub async fn export(
        &self,
        session_root: &Path,
        design: &Design,
        formats: &[ExportFormat],
        timeout: Duration,
        cancel: impl Future<Output = ()>,
    ) -> Result<Result<Vec<Vec<u8>>, ScriptFault>, CadRuntimeError> {
        let Tessellation { tolerance_mm, angle_rad } = Tessellation::default();
        let names: Vec<&str> = formats.iter().map(|format| format.name()).collect();
        let job = Job {
            mode: "export",
            input: Input::Geometry(design.geometry.clone()),
            extra: json!({ "formats": names, "tolerance_mm": tolerance_mm, "angle_rad": angle_rad }),
        };
        let outcome = self.run(session_root, job, timeout, cancel).await?;
        if let Some(fault) = outcome.fault {
            return Ok(Err(fault));
        }
        let (formats, directory) = (formats.to_vec(), outcome.directory);
        let files = tokio::task::spawn_blocking(move || {
            formats.iter().map(|format| geometry::exported(*format, &directory)).collect()
        })
        .await
        .map_err(|error| CadRuntimeError::Setup(format!("the exported files could not be read: {error}")))?;
        let missing = || ScriptFault {
            kind: ScriptFaultKind::ScriptError,
            message: "The CAD kernel wrote no file, or one that is too large.".into(),
            line: None,
        };
        Ok(Option::<Vec<Vec<u8>>>::ok_or_else(files, missing))
    }

    /// Measures one part, face or edge (`target_id` such as `face_3`) of the shape that a script builds. Faces and
    /// edges are numbered as build123d's `faces()` and `edges()` of the whole shape list them.
    pub async fn inspect(
        &self,
        session_root: &Path,
        script_path: &str,
        target_id: &str,
        timeout: Duration,
    ) -> Result<InspectTopologyResponse, CadRuntimeError> {
        let started = Instant::now();
        let target = match topology::target(target_id) {
            Ok(target) => target,
            Err(message) => return Ok(topology::failure(message)),
        };
        let script = ScriptSource::File(script_path.to_owned());
        let never = std::future::pending();
        let (geometry, _) = match self.hand_over(session_root, &script, false, timeout, never).await? {
            Ok(handed_over) => handed_over,
            Err(fault) => return Ok(topology::failure(fault.message)),
        };
        let job = topology::job(geometry, script_path, target);
        let left = time_left(timeout, started);
        let outcome = self.run(session_root, job, left, std::future::pending()).await?;
        Ok(topology::response(&outcome))
    }

    /// Runs a script until it has handed over its shapes; returns them with what it printed.
    async fn hand_over(
        &self,
        session_root: &Path,
        script: &ScriptSource,
        with_metadata: bool,
        timeout: Duration,
        cancel: impl Future<Output = ()>,
    ) -> Result<Result<HandedOver, ScriptFault>, CadRuntimeError> {
        let job = match measuring::script_job(script, with_metadata) {
            Ok(job) => job,
            Err(fault) => return Ok(Err(fault)),
        };
        let outcome = self.run(session_root, job, timeout, cancel).await?;
        let take =
            move || measuring::handed_over(&outcome).map(|geometry| (geometry, (outcome.stdout, outcome.stderr)));
        tokio::task::spawn_blocking(take)
            .await
            .map_err(|error| CadRuntimeError::Setup(format!("the shapes could not be read: {error}")))
    }

    /// Runs a job in a separate task: when the caller goes away, the task still waits for the process to end and cleans
    /// up.
    async fn run(
        &self,
        session_root: &Path,
        job: Job,
        timeout: Duration,
        cancel: impl Future<Output = ()>,
    ) -> Result<Outcome, CadRuntimeError> {
        let (alive, gone) = oneshot::channel::<()>();
        let runner = Arc::clone(&self.runner);
        let session_root = session_root.to_owned();
        let mut task = tokio::spawn(async move {
            // Completes when the sender is dropped: on cancellation, and when the caller's future is dropped.
            let cancelled = async move { drop(gone.await) };
            runner.run(&session_root, job, timeout, cancelled).await
        });
        tokio::pin!(cancel);
        let finished = tokio::select! {
            finished = &mut task => finished,
            () = &mut cancel => {
                drop(alive);
                task.await
            }
        };
        finished.map_err(|error| CadRuntimeError::Setup(format!("the run's task failed: {error}")))?
    }
}
