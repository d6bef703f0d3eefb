//! What is measured, and how.

mod designs;

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context;
use strum::{IntoStaticStr, VariantArray};
use testkit::{Context as TestContext, Service};
use toolbox::Toolbox;

use crate::command::{cargo, median, root, stack, timed};

/// Repeats of what takes seconds.
const FEW: usize = 3;
/// Repeats of what takes milliseconds.
const MANY: usize = 30;

/// Something with a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Subject {
    /// Cold boot of the embedded stack, and adopting it.
    Boot,
    /// What a test's context costs beside the request itself.
    Harness,
    /// All of P0 on a warm stack.
    #[strum(serialize = "p0")]
    TierP0,
    /// Building after a change of one test.
    Rebuild,
    /// A script in a fresh interpreter, and in the warm one.
    Script,
    /// Validating and pricing an assembly, stage by stage.
    Pricing,
    /// A mechanism under several seeds.
    Seeds,
    /// The end of a simulation whose caller went away.
    Cancellation,
    /// A judged run beside a bare engine loop.
    Simulation,
    /// Collision shapes of everyday parts: error and time.
    Collision,
}

/// One row of the report.
#[derive(Debug, Clone)]
pub struct Measurement {
    /// What.
    pub name: String,
    /// How much, with its unit.
    pub value: String,
    /// What it may be at most, or at least.
    pub budget: &'static str,
    within: Option<bool>,
}

impl Measurement {
    /// A subject that could not be measured.
    pub fn failed(name: &str, error: &anyhow::Error) -> Self {
        Self { name: name.to_owned(), value: format!("failed: {error:#}"), budget: "", within: Some(false) }
    }

    /// Whether the budget is kept.
    pub fn verdict(&self) -> &'static str {
        match self.within {
            Some(true) => "yes",
            Some(false) => "NO",
            None => "",
        }
    }

    pub(crate) fn seconds(name: &str, time: Duration, limit_s: f64, budget: &'static str) -> Self {
        let seconds = time.as_secs_f64();
        Self { name: name.to_owned(), value: format!("{seconds:.3} s"), budget, within: Some(seconds <= limit_s) }
    }

    pub(crate) fn for_comparison(name: &str, time: Duration) -> Self {
        Self { name: name.to_owned(), value: format!("{:.3} s", time.as_secs_f64()), budget: "", within: None }
    }
}

impl Subject {
    /// In the order of the report.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name for `--only`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Measures it.
    pub fn measure(self) -> anyhow::Result<Vec<Measurement>> {
        match self {
            Self::Boot => boot(),
            Self::Harness => harness(),
            Self::TierP0 => tier_p0(),
            Self::Rebuild => rebuild(),
            Self::Script => script(),
            Self::Pricing => designs::measure_pricing(),
            Self::Seeds => designs::measure_seeds(),
            Self::Cancellation => designs::measure_cancellation(),
            Self::Simulation => simulation(),
            Self::Collision => collision(),
        }
    }
}

fn boot() -> anyhow::Result<Vec<Measurement>> {
    timed(cargo(&["run", "--quiet", "-p", "stack", "--", "ensure"])?)?;
    let (mut cold, mut adopted) = (Vec::new(), Vec::new());
    for _ in 0..FEW {
        timed(stack(&["down"])?)?;
        cold.push(timed(stack(&["ensure", "--no-build"])?)?.0);
        adopted.push(timed(stack(&["ensure", "--no-build"])?)?.0);
    }
    Ok(vec![
        Measurement::seconds("boot, cold", median(cold), 6.0, "≤ 6 s"),
        Measurement::seconds("adopt", median(adopted), 0.3, "≤ 0.3 s"),
    ])
}

fn harness() -> anyhow::Result<Vec<Measurement>> {
    // As nextest's set-up script does it: its tests take over the addresses, and the proof of this one run.
    let environment = std::env::temp_dir().join(format!("bench-{}.env", std::process::id()));
    let mut set_up = cargo(&["run", "--quiet", "-p", "stack", "--", "ensure", "--nextest-env"])?;
    set_up.env("NEXTEST_ENV", &environment).env("NEXTEST_RUN_ID", "bench");
    timed(set_up)?;
    let variables = std::fs::read_to_string(&environment).context("the set-up wrote no variables")?;
    std::fs::remove_file(&environment).context("the variables cannot be removed")?;
    // A process of its own each time, aimed at the stack as nextest's set-up aims its tests: a context is made once a
    // process, so that a second one in the same process would cost nothing.
    let mut overhead = Vec::new();
    for _ in 0..MANY {
        let mut command = Command::new(std::env::current_exe().context("this program cannot be found")?);
        command.arg("--one-context").env("NEXTEST_RUN_ID", "bench");
        command.envs(variables.lines().filter_map(|line| line.split_once('=')));
        let (_, printed) = timed(command)?;
        overhead.push(Duration::from_secs_f64(printed.trim().parse().context("one context printed no seconds")?));
    }
    Ok(vec![Measurement::seconds("harness overhead a test", median(overhead), 0.020, "≤ 0.020 s")])
}

/// Makes a context, sends one request, drops the context; prints how much longer that takes than the request alone.
pub fn one_context() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = Instant::now();
    let (url, token) = runtime.block_on(async {
        let context = TestContext::shared().await;
        context.session("bench").light.must_exist_or_not("x").await;
        (context.url(Service::WorkerLight), context.descriptor().worker_token.clone().unwrap_or_default())
    });
    let with = begun.elapsed();
    let begun = Instant::now();
    runtime.block_on(async {
        let request = http_reply::client(reqwest::Client::builder())?
            .post(format!("{url}/fs/exists"))
            .header("X-Session-ID", "bench")
            .header("X-Worker-Token", token);
        request.json(&std::collections::BTreeMap::from([("path", "x")])).send().await
    })?;
    println!("{}", with.saturating_sub(begun.elapsed()).as_secs_f64());
    Ok(())
}

fn script() -> anyhow::Result<Vec<Measurement>> {
    const BUILD: &str = "from build123d import Box, Cylinder\nshape = Box(40, 30, 10) - Cylinder(4, 20)\n\
                         print(round(shape.volume, 1))\n";
    let python = Toolbox::locate(&root()?).python()?;
    let mut cold = Vec::new();
    for _ in 0..FEW {
        let mut command = Command::new(&python);
        command.args(["-c", BUILD]);
        cold.push(timed(command)?.0);
    }
    timed(cargo(&["run", "--quiet", "-p", "stack", "--", "ensure"])?)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let warm = runtime.block_on(async {
        let context = TestContext::shared().await;
        let light = context.session("bench-script").light;
        let mut times = Vec::new();
        for _ in 0..MANY {
            let begun = Instant::now();
            let outcome = light.must_execute(BUILD, 30).await;
            times.push(begun.elapsed());
            anyhow::ensure!(outcome.exit_code == 0, "the script failed: {}", outcome.stderr);
        }
        Ok(times)
    })?;
    Ok(vec![
        Measurement::for_comparison("script with CAD, fresh interpreter, no sandbox", median(cold)),
        Measurement::for_comparison("script with CAD, over HTTP, warm and sandboxed", median(warm)),
    ])
}

fn rebuild() -> anyhow::Result<Vec<Measurement>> {
    let build = || timed(cargo(&["build", "--quiet", "-p", "tests-p0", "--tests"])?);
    build()?;
    let file = root()?.join("tests-p0/tests/p0/int_020.rs");
    let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut times = Vec::new();
    for round in 0..FEW {
        std::fs::write(&file, format!("{text}\nconst _: usize = {round};\n"))?;
        let built = build();
        std::fs::write(&file, &text)?;
        times.push(built?.0);
    }
    build()?;
    Ok(vec![Measurement::seconds("rebuild after editing one test", median(times), 3.0, "≤ 3 s")])
}

fn tier_p0() -> anyhow::Result<Vec<Measurement>> {
    let run = || timed(cargo(&["nextest", "run", "-p", "tests-p0"])?);
    // The first run builds, starts the stack, and has every file read once.
    run()?;
    let (time, _) = run()?;
    let report = root()?.join("target/nextest/default/junit.xml");
    let report = std::fs::read_to_string(&report).with_context(|| format!("cannot read {}", report.display()))?;
    let mut rows = vec![Measurement::seconds("all of P0, warm", time, 60.0, "≤ 60 s")];
    rows.extend(slowest(&report)?.into_iter().map(|(test, time)| Measurement::for_comparison(&test, time)));
    Ok(rows)
}

/// The slowest tests of a report in the `JUnit` form.
fn slowest(report: &str) -> anyhow::Result<Vec<(String, Duration)>> {
    const SHOWN: usize = 10;
    let document = roxmltree::Document::parse(report).context("the report of nextest is not XML")?;
    let time_of = |case: roxmltree::Node| -> Option<(String, Duration)> {
        let seconds = case.attribute("time")?.parse().ok()?;
        Some((case.attribute("name")?.to_owned(), Duration::try_from_secs_f64(seconds).ok()?))
    };
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    let mut times: Vec<_> = cases.filter_map(time_of).filter(|(name, _)| name.contains("::")).collect();
    times.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    times.truncate(SHOWN);
    Ok(times)
}

/// What a benchmark of the physics crate prints. In the profile in which the stack runs that crate: what computes is
/// optimised in it, and everything is built already.
fn physics(name: &str) -> anyhow::Result<String> {
    let (_, printed) = timed(cargo(&["bench", "--quiet", "--profile", "dev", "-p", "physics", "--bench", name])?)?;
    Ok(printed)
}

fn simulation() -> anyhow::Result<Vec<Measurement>> {
    let printed = physics("throughput")?;
    let rows: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("throughput ")).map(throughput).collect();
    anyhow::ensure!(!rows.is_empty(), "the benchmark of the physics crate printed nothing:\n{printed}");
    rows.into_iter().collect()
}

fn throughput(line: &str) -> anyhow::Result<Measurement> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let [model, judged, bare, ratio] = fields[..] else { anyhow::bail!("cannot read {line:?}") };
    let value = format!("{judged} simulated s/s, bare engine {bare}, ratio {ratio}");
    let within = Some(ratio.parse::<f64>()? >= 0.9);
    Ok(Measurement { name: format!("simulation, {model}"), value, budget: "ratio ≥ 0.9", within })
}

fn collision() -> anyhow::Result<Vec<Measurement>> {
    let printed = physics("collision")?;
    let rows: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("collision ")).map(deviation).collect();
    anyhow::ensure!(!rows.is_empty(), "the benchmark of the physics crate printed nothing:\n{printed}");
    rows.into_iter().collect()
}

/// A collision shape keeps its budget when it deviates by no more than its tolerance and takes no longer than 5 s.
fn deviation(line: &str) -> anyhow::Result<Measurement> {
    let fields: Vec<_> = line.split_whitespace().collect();
    let [part, pieces, error, tolerance, seconds] = fields[..] else { anyhow::bail!("cannot read {line:?}") };
    let value = format!("{error} mm of {tolerance} mm, {pieces} pieces, {seconds} s");
    let is_close = error.parse::<f64>()? <= tolerance.parse::<f64>()?;
    let within = Some(is_close && seconds.parse::<f64>()? <= 5.0);
    Ok(Measurement { name: format!("collision shape, {part}"), value, budget: "≤ tolerance, ≤ 5 s", within })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slowest_tests_come_first() {
        let report = r#"<testsuites><testsuite name="p0">
            <testcase name="int_001::a" time="0.5"/><testcase name="int_002::b" time="12.25"/>
            <testcase name="stack" time="90"/></testsuite></testsuites>"#;
        let times = slowest(report).expect("a report");
        let expected = [("int_002::b", 12_250), ("int_001::a", 500)];
        assert_eq!(times, expected.map(|(name, ms)| (name.to_owned(), Duration::from_millis(ms))));
    }
}
