//! How much memory the machine has, and whether it ran out.

use std::fs;

/// Default where the machine does not report it.
const UNKNOWN_BYTES: u64 = 8 << 30;

/// Memory that this process may use, in bytes: the machine's, or its control group's when that is less.
pub(crate) fn of_machine() -> u64 {
    let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let installed = field(&meminfo, "MemTotal:").map_or(UNKNOWN_BYTES, |kib| kib * 1024);
    let groups = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let group = groups.iter().filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok()).min();
    installed.min(group.unwrap_or(u64::MAX))
}

/// How often the kernel has killed a process because of too little memory since boot; None where it does not report
/// this.
pub(crate) fn kills() -> Option<u64> {
    field(&fs::read_to_string("/proc/vmstat").ok()?, "oom_kill")
}

/// The number that follows a name in a table of the kernel.
fn field(table: &str, name: &str) -> Option<u64> {
    table.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some(name)).then(|| words.next()?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_memory_and_oom_kills_are_readable() {
        assert!(of_machine() > 1 << 28, "{}", of_machine());
        assert!(kills().is_some());
    }

    #[test]
    fn field_is_found_by_its_whole_name() {
        let table = "oom_kill_disable 1\noom_kill 7\n";
        assert_eq!(field(table, "oom_kill"), Some(7));
        assert_eq!(field(table, "oom"), None);
    }
}
