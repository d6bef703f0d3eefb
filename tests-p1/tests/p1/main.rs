//! Tier P1: what must hold every night. One module per id of the ledger.

use rstest::fixture;
use testkit::Context;

mod int_035;
mod int_036;
mod int_037;
mod int_038;
mod int_039;
mod int_064;
mod int_137;

/// The surroundings of a test on the shared stack.
#[fixture]
async fn ctx() -> Context {
    Context::shared().await
}
