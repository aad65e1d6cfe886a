//! Requests of every signal, rewritten in place and read back with the reference decoder.

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{Exemplar, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, metric::Data},
    trace::v1::{ResourceSpans, ScopeSpans, Span, span::Event, span::Link},
};
use prost::Message;
use rand::{SeedableRng, rngs::SmallRng};
use schemas::Signal;

use super::*;

const TRACE: [u8; 16] = [7; 16];
const SPAN: [u8; 8] = [1; 8];
const CHILD: [u8; 8] = [2; 8];
const SHIFT_NS: i64 = -50;

fn traces() -> ExportTraceServiceRequest {
    let root = Span {
        trace_id: TRACE.into(),
        span_id: SPAN.into(),
        parent_span_id: vec![0; 8],
        name: "root".into(),
        start_time_unix_nano: 1_000,
        end_time_unix_nano: 2_000,
        events: vec![Event { time_unix_nano: 1_500, ..Event::default() }, Event::default()],
        ..Span::default()
    };
    let link = Link { trace_id: TRACE.into(), span_id: SPAN.into(), ..Link::default() };
    let child = Span { span_id: CHILD.into(), parent_span_id: SPAN.into(), links: vec![link], events: vec![], ..root.clone() };
    let strange = Span { trace_id: vec![1; 5], ..root.clone() };
    let scope_spans = vec![ScopeSpans { spans: vec![root, child, strange], ..ScopeSpans::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }
}

fn rewritten<M: Message + Default>(signal: Signal, request: &M, records: u64) -> M {
    let body = request.encode_to_vec();
    let layout = Layout::scan(signal, &body).expect("protobuf");
    assert_eq!(layout.records, records);
    assert_eq!(Rewrite::shift(0).apply(&layout, &body), body);
    let rewrite = Rewrite::shift(SHIFT_NS).fresh_ids(&mut SmallRng::seed_from_u64(1));
    M::decode(rewrite.apply(&layout, &body).as_slice()).expect("still protobuf")
}

#[test]
fn spans_keep_their_references() {
    let fresh = rewritten(Signal::Traces, &traces(), 3);
    let [root, child, strange] = fresh.resource_spans[0].scope_spans[0].spans.as_slice() else { panic!("three spans") };
    assert_ne!(root.trace_id, TRACE);
    assert_ne!(root.span_id, SPAN);
    assert_eq!(root.parent_span_id, [0; 8], "no parent stays no parent");
    assert_eq!((&child.trace_id, &child.parent_span_id), (&root.trace_id, &root.span_id));
    assert_eq!((&child.links[0].trace_id, &child.links[0].span_id), (&root.trace_id, &root.span_id));
    assert_ne!(child.span_id, CHILD);
    assert_eq!(strange.trace_id, [1; 5], "what is no id is left alone");
    assert_eq!((root.start_time_unix_nano, root.end_time_unix_nano), (950, 1_950));
    assert_eq!((root.events[0].time_unix_nano, root.events[1].time_unix_nano), (1_450, 0), "no time stays no time");
    assert_eq!(root.name, "root");
}

#[test]
fn logs_and_exemplars_point_at_the_same_spans() {
    let trace = rewritten(Signal::Traces, &traces(), 3).resource_spans[0].scope_spans[0].spans[0].clone();

    let log =
        LogRecord { time_unix_nano: 0, observed_time_unix_nano: 900, trace_id: TRACE.into(), span_id: SPAN.into(), ..LogRecord::default() };
    let scope_logs = vec![ScopeLogs { log_records: vec![log], ..ScopeLogs::default() }];
    let logs = ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs, ..ResourceLogs::default() }] };
    let log = rewritten(Signal::Logs, &logs, 1).resource_logs[0].scope_logs[0].log_records[0].clone();
    assert_eq!((&log.trace_id, &log.span_id), (&trace.trace_id, &trace.span_id));
    assert_eq!((log.time_unix_nano, log.observed_time_unix_nano), (0, 850));

    let exemplar = Exemplar { time_unix_nano: 500, trace_id: TRACE.into(), span_id: SPAN.into(), ..Exemplar::default() };
    let point = NumberDataPoint { start_time_unix_nano: 100, time_unix_nano: 600, exemplars: vec![exemplar], ..NumberDataPoint::default() };
    let gauge = Metric { data: Some(Data::Gauge(Gauge { data_points: vec![point.clone(), point] })), ..Metric::default() };
    let scope_metrics = vec![ScopeMetrics { metrics: vec![gauge], ..ScopeMetrics::default() }];
    let metrics = ExportMetricsServiceRequest { resource_metrics: vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }] };
    let metric = rewritten(Signal::Metrics, &metrics, 2).resource_metrics[0].scope_metrics[0].metrics[0].clone();
    let Some(Data::Gauge(gauge)) = metric.data else { panic!("a gauge") };
    let point = &gauge.data_points[1];
    assert_eq!((&point.exemplars[0].trace_id, &point.exemplars[0].span_id), (&trace.trace_id, &trace.span_id));
    assert_eq!((point.start_time_unix_nano, point.time_unix_nano, point.exemplars[0].time_unix_nano), (50, 550, 450));
}

#[test]
fn what_is_no_protobuf_is_refused() {
    assert!(Layout::scan(Signal::Traces, &[0x0a, 9, 1]).is_err());
    assert_eq!(Layout::scan(Signal::Logs, &[]).expect("an empty request"), Layout::default());
}
