//! A test's handle to a stack.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Child,
    sync::Arc,
};

use anyhow::{Context, bail};
use tokio::sync::OnceCell;

use crate::{
    Backend, Capabilities, Fault, LogLine, LogMark, Service, StackDescriptor, binaries,
    checkout::Checkout,
    control::{Control, StackStatus},
    descriptor::DESCRIPTOR_VARIABLE,
    directory,
    ensure::{EnsureOptions, Ensured, Started, ensure, start, turn},
    external,
    lease::Lease,
    logs,
    progress::Reporter,
    proof,
    sources::Sources,
    supervisor,
    tools::Tools,
};

/// A running stack, kept for as long as this value or a clone of it lives.
#[derive(Debug, Clone)]
pub struct Stack {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    descriptor: StackDescriptor,
    lease: Option<Lease>,
    /// The supervisor of a private stack, a child of this process.
    supervisor: Option<Child>,
    /// The turn to have the stack alone.
    turn: Option<File>,
}

/// What a private stack consists of.
#[derive(Debug, Clone, Copy)]
pub struct PrivateOptions {
    /// The four services too, not only the servers below them.
    pub services: bool,
}

impl Default for PrivateOptions {
    /// Everything.
    fn default() -> Self {
        Self { services: true }
    }
}

impl Stack {
    /// The stack that all tests share: the one that `STACK_DESCRIPTOR` names, else the external one that the
    /// environment names, else the shared one of this checkout, built and started where needed.
    ///
    /// All calls of one process give the same stack, which is held until the process ends.
    pub async fn shared() -> anyhow::Result<Self> {
        static SHARED: OnceCell<Stack> = OnceCell::const_new();
        SHARED.get_or_try_init(find_shared).await.cloned()
    }

    /// A private stack that nobody used before. It ends with the last clone of this value, and with this process,
    /// however that ends.
    pub async fn private(options: PrivateOptions) -> anyhow::Result<Self> {
        none_beside_an_external_one()?;
        let started = blocking(move || start_private(options)).await?;
        Ok(Self {
            inner: Arc::new(Inner {
                descriptor: started.descriptor,
                lease: Some(started.lease),
                supervisor: Some(started.supervisor),
                turn: None,
            }),
        })
    }

    /// A stack that nobody else uses meanwhile, for a test that stops, cuts off or corrupts something. Tests that ask
    /// for one have it in turn; the next one finds what this one stored. One in which a part does not work is not handed
    /// on: it is stopped, and a new one started.
    pub async fn alone() -> anyhow::Result<Self> {
        none_beside_an_external_one()?;
        let (Ensured { descriptor, lease, .. }, turn) = blocking(take_turn).await?;
        Ok(Self { inner: Arc::new(Inner { descriptor, lease: Some(lease), supervisor: None, turn: Some(turn) }) })
    }

    /// Where everything is.
    pub fn descriptor(&self) -> &StackDescriptor {
        &self.inner.descriptor
    }

    /// What can be done with it.
    pub fn capabilities(&self) -> Capabilities {
        self.inner.descriptor.capabilities()
    }

    /// True when nobody else uses it.
    pub fn is_private(&self) -> bool {
        self.inner.supervisor.is_some() || self.inner.turn.is_some()
    }

    /// Disturbs a part and returns when that is done; `Restart` returns when the part works again.
    ///
    /// Only on a private stack: others rely on the shared one.
    pub async fn fault(&self, service: Service, fault: Fault) -> anyhow::Result<()> {
        if !self.is_private() {
            bail!("{fault} of {service} refused: other tests use this stack; take one with Stack::alone");
        }
        let mut control = self.control()?;
        blocking(move || control.fault(service, fault)).await.map(|_seconds| ())
    }

    /// What runs, and who uses it. An external stack does not report this.
    pub async fn status(&self) -> anyhow::Result<StackStatus> {
        let mut control = self.control()?;
        blocking(move || control.status()).await
    }

    fn control(&self) -> anyhow::Result<Control> {
        let supervisor = self.inner.descriptor.supervisor.as_ref();
        let supervisor = supervisor.context("an external stack has no supervisor: it can be used, not controlled")?;
        Control::connect(&supervisor.control_socket)
    }

    /// The end of a part's log as it is now.
    pub fn log_mark(&self, service: Service) -> LogMark {
        let offset = self.log_file(service).map_or(0, logs::length);
        LogMark { service, offset }
    }

    /// Whole lines that a part wrote behind `since`; none where the stack shows no logs.
    pub fn logs(&self, service: Service, since: LogMark) -> anyhow::Result<Vec<LogLine>> {
        let Some(path) = self.log_file(service) else { return Ok(Vec::new()) };
        let offset = if since.service == service { since.offset } else { 0 };
        let (lines, _) =
            logs::lines_since(path, offset).with_context(|| format!("cannot read the log {}", path.display()))?;
        Ok(lines.iter().map(|line| LogLine::parse(line)).collect())
    }

    /// Log file of a part, where the stack shows logs.
    pub fn log_file(&self, service: Service) -> Option<&Path> {
        self.inner.descriptor.logs.get(&service).map(PathBuf::as_path)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The end of its last lease is what stops a private stack.
        drop(self.lease.take());
        if let Some(mut supervisor) = self.supervisor.take() {
            // It takes a moment to clean up; it must not wait as a zombie for a process that lives on.
            std::thread::spawn(move || supervisor.wait());
        }
    }
}

async fn find_shared() -> anyhow::Result<Stack> {
    let (descriptor, lease) = if let Some(path) = std::env::var_os(DESCRIPTOR_VARIABLE).filter(|path| !path.is_empty())
    {
        let descriptor = StackDescriptor::read(Path::new(&path))?;
        let named = descriptor.clone();
        blocking(move || proof::of_shared(&named)).await?;
        let lease = Lease::take(&descriptor).with_context(|| {
            format!("{DESCRIPTOR_VARIABLE} names {}, whose stack is gone; unset it", Path::new(&path).display())
        })?;
        (descriptor, lease)
    } else if external::chosen_backend()? == Backend::External {
        let descriptor = external::describe()?;
        external::check(&descriptor).await?;
        (descriptor, None)
    } else {
        let ensured = blocking(|| ensure(&Checkout::locate()?, EnsureOptions::default(), &mut Reporter::automatic()));
        let ensured = ensured.await?;
        (ensured.descriptor, Some(ensured.lease))
    };
    Ok(Stack { inner: Arc::new(Inner { descriptor, lease, supervisor: None, turn: None }) })
}

fn none_beside_an_external_one() -> anyhow::Result<()> {
    let backend = match std::env::var_os(DESCRIPTOR_VARIABLE) {
        Some(file) => StackDescriptor::read(file.as_ref())?.backend,
        None => external::chosen_backend()?,
    };
    if backend == Backend::External {
        bail!("an external stack was chosen, and no private one can be started beside it; skip this test there");
    }
    Ok(())
}

/// Whatever set the descriptor has already built everything.
fn is_built() -> bool {
    std::env::var_os(DESCRIPTOR_VARIABLE).is_some() || binaries::building_is_off()
}

fn take_turn() -> anyhow::Result<(Ensured, File)> {
    let checkout = Checkout::locate()?.of_turns();
    let mut reporter = Reporter::quiet();
    let turn = turn(&checkout, &reporter)?;
    let options = EnsureOptions { build: !is_built(), cad_on_first_use: true, ..EnsureOptions::default() };
    Ok((ensure(&checkout, options, &mut reporter)?, turn))
}

fn start_private(options: PrivateOptions) -> anyhow::Result<Started> {
    let checkout = Checkout::locate()?;
    let mut reporter = Reporter::quiet();
    if options.services && !is_built() {
        binaries::build(&checkout, &reporter)?;
    }
    let tools = Tools::locate(&checkout.root, options.services)?;
    let sources = Sources::look(&checkout, &tools, options.services)?;
    if options.services && !proof::holds_for_this_run(&checkout) {
        sources.prove("run the tests again: their set-up builds the services")?;
    }
    directory::remove_stale();
    let mut request = supervisor::request(&checkout, tools, sources.fingerprint().to_owned());
    request.private = true;
    request.services = options.services;
    start(&checkout, &request, &mut reporter)
}

/// Runs what blocks beside the test's runtime.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("the work beside the runtime panicked")?
}
