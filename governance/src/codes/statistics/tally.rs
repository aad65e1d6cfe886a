//! Errors of one code at one place, while they are counted and when they are.

use std::{
    collections::{BTreeSet, HashMap},
    mem::size_of,
    sync::Arc,
};

use schemas::TraceId;

use super::{reported::Reported, texts::Texts};
use crate::arrived::Arrived;

/// While they are counted.
#[derive(Default)]
pub(super) struct Tally<'a> {
    count: f64,
    records: u64,
    rejections: f64,
    /// By time, rounded down.
    trend: Vec<(i64, f64)>,
    reaches: BTreeSet<&'a str>,
    http: HashMap<i64, f64>,
    grpc: HashMap<&'a str, f64>,
    times: Option<(i64, i64)>,
    message: Option<(i64, &'a str)>,
    solution: Option<(i64, &'a str)>,
    reason: Option<(i64, &'a str)>,
    seen: Seen,
    arrived: Arrived,
}

/// Traces to look at: when each was, or how long it took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Seen {
    pub oldest: Option<(i64, TraceId)>,
    pub newest: Option<(i64, TraceId)>,
    pub slowest: Option<(i64, TraceId)>,
}

/// Errors of one code at one place in a stretch of time, added up.
#[derive(Debug)]
pub(super) struct Sum {
    pub count: f64,
    pub records: u64,
    pub rejections: f64,
    pub first_ns: i64,
    pub last_ns: i64,
    pub trend: Box<[(i64, f64)]>,
    pub reaches: Box<[Arc<str>]>,
    pub http: Box<[(i64, f64)]>,
    pub grpc: Box<[(Arc<str>, f64)]>,
    pub message: Option<(i64, Arc<str>)>,
    pub solution: Option<(i64, Arc<str>)>,
    pub reason: Option<(i64, Arc<str>)>,
    pub seen: Seen,
    pub arrived: Arrived,
}

impl<'a> Tally<'a> {
    pub(super) fn add(&mut self, error: &Reported<'a>, grain_ns: i64) {
        let (weight, time) = (error.weight, error.time());
        self.count += weight;
        self.records += 1;
        self.arrived.add(time, error.received_ns, weight);
        if error.is_rejection {
            self.rejections += weight;
        }
        let rounded = time.div_euclid(grain_ns).saturating_mul(grain_ns);
        match self.trend.last_mut() {
            Some((last, sum)) if *last == rounded => *sum += weight,
            _ => self.trend.push((rounded, weight)),
        }
        self.reaches.insert(error.hop.service);
        if let Some(status) = error.http_status {
            *self.http.entry(status).or_default() += weight;
        }
        if !error.grpc_status.is_empty() {
            *self.grpc.entry(error.grpc_status).or_default() += weight;
        }
        self.times = Some(self.times.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
        newer(&mut self.message, &time, &error.hop.message);
        newer(&mut self.solution, &time, &error.solution);
        newer(&mut self.reason, &time, &error.hop.reason);
        if let Some(trace) = error.trace {
            self.seen.join(Seen { oldest: Some((time, trace)), newest: Some((time, trace)), slowest: Some((error.took_ns(), trace)) });
        }
    }

    /// Services that carried one of the errors, or what became of it.
    pub(super) fn reach(&mut self, services: impl Iterator<Item = &'a str>) {
        self.reaches.extend(services);
    }

    pub(super) fn finish(mut self, texts: &mut Texts<'a>) -> Sum {
        self.trend.sort_unstable_by_key(|(time, _)| *time);
        self.trend.dedup_by(|next, sum| {
            let is_same = next.0 == sum.0;
            if is_same {
                sum.1 += next.1;
            }
            is_same
        });
        let (first_ns, last_ns) = self.times.unwrap_or_default();
        let mut of = |text: Option<(i64, &'a str)>| text.map(|(time, text)| (time, texts.get(text)));
        let (message, solution, reason) = (of(self.message), of(self.solution), of(self.reason));
        Sum {
            count: self.count,
            records: self.records,
            rejections: self.rejections,
            first_ns,
            last_ns,
            trend: self.trend.into(),
            reaches: self.reaches.into_iter().map(|service| texts.get(service)).collect(),
            http: self.http.into_iter().collect(),
            grpc: self.grpc.into_iter().map(|(status, weight)| (texts.get(status), weight)).collect(),
            message,
            solution,
            reason,
            seen: self.seen,
            arrived: self.arrived,
        }
    }
}

/// Of texts that are equally new the greater one, so that the order in which records are read says nothing. An empty one is none.
pub(super) fn newer<T: Ord + Clone + AsRef<str>>(kept: &mut Option<(i64, T)>, time: &i64, text: &T) {
    if !text.as_ref().is_empty() && kept.as_ref().is_none_or(|kept| (kept.0, &kept.1) < (*time, text)) {
        *kept = Some((*time, text.clone()));
    }
}

impl Seen {
    pub(super) fn join(&mut self, other: Self) {
        self.oldest = self.oldest.into_iter().chain(other.oldest).min();
        self.newest = self.newest.max(other.newest);
        self.slowest = self.slowest.max(other.slowest);
    }
}

impl Sum {
    /// In memory, without its texts.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of::<(i64, f64)>() * (self.trend.len() + self.http.len())
            + size_of::<Arc<str>>() * self.reaches.len()
            + size_of::<(Arc<str>, f64)>() * self.grpc.len()
    }
}
