//! Sums of several stretches of time, put together.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    appearances::Whose,
    count::{CODES_MAX, CodeCount, Count, Counts},
    sums::{OfCode, OfPlace, Sums},
    tally::{Seen, Sum, newer},
};

/// Adds up what is asked for; takes stretches in any order.
#[derive(Debug)]
pub struct Totals<'f> {
    count: Count<'f>,
    codes: HashMap<Arc<str>, Total>,
    left_out: f64,
}

/// Of a code.
#[derive(Debug, Default)]
struct Total {
    count: CodeCount,
    reaches: BTreeSet<Arc<str>>,
    born: HashMap<Arc<str>, f64>,
    http: HashMap<i64, f64>,
    grpc: HashMap<Arc<str>, f64>,
    message: Option<(i64, Arc<str>)>,
    solution: Option<(i64, Arc<str>)>,
    reason: Option<(i64, Arc<str>)>,
    seen: Seen,
}

impl<'f> Totals<'f> {
    pub fn new(count: Count<'f>) -> Self {
        Self { count, codes: HashMap::new(), left_out: 0.0 }
    }

    /// Adds a stretch that is all within the window. `follows`: the stretch that ends where this one starts is added as well, before or
    /// after it.
    pub fn add(&mut self, sums: &Sums, follows: bool) {
        for code in &sums.codes {
            self.add_code(code, follows);
        }
        for left in sums.left_out.iter().filter(|left| self.count.is_of(&left.service, &left.environment)) {
            self.left_out += if self.count.every_hop { left.born + left.passed } else { left.born };
        }
    }

    fn add_code(&mut self, code: &OfCode, follows: bool) {
        let count = self.count;
        let mut places = code.places.iter().filter(|place| count.is_of(&place.service, &place.environment)).peekable();
        if places.peek().is_none() {
            return;
        }
        if self.codes.len() >= CODES_MAX && !self.codes.contains_key(&code.code) {
            self.left_out += places.flat_map(|place| count.sums(place)).map(|sum| sum.count).sum::<f64>();
            return;
        }
        let total = self.codes.entry(Arc::clone(&code.code)).or_default();
        for place in places {
            total.count.rows += place.rows;
            if let Some(born) = &place.born {
                *total.born.entry(Arc::clone(&place.service)).or_default() += born.count;
            }
            count.sums(place).for_each(|sum| total.add(sum, count));
        }
        let whose = count.whose();
        let of = |traces: &&super::appearances::Traces| {
            let of = &traces.whose;
            (of.service.as_deref(), of.environment.as_deref(), of.every_hop) == (whose.service, whose.environment, whose.every_hop)
        };
        if let Some(traces) = code.traces.iter().find(of) {
            total.count.traces += traces.all - if follows { traces.continued } else { 0 };
        }
    }

    pub fn finish(self) -> Counts {
        let counted = self.codes.into_iter().filter(|(_, total)| total.count.records > 0);
        let mut codes: Vec<CodeCount> = counted.map(|(code, total)| total.finish(&code)).collect();
        codes.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
        Counts { codes, left_out: self.left_out }
    }
}

impl Count<'_> {
    fn is_of(&self, service: &str, environment: &str) -> bool {
        (self.service.is_empty() || self.service == service) && (self.environment.is_empty() || self.environment == environment)
    }

    fn whose(&self) -> Whose<&str> {
        let chosen = |text| Some(text).filter(|text: &&str| !text.is_empty());
        Whose { service: chosen(self.service), environment: chosen(self.environment), every_hop: self.every_hop }
    }

    fn sums<'s>(&self, place: &'s OfPlace) -> impl Iterator<Item = &'s Sum> + use<'s> {
        let passed = place.passed.as_deref().filter(|_| self.every_hop);
        place.born.as_deref().into_iter().chain(passed)
    }
}

impl Total {
    fn add(&mut self, sum: &Sum, window: Count<'_>) {
        let count = &mut self.count;
        let is_first = count.records == 0;
        if is_first {
            count.trend = vec![0.0; window.buckets];
        }
        count.count += sum.count;
        count.records += sum.records;
        count.rejections += sum.rejections;
        count.arrived.merge(&sum.arrived);
        count.first_ns = if is_first { sum.first_ns } else { count.first_ns.min(sum.first_ns) };
        count.last_ns = if is_first { sum.last_ns } else { count.last_ns.max(sum.last_ns) };
        for (time, weight) in &sum.trend {
            if let Some(bucket) = window.bucket(*time).and_then(|bucket| count.trend.get_mut(bucket)) {
                *bucket += weight;
            }
        }
        for service in &sum.reaches {
            if !self.reaches.contains(service) {
                self.reaches.insert(Arc::clone(service));
            }
        }
        for (status, weight) in &sum.http {
            *self.http.entry(*status).or_default() += weight;
        }
        for (status, weight) in &sum.grpc {
            *self.grpc.entry(Arc::clone(status)).or_default() += weight;
        }
        let texts = [(&mut self.message, &sum.message), (&mut self.solution, &sum.solution), (&mut self.reason, &sum.reason)];
        for (kept, other) in texts {
            if let Some((time, text)) = other {
                newer(kept, time, text);
            }
        }
        self.seen.join(sum.seen);
    }

    fn finish(self, code: &str) -> CodeCount {
        let mut born: Vec<(String, f64)> = self.born.into_iter().map(|(service, count)| (service.to_string(), count)).collect();
        born.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let grpc = self.grpc.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0)));
        let text = |text: Option<(i64, Arc<str>)>| text.map(|(_, text)| text.to_string()).unwrap_or_default();
        let trace = |seen: Option<(i64, schemas::TraceId)>| seen.map(|(_, trace)| trace);
        CodeCount {
            code: code.to_owned(),
            reason: text(self.reason),
            message: text(self.message),
            solution: text(self.solution),
            born,
            reaches: self.reaches.iter().map(ToString::to_string).collect(),
            http_status: self.http.into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).map(|(status, _)| status),
            grpc_status: text(grpc.map(|(status, _)| (0, status))),
            oldest_trace: trace(self.seen.oldest),
            newest_trace: trace(self.seen.newest),
            slowest_trace: trace(self.seen.slowest),
            ..self.count
        }
    }
}
