//! One part of a running stack: started, watched, started again when it ends by itself, disturbed, stopped.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    Fault, Service,
    component::{Layout, Probe, Seen, boot_deadline, final_stop, orderly_stop},
    control::{ServiceState, ServiceStatus},
    logs,
    process::{Ending, Launch, Running},
    progress::BootFailure,
};

const PROBE_INTERVAL: Duration = Duration::from_millis(20);
const TAIL_LINES: usize = 30;
/// Pause before a part that ended by itself is started again; doubled with each further end, up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A part that worked for this long has recovered: its next end counts as a first one.
const RECOVERED_AFTER: Duration = Duration::from_mins(1);

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
    /// Counts launches, so that a watcher notices that its launch was replaced.
    launches: u64,
    ready_since: Option<Instant>,
    /// Ends by itself since it last recovered.
    crashes_in_a_row: u32,
    /// Starts after an end by itself, since the stack is up.
    restarts: u32,
}

/// A start that reached readiness.
#[derive(Debug, Clone, Copy)]
pub(super) struct Started {
    /// Number of the launch, for [`Unit::keep_running`].
    pub launch: u64,
    /// From the launch to readiness.
    pub took: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    Starting,
    Ready,
    Paused,
    /// Ended by itself; it is started again after a pause.
    Crashed,
    Stopped,
}

impl State {
    /// How long to wait before the part is started again; `None` when `launch` was replaced, or ended on purpose.
    fn crashed(&mut self, launch: u64) -> Option<Duration> {
        if self.launches != launch || self.phase == Phase::Stopped {
            return None;
        }
        if self.ready_since.take().is_some_and(|since| since.elapsed() >= RECOVERED_AFTER) {
            self.crashes_in_a_row = 0;
        }
        self.phase = Phase::Crashed;
        let pause = pause_after(self.crashes_in_a_row);
        self.crashes_in_a_row = self.crashes_in_a_row.saturating_add(1);
        Some(pause)
    }
}

/// Pause before the next start, after `earlier_crashes` in a row.
fn pause_after(earlier_crashes: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(earlier_crashes)).min(LONGEST_PAUSE)
}

impl Unit {
    pub fn new(layout: &Layout, service: Service) -> Self {
        Self {
            service,
            preparation: layout.preparation(service),
            launch: layout.launch(service),
            probe: layout.probe(service),
            address: layout.address(service),
            state: Mutex::new(State {
                phase: Phase::Waiting,
                running: None,
                seen: Seen::new(),
                launches: 0,
                ready_since: None,
                crashes_in_a_row: 0,
                restarts: 0,
            }),
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

    /// Versions that it reported when it became ready.
    pub fn seen(&self) -> Seen {
        self.state().seen.clone()
    }

    /// Does what must be done once before the first start.
    pub async fn prepare(&self) -> Result<(), BootFailure> {
        let Some(preparation) = &self.preparation else { return Ok(()) };
        let running = preparation.start().map_err(|error| self.cannot_start(preparation, &error))?;
        self.state().running = Some(running.clone());
        match running.end().await {
            Ending::Code(0) => Ok(()),
            ending => Err(self.failure(format!("{} ended with {ending}", preparation.program.display()))),
        }
    }

    /// Starts it and waits until it works. Whoever calls this has [`Unit::keep_running`] watch the launch.
    pub async fn start(&self) -> Result<Started, BootFailure> {
        let started = Instant::now();
        let launch = {
            let mut state = self.state();
            state.launches += 1;
            state.phase = Phase::Starting;
            state.ready_since = None;
            state.launches
        };
        let running = self.launch.start().map_err(|error| self.cannot_start(&self.launch, &error))?;
        self.state().running = Some(running.clone());
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
                        // A fault may have ended or paused it in the moment in which it answered.
                        if state.phase == Phase::Starting {
                            state.phase = Phase::Ready;
                        }
                        state.ready_since = Some(Instant::now());
                        return Ok(Started { launch, took: started.elapsed() });
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

    /// Watches a launch that reached readiness, and starts the part again whenever it ends by itself, for as long as
    /// nobody stops, kills or restarts it on purpose.
    pub async fn keep_running(self: Arc<Self>, mut launch: u64) {
        loop {
            let running = {
                let state = self.state();
                state.running.clone().filter(|_| state.launches == launch)
            };
            let Some(running) = running else { return };
            let ending = running.end().await;
            let Some(mut pause) = self.state().crashed(launch) else { return };
            tracing::error!(service = %self.service, %ending, ?pause, "ended by itself; starting it again");
            launch = loop {
                tokio::time::sleep(pause).await;
                let _one_at_a_time = self.operation.lock().await;
                {
                    let mut state = self.state();
                    if state.launches != launch || state.phase != Phase::Crashed {
                        return;
                    }
                    state.restarts += 1;
                }
                let failure = match self.start().await {
                    Ok(started) => {
                        tracing::info!(service = %self.service, took = ?started.took, "works again");
                        break started.launch;
                    }
                    Err(failure) => failure,
                };
                let (latest, left) = {
                    let state = self.state();
                    (state.launches, state.running.clone())
                };
                // What started and never became ready would hold its port against the next start.
                if let Some(left) = left {
                    left.kill().await;
                }
                launch = latest;
                match self.state().crashed(launch) {
                    Some(next) => pause = next,
                    None => return,
                }
                tracing::error!(service = %self.service, %failure, ?pause, "did not start; trying again");
            };
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
    pub async fn apply(self: &Arc<Self>, fault: Fault) -> Result<(), String> {
        let _one_at_a_time = self.operation.lock().await;
        tracing::info!(service = %self.service, %fault, "fault");
        match fault {
            Fault::Stop => self.stop(false).await.then_some(()).ok_or_else(|| self.not_running()),
            Fault::Kill => {
                if self.give_up_restarting() {
                    return Ok(());
                }
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
                let started = self.start().await.map_err(|failure| failure.to_string())?;
                self.state().crashes_in_a_row = 0;
                tokio::spawn(Arc::clone(self).keep_running(started.launch));
                Ok(())
            }
        }
    }

    /// A part that waits for its next start is not started any more. False when it does not wait.
    fn give_up_restarting(&self) -> bool {
        let mut state = self.state();
        let waits = state.phase == Phase::Crashed;
        if waits {
            state.phase = Phase::Stopped;
        }
        waits
    }

    fn not_running(&self) -> String {
        format!("it does not run ({}); `restart` starts it", self.status().state)
    }

    /// Ends it, for good when `finally`; false when it neither ran nor waited for its next start.
    pub async fn stop(&self, finally: bool) -> bool {
        let waited = self.give_up_restarting();
        let Some(running) = self.running() else { return waited };
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
            (Phase::Starting | Phase::Crashed, None) => ServiceState::Starting,
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
            restarts: state.restarts,
            pid,
            address: self.address.clone(),
            log: self.launch.log.clone(),
            last_lines,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_their_limit() {
        let pauses: Vec<_> = (0..9).map(|crashes| pause_after(crashes).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
        assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
    }

    fn ready() -> State {
        State {
            phase: Phase::Ready,
            running: None,
            seen: Seen::new(),
            launches: 3,
            ready_since: Some(Instant::now()),
            crashes_in_a_row: 2,
            restarts: 2,
        }
    }

    #[test]
    fn crash_soon_after_a_start_waits_longer() {
        let mut state = ready();
        assert_eq!(state.crashed(3), Some(pause_after(2)));
        assert_eq!((state.phase, state.crashes_in_a_row), (Phase::Crashed, 3));
    }

    #[test]
    fn recovered_part_starts_again_at_once() {
        let long_ago = Instant::now().checked_sub(RECOVERED_AFTER).expect("the machine is up for a minute");
        let mut state = State { ready_since: Some(long_ago), ..ready() };
        assert_eq!(state.crashed(3), Some(FIRST_PAUSE));
    }

    #[test]
    fn part_ended_on_purpose_stays_down() {
        assert_eq!(State { phase: Phase::Stopped, ..ready() }.crashed(3), None);
        assert_eq!(ready().crashed(2), None, "a launch that was replaced is not started again");
    }
}
