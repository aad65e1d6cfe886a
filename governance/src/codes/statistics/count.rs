//! Counts by code.

use std::collections::{BTreeSet, HashMap, HashSet};

use schemas::TraceId;

use super::{reported::Reported, traced::Traced};
use crate::codes::lineage::Role;

/// What is counted, and from when to when.
#[derive(Debug, Clone, Copy)]
pub struct Count<'f> {
    pub every_hop: bool,
    /// Only errors that this service reports; empty: any.
    pub service: &'f str,
    /// Only errors from this environment; empty: any.
    pub environment: &'f str,
    /// Nanoseconds, the end excluded.
    pub start: i64,
    pub end: i64,
    /// Equal stretches of the window for the trend.
    pub buckets: usize,
}

/// Counts by code.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// The most frequent first.
    pub codes: Vec<CodeCount>,
    /// Errors of further codes: no more than [`CODES_MAX`] are told apart.
    pub left_out: f64,
}

/// Codes that are told apart in one window.
pub const CODES_MAX: usize = 20_000;

/// One code in a window.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CodeCount {
    pub code: String,
    pub reason: String,
    pub count: f64,
    /// Records behind the count.
    pub records: u64,
    /// Services where it was born, most first.
    pub born: Vec<(String, f64)>,
    /// Services that carried it, or what became of it.
    pub reaches: BTreeSet<String>,
    pub traces: u64,
    pub rejections: f64,
    pub first_ns: i64,
    pub last_ns: i64,
    pub trend: Vec<f64>,
    /// Of the newest record.
    pub message: String,
    pub solution: String,
    /// Status that came with it most often.
    pub http_status: Option<i64>,
    pub grpc_status: String,
    pub oldest_trace: Option<TraceId>,
    pub newest_trace: Option<TraceId>,
    pub slowest_trace: Option<TraceId>,
}

impl<'a> Traced<'a> {
    pub fn by_code(&self, count: Count<'_>) -> Counts {
        let mut codes: HashMap<&str, Tally<'_>> = HashMap::new();
        let mut left_out = 0.0;
        for (error, role) in self.errors.iter().zip(&self.roles) {
            if !count.takes(error, *role) {
                continue;
            }
            if codes.len() < CODES_MAX || codes.contains_key(error.hop.code) {
                codes.entry(error.hop.code).or_default().add(error, *role, count);
            } else {
                left_out += error.weight;
            }
        }
        for chain in &self.chains {
            for &step in &chain.steps {
                if let Some(tally) = codes.get_mut(self.errors[step].hop.code) {
                    tally.reaches.extend(chain.services.iter().map(String::as_str));
                }
            }
        }
        let mut codes: Vec<CodeCount> = codes.into_values().map(Tally::finish).collect();
        codes.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
        Counts { codes, left_out }
    }
}

impl Count<'_> {
    fn takes(&self, error: &Reported<'_>, role: Role) -> bool {
        let is_of = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        (if self.every_hop { role.is_hop() } else { role.is_born_here() })
            && is_of(self.service, error.hop.service)
            && is_of(self.environment, error.environment)
    }

    fn bucket(&self, time: i64) -> Option<usize> {
        let length = i128::from(self.end) - i128::from(self.start);
        let into = i128::from(time) - i128::from(self.start);
        (length > 0 && (0..length).contains(&into)).then(|| (into * self.buckets as i128 / length) as usize)
    }
}

/// A code while it is counted.
#[derive(Default)]
struct Tally<'a> {
    count: CodeCount,
    traces: HashSet<TraceId>,
    reaches: HashSet<&'a str>,
    born: HashMap<&'a str, f64>,
    http: HashMap<i64, f64>,
    grpc: HashMap<&'a str, f64>,
    slowest_ns: i64,
    code: &'a str,
    message: &'a str,
    solution: &'a str,
    reason: &'a str,
}

impl<'a> Tally<'a> {
    fn add(&mut self, error: &Reported<'a>, role: Role, window: Count<'_>) {
        let (weight, time, trace) = (error.weight, error.time(), error.trace);
        let count = &mut self.count;
        let is_first = count.records == 0;
        if is_first {
            self.code = error.hop.code;
            count.trend = vec![0.0; window.buckets];
        }
        count.count += weight;
        count.records += 1;
        if error.is_rejection {
            count.rejections += weight;
        }
        self.traces.extend(trace);
        self.reaches.insert(error.hop.service);
        if role.is_born_here() {
            *self.born.entry(error.hop.service).or_default() += weight;
        }
        if let Some(bucket) = window.bucket(time).and_then(|bucket| count.trend.get_mut(bucket)) {
            *bucket += weight;
        }
        if let Some(status) = error.http_status {
            *self.http.entry(status).or_default() += weight;
        }
        if !error.grpc_status.is_empty() {
            *self.grpc.entry(error.grpc_status).or_default() += weight;
        }
        if is_first || time < count.first_ns {
            count.first_ns = time;
            count.oldest_trace = trace.or(count.oldest_trace);
        }
        if is_first || time >= count.last_ns {
            count.last_ns = time;
            count.newest_trace = trace.or(count.newest_trace);
            keep_newest(&mut self.message, error.hop.message);
            keep_newest(&mut self.solution, error.solution);
            keep_newest(&mut self.reason, error.hop.reason);
        }
        let took = error.took_ns();
        if trace.is_some() && (count.slowest_trace.is_none() || took > self.slowest_ns) {
            self.slowest_ns = took;
            count.slowest_trace = trace;
        }
    }

    fn finish(self) -> CodeCount {
        let mut born: Vec<(String, f64)> = self.born.into_iter().map(|(service, count)| (service.to_owned(), count)).collect();
        born.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let grpc = self.grpc.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(a.0)));
        CodeCount {
            code: self.code.to_owned(),
            reason: self.reason.to_owned(),
            message: self.message.to_owned(),
            solution: self.solution.to_owned(),
            born,
            reaches: self.reaches.into_iter().map(str::to_owned).collect(),
            traces: self.traces.len() as u64,
            http_status: self.http.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(status, _)| status),
            grpc_status: grpc.map(|(status, _)| status.to_owned()).unwrap_or_default(),
            ..self.count
        }
    }
}

fn keep_newest<'a>(kept: &mut &'a str, newer: &'a str) {
    if !newer.is_empty() {
        *kept = newer;
    }
}
