//! How many files, sockets included, this process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit to the most that the system lets this process have, and returns it. Systems start processes with far less
/// (1,024 is common) for the sake of programs that use `select`.
pub fn raise_file_limit() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let unlimited = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
    if unlimited(current) >= unlimited(maximum) {
        return unlimited(current);
    }
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => unlimited(maximum),
        Err(error) => {
            tracing::warn!(%error, current, maximum, "the limit of open files stays as it is");
            unlimited(current)
        }
    }
}
