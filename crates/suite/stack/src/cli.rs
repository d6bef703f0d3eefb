//! The `stack` command.

mod run;
mod show;

use std::{fs, io::Write, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};

use crate::{
    Backend, Fault, Service, StackDescriptor, binaries,
    checkout::Checkout,
    component,
    control::Control,
    descriptor::DESCRIPTOR_VARIABLE,
    directory,
    ensure::{self, EnsureOptions},
    external,
    lease::Lease,
    output::{self, ReaderLeft},
    progress::Reporter,
    proof, supervisor,
};

const EXAMPLES: &str = "\
Examples:
  stack ensure                     start the stack of this checkout, or adopt the one that runs
  stack run -- cargo nextest run   run a command against it, with all its addresses in the environment
  eval \"$(stack env)\"              the same addresses for this shell
  stack status                     what runs, and who uses it
  stack logs worker-heavy --follow
  stack down

Without anybody using it, a stack stops by itself after STACK_IDLE_SECONDS (300).
STACK=external with CONTROLLER_URL, WORKER_LIGHT_URL and WORKER_HEAVY_URL uses somebody else's stack instead.";

/// Starts, adopts, shows and stops the stack that the tests run against.
#[derive(Debug, Parser)]
#[command(name = "stack", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the stack of this checkout, or adopt the one that runs.
    #[command(after_help = "\
Examples:
  stack ensure
  stack ensure --standard-ports    controller on 18000, Postgres on 15432, …
  stack ensure --no-build          take the programs as they are")]
    Ensure(EnsureArguments),
    /// Run a command against the stack, with all its addresses in the environment.
    #[command(after_help = "\
Examples:
  stack run -- cargo nextest run -p tests-p0
  stack run -- sh -c 'curl -s $CONTROLLER_URL/health'

The stack is started where needed and kept while the command runs. The exit code is the command's.")]
    Run {
        #[command(flatten)]
        start: StartArguments,
        /// The command and its arguments, behind `--`.
        #[arg(required = true, last = true, value_name = "COMMAND")]
        command: Vec<std::ffi::OsString>,
    },
    /// Print the stack's addresses as `export` lines for a shell.
    #[command(after_help = "Example:\n  eval \"$(stack env)\" && curl -s $CONTROLLER_URL/ready")]
    Env,
    /// Show what runs, and who uses it.
    #[command(after_help = "\
Examples:
  stack status
  stack status --json

The exit code is 0 when a stack runs and 3 when none does.")]
    Status {
        /// As one JSON object, with the descriptor.
        #[arg(long)]
        json: bool,
    },
    /// Show service logs.
    #[command(after_help = "\
Examples:
  stack logs                        the last lines of every part
  stack logs controller --lines 200
  stack logs worker-heavy --follow")]
    Logs {
        /// Whose log; every part's without it.
        service: Option<Service>,
        /// Keep printing new lines until Ctrl-C.
        #[arg(long, short)]
        follow: bool,
        /// How many lines of each log.
        #[arg(long, short = 'n', default_value_t = 40)]
        lines: usize,
    },
    /// Stop the stack and remove all it stored.
    #[command(after_help = "Examples:\n  stack down\n  stack down --if-idle     only when nobody uses it")]
    Down {
        /// Leave it alone when somebody uses it.
        #[arg(long)]
        if_idle: bool,
    },
    /// Stop, pause, resume, kill or restart one part.
    #[command(
        after_help = "Examples:\n  stack fault postgres pause\n  stack fault postgres resume\n  stack fault controller restart"
    )]
    Fault {
        /// Which part.
        service: Service,
        /// What to do to it.
        action: Fault,
    },
    /// The process that owns a stack; started by the others.
    #[command(name = supervisor::SUBCOMMAND, hide = true)]
    Supervise,
    /// The S3 server of a stack; started by its supervisor.
    #[command(name = component::OBJECT_STORE_SUBCOMMAND, hide = true)]
    ServeObjectStore {
        /// Address to listen on.
        #[arg(long)]
        listen: SocketAddr,
        /// Folder with the objects.
        #[arg(long)]
        root: PathBuf,
    },
}

#[derive(Debug, Args)]
struct StartArguments {
    /// Listen on the standard ports instead of free ones.
    #[arg(long)]
    standard_ports: bool,
    /// Take the programs as they are instead of building them first (also `STACK_NO_BUILD=1`).
    #[arg(long)]
    no_build: bool,
    /// Start only Postgres, the object store and Temporal.
    #[arg(long)]
    infrastructure_only: bool,
}

#[derive(Debug, Args)]
struct EnsureArguments {
    #[command(flatten)]
    start: StartArguments,
    /// Append the addresses to the file that nextest names in `NEXTEST_ENV`, for a setup script.
    #[arg(long)]
    nextest_env: bool,
}

impl StartArguments {
    fn options(&self) -> EnsureOptions {
        EnsureOptions {
            build: !self.no_build && !binaries::building_is_off(),
            standard_ports: self.standard_ports,
            services: !self.infrastructure_only,
            cad_on_first_use: false,
        }
    }
}

/// Exit code of `stack status` when no stack runs.
const NO_STACK: u8 = 3;

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match execute(arguments.command) {
        Ok(code) => code,
        Err(error) if error.is::<ReaderLeft>() => ExitCode::SUCCESS,
        Err(error) => {
            output::tell(&format!("stack: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Supervise => supervisor::run()?,
        Command::ServeObjectStore { listen, root } => component::serve_object_store(listen, &root)?,
        Command::Ensure(arguments) => ensure_command(&arguments)?,
        Command::Run { start, command } => {
            let held = obtain(start.options())?;
            return run::run(&held.descriptor, &held.descriptor_file, &command);
        }
        Command::Env => show::environment(&present()?)?,
        Command::Status { json } => return status(json),
        Command::Logs { service, follow, lines } => show::logs(&present()?, service, follow, lines)?,
        Command::Down { if_idle } => down(if_idle)?,
        Command::Fault { service, action } => {
            let seconds = controlled()?.fault(service, action)?;
            output::print(&format!("{action} {service}: done after {seconds:.2} s"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A stack that was found or started, kept until this is dropped.
struct Held {
    descriptor: StackDescriptor,
    descriptor_file: PathBuf,
    adopted: bool,
    _lease: Option<Lease>,
}

fn obtain(options: EnsureOptions) -> anyhow::Result<Held> {
    let checkout = Checkout::locate()?;
    if external::chosen_backend()? == Backend::External {
        let descriptor = external::describe()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no async runtime")?;
        runtime.block_on(external::check(&descriptor))?;
        fs::create_dir_all(&checkout.home)
            .with_context(|| format!("cannot make the folder {}", checkout.home.display()))?;
        let descriptor_file = checkout.home.join("external.json");
        descriptor.write(&descriptor_file)?;
        return Ok(Held { descriptor, descriptor_file, adopted: true, _lease: None });
    }
    let ensured = ensure::ensure(&checkout, options, &mut Reporter::automatic())?;
    Ok(Held {
        descriptor: ensured.descriptor,
        descriptor_file: checkout.descriptor(),
        adopted: ensured.adopted,
        _lease: Some(ensured.lease),
    })
}

fn ensure_command(arguments: &EnsureArguments) -> anyhow::Result<()> {
    let started = std::time::Instant::now();
    let held = obtain(arguments.start.options())?;
    if arguments.nextest_env {
        let file = std::env::var_os("NEXTEST_ENV")
            .context("NEXTEST_ENV is not set; --nextest-env is for a setup script that nextest runs")?;
        let mut text = String::new();
        let proof = proof::for_this_run(&held.descriptor)?;
        for (name, value) in with_descriptor(&held.descriptor, &held.descriptor_file).into_iter().chain(proof) {
            text.extend([name.as_str(), "=", value.as_str(), "\n"]);
        }
        let mut file = fs::File::options().append(true).create(true).open(&file).context("cannot open NEXTEST_ENV")?;
        file.write_all(text.as_bytes()).context("cannot write to NEXTEST_ENV")?;
    }
    let how = match (held.descriptor.backend, held.adopted) {
        (Backend::External, _) => "answers",
        (Backend::Embedded, true) => "runs already",
        (Backend::Embedded, false) => "is up",
    };
    let address = held.descriptor.urls.get(&Service::Controller).or(held.descriptor.postgres_url.as_ref());
    output::tell(&format!(
        "stack: {how} after {:.2} s; {}, descriptor {}",
        started.elapsed().as_secs_f64(),
        address.map_or_else(String::new, |address| format!("first address {address}")),
        held.descriptor_file.display()
    ));
    Ok(())
}

/// The stack's variables, and the one that names its descriptor.
fn with_descriptor(descriptor: &StackDescriptor, file: &std::path::Path) -> Vec<(String, String)> {
    let mut environment = descriptor.environment();
    environment.push((DESCRIPTOR_VARIABLE.to_owned(), file.display().to_string()));
    environment
}

/// The stack that there is: the one of `STACK_DESCRIPTOR`, the external one, or the shared one if it runs.
fn present() -> anyhow::Result<Held> {
    if let Some(path) = std::env::var_os(DESCRIPTOR_VARIABLE).filter(|path| !path.is_empty()) {
        let descriptor_file = PathBuf::from(path);
        let descriptor = StackDescriptor::read(&descriptor_file)?;
        return Ok(Held { descriptor, descriptor_file, adopted: true, _lease: None });
    }
    let checkout = Checkout::locate()?;
    if external::chosen_backend()? == Backend::External {
        let descriptor_file = checkout.home.join("external.json");
        return Ok(Held { descriptor: external::describe()?, descriptor_file, adopted: true, _lease: None });
    }
    let descriptor_file = checkout.descriptor();
    match ensure::running(&checkout) {
        Some((descriptor, _)) => Ok(Held { descriptor, descriptor_file, adopted: true, _lease: None }),
        None => bail!("no stack runs; start one with `stack ensure`"),
    }
}

fn controlled() -> anyhow::Result<Control> {
    let held = present()?;
    let supervisor = held.descriptor.supervisor.context("an external stack can be used, not controlled")?;
    Control::connect(&supervisor.control_socket)
}

fn status(json: bool) -> anyhow::Result<ExitCode> {
    remove_stale();
    // A stack that is stopping may still accept a connection and then not answer: it does not run either.
    let seen = present().and_then(|held| {
        let supervisor = held.descriptor.supervisor.as_ref();
        let status = supervisor.map(|at| Control::connect(&at.control_socket)?.status()).transpose()?;
        Ok((held, status))
    });
    let (held, status) = match seen {
        Ok(seen) => seen,
        Err(error) => {
            let told = if json { "{\"running\":false}".to_owned() } else { format!("{error:#}") };
            ignore_lost_reader(output::print(&told))?;
            return Ok(ExitCode::from(NO_STACK));
        }
    };
    show::status(&held.descriptor, status.as_ref(), json)?;
    Ok(ExitCode::SUCCESS)
}

fn down(if_idle: bool) -> anyhow::Result<()> {
    let checkout = Checkout::locate()?;
    // A test that has its turn continues with it; the stack then ends by itself, once nobody uses it.
    if let Some((_, control)) = ensure::running(&checkout.of_turns()) {
        let _in_use = control.down(true)?;
    }
    match ensure::running(&checkout) {
        None => ignore_lost_reader(output::print("no stack runs"))?,
        Some((_, control)) => match control.down(if_idle)? {
            Ok(()) => ignore_lost_reader(output::print("the stack is stopped and removed"))?,
            Err(reason) => bail!("the stack stays: {reason}"),
        },
    }
    remove_stale();
    Ok(())
}

/// For work that is done whether or not somebody reads its output.
fn ignore_lost_reader(printed: anyhow::Result<()>) -> anyhow::Result<()> {
    printed.or_else(|error| if error.is::<ReaderLeft>() { Ok(()) } else { Err(error) })
}

fn remove_stale() {
    for removed in directory::remove_stale() {
        output::tell(&format!("stack: removed {}, left by a stack that was killed", removed.path.display()));
    }
}
