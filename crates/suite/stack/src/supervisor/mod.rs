//! The process that owns an embedded stack, from its first part to its last file.
//!
//! It runs everything on its main thread: the kernel ends the parts when the thread that started them is gone, and so
//! nothing survives even a supervisor that was killed. It lives as long as somebody holds a lease, and a while longer.

mod boot;
mod connection;
mod leases;
mod traffic;
mod unit;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use anyhow::Context;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::UnixListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::Notify,
};

pub(crate) use self::boot::{BootRequest, request};
use self::{
    boot::{Boot, lost_its_port, tell},
    leases::{HeldLease, Leases},
};
use crate::{
    StackDescriptor,
    control::Holder,
    directory::StackDirectory,
    progress::{BootEvent, BootFailure},
};

/// Hidden subcommand of `stack` that is this process.
pub(crate) const SUBCOMMAND: &str = "supervise";

const ATTEMPTS: usize = 3;

/// Runs a supervisor until its stack is gone.
pub(crate) fn run() -> anyhow::Result<()> {
    // Away from the terminal and the process group of whoever started us: their Ctrl-C is not ours.
    nix::unistd::setsid().context("cannot leave the session of the starter")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no async runtime")?;
    let result = runtime.block_on(supervise());
    // The thread that waits for standard input must not keep us.
    runtime.shutdown_background();
    result
}

/// Everything that a running stack shares between its connections.
struct Stack {
    boot: Boot,
    descriptor: StackDescriptor,
    leases: Leases,
    shutdown: Notify,
}

async fn supervise() -> anyhow::Result<()> {
    let mut input = BufReader::new(tokio::io::stdin());
    let mut line = String::new();
    input.read_line(&mut line).await.context("no request on standard input")?;
    let request: BootRequest = serde_json::from_str(&line).context("the request on standard input is not one")?;
    let mut signals = StopSignals::new()?;

    // The starter holds the stack for as long as it keeps our standard input open.
    let leases = Leases::new(Duration::from_secs(request.idle_seconds));
    let starter = nix::unistd::getppid().as_raw().unsigned_abs();
    let starter = leases.take(Holder { pid: starter, name: "starter".to_owned() });
    let mut starter_left = Box::pin(async move {
        let mut rest = Vec::new();
        // The end of the stream and a broken one mean the same: the starter is gone.
        input.read_to_end(&mut rest).await.ok();
    });

    let Some(boot) = boot(&request, &mut starter_left, &mut signals).await else { return Ok(()) };
    let stack = Arc::new(Stack { descriptor: boot.describe(&request), boot, leases, shutdown: Notify::new() });
    let result = serve(&stack, &request, starter_left, starter, &mut signals).await;
    if let Err(error) = &result {
        tell(&BootEvent::Failed(general_failure(error)));
    }
    remove_own_descriptor(&request.descriptor_path(&stack.boot.directory));
    take_down(&stack.boot).await;
    result
}

/// Boots, again with other ports when another process took one first. `None` when it failed; whoever waits has got the
/// reason, and nothing is left.
async fn boot(
    request: &BootRequest,
    starter_left: &mut (impl Future<Output = ()> + Unpin),
    signals: &mut StopSignals,
) -> Option<Boot> {
    for attempt in 1.. {
        let boot = match Boot::plan(request) {
            Ok(boot) => boot,
            Err(error) => {
                tell(&BootEvent::Failed(general_failure(&error)));
                return None;
            }
        };
        let outcome = tokio::select! {
            outcome = boot.run() => Some(outcome),
            () = &mut *starter_left => None,
            () = signals.any() => None,
        };
        if let Some(Ok(())) = outcome {
            return Some(boot);
        }
        take_down(&boot).await;
        let failure = outcome?.err()?;
        if request.standard_ports || attempt == ATTEMPTS || !lost_its_port(&failure) {
            tell(&BootEvent::Failed(failure));
            return None;
        }
        tell(&BootEvent::Retry { reason: failure.reason });
    }
    None
}

async fn serve(
    stack: &Arc<Stack>,
    request: &BootRequest,
    starter_left: impl Future<Output = ()> + Send + 'static,
    starter: Option<HeldLease>,
    signals: &mut StopSignals,
) -> anyhow::Result<()> {
    start_logging(&stack.boot.directory)?;
    let socket = stack.boot.directory.path().join("control.sock");
    let listener = UnixListener::bind(&socket).with_context(|| format!("cannot listen on {}", socket.display()))?;
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600)).context("cannot protect the control socket")?;
    stack.descriptor.write(&request.descriptor_path(&stack.boot.directory))?;
    tracing::info!(directory = %stack.boot.directory.path().display(), "up");
    tell(&BootEvent::Up { descriptor: Box::new(stack.descriptor.clone()) });
    tokio::spawn(async move {
        starter_left.await;
        drop(starter);
    });
    let idle_limit = Duration::from_secs(request.idle_seconds);
    // A private stack belongs to its owner, whatever else may be connected.
    if !request.private {
        tokio::spawn(traffic::watch(stack.boot.layout.watched_ports(), stack.leases.clone(), idle_limit));
    }
    let idle = stack.leases.idle();
    tokio::pin!(idle);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(connection::attend(Arc::clone(stack), stream));
                }
                Err(error) => {
                    tracing::error!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            () = &mut idle => break tracing::info!("nobody uses this stack any more"),
            () = stack.shutdown.notified() => break tracing::info!("asked to stop"),
            () = signals.any() => break tracing::info!("stopped by a signal"),
        }
    }
    Ok(())
}

async fn take_down(boot: &Boot) {
    boot.stop_all().await;
    if let Err(error) = boot.directory.remove() {
        // The next `ensure`, `status` or `down` tries again.
        tracing::error!("{error:#}");
    }
}

/// A newer stack may have put its own descriptor there.
fn remove_own_descriptor(path: &Path) {
    let is_ours = StackDescriptor::read(path)
        .is_ok_and(|found| found.supervisor.is_some_and(|owner| owner.pid == nix::unistd::getpid().as_raw()));
    if is_ours && let Err(error) = fs::remove_file(path) {
        tracing::error!(%error, "cannot remove the descriptor {}", path.display());
    }
}

fn general_failure(error: &anyhow::Error) -> BootFailure {
    BootFailure {
        service: None,
        reason: format!("{error:#}"),
        remedy: "see the cause above; `stack status` tells whether anything is left".to_owned(),
        last_lines: Vec::new(),
    }
}

fn start_logging(directory: &StackDirectory) -> anyhow::Result<()> {
    let path = directory.log("supervisor");
    let file = fs::File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    tracing_subscriber::fmt().json().flatten_event(true).with_writer(Mutex::new(file)).init();
    std::panic::set_hook(Box::new(|panic| tracing::error!("the supervisor has a bug: {panic}")));
    Ok(())
}

/// Signals that end the stack in good order.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl StopSignals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for stop signals");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {},
            _ = self.interrupt.recv() => {},
            _ = self.hang_up.recv() => {},
        }
    }
}
