//! What must hold for any record at all. The fuzz targets of `governance/fuzz` run these functions, named like them.
//!
//! A record is written as lines: scope, kind, name, text, then `key=value` attributes. It becomes a span with an exception, a log event, and
//! a point of a gauge, a sum and a histogram, so that one input meets rules of every kind.

use governance::{
    classify::{Rules, classify, with_facts},
    facts::Facts,
    fold::{Input, fold},
    tables,
};
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs},
    metrics::v1::{
        Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, metric::Data, number_data_point,
    },
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event},
};
use prost::Message;
use schemas::{
    Signal, Table, TableBatch, UnixNanos,
    otlp::{DecodeLimits, Format, decode},
};

const START: u64 = 1_790_000_000_000_000_000;
/// Names are cut, so that no record fills a table: as `governance/src/classify/emit.rs` says.
const NAME_BYTES_MAX: usize = 256;
const TEXT_BYTES_MAX: usize = 2_048;

/// The same record gives the same facts; names have a limit; rows of the tables give the facts back; and the fold takes them.
pub fn rules(input: &[u8]) {
    let batches = Record::read(input).batches();
    let facts = classify(Rules::shipped(), &batches);
    // Numbers of a record may be NaN, which equals nothing.
    assert_eq!(format!("{facts:?}"), format!("{:?}", classify(Rules::shipped(), &batches)));
    for rejection in &facts.rejections {
        let texts = [&rejection.name, &rejection.operation, &rejection.target, &rejection.code, &rejection.reason];
        assert!(texts.into_iter().all(|text| text.len() <= NAME_BYTES_MAX + "op:".len()), "{rejection:?}");
    }
    for signal in &facts.breaker_signals {
        assert!(signal.name.len() <= NAME_BYTES_MAX + "op:".len() && signal.text.len() <= TEXT_BYTES_MAX, "{signal:?}");
    }
    let rows: usize = batches.iter().map(|batch| batch.batch.num_rows()).sum();
    assert!(facts.errors.len() <= rows, "more errors than records: {facts:?}");
    let read = read_back(with_facts(Rules::shipped(), batches, UnixNanos(START as i64)));
    assert_eq!((read.rejections.len(), read.breaker_signals.len()), (facts.rejections.len(), facts.breaker_signals.len()));
    let until = UnixNanos(START as i64 + 3_600_000_000_000);
    let folded = fold(&Input::new(&read.rejections, &read.breaker_signals, UnixNanos(0), until));
    assert_eq!(folded.verdicts.len(), read.rejections.len());
}

/// What the rules say of an input.
pub fn facts_of(input: &[u8]) -> Facts {
    classify(Rules::shipped(), &Record::read(input).batches())
}

fn read_back(batches: Vec<TableBatch>) -> Facts {
    let mut facts = Facts::default();
    for TableBatch { table, batch } in batches {
        match table {
            Table::Rejections => facts.rejections.extend(tables::rejections::read(&batch).expect("just written")),
            Table::BreakerSignals => facts.breaker_signals.extend(tables::breaker_signals::read(&batch).expect("just written")),
            Table::Errors => facts.errors.extend(tables::errors::read(&batch).expect("just written")),
            _ => {}
        }
    }
    facts
}

struct Record {
    scope: String,
    kind: i32,
    name: String,
    text: String,
    attributes: Vec<KeyValue>,
}

impl Record {
    fn read(input: &[u8]) -> Self {
        let text = String::from_utf8_lossy(input);
        let mut lines = text.lines();
        let mut line = || lines.next().unwrap_or_default().to_owned();
        let (scope, kind, name, text) = (line(), line(), line(), line());
        Self { scope, kind: kind.trim().parse().unwrap_or(3), name, text, attributes: lines.filter_map(attribute).collect() }
    }

    fn batches(&self) -> Vec<TableBatch> {
        let spans = ExportTraceServiceRequest { resource_spans: vec![self.spans()] }.encode_to_vec();
        let logs = ExportLogsServiceRequest { resource_logs: vec![self.logs()] }.encode_to_vec();
        let metrics = ExportMetricsServiceRequest { resource_metrics: vec![self.metrics()] }.encode_to_vec();
        let rows = |signal, body: &[u8]| {
            decode(signal, Format::Protobuf, body, UnixNanos(START as i64), &DecodeLimits::default()).expect("valid OTLP").batches
        };
        [rows(Signal::Traces, &spans), rows(Signal::Logs, &logs), rows(Signal::Metrics, &metrics)].concat()
    }

    fn resource(&self) -> Option<Resource> {
        Some(Resource { attributes: self.attributes.clone(), ..Default::default() })
    }

    fn scope(&self) -> Option<InstrumentationScope> {
        Some(InstrumentationScope { name: self.scope.clone(), ..Default::default() })
    }

    fn spans(&self) -> ResourceSpans {
        let exception = [pair("exception.message", &self.text), pair("exception.type", &self.name)];
        let events = vec![
            Event { time_unix_nano: START, name: "exception".to_owned(), attributes: exception.to_vec(), ..Default::default() },
            Event { time_unix_nano: START, name: self.name.clone(), attributes: self.attributes.clone(), ..Default::default() },
        ];
        let span = Span {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            name: self.name.clone(),
            kind: self.kind,
            start_time_unix_nano: START,
            end_time_unix_nano: START + 40_000,
            attributes: self.attributes.clone(),
            events,
            status: (!self.text.is_empty()).then(|| Status { message: self.text.clone(), code: 2 }),
            ..Default::default()
        };
        let spans = vec![Span { span_id: vec![3; 8], ..span.clone() }, span];
        let scope_spans = vec![ScopeSpans { scope: self.scope(), spans, ..Default::default() }];
        ResourceSpans { resource: self.resource(), scope_spans, ..Default::default() }
    }

    fn logs(&self) -> ResourceLogs {
        let record = LogRecord {
            time_unix_nano: START,
            severity_number: 17,
            event_name: self.name.clone(),
            body: Some(AnyValue { value: Some(Value::StringValue(self.text.clone())) }),
            attributes: self.attributes.clone(),
            ..Default::default()
        };
        let scope_logs = vec![ScopeLogs { scope: self.scope(), log_records: vec![record], ..Default::default() }];
        ResourceLogs { resource: self.resource(), scope_logs, ..Default::default() }
    }

    fn metrics(&self) -> ResourceMetrics {
        let number = NumberDataPoint {
            attributes: self.attributes.clone(),
            time_unix_nano: START,
            value: Some(number_data_point::Value::AsDouble(self.text.trim().parse().unwrap_or(1.0))),
            ..Default::default()
        };
        let point = HistogramDataPoint { attributes: self.attributes.clone(), time_unix_nano: START, count: 3, ..Default::default() };
        let metric = |data| Metric { name: self.name.clone(), data: Some(data), ..Default::default() };
        let metrics = vec![
            metric(Data::Gauge(Gauge { data_points: vec![number.clone()] })),
            metric(Data::Sum(Sum { data_points: vec![number], aggregation_temporality: 2, is_monotonic: true })),
            metric(Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 2 })),
        ];
        let scope_metrics = vec![ScopeMetrics { scope: self.scope(), metrics, ..Default::default() }];
        ResourceMetrics { resource: self.resource(), scope_metrics, ..Default::default() }
    }
}

fn pair(key: &str, value: &str) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) }), ..Default::default() }
}

/// A value that reads as a number is one.
fn attribute(line: &str) -> Option<KeyValue> {
    let (key, value) = line.split_once('=')?;
    let number = |value| KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() };
    Some(match (value.parse::<i64>(), value.parse::<f64>()) {
        (Ok(whole), _) => number(Value::IntValue(whole)),
        (_, Ok(other)) => number(Value::DoubleValue(other)),
        _ => pair(key, value),
    })
}
