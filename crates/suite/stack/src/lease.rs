//! A hold on a running stack, for as long as the value or its process lives.

use anyhow::Context;

use crate::{StackDescriptor, control::Control};

/// Keeps a stack from stopping. Nothing has to be given back: the connection ends with the value or with the process.
#[derive(Debug)]
pub struct Lease {
    _connection: Control,
}

impl Lease {
    /// Takes a lease; fails when the stack is gone or stopping. `None` for an external stack, which needs none.
    pub fn take(descriptor: &StackDescriptor) -> anyhow::Result<Option<Self>> {
        let Some(supervisor) = &descriptor.supervisor else { return Ok(None) };
        let mut connection = Control::connect(&supervisor.control_socket)?;
        connection.lease().context("the stack stopped in this moment; run the command again")?;
        Ok(Some(Self { _connection: connection }))
    }
}
