//! Tier P0: what must hold before every merge. One module per id of the ledger.

use rstest::fixture;
use testkit::Context;

mod int_001;
mod int_002;
mod int_003;
mod int_004;
mod int_005;
mod int_006;
mod int_007;
mod int_008;
mod int_009;
mod int_010;
mod int_011;
mod int_012;
mod int_013;
mod int_015;
mod int_016;
mod int_017;
mod int_018;
mod int_019;
mod int_020;
mod int_021;
mod int_022;
mod int_023;
mod int_024;
mod int_027;
mod int_028;
mod int_029;
mod int_061;
mod int_062;
mod int_063;
mod int_101;
mod int_109;
mod int_111;
mod int_112;
mod int_125;
mod int_127;
mod int_128;

/// The surroundings of a test on the shared stack.
#[fixture]
async fn ctx() -> Context {
    Context::shared().await
}

/// The surroundings of a test that disturbs its stack, and therefore has one to itself meanwhile.
#[fixture]
async fn private_ctx() -> Context {
    Context::alone().await
}

/// The surroundings of a test that disturbs nothing and needs a stack without other callers. An external stack has no
/// private one beside it; there the caller has to keep others away.
#[fixture]
async fn quiet_ctx() -> Context {
    Context::alone_or_external().await
}
