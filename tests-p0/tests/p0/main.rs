//! Tier P0: what must hold before every merge. One module per id of the ledger.

use rstest::fixture;
use testkit::Context;

mod int_001;
mod int_002;
mod int_003;
mod int_004;
mod int_020;
mod int_028;
mod int_029;
mod int_061;
mod int_062;
mod int_063;

/// The surroundings of a test on the shared stack.
#[fixture]
async fn ctx() -> Context {
    Context::shared().await
}

/// The surroundings of a test that disturbs its stack, and therefore has one of its own.
#[fixture]
async fn private_ctx() -> Context {
    Context::private().await
}
