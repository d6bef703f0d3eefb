//! What the command prints about a stack.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use comfy_table::{Table, presets};
use serde::Serialize;

use super::{Held, with_descriptor};
use crate::{
    Service, StackDescriptor,
    control::{StackStatus, users},
    logs,
    output::print,
};

const FOLLOW_INTERVAL: Duration = Duration::from_millis(100);

/// `export` lines for a shell.
pub(super) fn environment(held: &Held) -> anyhow::Result<()> {
    for (name, value) in with_descriptor(&held.descriptor, &held.descriptor_file) {
        print(&format!("export {name}='{}'", value.replace('\'', r"'\''")))?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Whole<'a> {
    running: bool,
    descriptor: &'a StackDescriptor,
    status: Option<&'a StackStatus>,
}

/// What runs, and who uses it.
pub(super) fn status(descriptor: &StackDescriptor, status: Option<&StackStatus>, json: bool) -> anyhow::Result<()> {
    if json {
        let whole = Whole { running: true, descriptor, status };
        return print(&serde_json::to_string_pretty(&whole).context("a status is plain data")?);
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["part", "state", "restarts", "pid", "address", "version"]);
    let version = |service: Service| descriptor.versions.get(service.name()).cloned().unwrap_or_default();
    let Some(status) = status else {
        for (service, url) in &descriptor.urls {
            table.add_row([service.name(), "external", "", "", url, ""]);
        }
        return print(&table.to_string());
    };
    for part in &status.services {
        let pid = part.pid.map(|pid| pid.to_string()).unwrap_or_default();
        table.add_row([
            part.service.name().to_owned(),
            part.state.to_string(),
            part.restarts.to_string(),
            pid,
            part.address.clone(),
            version(part.service),
        ]);
    }
    print(&table.to_string())?;
    for part in status.services.iter().filter(|part| !part.last_lines.is_empty()) {
        print(&format!("\nlast lines of {} ({}):", part.service, part.log.display()))?;
        for line in &part.last_lines {
            print(&format!("  | {line}"))?;
        }
    }
    let use_line = match status.stops_in_seconds {
        Some(seconds) => format!("used by nobody, stops in {seconds} s"),
        None => format!("used by {}", users(&status.leases, status.open_connections)),
    };
    let since = status.started_at.format("%F %T UTC");
    print(&format!("\nsupervisor pid {}, up since {since}; {use_line}", status.supervisor))
}

/// The last lines of one log or all, and what follows.
pub(super) fn logs(held: &Held, service: Option<Service>, follow: bool, lines: usize) -> anyhow::Result<()> {
    let all = &held.descriptor.logs;
    let chosen: BTreeMap<_, _> = all.iter().filter(|(of, _)| service.is_none_or(|wanted| wanted == **of)).collect();
    anyhow::ensure!(!chosen.is_empty(), "this stack shows no log of {}", service.map_or("any part", Service::name));
    let prefix = |of: Service| if chosen.len() > 1 { format!("{of:18}| ") } else { String::new() };
    let mut offsets = BTreeMap::new();
    for (&&of, path) in &chosen {
        offsets.insert(of, logs::length(path));
        for line in logs::tail(path, lines) {
            print(&format!("{}{line}", prefix(of)))?;
        }
    }
    while follow && held.descriptor.supervisor.as_ref().is_none_or(|owner| owner.directory.exists()) {
        std::thread::sleep(FOLLOW_INTERVAL);
        for (&&of, path) in &chosen {
            let offset = offsets.entry(of).or_default();
            let (new, next) = logs::lines_since(path, *offset)?;
            *offset = next;
            for line in new {
                print(&format!("{}{line}", prefix(of)))?;
            }
        }
    }
    Ok(())
}
