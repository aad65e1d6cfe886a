//! Processes: when they were born, began anew, and were last heard of.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::{
    Presence,
    deltas::Reset,
    hash::Plain,
    parameters::{MINUTE, SECOND},
};
use crate::facts::{Emitter, Source};

/// Nothing says which instance it is: several may hide behind it.
pub const SHARED: &str = "-";

#[derive(Debug, Default)]
pub(crate) struct Process {
    /// Times at which metrics of it were seen, in order; each once.
    metric_times: Vec<i64>,
    /// Last time of anything.
    pub last: Option<i64>,
    pub resets: Vec<Reset>,
    /// Rules were loaded anew: time, and family of the framework.
    pub reloads: Vec<(i64, String)>,
    /// Start of its first life, when that is within what was read.
    pub born: Option<i64>,
    presence: Option<(i64, i64)>,
}

#[derive(Debug, Default)]
pub(crate) struct Processes {
    by_hash: HashMap<u64, usize, Plain>,
    all: Vec<Process>,
    /// First time that a rule saw a metric of a process.
    rules: HashMap<(usize, u64), i64, Plain>,
}

impl Processes {
    /// `bytes` is room to work in.
    pub fn index_of(&mut self, bytes: &mut Vec<u8>, emitter: &Emitter) -> usize {
        bytes.clear();
        for part in [&emitter.service, &emitter.namespace, &emitter.environment, &emitter.instance] {
            bytes.extend_from_slice(part.as_bytes());
            bytes.push(0);
        }
        *self.by_hash.entry(xxh3_64(bytes)).or_insert_with(|| {
            self.all.push(Process::default());
            self.all.len() - 1
        })
    }

    /// A fact of it; facts come in any order.
    pub fn saw(&mut self, process: usize, time: i64, source: Source, rule: &str) {
        let entry = &mut self.all[process];
        entry.last = entry.last.max(Some(time));
        if source.is_metric() {
            entry.metric_times.push(time);
            let first = self.rules.entry((process, xxh3_64(rule.as_bytes()))).or_insert(time);
            *first = time.min(*first);
        }
    }

    pub fn heard(&mut self, process: usize, presence: &Presence) {
        let entry = &mut self.all[process];
        entry.presence = Some((presence.first.0, presence.last.0));
        entry.last = entry.last.max(Some(presence.last.0));
    }

    pub fn sort(&mut self) {
        for process in &mut self.all {
            process.metric_times.sort_unstable();
            process.metric_times.dedup();
            process.resets.sort_unstable();
            process.resets.dedup();
            process.reloads.sort();
        }
    }

    /// Before series are read once more.
    pub fn forget_resets(&mut self) {
        self.all.iter_mut().for_each(|process| process.resets.clear());
    }

    pub fn get(&self, process: usize) -> &Process {
        &self.all[process]
    }

    pub fn get_mut(&mut self, process: usize) -> &mut Process {
        &mut self.all[process]
    }

    /// When metrics of the process were last seen before `time`, if a series that `rule` first sees then must be new: the rule saw
    /// others before, or the process was heard of for some minutes.
    pub fn seen_before(&self, process: usize, rule: &str, time: i64) -> Option<i64> {
        let entry = &self.all[process];
        let by_rule = self.rules.get(&(process, xxh3_64(rule.as_bytes()))).is_some_and(|first| first + SECOND < time);
        let first = entry.metric_times.first().copied().into_iter().chain(entry.presence.map(|(first, _)| first)).min()?;
        if !by_rule && first + 5 * MINUTE > time {
            return None;
        }
        let earlier = entry.metric_times.partition_point(|seen| seen + SECOND < time);
        Some(earlier.checked_sub(1).map_or(first, |last| entry.metric_times[last]))
    }

    /// When metrics of it were last seen before `time`.
    pub fn metric_before(&self, process: usize, time: i64) -> Option<i64> {
        let times = &self.all[process].metric_times;
        let earlier = times.partition_point(|seen| seen + SECOND < time);
        earlier.checked_sub(1).map(|last| times[last])
    }
}

impl Process {
    /// When it was last heard of, if it ought to have been heard of since: it sends metrics, or the caller knows.
    pub fn silent_since(&self, until: i64, silence: i64) -> Option<i64> {
        let periodic = self.metric_times.len() > 1 || self.presence.is_some();
        self.last.filter(|last| periodic && until - last > silence)
    }
}
