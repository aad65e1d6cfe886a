//! What the operating system says about this process, in the usual `process_*` metrics.

use std::{fmt::Write, fs, time::SystemTime};

/// A reading of `/proc/self`; fields are absent where the system does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ProcessStats {
    pub(crate) cpu_seconds: Option<f64>,
    pub(crate) resident_bytes: Option<u64>,
    pub(crate) threads: Option<u64>,
    pub(crate) open_fds: Option<u64>,
}

impl ProcessStats {
    pub(crate) fn load() -> Self {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let fields = after_command(&stat);
        let number = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
        Self {
            cpu_seconds: number(USER_TICKS).zip(number(SYSTEM_TICKS)).map(|(user, system)| (user + system) as f64 / TICKS_PER_SECOND),
            resident_bytes: resident_bytes(&fs::read_to_string("/proc/self/status").unwrap_or_default()),
            threads: number(THREADS),
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count() as u64),
        }
    }

    /// Prometheus text; the names are those of every client library.
    pub(crate) fn render(&self, started_at: SystemTime, text: &mut String) {
        let started = started_at.duration_since(SystemTime::UNIX_EPOCH).map(|since| since.as_secs_f64()).ok();
        let values = [
            ("process_cpu_seconds_total", "counter", self.cpu_seconds),
            ("process_resident_memory_bytes", "gauge", self.resident_bytes.map(|bytes| bytes as f64)),
            ("process_threads", "gauge", self.threads.map(|threads| threads as f64)),
            ("process_open_fds", "gauge", self.open_fds.map(|fds| fds as f64)),
            ("process_start_time_seconds", "gauge", started),
        ];
        for (name, kind, value) in values {
            if let Some(value) = value {
                writeln!(text, "# TYPE {name} {kind}\n{name} {value}\n").expect("writing to a String cannot fail");
            }
        }
    }
}

/// Positions in `/proc/self/stat` after the command name, see proc(5).
const USER_TICKS: usize = 11;
const SYSTEM_TICKS: usize = 12;
const THREADS: usize = 17;
/// `USER_HZ`: the kernel's unit towards user space, the same on every Linux since 2.4.
const TICKS_PER_SECOND: f64 = 100.0;

/// The line `VmRSS:     1234 kB`.
fn resident_bytes(status: &str) -> Option<u64> {
    let kib: u64 = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_ascii_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

/// The fields behind the command, which stands in parentheses and may contain anything.
fn after_command(stat: &str) -> Vec<&str> {
    stat.rsplit_once(')').map(|(_, rest)| rest.split_ascii_whitespace().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_this_process() {
        let stats = ProcessStats::load();
        assert!(stats.resident_bytes.is_some_and(|bytes| bytes > 100_000), "{stats:?}");
        assert!(stats.threads.is_some_and(|threads| threads >= 1), "{stats:?}");
        assert!(stats.cpu_seconds.is_some(), "{stats:?}");
    }

    #[test]
    fn a_strange_command_name_shifts_nothing() {
        assert_eq!(after_command("7 (a) b) c) S 1 2"), ["S", "1", "2"]);
    }
}
