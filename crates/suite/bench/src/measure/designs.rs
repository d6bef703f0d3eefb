//! Work on designs over HTTP, warm: validating and pricing an assembly of twenty parts, with the time of each stage, a
//! mechanism under five seeds, and the end of a simulation that nobody waits for.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;

use testkit::{
    Context as TestContext, EventLog,
    contract::{benchmark::BenchmarkRequest, events::EventType, workbench::PriceRequest},
    designs::{self, Design},
    mechanisms, unix_time,
};

use super::Measurement;
use crate::command::{cargo, median, timed};

/// Repeats; each takes about a second.
const REPEATS: usize = 7;

/// Twenty drilled and rounded plates of different sizes, so that none is reused.
fn assembly() -> Design {
    let script = designs::script(
        "plates = []\n\
         for i in range(20):\n    \
             plate = fillet(Box(30 + i, 20, 6).edges().filter_by(Axis.Z), 3)\n    \
             plate = plate - Pos(8, 0, 0) * Cylinder(2, 6) - Pos(-8, 0, 0) * Cylinder(2, 6)\n    \
             plates.append(part(Pos(60 * (i % 5) - 120, 40 * (i // 5) - 200, 10) * plate, f\"plate_{i}\"))\n\
         return Compound(children=plates)",
    );
    let objectives = designs::ball_above_goal().objectives.with(|it| it.max_unit_cost = 9000.0);
    Design { script, objectives }
}

pub(super) fn measure_pricing() -> anyhow::Result<Vec<Measurement>> {
    timed(cargo(&["run", "--quiet", "-p", "stack", "--", "ensure"])?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (priced, validated, stages) = runtime.block_on(async {
        let context = TestContext::shared().await;
        let session = context.session("bench-pricing");
        session.must_hold(&assembly()).await;
        let (mut priced, mut validated) = (Vec::new(), Vec::new());
        let mut stages: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
        for _ in 0..REPEATS {
            let begun = Instant::now();
            let answer = session.heavy.must_validate_and_price(&PriceRequest::default()).await;
            priced.push(begun.elapsed());
            anyhow::ensure!(answer.success, "the assembly was not priced: {}", answer.message);
            for (stage, milliseconds) in answer.output.stage_ms {
                stages.entry(stage).or_default().push(Duration::from_secs_f64(milliseconds / 1000.0));
            }
            let begun = Instant::now();
            let answer = session.heavy.must_validate(&BenchmarkRequest::default()).await;
            validated.push(begun.elapsed());
            anyhow::ensure!(answer.success, "the assembly is not valid: {}", answer.message);
        }
        Ok((median(priced), median(validated), stages))
    })?;
    let mut rows = vec![Measurement::seconds("validate and price 20 parts, over HTTP", priced, 1.0, "< 1 s")];
    rows.extend(
        stages
            .into_iter()
            .map(|(stage, times)| Measurement::for_comparison(&format!("  of that: {stage}"), median(times))),
    );
    rows.push(Measurement::for_comparison("geometric validation of the same 20 parts, over HTTP", validated));
    Ok(rows)
}

/// The motor-driven paddle under five seeds of its start's jitter.
pub(super) fn measure_seeds() -> anyhow::Result<Vec<Measurement>> {
    timed(cargo(&["run", "--quiet", "-p", "stack", "--", "ensure"])?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let times = runtime.block_on(async {
        let context = TestContext::shared().await;
        let session = context.session("bench-seeds");
        session.must_hold_priced(&mechanisms::paddle().with(|it| it.jitter = [5.0, 5.0, 0.0])).await;
        let mut times = Vec::new();
        for _ in 0..REPEATS {
            let request = BenchmarkRequest { num_seeds: Some(5), ..BenchmarkRequest::default() };
            let begun = Instant::now();
            let answer = session.heavy.must_simulate(&request).await;
            times.push(begun.elapsed());
            anyhow::ensure!(answer.success, "the paddle failed: {}", answer.message);
        }
        Ok(times)
    })?;
    Ok(vec![Measurement::seconds("paddle mechanism, 5 seeds, over HTTP", median(times), 3.0, "< 3 s")])
}

/// From the moment at which a caller goes away to the start of the next call: the worker notices it, all runs end, and
/// the queue moves on.
pub(super) fn measure_cancellation() -> anyhow::Result<Vec<Measurement>> {
    timed(cargo(&["run", "--quiet", "-p", "stack", "--", "ensure"])?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let times = runtime.block_on(async {
        let context = TestContext::shared().await;
        let session = context.session("bench-cancel");
        session.must_hold_priced(&designs::busy_heap()).await;
        let endless = BenchmarkRequest { num_seeds: Some(64), ..BenchmarkRequest::default() };
        let short = BenchmarkRequest { smoke_test_mode: true, ..BenchmarkRequest::default() };
        let mut times = Vec::new();
        for _ in 0..REPEATS {
            let cut_off = tokio::time::timeout(Duration::from_secs(2), session.heavy.simulate(&endless)).await;
            anyhow::ensure!(cut_off.is_err(), "the simulation ended before it could be cut off");
            let left = SystemTime::now().duration_since(UNIX_EPOCH)?;
            let next = session.heavy.must_simulate(&short).await;
            let began = EventLog::from_answer(&next.events).the_one(EventType::SimulationRequest).clone();
            let began = Duration::from_secs_f64(unix_time(&began).context("an event carries its time")?);
            times.push(began.saturating_sub(left));
        }
        Ok(times)
    })?;
    Ok(vec![Measurement::seconds("end of a cut-off simulation, over HTTP", median(times), 0.2, "≤ 0.2 s")])
}
