//! `cargo xtask defects`: the proof that the suite tests something.
//!
//! Every patch of `defects/` breaks one behaviour and names the ids that must turn red. Each is applied to a copy of
//! the checkout, built, and tried against these ids. A test that stays green with its defect applied tests nothing.

pub mod patch;
mod process;
mod scratch;
mod tally;
mod verdict;

use std::collections::BTreeSet;
use std::fs::File;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use ledger::{Ledger, RequirementId, Tier};

use patch::Patch;
use process::{Ending, Interrupt};
use scratch::Scratch;
use tally::{Sight, Tallies};
use verdict::{Row, Verdict, listed};

/// The profile that finds tests of every tier.
const PROFILE: &str = "weekly";
/// Name of the run without any defect, for its log.
const BASELINE: &str = "without-defect";
/// How many times as long as a defect the run before all of them may take: it builds everything.
const BASELINE_FACTOR: u32 = 4;
/// Limit for stopping the copy's stack.
const STACK_DOWN_LIMIT: Duration = Duration::from_mins(1);
/// Exit code of a process that Ctrl-C ended, by the custom of shells.
const INTERRUPTED: u8 = 130;

/// Exit codes of nextest.
mod nextest {
    pub const PASSED: i32 = 0;
    pub const NO_TESTS: i32 = 4;
    pub const TESTS_FAILED: i32 = 100;
    pub const BUILD_FAILED: i32 = 101;
    pub const SETUP_SCRIPT_FAILED: i32 = 105;
}

const EXAMPLES: &str = "\
Examples:
  cargo xtask defects                                every defect; the first time builds everything anew
  cargo xtask defects two-simulations-at-once        only this one
  cargo xtask defects two-simulations-at-once --keep leave its copy broken and its stack up, to look at

The exit code is 0 only when every defect was caught. Logs are in target/defects/logs.";

/// What to try, and how.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Names of patches in `defects/`; all of them without a name.
    names: Vec<String>,
    /// Leave the last defect applied to the copy, and its stack running.
    #[arg(long)]
    keep: bool,
    /// How many compilers and how many tests run at once; as many as there are cores without it.
    #[arg(long, value_name = "NUMBER")]
    jobs: Option<NonZero<usize>>,
    /// How long building and testing one defect may take.
    #[arg(long, value_name = "MINUTES", default_value_t = 30)]
    timeout_minutes: u32,
}

/// Result of building the copy and running tests in it.
enum Attempt {
    Ran(Tallies),
    DoesNotBuild,
    StackDoesNotStart,
    TimedOut,
    Interrupted,
}

/// Tries the defects, prints the verdict on each, and fails unless all were caught.
///
/// # Errors
/// When a patch or a name is flawed, the copy cannot be made, or the ids are not green without any defect.
pub fn run(root: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let patches = chosen(root, &Ledger::load()?, &arguments.names)?;
    let interrupt = Interrupt::listen()?;
    let scratch = Scratch::prepare(root)?;
    println!("defects: {} to try, in {}", patches.len(), scratch.tree().display());
    // The same for every run: cargo builds shared dependencies anew when other packages are chosen.
    let tiers = patches.iter().flat_map(|patch| &patch.ids).map(|id| id.tier()).collect();
    let runner = Runner { scratch: &scratch, interrupt: &interrupt, arguments, tiers };
    runner.stop_stack()?;

    let mut rows = Vec::new();
    let mut fitting = Vec::new();
    for patch in patches {
        match scratch.refusal(&patch)? {
            None => fitting.push(patch),
            Some(why) => rows.push(Row { patch, verdict: Verdict::DoesNotApply(why), took: Duration::ZERO }),
        }
    }
    if !fitting.is_empty() && !runner.is_green_without_defect(&fitting)? {
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let count = fitting.len();
    for (index, patch) in fitting.into_iter().enumerate() {
        let position = format!("[{}/{count}]", index + 1);
        println!("{position} {}: {} ({})", patch.name(), patch.why, listed(&patch.ids));
        let started = Instant::now();
        let is_kept = arguments.keep && index + 1 == count;
        let Some(verdict) = runner.try_patch(&patch, is_kept)? else {
            eprintln!("\ndefects: interrupted; nothing is left running");
            print!("{}", verdict::table(&rows));
            return Ok(ExitCode::from(INTERRUPTED));
        };
        let took = started.elapsed();
        println!("{position} {}: {verdict} ({:.0} s)", patch.name(), took.as_secs_f64());
        if is_kept {
            println!(
                "kept: the copy stays broken until the next run; its stack stops when nobody has used it for a while"
            );
        }
        rows.push(Row { patch, verdict, took });
    }
    print!("\n{}", verdict::table(&rows));
    let all_caught = rows.iter().all(|row| row.verdict == Verdict::Caught);
    Ok(if all_caught { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The patches of these names, or all; every flaw of every one at once.
fn chosen(root: &Path, ledger: &Ledger, names: &[String]) -> anyhow::Result<Vec<Patch>> {
    let texts = patch::read_all(root)?;
    // A name, a file, or the folder of an id.
    let is_called = |path: &Path, name: &str| {
        let name = Path::new(name);
        let folder = path.parent().and_then(Path::file_name);
        patch::name_of(path) == patch::name_of(name) || folder.is_some_and(|folder| Some(folder) == name.file_name())
    };
    let is_known = |name: &String| texts.iter().any(|(path, _)| is_called(path, name));
    let unknown: Vec<&str> = names.iter().filter(|name| !is_known(name)).map(String::as_str).collect();
    if !unknown.is_empty() {
        let known: Vec<String> = texts.iter().map(|(path, _)| patch::name_of(path)).collect();
        bail!("no defect is called {}; there are\n  {}", unknown.join(", "), known.join("\n  "));
    }
    let (mut patches, mut flaws) = (Vec::new(), Vec::new());
    let is_wanted = |path: &Path| names.is_empty() || names.iter().any(|name| is_called(path, name));
    for (path, text) in texts.iter().filter(|(path, _)| is_wanted(path)) {
        match Patch::parse(path, text, ledger) {
            Ok(patch) => patches.push(patch),
            Err(found) => {
                flaws.extend(found.into_iter().map(|flaw| format!("{}:{}: {}", path.display(), flaw.line, flaw.what)));
            }
        }
    }
    if !flaws.is_empty() {
        bail!("these patches cannot be tried:\n  {}", flaws.join("\n  "));
    }
    if patches.is_empty() {
        bail!("{} holds no patch", root.join(patch::FOLDER).display());
    }
    Ok(patches)
}

/// How to try a defect.
struct Runner<'run> {
    scratch: &'run Scratch,
    interrupt: &'run Interrupt,
    arguments: &'run Arguments,
    tiers: BTreeSet<Tier>,
}

impl Runner<'_> {
    /// Runs all ids with nothing broken: were they red already, red would say nothing. False when interrupted.
    fn is_green_without_defect(&self, patches: &[Patch]) -> anyhow::Result<bool> {
        let ids: BTreeSet<RequirementId> = patches.iter().flat_map(|patch| patch.ids.iter().copied()).collect();
        let ids: Vec<RequirementId> = ids.into_iter().collect();
        println!("[0/{}] without any defect, these must be green: {}", patches.len(), listed(&ids));
        let started = Instant::now();
        let limit = self.limit() * BASELINE_FACTOR;
        let attempt = match self.start_stack(limit) {
            Ok(None) => self.attempt(BASELINE, &ids, limit),
            Ok(Some(attempt)) => Ok(attempt),
            Err(error) => Err(error),
        };
        // Whatever the result, no stack stays behind.
        self.stop_stack()?;
        let log = self.scratch.log(BASELINE);
        let tallies = match attempt? {
            Attempt::Ran(tallies) => tallies,
            Attempt::Interrupted => {
                eprintln!("\ndefects: interrupted; nothing is left running");
                return Ok(false);
            }
            Attempt::DoesNotBuild => bail!("the checkout does not build without any defect; see {}", log.display()),
            Attempt::StackDoesNotStart => bail!("the stack does not start without any defect; see {}", log.display()),
            Attempt::TimedOut => bail!(
                "the run without any defect took longer than {} minutes; see {}, or give more with --timeout-minutes",
                self.arguments.timeout_minutes * BASELINE_FACTOR,
                log.display()
            ),
        };
        let red: Vec<RequirementId> =
            ids.iter().copied().filter(|id| tallies.of(*id).sight() != Sight::Green).collect();
        if !red.is_empty() {
            bail!(
                "{} must be green without any defect, or red would say nothing about one; see {}",
                listed(&red),
                log.display()
            );
        }
        println!("[0/{}] green ({:.0} s)", patches.len(), started.elapsed().as_secs_f64());
        Ok(true)
    }

    /// Applies, tries and undoes a defect. `None` when interrupted.
    fn try_patch(&self, patch: &Patch, is_kept: bool) -> anyhow::Result<Option<Verdict>> {
        let applied = self.scratch.apply(patch)?;
        let attempt = self.attempt(&patch.name(), &patch.ids, self.limit());
        let is_kept = is_kept && matches!(attempt, Ok(Attempt::Ran(_)));
        if !is_kept {
            self.stop_stack()?;
            applied.undo()?;
        }
        Ok(match attempt? {
            Attempt::Ran(tallies) => Some(Verdict::of(&patch.ids, &tallies)),
            Attempt::DoesNotBuild => Some(Verdict::DoesNotBuild),
            Attempt::StackDoesNotStart => Some(Verdict::NotRun("the stack does not start; see the log".to_owned())),
            Attempt::TimedOut => Some(Verdict::TimedOut(Vec::new())),
            Attempt::Interrupted => None,
        })
    }

    fn limit(&self) -> Duration {
        Duration::from_mins(1) * self.arguments.timeout_minutes
    }

    /// Builds and starts the copy's stack outside of nextest, which gives its setup script less time than a first build
    /// may take. What went wrong, if anything did.
    fn start_stack(&self, limit: Duration) -> anyhow::Result<Option<Attempt>> {
        let path = self.scratch.log(BASELINE);
        let mut command = self.scratch.command("cargo");
        command.args(["run", "--package", "stack", "--", "ensure"]);
        Ok(match self.run(&mut command, &path, limit)? {
            Ending::Exited(Some(0)) => None,
            Ending::Exited(_) if is_build_failure(&path)? => Some(Attempt::DoesNotBuild),
            Ending::Exited(_) => Some(Attempt::StackDoesNotStart),
            Ending::TimedOut => Some(Attempt::TimedOut),
            Ending::Interrupted => Some(Attempt::Interrupted),
        })
    }

    /// Runs a command with a fresh log, and shows every now and then how far it is.
    fn run(&self, command: &mut Command, path: &Path, limit: Duration) -> anyhow::Result<Ending> {
        if let Some(jobs) = self.arguments.jobs {
            command.env("CARGO_BUILD_JOBS", jobs.to_string()).env("NEXTEST_TEST_THREADS", jobs.to_string());
        }
        let log = File::create(path).with_context(|| format!("writing {}", path.display()))?;
        process::run(command, &log, limit, self.interrupt, |elapsed| {
            println!("      {:>4} s  {}", elapsed.as_secs(), process::last_line(path));
        })
    }

    /// Builds the copy as it is now, starts its stack, and runs the tests of these ids.
    fn attempt(&self, name: &str, ids: &[RequirementId], limit: Duration) -> anyhow::Result<Attempt> {
        let path = self.scratch.log(name);
        let report = self.scratch.report(PROFILE);
        // A report of an earlier run would speak for this one.
        if report.exists() {
            std::fs::remove_file(&report).with_context(|| format!("removing {}", report.display()))?;
        }
        let mut command = self.scratch.command("cargo");
        command.args(["nextest", "run", "--profile", PROFILE, "--no-fail-fast"]);
        for tier in &self.tiers {
            command.args(["--package", &format!("tests-{}", tier.path_name())]);
        }
        command.args(["-E", &filter(ids)]);
        let ending = self.run(&mut command, &path, limit)?;
        let code = match ending {
            Ending::TimedOut => return Ok(Attempt::TimedOut),
            Ending::Interrupted => return Ok(Attempt::Interrupted),
            Ending::Exited(code) => code,
        };
        Ok(match code {
            Some(nextest::PASSED | nextest::TESTS_FAILED) => {
                let text = std::fs::read_to_string(&report).with_context(|| format!("reading {}", report.display()))?;
                Attempt::Ran(Tallies::read(&text)?)
            }
            Some(nextest::NO_TESTS) => Attempt::Ran(Tallies::default()),
            Some(nextest::BUILD_FAILED) => Attempt::DoesNotBuild,
            // The setup script builds the services before it starts them.
            Some(nextest::SETUP_SCRIPT_FAILED) if is_build_failure(&path)? => Attempt::DoesNotBuild,
            Some(nextest::SETUP_SCRIPT_FAILED) => Attempt::StackDoesNotStart,
            _ => bail!(
                "`cargo nextest` ended with {}; see {}",
                code.map_or("a signal".to_owned(), |code| format!("exit code {code}")),
                path.display()
            ),
        })
    }

    /// Stops the copy's stack, if one runs. Ctrl-C does not keep this from happening.
    fn stop_stack(&self) -> anyhow::Result<()> {
        let Some(program) = self.scratch.stack_program() else { return Ok(()) };
        let path = self.scratch.log("stack-down");
        let log = File::create(&path).with_context(|| format!("writing {}", path.display()))?;
        let mut command = self.scratch.command(program);
        match process::run(command.arg("down"), &log, STACK_DOWN_LIMIT, &Interrupt::default(), |_| {})? {
            Ending::Exited(Some(0)) => Ok(()),
            _ => bail!("the stack of the copy could not be stopped; see {}", path.display()),
        }
    }
}

/// The tests of these ids, by their modules.
fn filter(ids: &[RequirementId]) -> String {
    ids.iter().map(|id| format!("test(/^{}::/)", id.module_name())).collect::<Vec<_>>().join(" | ")
}

/// Whether cargo said that something did not compile.
fn is_build_failure(log: &Path) -> anyhow::Result<bool> {
    let text = std::fs::read(log).with_context(|| format!("reading {}", log.display()))?;
    Ok(String::from_utf8_lossy(&text).contains("error: could not compile"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_by_their_modules() {
        let ids = ["INT-004", "ORC-07"].map(|id| id.parse().expect("an id"));
        assert_eq!(filter(&ids), "test(/^int_004::/) | test(/^orc_07::/)");
    }

    #[test]
    fn unknown_defect_names_list_the_known_ones() {
        let root = tempfile::tempdir().expect("a temporary directory can be made");
        let folder = root.path().join("defects/int-004");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        std::fs::write(folder.join("known.patch"), "Why.\n").expect("a file can be written");
        let ledger = Ledger::load().expect("the ledger keeps its rules");
        let error = chosen(root.path(), &ledger, &["other".into()]).expect_err("there is no such patch").to_string();
        assert!(error.contains("other") && error.contains("known"), "{error}");
        for name in ["known", "known.patch", "defects/int-004/known.patch", "int-004"] {
            let error = chosen(root.path(), &ledger, &[name.into()]).expect_err("it is flawed").to_string();
            assert!(error.contains("defects/int-004/known.patch:1: no line"), "{error}");
        }
    }
}
