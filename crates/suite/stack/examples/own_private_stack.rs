//! Owns a private stack of servers until its standard input ends, and prints the descriptor. Tests of this crate kill
//! it to see that nothing is left; it also shows the shortest use of the library.

use stack::{PrivateOptions, Stack};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let stack = Stack::private(PrivateOptions { services: false }).await?;
    println!("DESCRIPTOR {}", serde_json::to_string(stack.descriptor())?);
    std::io::read_to_string(std::io::stdin())?;
    Ok(())
}
