//! The proof that a test run judges the sources of its own checkout, taken once a run and handed to its tests.
//!
//! `stack ensure --nextest-env` has just built the services, looked at all their sources, and started or adopted a stack
//! of them. Each test of the same run would find the same; it takes the proof by the run's id. A test that was started
//! in another way, and is aimed at a stack by `STACK_DESCRIPTOR`, looks for itself.

use std::{env, fs, os::unix::fs::MetadataExt};

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::{Backend, StackDescriptor, binaries, checkout::Checkout, sources::Sources, tools::Tools};

/// Environment variable: the run for which the proof holds, and what the programs were like then.
const PROOF_VARIABLE: &str = "STACK_PROOF";
/// Environment variable by which nextest tells a set-up script and its tests that they are of one run.
const RUN_VARIABLE: &str = "NEXTEST_RUN_ID";

/// What to hand to the tests of this run. An external stack was built by others: nothing is proven about it.
pub(crate) fn for_this_run(descriptor: &StackDescriptor) -> anyhow::Result<Option<(String, String)>> {
    if descriptor.backend == Backend::External {
        return Ok(None);
    }
    let checkout = Checkout::locate()?;
    Ok(word(&checkout).map(|word| (PROOF_VARIABLE.to_owned(), word)))
}

/// True when this run's set-up has proven the programs of `checkout`, and they are still the same files.
pub(crate) fn holds_for_this_run(checkout: &Checkout) -> bool {
    word(checkout).is_some_and(|word| env::var(PROOF_VARIABLE).is_ok_and(|given| given == word))
}

/// Run, checkout and programs in one word; `None` outside of a run.
fn word(checkout: &Checkout) -> Option<String> {
    let run = env::var(RUN_VARIABLE).ok().filter(|run| !run.is_empty())?;
    let mut hash = Sha256::new();
    hash.update(checkout.root.as_os_str().as_encoded_bytes());
    for name in binaries::FILES {
        let state = fs::metadata(checkout.programs().join(name));
        let state = state.map(|file| (file.ino(), file.len(), file.mtime(), file.mtime_nsec()));
        hash.update(format!("{name} {:?}\n", state.ok()));
    }
    let programs: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{run} {programs}"))
}

/// Fails when the stack of `descriptor`, which the environment named, was not built from the sources of the checkout
/// that this process works in.
pub(crate) fn of_shared(descriptor: &StackDescriptor) -> anyhow::Result<()> {
    if descriptor.backend == Backend::External {
        return Ok(());
    }
    let checkout = Checkout::locate()?;
    if holds_for_this_run(&checkout) {
        return Ok(());
    }
    let services = !descriptor.urls.is_empty();
    let tools = Tools::locate(&checkout.root, services)?;
    let remedy = "unset STACK_DESCRIPTOR, and a stack of this checkout is started; or run `stack ensure` here";
    let sources = Sources::look(&checkout, &tools, services)?;
    sources.prove(remedy)?;
    if sources.fingerprint() != descriptor.fingerprint {
        let built_in = descriptor.checkout.as_ref().context("an embedded stack names its checkout")?;
        bail!(
            "the stack that STACK_DESCRIPTOR names was built from other sources than those in {}: in {}, at {}. {remedy}",
            checkout.root.display(),
            built_in.display(),
            descriptor.started_at.format("%F %T UTC"),
        );
    }
    Ok(())
}
