//! Settings come from environment variables; a missing one is named, with what it is for.

use std::net::SocketAddr;

use anyhow::Context;

/// A variable that must be set and is not.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {name} is not set; it gives {purpose}")]
pub struct MissingSetting {
    name: String,
    purpose: String,
}

/// Value of `name`; an error that says what it is for when it is unset or empty.
pub fn required(name: &str, purpose: &str) -> Result<String, MissingSetting> {
    optional(name).ok_or_else(|| MissingSetting { name: name.to_owned(), purpose: purpose.to_owned() })
}

/// Value of `name`, or `None` when it is unset or empty.
pub fn optional(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Address to listen on: `LISTEN_ADDRESS`, else loopback and the service's standard port.
pub fn listen_address(standard_port: u16) -> anyhow::Result<SocketAddr> {
    match optional("LISTEN_ADDRESS") {
        None => Ok(SocketAddr::from(([127, 0, 0, 1], standard_port))),
        Some(text) => text
            .parse()
            .with_context(|| format!("LISTEN_ADDRESS is {text:?}; expected ADDRESS:PORT, as 127.0.0.1:8000")),
    }
}
