//! From nothing, or from an existing stack, to a running stack of this build.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::{
    StackDescriptor, binaries,
    checkout::Checkout,
    control::{Control, ServiceState},
    directory,
    lease::Lease,
    progress::{BootEvent, Reporter},
    sources::Sources,
    supervisor::{self, BootRequest},
    tools::Tools,
};

/// Environment variable: seconds that a shared stack stays without anybody using it.
pub const IDLE_VARIABLE: &str = "STACK_IDLE_SECONDS";

const DEFAULT_IDLE_SECONDS: u64 = 300;
/// How long to wait for others to finish with a stack that listens on the standard ports, which only one can.
const PORTS_DEADLINE: Duration = Duration::from_mins(10);
/// What to do about programs that were taken as they are and do not fit.
const BUILD_THEM: &str = "let them be built: leave out --no-build, and unset STACK_NO_BUILD";
/// The same where they were built just now.
const BUILD_AGAIN: &str = "run the command again; if this repeats, `cargo clean` has everything built anew";

/// How long to wait for a part that crashed to work again.
const RESTART_DEADLINE: Duration = Duration::from_secs(30);

/// How to ensure a stack.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "four switches that do not depend on each other")]
pub struct EnsureOptions {
    /// Bring the services' programs up to date first.
    pub build: bool,
    /// Listen on the standard ports.
    pub standard_ports: bool,
    /// Start the four services, not only the servers below them.
    pub services: bool,
    /// Workers start what runs scripts on first use.
    pub cad_on_first_use: bool,
}

impl Default for EnsureOptions {
    /// Everything, on free ports; programs are built unless `STACK_NO_BUILD` is set.
    fn default() -> Self {
        Self { build: !binaries::building_is_off(), standard_ports: false, services: true, cad_on_first_use: false }
    }
}

/// A running stack, and a hold on it.
#[derive(Debug)]
pub struct Ensured {
    /// Where it is.
    pub descriptor: StackDescriptor,
    /// True when it ran already.
    pub adopted: bool,
    /// Keeps it.
    pub lease: Lease,
}

/// Adopts the shared stack when it is alive and was built from the sources of this checkout; else starts one. One of
/// other sources is stopped when nobody uses it, and otherwise continues beside the new one until its users leave.
///
/// Fails when the programs cannot be shown to come from these sources. Of several calls at once, by any processes, one
/// starts it and the others adopt it.
pub fn ensure(checkout: &Checkout, options: EnsureOptions, reporter: &mut Reporter) -> anyhow::Result<Ensured> {
    let _one_at_a_time = lock(&checkout.home, "lock", "another process is starting a stack; waiting for it", reporter)?;
    if options.build && options.services {
        binaries::build(checkout, reporter)?;
    }
    let tools = Tools::locate(&checkout.root, options.services)?;
    let sources = Sources::look(checkout, &tools, options.services)?;
    sources.prove(if options.build { BUILD_AGAIN } else { BUILD_THEM })?;
    if let Some(ensured) = adopt_or_make_room(checkout, options, sources.fingerprint(), reporter)? {
        return Ok(ensured);
    }
    for removed in directory::remove_stale() {
        reporter.say(&format!("removed {}, left by a stack that was killed", removed.path.display()));
    }
    let mut request = supervisor::request(checkout, tools, sources.fingerprint().to_owned());
    request.services = options.services;
    request.standard_ports = options.standard_ports;
    request.cad_on_first_use = options.cad_on_first_use;
    request.idle_seconds = idle_seconds()?;
    let started = start(checkout, &request, reporter)?;
    // The supervisor continues without us; its lease holders decide when it ends.
    let Started { descriptor, lease, supervisor: _ } = started;
    Ok(Ensured { descriptor, adopted: false, lease })
}

/// The shared stack's descriptor if one runs, of whatever build. The descriptor of another checkout's stack, which is
/// copied along with a checkout, is not ours.
pub fn running(checkout: &Checkout) -> Option<(StackDescriptor, Control)> {
    let descriptor = StackDescriptor::read(&checkout.descriptor()).ok()?;
    if descriptor.checkout.as_ref() != Some(&checkout.root) {
        return None;
    }
    let mut control = Control::connect(&descriptor.supervisor.as_ref()?.control_socket).ok()?;
    // A stack that is stopping may still accept a connection and then not answer.
    control.status().ok()?;
    Some((descriptor, control))
}

/// Waits for the turn to have a stack alone, and holds it until the file is closed.
pub(crate) fn turn(checkout: &Checkout, reporter: &Reporter) -> anyhow::Result<fs::File> {
    lock(&checkout.home, "turn", "another test has that stack to itself; waiting for it", reporter)
}

fn lock(home: &Path, name: &str, wait: &str, reporter: &Reporter) -> anyhow::Result<fs::File> {
    fs::create_dir_all(home).with_context(|| format!("cannot make the folder {}", home.display()))?;
    let path = home.join(name);
    let describe = || format!("cannot lock {}", path.display());
    let file = fs::File::options().create(true).truncate(false).write(true).open(&path).with_context(describe)?;
    if file.try_lock().is_err() {
        reporter.say(wait);
        file.lock().with_context(describe)?;
    }
    Ok(file)
}

fn idle_seconds() -> anyhow::Result<u64> {
    match std::env::var(IDLE_VARIABLE) {
        Ok(text) if !text.is_empty() => {
            text.parse().with_context(|| format!("{IDLE_VARIABLE} is {text:?}; expected whole seconds, as 300"))
        }
        _ => Ok(DEFAULT_IDLE_SECONDS),
    }
}

/// Adopts the stack that runs, or makes room for a new one: stops it when nobody uses it, and otherwise has it stop
/// after its last user. The new one needs nothing of the old one but its standard ports, if both are to have them.
fn adopt_or_make_room(
    checkout: &Checkout,
    options: EnsureOptions,
    fingerprint: &str,
    reporter: &Reporter,
) -> anyhow::Result<Option<Ensured>> {
    let waiting_since = Instant::now();
    let mut was_told = false;
    loop {
        let Some((descriptor, mut control)) = running(checkout) else { return Ok(None) };
        let Some(flaw) = flaw(&descriptor, &mut control, options, fingerprint)? else {
            return Ok(match Lease::take(&descriptor) {
                Ok(Some(lease)) => Some(Ensured { descriptor, adopted: true, lease }),
                // It has just begun to stop.
                Ok(None) | Err(_) => None,
            });
        };
        match control.down(true)? {
            Ok(()) => {
                reporter.say(&format!("stopped the stack that ran: {flaw}"));
                return Ok(None);
            }
            Err(reason) if !(options.standard_ports && descriptor.standard_ports) => {
                let supervisor = descriptor.supervisor.as_ref().context("an embedded stack has a supervisor")?;
                // One that does not answer any more has just ended, which is as good.
                if let Ok(mut control) = Control::connect(&supervisor.control_socket) {
                    control.retire()?;
                }
                reporter.say(&format!(
                    "the stack that runs cannot be adopted ({flaw}), and {reason}; starting another one beside it, \
                     and the old one ends with its last user"
                ));
                return Ok(None);
            }
            Err(reason) if waiting_since.elapsed() > PORTS_DEADLINE => bail!(
                "the stack that runs has the standard ports and cannot be adopted ({flaw}), and {reason}; waited {} s. \
                 End that use, or run `stack down`",
                PORTS_DEADLINE.as_secs()
            ),
            Err(reason) => {
                if !was_told {
                    reporter.say(&format!(
                        "the stack that runs has the standard ports and cannot be adopted ({flaw}), and {reason}; \
                         waiting up to {} s for that use to end",
                        PORTS_DEADLINE.as_secs()
                    ));
                    was_told = true;
                }
                std::thread::sleep(Duration::from_millis(250));
            }
        }
    }
}

/// Why the stack that runs is not the one that is wanted; `None` when it is.
fn flaw(
    descriptor: &StackDescriptor,
    control: &mut Control,
    options: EnsureOptions,
    fingerprint: &str,
) -> anyhow::Result<Option<String>> {
    if descriptor.fingerprint != fingerprint {
        return Ok(Some("its services were built from other sources".to_owned()));
    }
    if options.services && descriptor.urls.is_empty() {
        return Ok(Some("it runs without the services".to_owned()));
    }
    if options.standard_ports && !descriptor.standard_ports {
        return Ok(Some("it does not listen on the standard ports".to_owned()));
    }
    // A part that crashed is being started again, which takes a worker some seconds.
    let waiting_since = Instant::now();
    loop {
        let broken = control.status()?.services.into_iter().find(|part| part.state != ServiceState::Ready);
        let Some(part) = broken else { return Ok(None) };
        let comes_back = matches!(part.state, ServiceState::Starting | ServiceState::Ended(_));
        if !comes_back || waiting_since.elapsed() > RESTART_DEADLINE {
            return Ok(Some(format!("its {} is not ready but {}", part.service, part.state)));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A stack that this process started.
#[derive(Debug)]
pub(crate) struct Started {
    pub descriptor: StackDescriptor,
    pub lease: Lease,
    /// For reaping it, in a process that outlives it.
    pub supervisor: Child,
}

/// Starts a supervisor and follows its boot.
pub(crate) fn start(checkout: &Checkout, request: &BootRequest, reporter: &mut Reporter) -> anyhow::Result<Started> {
    let program = checkout.program("stack")?;
    let errors = checkout.home.join("supervisor-errors.log");
    let error_output = if request.private {
        Stdio::null()
    } else {
        fs::File::create(&errors).with_context(|| format!("cannot write {}", errors.display()))?.into()
    };
    let mut supervisor = Command::new(&program)
        .arg(supervisor::SUBCOMMAND)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(error_output)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))?;
    let mut input = supervisor.stdin.take().context("standard input was asked for")?;
    let output = supervisor.stdout.take().context("standard output was asked for")?;
    let followed = hand_over(&mut input, request).and_then(|()| follow(BufReader::new(output), reporter));
    let descriptor = match followed {
        Ok(Some(descriptor)) => descriptor,
        Ok(None) => {
            let ending = supervisor.wait().context("cannot wait for the supervisor")?;
            let told = fs::read_to_string(&errors).unwrap_or_default();
            bail!("the stack's supervisor ended during the boot ({ending}): {told}");
        }
        Err(error) => {
            // Its boot failed; it cleans up and ends.
            drop(input);
            supervisor.wait().context("cannot wait for the supervisor")?;
            return Err(error);
        }
    };
    let lease = Lease::take(&descriptor)?.context("an embedded stack has a supervisor")?;
    // From here on the lease holds the stack; until now, this open pipe did.
    drop(input);
    Ok(Started { descriptor, lease, supervisor })
}

fn hand_over(input: &mut ChildStdin, request: &BootRequest) -> anyhow::Result<()> {
    let mut line = serde_json::to_string(request).context("a request is plain data")?;
    line.push('\n');
    input.write_all(line.as_bytes()).context("the stack's supervisor takes no request")
}

/// Shows the boot until the stack is up. `None` when the supervisor ended without a word.
fn follow(output: impl BufRead, reporter: &mut Reporter) -> anyhow::Result<Option<StackDescriptor>> {
    for line in output.lines() {
        let line = line.context("cannot read from the stack's supervisor")?;
        let event =
            serde_json::from_str(&line).with_context(|| format!("the supervisor is of another build: {line}"))?;
        reporter.show(&event);
        match event {
            BootEvent::Failed(failure) => return Err(failure.into()),
            BootEvent::Up { descriptor } => return Ok(Some(*descriptor)),
            BootEvent::Started { .. } | BootEvent::Ready { .. } | BootEvent::Retry { .. } => {}
        }
    }
    Ok(None)
}
