//! Limits of the engine.

use std::{path::PathBuf, time::Duration};

/// What questions may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Threads that compute answers; 0 = one per core.
    pub threads: usize,
    /// Questions computed at the same time.
    pub concurrent_max: usize,
    /// Questions that wait for their turn; more are refused with 429.
    pub waiting_max: usize,
    /// After this a question ends with an error, its wait included.
    pub deadline: Duration,
    /// Memory of all questions together.
    pub memory_bytes_max: usize,
    /// Of one question.
    pub question_memory_bytes_max: usize,
    /// Rows of one answer; an answer that has more is cut and says so.
    pub rows_max: usize,
    /// Memory of the rows of one answer; so too.
    pub answer_bytes_max: usize,
    /// Exports at the same time, beside the questions. An export is never cut.
    pub exports_max: usize,
    /// Of an export. One whose reader takes nothing for `deadline` ends too.
    pub export_deadline: Duration,
    /// Where sorts and joins go that do not fit into memory. Emptied at the start.
    pub spill_dir: PathBuf,
    pub spill_bytes_max: u64,
}

impl Config {
    /// Defaults, with spill files in `spill_dir`.
    pub fn new(spill_dir: PathBuf) -> Self {
        Self {
            threads: 0,
            concurrent_max: 4,
            waiting_max: 32,
            deadline: Duration::from_secs(30),
            memory_bytes_max: 1 << 30,
            question_memory_bytes_max: 512 << 20,
            rows_max: 100_000,
            answer_bytes_max: 64 << 20,
            exports_max: 2,
            export_deadline: Duration::from_secs(3600),
            spill_dir,
            spill_bytes_max: 10 << 30,
        }
    }
}
