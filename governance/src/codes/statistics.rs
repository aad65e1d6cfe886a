//! Errors of a window by code: how many, since when, where born, how far they reach.
//!
//! Of one trace an error counts once, where it is born; or every hop, when that is asked for. Metrics are left out: their errors are
//! the same calls, seen once more.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use schemas::TraceId;

use super::{
    counted::{CountRule, rule_for},
    lineage::{Chain, Hop, Role, chains, trace_roles},
};
use crate::facts::{Amount, Error, Source};

/// Errors with what each is in its trace.
#[derive(Debug)]
pub struct Traced<'a> {
    pub errors: Vec<&'a Error>,
    /// In the order of `errors`; indexes in them are indexes of `errors`.
    pub roles: Vec<Role>,
    pub chains: Vec<Chain>,
}

/// What is counted, and from when to when.
#[derive(Debug, Clone, Copy)]
pub struct Count {
    pub every_hop: bool,
    /// Nanoseconds, the end excluded.
    pub start: i64,
    pub end: i64,
    /// Equal stretches of the window for the trend.
    pub buckets: usize,
}

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

/// Exemplars of a translation.
const EXEMPLARS_MAX: usize = 5;

/// One way of a code through services, with how often it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// Code and service of each step: the origin first.
    pub steps: Vec<(String, String)>,
    pub services: Vec<String>,
    pub count: f64,
    pub traces: Vec<TraceId>,
}

impl<'a> Traced<'a> {
    /// Roles within each trace, links known from the errors alone. `home`: the service that a code belongs to.
    pub fn of<'h>(errors: &'a [Error], rules: &[CountRule], home: impl Fn(&str) -> Option<&'h str>) -> Self {
        let fallback = CountRule::default();
        let counts = |error: &&Error| {
            let is_metric = matches!(error.evidence.source, Source::Sum | Source::Gauge | Source::Histogram);
            !is_metric && rule_for(rules, &error.emitter.service, &fallback).counts(error)
        };
        let errors: Vec<&Error> = errors.iter().filter(counts).collect();
        let mut by_trace: BTreeMap<TraceId, Vec<usize>> = BTreeMap::new();
        for (index, error) in errors.iter().enumerate() {
            if let Some(trace) = error.evidence.trace_id {
                by_trace.entry(trace).or_default().push(index);
            }
        }
        let mut traced = Self { roles: vec![Role::Origin; errors.len()], chains: Vec::new(), errors };
        for indexes in by_trace.into_values() {
            let hops: Vec<Hop<'_>> = indexes.iter().map(|&index| Hop::of(traced.errors[index])).collect();
            let roles = trace_roles(&hops, &[], &home).roles;
            for chain in chains(&hops, &roles) {
                traced.chains.push(Chain { steps: chain.steps.iter().map(|&at| indexes[at]).collect(), services: chain.services });
            }
            for (at, role) in roles.into_iter().enumerate() {
                traced.roles[indexes[at]] = role.at(&indexes);
            }
        }
        traced
    }

    /// Counts by code, the most frequent first.
    pub fn by_code(&self, count: Count) -> Vec<CodeCount> {
        let mut codes: HashMap<&str, Tally<'_>> = HashMap::new();
        for (error, role) in self.errors.iter().zip(&self.roles) {
            if if count.every_hop { role.is_hop() } else { role.is_born_here() } {
                codes.entry(&error.code).or_default().add(error, *role, count);
            }
        }
        for chain in &self.chains {
            for &step in &chain.steps {
                if let Some(tally) = codes.get_mut(self.errors[step].code.as_str()) {
                    tally.count.reaches.extend(chain.services.iter().cloned());
                }
            }
        }
        let mut all: Vec<CodeCount> = codes.into_values().map(Tally::finish).collect();
        all.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
        all
    }

    /// The ways that lead through a code, the most frequent first.
    pub fn ways(&self, code: &str) -> Vec<Way> {
        let mut ways: BTreeMap<WayKey, Way> = BTreeMap::new();
        for chain in self.chains.iter().filter(|chain| chain.steps.iter().any(|&step| self.errors[step].code == code)) {
            let steps: Vec<_> =
                chain.steps.iter().map(|&step| (self.errors[step].code.clone(), self.errors[step].emitter.service.clone())).collect();
            let born = chain.steps.first().map(|&step| self.errors[step]);
            let way = ways.entry((steps.clone(), chain.services.clone())).or_insert_with(|| Way {
                steps,
                services: chain.services.clone(),
                count: 0.0,
                traces: Vec::new(),
            });
            way.count += born.map_or(0.0, weight);
            let trace = born.and_then(|error| error.evidence.trace_id);
            way.traces.extend(trace.filter(|trace| way.traces.len() < EXEMPLARS_MAX && !way.traces.contains(trace)));
        }
        let mut all: Vec<Way> = ways.into_values().collect();
        all.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.steps.cmp(&b.steps)));
        all
    }
}

/// Codes, each with the service that says it, and the services on the way.
type WayKey = (Vec<(String, String)>, Vec<String>);

/// A code while it is counted.
#[derive(Default)]
struct Tally<'a> {
    count: CodeCount,
    traces: HashSet<TraceId>,
    born: HashMap<&'a str, f64>,
    http: HashMap<i64, f64>,
    grpc: HashMap<&'a str, f64>,
    slowest_ns: i64,
}

impl<'a> Tally<'a> {
    fn add(&mut self, error: &'a Error, role: Role, window: Count) {
        let (weight, time, trace) = (weight(error), error.time.0, error.evidence.trace_id);
        let count = &mut self.count;
        let is_first = count.records == 0;
        if is_first {
            count.code.clone_from(&error.code);
            count.trend = vec![0.0; window.buckets];
        }
        count.count += weight;
        count.records += 1;
        if error.is_rejection {
            count.rejections += weight;
        }
        self.traces.extend(trace);
        count.reaches.insert(error.emitter.service.clone());
        if role.is_born_here() {
            *self.born.entry(&error.emitter.service).or_default() += weight;
        }
        if let Some(bucket) = bucket(time, window).and_then(|bucket| count.trend.get_mut(bucket)) {
            *bucket += weight;
        }
        if let Some(status) = error.http_status {
            *self.http.entry(status).or_default() += weight;
        }
        if !error.grpc_status.is_empty() {
            *self.grpc.entry(&error.grpc_status).or_default() += weight;
        }
        if is_first || time < count.first_ns {
            count.first_ns = time;
            count.oldest_trace = trace.or(count.oldest_trace);
        }
        if is_first || time >= count.last_ns {
            count.last_ns = time;
            count.newest_trace = trace.or(count.newest_trace);
            keep_newest(&mut count.message, &error.message);
            keep_newest(&mut count.solution, &error.solution);
            keep_newest(&mut count.reason, &error.reason);
        }
        let took = error.duration_ns.unwrap_or_default();
        if trace.is_some() && (count.slowest_trace.is_none() || took > self.slowest_ns) {
            self.slowest_ns = took;
            count.slowest_trace = trace;
        }
    }

    fn finish(mut self) -> CodeCount {
        self.count.traces = self.traces.len() as u64;
        self.count.born = self.born.into_iter().map(|(service, count)| (service.to_owned(), count)).collect();
        self.count.born.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        self.count.http_status = self.http.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(status, _)| status);
        let grpc = self.grpc.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(a.0)));
        self.count.grpc_status = grpc.map(|(status, _)| status.to_owned()).unwrap_or_default();
        self.count
    }
}

/// How many errors the row stands for.
fn weight(error: &Error) -> f64 {
    match error.amount {
        Amount::Count(count) => count,
        Amount::Cumulative { .. } => 0.0,
    }
}

fn bucket(time: i64, window: Count) -> Option<usize> {
    let length = i128::from(window.end) - i128::from(window.start);
    let into = i128::from(time) - i128::from(window.start);
    (length > 0 && (0..length).contains(&into)).then(|| (into * window.buckets as i128 / length) as usize)
}

fn keep_newest(kept: &mut String, newer: &str) {
    if !newer.is_empty() {
        newer.clone_into(kept);
    }
}

/// How a code does against its own past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not seen before, as far as is looked back.
    New,
    /// Absent for a week, and back.
    Regressed,
    /// Far more often than usual.
    Spiking,
    Steady,
}

/// What was seen of a code before the window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Past {
    /// The last record before the window.
    pub last_ns: Option<i64>,
    /// Records that the usual stretch of the window's length has.
    pub usual: f64,
}

const WEEK_NS: i64 = 7 * 24 * 3_600_000_000_000;

/// More than three deviations of a Poisson count above the usual, and at least twice of it, is a spike.
pub fn standing(records: f64, window_start: i64, past: Past) -> Standing {
    match past.last_ns {
        None => Standing::New,
        Some(last) if window_start.saturating_sub(last) >= WEEK_NS => Standing::Regressed,
        Some(_) if records > past.usual + 3.0 * (past.usual + 1.0).sqrt() && records >= 2.0 * past.usual => Standing::Spiking,
        Some(_) => Standing::Steady,
    }
}

impl Standing {
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Regressed => "regressed",
            Self::Spiking => "spiking",
            Self::Steady => "steady",
        }
    }
}

#[cfg(test)]
mod tests {
    use schemas::{SpanId, UnixNanos};

    use super::*;
    use crate::{
        codes::{Extractor, Record, SpanStatus},
        facts::SpanKind,
    };

    fn error(trace: u8, span: u8, parent: u8, service: &str, code: &str, time: i64) -> Error {
        let mut record = Record::empty(Source::Span, UnixNanos(time));
        let attributes = format!("{{\"error.code\":\"{code}\"}}");
        (record.attributes, record.span_status, record.span_kind) = (&attributes, SpanStatus::Error, Some(SpanKind::Server));
        record.duration_ns = Some(100 - i64::from(span));
        let mut error = Extractor::default().extract(&record).expect("an error");
        error.emitter.service = service.to_owned();
        error.evidence.trace_id = TraceId::from_slice(&[trace; 16]);
        error.evidence.span_id = SpanId::from_slice(&[span; 8]);
        error.evidence.parent_span_id = SpanId::from_slice(&[parent; 8]);
        error
    }

    fn errors() -> Vec<Error> {
        let of_trace = |trace: u8, time: i64| {
            vec![
                error(trace, 1, 0, "gateway", "1000001", time),
                error(trace, 2, 1, "order", "5001003", time),
                error(trace, 3, 2, "stock", "5001003", time),
            ]
        };
        let mut all = [of_trace(1, 10), of_trace(2, 90), vec![error(3, 3, 0, "stock", "5001003", 50)]].concat();
        all[2].amount = Amount::Count(4.0);
        all
    }

    #[test]
    fn born_or_every_hop() {
        let errors = errors();
        let traced = Traced::of(&errors, &[], |_| None);
        let window = Count { every_hop: false, start: 0, end: 100, buckets: 4 };
        let born = traced.by_code(window);
        assert_eq!(born.len(), 1, "the gateway only translated");
        let code = &born[0];
        assert_eq!((code.code.as_str(), code.count, code.records, code.traces), ("5001003", 6.0, 3, 3));
        assert_eq!(code.born, [("stock".to_owned(), 6.0)]);
        assert_eq!(code.reaches.iter().collect::<Vec<_>>(), ["gateway", "order", "stock"]);
        assert_eq!((code.first_ns, code.last_ns, code.trend.as_slice()), (10, 90, [4.0, 0.0, 1.0, 1.0].as_slice()));
        assert_eq!((code.oldest_trace, code.newest_trace), (TraceId::from_slice(&[1; 16]), TraceId::from_slice(&[2; 16])));

        let hops = traced.by_code(Count { every_hop: true, ..window });
        let counts: Vec<_> = hops.iter().map(|code| (code.code.as_str(), code.count)).collect();
        assert_eq!(counts, [("5001003", 8.0), ("1000001", 2.0)]);
    }

    #[test]
    fn ways_of_a_code() {
        let errors = errors();
        let traced = Traced::of(&errors, &[], |_| None);
        let ways = traced.ways("5001003");
        let shown: Vec<_> = ways
            .iter()
            .map(|way| {
                (
                    way.steps.iter().map(|(code, service)| format!("{service} {code}")).collect::<Vec<_>>().join(" > "),
                    way.count,
                    way.traces.len(),
                )
            })
            .collect();
        assert_eq!(shown, [("stock 5001003 > gateway 1000001".to_owned(), 5.0, 2), ("stock 5001003".to_owned(), 1.0, 1)]);
        assert_eq!(traced.ways("1000001").len(), 1);
        assert_eq!(traced.ways("nothing"), []);
    }

    #[test]
    fn rules_hold_before_anything_is_counted() {
        let errors = errors();
        let rules = [CountRule { services: vec!["stock".into()], ignore: vec!["5001003".into()], ..CountRule::default() }];
        let traced = Traced::of(&errors, &rules, |_| None);
        let born = traced.by_code(Count { every_hop: false, start: 0, end: 100, buckets: 1 });
        assert_eq!(born[0].born, [("order".to_owned(), 2.0)], "what stock does not count is born where it is counted first");
    }

    #[test]
    fn against_the_past() {
        let day = 24 * 3_600_000_000_000;
        let check = |records, last_days: Option<i64>, usual, expected| {
            let past = Past { last_ns: last_days.map(|days| 100 * day - days * day), usual };
            assert_eq!(standing(records, 100 * day, past), expected);
        };
        check(1.0, None, 0.0, Standing::New);
        check(1.0, Some(8), 0.0, Standing::Regressed);
        check(1.0, Some(1), 0.0, Standing::Steady);
        check(20.0, Some(1), 2.0, Standing::Spiking);
        check(120.0, Some(1), 80.0, Standing::Steady);
    }
}
