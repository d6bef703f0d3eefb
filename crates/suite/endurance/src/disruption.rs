//! What is done to the parts, and how long they need to return.

use std::{collections::BTreeMap, fmt, time::Duration};

use anyhow::{Context, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use stack::{
    Fault, Service, Stack,
    control::{ServiceState, StackStatus},
};
use tokio::time::Instant;

use crate::{Arguments, load::Load, timeline::Timeline};

/// How long all parts together may need to work again.
const RECOVERY_LIMIT: Duration = Duration::from_mins(2);
/// Time between two looks.
const INTERVAL: Duration = Duration::from_millis(100);

/// A way to lose a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SIGKILL to its process, behind the supervisor's back: the supervisor has to bring it back.
    Crash,
    /// SIGKILL to its whole tree by the supervisor, which brings it back when asked.
    Kill,
    /// An orderly stop by the supervisor, which brings it back when asked.
    Stop,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Crash => "crash",
            Self::Kill => "kill",
            Self::Stop => "stop",
        })
    }
}

/// One disruption that is planned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Planned {
    /// What is lost.
    pub part: Service,
    /// How.
    pub kind: Kind,
    /// For how long, where this program brings it back.
    pub away: Duration,
}

/// The disruptions of a run: the parts in turn, each time in a way that the seed decides. Crashes are as frequent as
/// the other two together: they are what happens by itself.
pub fn plan(parts: &[Service], count: usize, seed: u64) -> Vec<Planned> {
    let mut random = StdRng::seed_from_u64(seed);
    parts
        .iter()
        .cycle()
        .take(count)
        .map(|&part| {
            let kind = match random.random_range(0..4) {
                0 => Kind::Kill,
                1 => Kind::Stop,
                _ => Kind::Crash,
            };
            Planned { part, kind, away: Duration::from_millis(random.random_range(200..4000)) }
        })
        .collect()
}

/// What was done.
#[derive(Debug, Clone, Default)]
pub struct Disrupted {
    /// How often each part was lost in each way.
    pub counts: BTreeMap<(Service, Kind), u32>,
    /// The longest time from a loss until every part worked again.
    pub longest: Duration,
    /// Parts that the supervisor started again less often than they crashed.
    pub not_restarted: Vec<String>,
}

/// Disrupts a stack.
pub struct Disruptions {
    stack: Stack,
    planned: Vec<Planned>,
    every: usize,
    timeline: Timeline,
    http: reqwest::Client,
}

impl Disruptions {
    /// As the arguments want it.
    pub fn new(stack: Stack, arguments: &Arguments, timeline: Timeline) -> anyhow::Result<Self> {
        let planned = plan(&arguments.parts(), arguments.kills, arguments.seed);
        let every = arguments.episodes / (arguments.kills + 1);
        let http = http_reply::client(reqwest::Client::builder()).context("no HTTP client")?;
        Ok(Self { stack, planned, every, timeline, http })
    }

    /// Runs all of them, spread evenly over the episodes of `load`, one after the other.
    pub async fn run(&self, load: &Load) -> anyhow::Result<Disrupted> {
        let mut done = Disrupted::default();
        for (number, planned) in self.planned.iter().enumerate() {
            load.wait_for_accepted((number + 1) * self.every).await;
            let Planned { part, kind, away } = *planned;
            self.timeline.say(&format!("{kind} of {part} ({}/{}), {}", number + 1, self.planned.len(), load.summary()));
            let begun = Instant::now();
            self.disrupt(part, kind, away).await.with_context(|| format!("{kind} of {part}"))?;
            self.wait_for_recovery().await.with_context(|| format!("after a {kind} of {part}"))?;
            done.longest = done.longest.max(begun.elapsed());
            *done.counts.entry((part, kind)).or_default() += 1;
        }
        for part in &self.stack.status().await?.services {
            let crashes = done.counts.get(&(part.service, Kind::Crash)).copied().unwrap_or_default();
            if part.restarts < crashes {
                let flaw =
                    format!("{} crashed {crashes} times and was restarted {} times", part.service, part.restarts);
                done.not_restarted.push(flaw);
            }
        }
        Ok(done)
    }

    async fn disrupt(&self, part: Service, kind: Kind, away: Duration) -> anyhow::Result<()> {
        let fault = match kind {
            Kind::Crash => {
                let pid = process_of(&self.stack.status().await?, part).context("it does not run")?;
                kill(Pid::from_raw(pid), Signal::SIGKILL).context("it cannot be killed")?;
                return self.wait_until_noticed(part, pid).await;
            }
            Kind::Kill => Fault::Kill,
            Kind::Stop => Fault::Stop,
        };
        self.stack.fault(part, fault).await?;
        tokio::time::sleep(away).await;
        self.stack.fault(part, Fault::Restart).await
    }

    /// A status that is read too soon still shows the process that was killed.
    async fn wait_until_noticed(&self, part: Service, pid: i32) -> anyhow::Result<()> {
        let begun = Instant::now();
        while process_of(&self.stack.status().await?, part) == Some(pid) {
            if begun.elapsed() > RECOVERY_LIMIT {
                bail!("the supervisor does not notice that process {pid} is gone");
            }
            tokio::time::sleep(INTERVAL).await;
        }
        Ok(())
    }

    /// Every part runs, and the two that need others say that they have them.
    async fn wait_for_recovery(&self) -> anyhow::Result<()> {
        let begun = Instant::now();
        loop {
            let missing = self.missing().await?;
            let Some(missing) = missing else { return Ok(()) };
            if begun.elapsed() > RECOVERY_LIMIT {
                bail!("not everything works again after {} s: {missing}", RECOVERY_LIMIT.as_secs());
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    async fn missing(&self) -> anyhow::Result<Option<String>> {
        let status = self.stack.status().await?;
        if let Some(part) = status.services.iter().find(|part| part.state != ServiceState::Ready) {
            return Ok(Some(format!("{} is {}", part.service, part.state)));
        }
        for service in [Service::Controller, Service::ControllerWorker] {
            let url = format!("{}/ready", self.stack.descriptor().url(service)?);
            match self.http.get(&url).send().await {
                Ok(answer) if answer.status().is_success() => {}
                Ok(answer) => {
                    return Ok(Some(format!("{service} is not ready: {}", answer.text().await.unwrap_or_default())));
                }
                Err(error) => return Ok(Some(format!("{service} does not answer: {error}"))),
            }
        }
        Ok(None)
    }
}

fn process_of(status: &StackStatus, part: Service) -> Option<i32> {
    status.services.iter().find(|found| found.service == part)?.pid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_cycles_through_parts_and_is_reproducible() {
        let parts = [Service::Postgres, Service::Temporal, Service::Controller];
        let planned = plan(&parts, 50, 1);
        assert_eq!(planned.len(), 50);
        assert!(planned.iter().zip(parts.iter().cycle()).all(|(planned, part)| planned.part == *part));
        for kind in [Kind::Crash, Kind::Kill, Kind::Stop] {
            assert!(planned.iter().any(|planned| planned.kind == kind), "no {kind} among 50");
        }
        assert_eq!(planned, plan(&parts, 50, 1));
        assert_ne!(planned, plan(&parts, 50, 2));
    }
}
