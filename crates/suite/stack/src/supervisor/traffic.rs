//! Use that takes no lease: a browser, `curl`, somebody else's suite. Seen by their connections to the stack's ports, as
//! the kernel lists them; no service has to count for it.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

use super::leases::Leases;

/// The kernel's table of IPv4 connections; everything of a stack listens on 127.0.0.1.
const TABLE: &str = "/proc/self/net/tcp";
/// At most so long between two looks, and several of them within the time that a stack stays unused. A connection that
/// is closed stays listed for a minute, so that even a short one is seen.
const LONGEST_INTERVAL: Duration = Duration::from_secs(1);
const LOOKS_PER_IDLE_TIME: u32 = 5;
/// The boot itself asked every part whether it works; connections left by these questions are not use.
const AFTERGLOW: Duration = Duration::from_millis(200);

/// How many connections to one of `ports` are open in this moment.
pub(super) fn open(ports: &BTreeSet<u16>) -> usize {
    look(ports).iter().filter(|(_, phase)| *phase == Phase::Open).count()
}

/// What the kernel says of one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Closed a moment ago.
    Closed,
}

/// Two ports, the lower part of `/proc/net/tcp`'s addresses; both ends are on this machine.
type Pair = (u16, u16);

/// Notes every connection to one of `ports` as use, for as long as the stack lives.
pub(super) async fn watch(ports: BTreeSet<u16>, leases: Leases, idle_limit: Duration) {
    let interval = (idle_limit / LOOKS_PER_IDLE_TIME).clamp(AFTERGLOW / 4, LONGEST_INTERVAL);
    tokio::time::sleep(AFTERGLOW).await;
    let mut known: BTreeSet<Pair> = look(&ports).into_iter().map(|(pair, _)| pair).collect();
    let mut last_error: Option<Instant> = None;
    loop {
        tokio::time::sleep(interval).await;
        match fs::read_to_string(TABLE) {
            Ok(table) => {
                let seen = connections(&table, &ports);
                let is_new = seen.iter().any(|(pair, _)| !known.contains(pair));
                let open = seen.iter().filter(|(_, phase)| *phase == Phase::Open).count();
                leases.note_connections(open, is_new);
                known = seen.into_iter().map(|(pair, _)| pair).collect();
            }
            Err(error) if last_error.is_none_or(|at| at.elapsed() > Duration::from_mins(1)) => {
                tracing::warn!(%error, "cannot read {TABLE}: use without a lease goes unseen");
                last_error = Some(Instant::now());
            }
            Err(_) => {}
        }
    }
}

fn look(ports: &BTreeSet<u16>) -> Vec<(Pair, Phase)> {
    connections(&fs::read_to_string(TABLE).unwrap_or_default(), ports)
}

/// Connections of the table in which one of `ports` takes part, each by its two ports, ours first.
fn connections(table: &str, ports: &BTreeSet<u16>) -> Vec<(Pair, Phase)> {
    table.lines().skip(1).filter_map(|line| connection(line, ports)).collect()
}

/// One line: number, local address, remote address, state, … with addresses as `0100007F:1F90`.
fn connection(line: &str, ports: &BTreeSet<u16>) -> Option<(Pair, Phase)> {
    let mut fields = line.split_whitespace().skip(1);
    let mut port = || u16::from_str_radix(fields.next()?.rsplit_once(':')?.1, 16).ok();
    let (local, remote) = (port()?, port()?);
    match fields.next()? {
        // TIME_WAIT, on whichever side closed first.
        "06" if ports.contains(&local) => Some(((local, remote), Phase::Closed)),
        "06" if ports.contains(&remote) => Some(((remote, local), Phase::Closed)),
        // Of an open one, the service's side is enough.
        "01" | "03" | "04" | "05" | "08" | "09" if ports.contains(&local) => Some(((local, remote), Phase::Open)),
        // A listening socket (0A) is not a connection.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";

    fn seen(line: &str) -> Vec<(Pair, Phase)> {
        connections(&format!("{HEAD}\n{line} 00000000:00000000 00:00000000 00000000  0 0 1\n"), &BTreeSet::from([8080]))
    }

    #[test]
    fn open_and_just_closed_connections_count_as_use() {
        assert_eq!(seen("   0: 0100007F:1F90 0100007F:C001 01"), [((8080, 49153), Phase::Open)]);
        assert_eq!(seen("   0: 0100007F:C001 0100007F:1F90 06"), [((8080, 49153), Phase::Closed)]);
        assert_eq!(seen("   0: 0100007F:1F90 0100007F:C001 06"), [((8080, 49153), Phase::Closed)]);
    }

    #[test]
    fn listening_and_other_ports_do_not_count_as_use() {
        assert_eq!(seen("   0: 0100007F:1F90 00000000:0000 0A"), []);
        assert_eq!(seen("   0: 0100007F:1F91 0100007F:C001 01"), []);
        assert_eq!(seen("   0: 0100007F:C001 0100007F:1F90 01"), [], "the caller's side of an open connection");
    }
}
