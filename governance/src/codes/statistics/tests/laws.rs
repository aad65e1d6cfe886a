//! Sums of stretches, put together, are a naive recount of all errors at once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proptest::prelude::*;
use schemas::{SpanId, TraceId};

use super::super::*;
use crate::{
    arrived::{Arrived, LATE_NS},
    codes::lineage::Hop,
    facts::{CodeSource, Source, SpanKind},
};

/// Errors of a trace are nearer to each other than this, and so much around a stretch is read.
const AROUND: i64 = 60;
const SERVICES: [&str; 3] = ["gateway", "order", "stock"];
const CODES: [&str; 3] = ["5001003", "4002001", "http:500"];
const ENVIRONMENTS: [&str; 2] = ["prod", "test"];

fn reported(
    trace: u8,
    base: i64,
    (into, span, parent): (i64, u8, u8),
    (service, code, environment, kind): (usize, usize, usize, u8),
) -> Reported<'static> {
    let time = base + into;
    let is_span = kind % 4 != 0;
    let hop = Hop {
        span: (span > 0).then_some(SpanId([span; 8])),
        parent: (parent > 0 && parent < span).then_some(SpanId([parent; 8])),
        service: SERVICES[service],
        code: CODES[code],
        reason: ["", "SOLD_OUT", "NO_MONEY"][usize::from(kind) % 3],
        message: ["", "a", "b", "c"][(time % 4) as usize],
        fingerprint: code as u64,
        code_source: if code == 2 { CodeSource::Status } else { CodeSource::Attribute },
        span_kind: is_span.then_some(SpanKind::Server),
        is_span,
        start: time - 50 + i64::from(span),
        end: time,
    };
    Reported {
        hop,
        trace: (trace > 0).then_some(TraceId([trace; 16])),
        environment: ENVIRONMENTS[environment],
        solution: ["", "wait"][usize::from(kind) % 2],
        http_status: [None, Some(500), Some(503)][usize::from(kind) % 3],
        grpc_status: ["", "INTERNAL"][usize::from(kind) % 2],
        is_rejection: kind % 5 == 0,
        span_failed: kind != 7,
        // What metrics say is not counted.
        source: if kind == 6 { Source::Sum } else { Source::Span },
        weight: f64::from(1 + kind % 3) / 4.0,
        received_ns: time + [0, LATE_NS, LATE_NS + 1][usize::from(span) % 3],
    }
}

prop_compose! {
    fn errors_of_a_trace()(
        trace in 0..6u8,
        base in 0..600i64,
        errors in prop::collection::vec(((0..AROUND, 0..5u8, 0..4u8), (0..3usize, 0..3usize, 0..2usize, 0..8u8)), 1..6),
    ) -> (u8, Vec<Reported<'static>>) {
        (trace, errors.into_iter().map(|(places, what)| reported(trace, base, places, what)).collect())
    }
}

/// Each trace once, and errors without one.
fn all(of_traces: Vec<(u8, Vec<Reported<'static>>)>) -> Vec<Reported<'static>> {
    let mut seen = HashSet::new();
    of_traces.into_iter().filter(|(trace, _)| *trace == 0 || seen.insert(*trace)).flat_map(|(_, errors)| errors).collect()
}

fn within(errors: &[Reported<'static>], start: i64, end: i64) -> Vec<Reported<'static>> {
    errors.iter().filter(|error| (start..end).contains(&error.time())).copied().collect()
}

/// Code by code and error by error.
fn recount(errors: &[Reported<'static>], count: Count<'_>) -> Vec<CodeCount> {
    let around = within(errors, count.start - AROUND, count.end + AROUND);
    let traced = Traced::of(around.iter().copied(), &[], &HashMap::new(), |_| None);
    let is_of = |error: &Reported<'_>| {
        (count.start..count.end).contains(&error.time())
            && (count.service.is_empty() || error.hop.service == count.service)
            && (count.environment.is_empty() || error.environment == count.environment)
    };
    let mut found = Vec::new();
    for code in CODES {
        let of_code: Vec<usize> =
            (0..traced.errors.len()).filter(|&at| traced.errors[at].hop.code == code && is_of(&traced.errors[at])).collect();
        let born = of_code.iter().copied().filter(|&at| traced.roles[at].is_born_here());
        let counted: Vec<usize> = of_code
            .iter()
            .copied()
            .filter(|&at| if count.every_hop { traced.roles[at].is_hop() } else { traced.roles[at].is_born_here() })
            .collect();
        if counted.is_empty() {
            continue;
        }
        let errors = || counted.iter().map(|&at| &traced.errors[at]);
        let mut by_service: BTreeMap<&str, f64> = BTreeMap::new();
        born.for_each(|at| *by_service.entry(traced.errors[at].hop.service).or_default() += traced.errors[at].weight);
        let mut born: Vec<(String, f64)> = by_service.into_iter().map(|(service, weight)| (service.to_owned(), weight)).collect();
        born.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut trend = vec![0.0; count.buckets];
        for error in errors() {
            let rounded = (error.time() / count.grain_ns * count.grain_ns).max(count.start);
            trend[((rounded - count.start) * count.buckets as i64 / (count.end - count.start)) as usize] += error.weight;
        }
        let on_the_way = traced.chains.iter().filter(|chain| chain.hops.iter().any(|hop| counted.contains(hop)));
        let reaches = on_the_way.flat_map(|chain| chain.services.iter().cloned()).chain(errors().map(|error| error.hop.service.to_owned()));
        let newest = |text: fn(&Reported<'static>) -> &'static str| {
            errors()
                .map(|error| (error.time(), text(error)))
                .filter(|(_, text)| !text.is_empty())
                .max()
                .map(|(_, text)| text.to_owned())
                .unwrap_or_default()
        };
        let most = |status: &dyn Fn(&Reported<'static>) -> Option<&'static str>| {
            let mut weights: BTreeMap<&str, f64> = BTreeMap::new();
            errors().for_each(|error| status(error).into_iter().for_each(|status| *weights.entry(status).or_default() += error.weight));
            weights.into_iter().rev().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(status, _)| status)
        };
        let traces: BTreeSet<TraceId> = errors().filter_map(|error| error.trace).collect();
        let seen = |key: fn(&Reported<'static>) -> i64| errors().filter_map(move |error| Some((key(error), error.trace?)));
        found.push(CodeCount {
            code: code.to_owned(),
            reason: newest(|error| error.hop.reason),
            count: errors().map(|error| error.weight).sum(),
            records: counted.len() as u64,
            rows: around.iter().filter(|error| error.hop.code == code && is_of(error)).count() as u64,
            born,
            reaches: reaches.collect(),
            traces: traces.len() as u64,
            rejections: errors().filter(|error| error.is_rejection).fold(0.0, |sum, error| sum + error.weight),
            first_ns: errors().map(Reported::time).min().expect("some"),
            last_ns: errors().map(Reported::time).max().expect("some"),
            trend,
            message: newest(|error| error.hop.message),
            solution: newest(|error| error.solution),
            arrived: Arrived {
                newest_ns: errors().map(|error| error.received_ns).max(),
                late: errors().filter(|error| error.received_ns - error.time() > LATE_NS).count() as u64,
                sampled_out: errors().fold(0.0, |sum, error| sum + error.weight - 1.0),
            },
            http_status: most(&|error| match error.http_status {
                Some(500) => Some("500"),
                Some(_) => Some("503"),
                None => None,
            })
            .map(|status| status.parse().expect("a number")),
            grpc_status: most(&|error| Some(error.grpc_status).filter(|status| !status.is_empty())).unwrap_or_default().to_owned(),
            oldest_trace: seen(Reported::time).min().map(|(_, trace)| trace),
            newest_trace: seen(Reported::time).max().map(|(_, trace)| trace),
            slowest_trace: seen(Reported::took_ns).max().map(|(_, trace)| trace),
        });
    }
    found.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn stretches_add_up(
        traces in prop::collection::vec(errors_of_a_trace(), 1..12),
        (start, length) in (0..200i64, AROUND..400i64),
        mut cuts in prop::collection::vec(AROUND..400i64, 0..5),
        (every_hop, service, environment) in (any::<bool>(), prop::sample::select(vec!["", "order", "stock"]), prop::sample::select(vec!["", "prod"])),
        newest_first in any::<bool>(),
    ) {
        let errors = all(traces);
        let count = Count { every_hop, service, environment, start, end: start + length, buckets: 7, grain_ns: 10 };
        cuts.retain(|cut| *cut < length);
        cuts.extend([0, length]);
        cuts.sort_unstable();
        cuts.dedup();
        let mut stretches: Vec<Stretch> = cuts.windows(2).map(|cut| Stretch { start: start + cut[0], end: start + cut[1], grain_ns: 10 }).collect();
        if newest_first {
            stretches.reverse();
        }
        let mut totals = Totals::new(count);
        for stretch in stretches {
            let mut around = within(&errors, stretch.start - AROUND, stretch.end + AROUND);
            if newest_first {
                around.reverse();
            }
            totals.add(&Sums::fold(around.into_iter(), &HashMap::new(), &[], stretch), stretch.start > start);
        }
        let found = totals.finish();
        prop_assert_eq!(found.left_out, 0.0);
        prop_assert_eq!(found.codes, recount(&errors, count));
    }
}

#[test]
fn a_trace_over_an_edge_is_one_and_its_error_born_once() {
    let of = |into, span, parent, service| reported(1, 70, (into, span, parent), (service, 0, 0, 1));
    let errors = [of(40, 1, 0, 0), of(20, 2, 1, 2)];
    for edge in [80, 91, 100, 111] {
        let count = Count { every_hop: true, service: "", environment: "", start: 0, end: 200, buckets: 1, grain_ns: 10 };
        let mut totals = Totals::new(count);
        for (start, end) in [(0, edge), (edge, 200)] {
            let around = within(&errors, start - AROUND, end + AROUND);
            totals.add(&Sums::fold(around.into_iter(), &HashMap::new(), &[], Stretch { start, end, grain_ns: 10 }), start > 0);
        }
        let [code] = &totals.finish().codes[..] else { panic!("one code") };
        assert_eq!((code.records, code.traces, code.born.len(), code.born[0].0.as_str()), (2, 1, 1, "stock"), "{edge}");
    }
}

#[test]
fn codes_beyond_the_limit_are_counted_together() {
    let names: Vec<String> = (0..CODES_MAX + 10).map(|code| code.to_string()).collect();
    let one = reported(0, 10, (0, 0, 0), (0, 0, 0, 1));
    let errors = names.iter().map(|code| Reported { hop: Hop { code, ..one.hop }, ..one });
    let sums = Sums::fold(errors, &HashMap::new(), &[], Stretch { start: 0, end: 100, grain_ns: 10 });
    let check = |service: &str, expected: (usize, f64)| {
        let mut totals = Totals::new(Count { every_hop: false, service, environment: "", start: 0, end: 100, buckets: 1, grain_ns: 10 });
        totals.add(&sums, false);
        let counts = totals.finish();
        assert_eq!((counts.codes.len(), counts.left_out), expected);
    };
    check("", (CODES_MAX, 10.0 * one.weight));
    check("gateway", (CODES_MAX, 10.0 * one.weight));
    check("order", (0, 0.0));
    assert!(sums.bytes() > CODES_MAX * 300, "{}", sums.bytes());
}
