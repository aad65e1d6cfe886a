//! Counts, ids and totals.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, metric::Data};
use proptest::prelude::*;
use schemas::{
    Signal, TraceId, UnixNanos,
    otlp::{DecodeLimits, Format, decode},
};

use crate::{Day, OPENING};

#[test]
fn the_same_seed_lives_the_same_day() {
    let (first, again, other) = (Day::live(5, 4.0, 40, 5), Day::live(5, 4.0, 40, 5), Day::live(6, 4.0, 40, 5));
    assert_eq!(first.exports, again.exports);
    assert_eq!(first.truth, again.truth);
    assert_ne!(first.exports, other.exports);
}

#[test]
fn the_day_does_not_depend_on_how_often_it_is_asked_for() {
    let (coarse, fine) = (Day::live(9, 4.0, 60, 60), Day::live(9, 4.0, 60, 1));
    assert_eq!(coarse.truth.totals.spans, fine.truth.totals.spans);
    assert_eq!(coarse.span_ids(), fine.span_ids());
    assert_eq!(coarse.logs.len(), fine.logs.len());
    // Every instrument of an instance reads the same at each of its collections, gauges too.
    let readings = |day: &Day| {
        let mut readings: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (instance, scope, metric) in &day.metrics {
            readings.entry(format!("{instance} {scope} {}", metric.name)).or_default().push(format!("{:?}", metric.data));
        }
        readings
    };
    let (coarse, fine) = (readings(&coarse), readings(&fine));
    assert!(coarse.keys().any(|key| key.ends_with("pgxpool.acquired_connections")), "{:?}", coarse.keys());
    for (instrument, readings) in &coarse {
        assert_eq!(Some(readings), fine.get(instrument), "{instrument}");
    }
    assert_eq!(coarse.len(), fine.len());
}

#[test]
fn time_that_was_lived_is_not_lived_again() {
    let mut shop = demo::Shop::new(demo::Config::default());
    let (from, to) = (UnixNanos(OPENING), UnixNanos(OPENING + 10 * crate::SECOND_NS));
    assert!(!shop.advance(from, to).is_empty());
    let before = shop.truth().totals;
    assert!(shop.advance(from, to).is_empty());
    assert_eq!(shop.truth().totals, before);
}

#[test]
fn every_trace_is_whole_and_every_parent_is_in_it() {
    let day = Day::live(11, 6.0, 90, 10);
    let ids = day.span_ids();
    assert_eq!(ids.len(), day.truth.traces().count());
    for (id, trace) in day.truth.traces() {
        assert_eq!(ids[id.as_bytes().as_slice()].len(), trace.spans as usize, "trace {id}");
        assert!(trace.is_complete(), "trace {id}");
    }
    for (service, _, span) in day.spans.iter().filter(|(_, _, span)| !span.parent_span_id.is_empty()) {
        assert!(ids[&span.trace_id].contains(&span.parent_span_id), "{service} {} has no parent", span.name);
    }
    for (_, _, span) in &day.spans {
        assert!(span.start_time_unix_nano < span.end_time_unix_nano, "{}", span.name);
        for link in &span.links {
            assert!(ids[&link.trace_id].contains(&link.span_id), "{} links to nothing", span.name);
        }
    }
    assert!(day.spans.iter().any(|(_, _, span)| !span.links.is_empty()), "nobody linked");
}

#[test]
fn logs_join_their_spans() {
    let day = Day::live(12, 6.0, 60, 10);
    let ids = day.span_ids();
    let mut per_trace: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    for (service, _, log) in day.logs.iter().filter(|(_, _, log)| !log.trace_id.is_empty()) {
        assert!(ids[&log.trace_id].contains(&log.span_id), "a log of {service} joins no span");
        *per_trace.entry(log.trace_id.clone()).or_default() += 1;
    }
    for (id, trace) in day.truth.traces() {
        assert_eq!(per_trace.get(id.as_bytes().as_slice()).copied().unwrap_or_default(), trace.logs, "trace {id}");
    }
}

#[test]
fn counts_on_the_exports_are_the_totals() {
    let day = Day::live(13, 6.0, 60, 10);
    for signal in Signal::ALL {
        let exported: u64 = day.exports.iter().filter(|export| export.signal == signal).map(|export| export.records).sum();
        assert_eq!(exported, day.truth.totals.records(signal), "{signal}");
        assert!(exported > 0, "{signal}");
    }
    assert_eq!(day.spans.len() as u64, day.truth.totals.spans);
    let failed = day.spans.iter().filter(|(_, _, span)| span.status.as_ref().is_some_and(|status| status.code == 2)).count();
    assert_eq!(failed as u64, day.truth.totals.error_spans);
}

#[test]
fn no_record_is_rejected() {
    let day = Day::live(14, 6.0, 60, 10);
    for export in &day.exports {
        let decoded = decode(export.signal, Format::Protobuf, &export.body, UnixNanos(OPENING), &DecodeLimits::default());
        let decoded = decoded.unwrap_or_else(|error| panic!("{} of {}: {error}", export.signal, export.service));
        let counted = (decoded.rejected.count, decoded.accepted);
        assert_eq!(counted, (0, export.records), "{} of {}: {:?}", export.signal, export.service, decoded.rejected);
    }
}

/// Requests a service's last cumulative histograms counted: those named `name`, over its instances.
fn counted(day: &Day, service: &str, name: &str) -> u64 {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for (instance, _, metric) in &day.metrics {
        if metric.name != name || !instance.starts_with(service) {
            continue;
        }
        let cumulative = AggregationTemporality::Cumulative as i32;
        let count = match metric.data.as_ref() {
            Some(Data::Histogram(data)) if data.aggregation_temporality == cumulative => {
                data.data_points.iter().map(|point| point.count).sum()
            }
            Some(Data::ExponentialHistogram(data)) => data.data_points.iter().map(|point| point.count).sum(),
            _ => continue,
        };
        last.insert(instance, count);
    }
    last.values().sum()
}

/// Requests a service's delta histograms counted, over all collections.
fn counted_in_deltas(day: &Day, service: &str, name: &str) -> u64 {
    let of_service = day.metrics.iter().filter(|(instance, _, metric)| metric.name == name && instance.starts_with(service));
    let points = of_service.filter_map(|(_, _, metric)| match metric.data.as_ref() {
        Some(Data::Histogram(data)) => Some(data.data_points.iter().map(|point| point.count).sum::<u64>()),
        _ => None,
    });
    points.sum()
}

#[test]
fn histograms_count_what_the_spans_show() {
    let day = Day::live(15, 8.0, 95, 10);
    let spans = |service: &str, kind: i32| day.spans.iter().filter(|(name, _, span)| name == service && span.kind == kind).count() as u64;
    let (server, client) = (2, 3);
    for (service, name) in [
        ("storefront", "http.server.request.duration"),
        ("catalog", "http.server.request.duration"),
        ("payment", "http.server.request.duration"),
        ("order", "server_requests_seconds_bucket"),
        ("user", "server_requests_seconds"),
    ] {
        assert_eq!(counted(&day, service, name), spans(service, server), "{service} {name}");
        assert!(counted(&day, service, name) > 0, "{service} {name}");
    }
    for (service, name) in [("edge-gateway", "http.downstream_rq_time"), ("recommendation", "rpc.server.duration")] {
        assert_eq!(counted_in_deltas(&day, service, name), spans(service, server), "{service} {name}");
    }
    let calls = day.spans.iter().filter(|(service, scope, span)| service == "order" && scope == "kratos" && span.kind == client).count();
    assert_eq!(counted(&day, "order", "client_requests_seconds_bucket"), calls as u64);
}

#[test]
fn exemplars_point_into_traces() {
    let day = Day::live(16, 8.0, 60, 10);
    let ids = day.span_ids();
    let mut seen = 0;
    for (_, _, metric) in &day.metrics {
        let Some(Data::Histogram(data)) = &metric.data else { continue };
        for exemplar in data.data_points.iter().flat_map(|point| &point.exemplars) {
            assert!(ids[&exemplar.trace_id].contains(&exemplar.span_id), "{}", metric.name);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen} exemplars");
}

#[test]
fn some_requests_fail_and_most_do_not() {
    let day = Day::two_hours();
    let totals = day.truth.totals;
    let failed = totals.failed_requests as f64 / totals.requests as f64;
    assert!((0.001..0.12).contains(&failed), "{totals:?}");
    assert!(totals.retries > 0 && totals.error_spans > totals.failed_requests, "{totals:?}");
    let (id, showpiece) = day.truth.showpiece().expect("a day has traces");
    assert!(showpiece.error_spans > 0 && showpiece.spans > 10, "{id} {showpiece:?}");
}

#[test]
fn a_service_has_several_instances() {
    let day = Day::live(17, 4.0, 30, 10);
    let names: std::collections::BTreeSet<_> = day.spans.iter().map(|(service, _, _)| service.as_str()).collect();
    assert!((8..=12).contains(&names.len()), "{names:?}");
    let instances: std::collections::BTreeSet<_> = day.metrics.iter().map(|(instance, _, _)| instance.as_str()).collect();
    assert!(instances.len() > names.len(), "{instances:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_seed_tells_the_truth(seed: u64, requests_per_second in 0.5_f64..12.0, seconds in 5_i64..40) {
        let day = Day::live(seed, requests_per_second, seconds, 7);
        prop_assert_eq!(day.spans.len() as u64, day.truth.totals.spans);
        prop_assert_eq!(day.logs.len() as u64, day.truth.totals.logs);
        let promised: u64 = day.truth.traces().map(|(_, trace)| u64::from(trace.spans)).sum();
        prop_assert_eq!(promised, day.truth.totals.spans);
        for (_, _, span) in &day.spans {
            prop_assert!(TraceId::from_slice(&span.trace_id).is_some());
        }
    }
}
