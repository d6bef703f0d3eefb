//! Ports for the parts of a stack.
//!
//! A port is taken from below the range that the kernel hands to outgoing connections. Then neither the moment between
//! giving it to a process and that process binding it, nor the time that a stopped part is away, lets some outgoing
//! connection take it.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
};

use anyhow::{Context, bail};
use rand::Rng;

/// Ports below this are likely to be somebody's standard port.
const LOWEST: u16 = 20_000;
/// Used when the kernel's range cannot be read or leaves no room.
const HIGHEST_BY_DEFAULT: u16 = 32_000;
const ATTEMPTS: usize = 400;

/// A port of the loopback address, held until [`ReservedPort::release`].
#[derive(Debug)]
pub struct ReservedPort {
    listener: TcpListener,
    /// The number.
    pub number: u16,
}

impl ReservedPort {
    /// Reserves some free port.
    pub fn any() -> anyhow::Result<Self> {
        let range = LOWEST..highest();
        let mut random = rand::rng();
        for _ in 0..ATTEMPTS {
            let number = random.random_range(range.clone());
            if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, number)) {
                return Ok(Self { listener, number });
            }
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
        let number = listener.local_addr().context("a bound socket has an address")?.port();
        Ok(Self { listener, number })
    }

    /// Reserves a given port; the error names who holds it.
    pub fn exactly(number: u16, purpose: &str) -> anyhow::Result<Self> {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, number)) {
            Ok(listener) => Ok(Self { listener, number }),
            Err(error) => {
                let holder = holder_of(number).unwrap_or_else(|| "a process that this user may not see".to_owned());
                bail!(
                    "port {number}, the standard port of {purpose}, is taken ({error}) by {holder}; \
                     end that process, or leave out --standard-ports to use free ports"
                )
            }
        }
    }

    /// Releases the port for the process that is about to bind it.
    pub fn release(self) -> u16 {
        drop(self.listener);
        self.number
    }
}

fn highest() -> u16 {
    fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range")
        .ok()
        .and_then(|text| text.split_whitespace().next().and_then(|low| low.parse::<u16>().ok()))
        .filter(|low| *low > LOWEST + 1000)
        .unwrap_or(HIGHEST_BY_DEFAULT)
}

/// Who listens on a port: `name (pid 123)`.
fn holder_of(port: u16) -> Option<String> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let pid: i32 = process.file_name().to_str()?.parse().ok()?;
        let holds = fs::read_dir(process.path().join("fd")).ok()?.flatten().any(|file| {
            fs::read_link(file.path()).is_ok_and(|target| inodes.iter().any(|inode| target == Path::new(inode)))
        });
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        holds.then(|| format!("{} (pid {pid})", name.trim()))
    })
}

/// Inodes of listening sockets on `port`; state `0A` is LISTEN, and the port is in hexadecimal.
fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    let suffix = format!(":{port:04X}");
    table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields.len() > 9 && fields[1].ends_with(&suffix) && fields[3] == "0A")
        .map(|fields| fields[9].to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_port_is_refused_with_its_holder() {
        let held = ReservedPort::any().unwrap();
        let error = ReservedPort::exactly(held.number, "the test").unwrap_err().to_string();
        assert!(error.contains(&held.number.to_string()), "the message names the port: {error}");
        assert!(error.contains(&format!("pid {}", std::process::id())), "the message names the holder: {error}");
    }
}
