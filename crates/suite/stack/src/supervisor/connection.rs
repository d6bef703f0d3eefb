//! One connection to the supervisor: questions and answers, line by line, and the lease that it may carry.

use std::{sync::Arc, time::Instant};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
};

use super::{Stack, leases::HeldLease, traffic};
use crate::control::{Answer, Holder, Request, StackStatus, users};

/// Answers until the other side is gone.
pub(super) async fn attend(stack: Arc<Stack>, stream: UnixStream) {
    let (reader, mut writer) = stream.into_split();
    let mut lines = BufReader::new(reader).lines();
    // Held until this function returns, which is when the other side closed or died.
    let mut leases: Vec<HeldLease> = Vec::new();
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match serde_json::from_str(&line) {
            Ok(request) => answer(&stack, request, &mut leases).await,
            Err(error) => Answer::Refused { reason: format!("not a request of this build: {error}") },
        };
        let Ok(mut text) = serde_json::to_string(&answer) else { return };
        text.push('\n');
        if writer.write_all(text.as_bytes()).await.is_err() {
            return;
        }
        if answer == Answer::Stopping {
            stack.shutdown.notify_one();
            // The end of this process closes the connection, which signals that all is gone.
            std::future::pending::<()>().await;
        }
    }
}

async fn answer(stack: &Stack, request: Request, leases: &mut Vec<HeldLease>) -> Answer {
    match request {
        Request::Status => Answer::Status(status(stack)),
        Request::Lease(holder) => match stack.leases.take(holder) {
            Some(lease) => {
                leases.push(lease);
                Answer::Leased
            }
            None => Answer::Refused { reason: "it is stopping".to_owned() },
        },
        Request::Fault { service, action } => {
            let Some(unit) = stack.boot.units.get(&service) else {
                return Answer::Refused { reason: "this stack runs without it".to_owned() };
            };
            let asked = Instant::now();
            match unit.apply(action).await {
                Ok(()) => Answer::Done { seconds: asked.elapsed().as_secs_f64() },
                Err(reason) => Answer::Refused { reason },
            }
        }
        Request::Retire => {
            stack.leases.retire();
            Answer::Retiring
        }
        Request::Down { only_if_idle } => {
            // A connection of this moment is in no earlier look. What a private stack's owner does is held by a lease.
            let is_shared = stack.descriptor.supervisor.as_ref().is_some_and(|supervisor| !supervisor.private);
            if only_if_idle && is_shared {
                stack.leases.note_connections(traffic::open(&stack.boot.layout.watched_ports()), false);
            }
            match stack.leases.close(only_if_idle) {
                Ok(()) => Answer::Stopping,
                Err(holders) => Answer::Refused { reason: in_use(&holders, stack.leases.open_connections()) },
            }
        }
    }
}

fn in_use(holders: &[Holder], open_connections: usize) -> String {
    format!("it is used by {}", users(holders, open_connections))
}

fn status(stack: &Stack) -> StackStatus {
    StackStatus {
        fingerprint: stack.descriptor.fingerprint.clone(),
        supervisor: std::process::id(),
        started_at: stack.descriptor.started_at,
        leases: stack.leases.holders(),
        open_connections: stack.leases.open_connections(),
        stops_in_seconds: stack.leases.remaining().map(|remaining| remaining.as_secs()),
        services: stack.boot.units.values().map(|unit| unit.status()).collect(),
    }
}
