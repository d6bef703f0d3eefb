//! One part of a running stack: started, watched, disturbed, stopped.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    Fault, Service,
    component::{Layout, Probe, Seen, boot_deadline, final_stop, orderly_stop},
    control::{ServiceState, ServiceStatus},
    logs,
    process::{Launch, Running},
    progress::BootFailure,
};

const PROBE_INTERVAL: Duration = Duration::from_millis(20);
const TAIL_LINES: usize = 30;

/// A part, whether it runs or not.
#[derive(Debug)]
pub(super) struct Unit {
    pub service: Service,
    preparation: Option<Launch>,
    launch: Launch,
    probe: Probe,
    address: String,
    state: Mutex<State>,
    /// Faults on one part happen one after the other.
    operation: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    running: Option<Running>,
    seen: Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Starting,
    Ready,
    Paused,
    Stopped,
}

impl Unit {
    pub fn new(layout: &Layout, service: Service) -> Self {
        Self {
            service,
            preparation: layout.preparation(service),
            launch: layout.launch(service),
            probe: layout.probe(service),
            address: layout.address(service),
            state: Mutex::new(State { phase: Phase::Waiting, running: None, seen: Seen::new() }),
            operation: tokio::sync::Mutex::new(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is plain data that every step leaves consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn running(&self) -> Option<Running> {
        self.state().running.clone().filter(|running| running.ended().is_none())
    }

    /// Versions that it told when it became ready.
    pub fn seen(&self) -> Seen {
        self.state().seen.clone()
    }

    /// Does what must be done once before the first start.
    pub async fn prepare(&self) -> Result<(), BootFailure> {
        let Some(preparation) = &self.preparation else { return Ok(()) };
        let running = preparation.start().map_err(|error| self.cannot_start(preparation, &error))?;
        self.state().running = Some(running.clone());
        match running.end().await {
            crate::process::Ending::Code(0) => Ok(()),
            ending => Err(self.failure(format!("{} ended with {ending}", preparation.program.display()))),
        }
    }

    /// Starts it and waits until it works.
    pub async fn start(&self) -> Result<Duration, BootFailure> {
        let started = Instant::now();
        let running = self.launch.start().map_err(|error| self.cannot_start(&self.launch, &error))?;
        {
            let mut state = self.state();
            state.running = Some(running.clone());
            state.phase = Phase::Starting;
        }
        let deadline = boot_deadline(self.service);
        loop {
            let last_seen = tokio::select! {
                ending = running.end() => {
                    return Err(self.failure(format!("it ended during its start with {ending}")));
                }
                answer = self.probe.ask() => match answer {
                    Ok(seen) => {
                        let mut state = self.state();
                        state.seen = seen;
                        state.phase = Phase::Ready;
                        return Ok(started.elapsed());
                    }
                    Err(error) => error,
                },
            };
            if started.elapsed() > deadline {
                return Err(self.failure(format!("not ready after {} s; last seen: {last_seen:#}", deadline.as_secs())));
            }
            tokio::time::sleep(PROBE_INTERVAL).await;
        }
    }

    fn cannot_start(&self, launch: &Launch, error: &std::io::Error) -> BootFailure {
        BootFailure {
            service: Some(self.service),
            reason: format!("{} cannot be started: {error}", launch.program.display()),
            remedy: "run `make setup` for its tools, and `cargo build` for its programs".to_owned(),
            last_lines: Vec::new(),
        }
    }

    fn failure(&self, reason: String) -> BootFailure {
        BootFailure {
            service: Some(self.service),
            reason,
            remedy: match self.service {
                Service::Postgres | Service::Temporal => {
                    "read the lines above; `make setup` checks the installed tools".to_owned()
                }
                Service::ObjectStore => "read the lines above; `cargo build -p stack` builds its program".to_owned(),
                service => format!("read the lines above; the program is built by `cargo build -p {service}`"),
            },
            last_lines: logs::tail(&self.launch.log, TAIL_LINES),
        }
    }

    /// Disturbs it.
    pub async fn apply(&self, fault: Fault) -> Result<(), String> {
        let _one_at_a_time = self.operation.lock().await;
        tracing::info!(service = %self.service, %fault, "fault");
        match fault {
            Fault::Stop => self.stop(false).await.then_some(()).ok_or_else(|| self.not_running()),
            Fault::Kill => {
                let running = self.running().ok_or_else(|| self.not_running())?;
                self.state().phase = Phase::Stopped;
                running.kill().await;
                Ok(())
            }
            Fault::Pause => {
                let running = self.running().ok_or_else(|| self.not_running())?;
                running.pause();
                self.state().phase = Phase::Paused;
                Ok(())
            }
            Fault::Resume => {
                let running = self.running().ok_or_else(|| self.not_running())?;
                if self.state().phase != Phase::Paused {
                    return Err("it is not paused".to_owned());
                }
                running.resume();
                self.state().phase = Phase::Ready;
                Ok(())
            }
            Fault::Restart => {
                self.stop(false).await;
                self.start().await.map(|_| ()).map_err(|failure| failure.to_string())
            }
        }
    }

    fn not_running(&self) -> String {
        format!("it does not run ({}); `restart` starts it", self.status().state)
    }

    /// Ends it, for good when `finally`; false when it did not run.
    pub async fn stop(&self, finally: bool) -> bool {
        let Some(running) = self.running() else { return false };
        let was_paused = self.state().phase == Phase::Paused;
        self.state().phase = Phase::Stopped;
        if was_paused {
            running.resume();
        }
        let farewell = if finally { final_stop(self.service) } else { orderly_stop(self.service) };
        running.stop(farewell.signal, farewell.deadline).await;
        true
    }

    /// What it does now.
    pub fn status(&self) -> ServiceStatus {
        let state = self.state();
        let ended = state.running.as_ref().and_then(Running::ended);
        let now = match (state.phase, ended) {
            (Phase::Stopped, _) => ServiceState::Stopped,
            (Phase::Waiting, _) => ServiceState::Waiting,
            (_, Some(ending)) => ServiceState::Ended(ending),
            (Phase::Starting, None) => ServiceState::Starting,
            (Phase::Ready, None) => ServiceState::Ready,
            (Phase::Paused, None) => ServiceState::Paused,
        };
        let last_lines = match now {
            ServiceState::Ended(_) => logs::tail(&self.launch.log, TAIL_LINES),
            _ => Vec::new(),
        };
        let pid =
            state.running.as_ref().filter(|running| running.ended().is_none()).map(|running| running.pid.as_raw());
        ServiceStatus {
            service: self.service,
            state: now,
            pid,
            address: self.address.clone(),
            log: self.launch.log.clone(),
            last_lines,
        }
    }
}
