//! What other systems push, made by prost, becomes the OTLP that prost reads.

use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest},
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, exemplar, metric::Data, number_data_point},
};
use prost::Message;
use schemas::interop::{Dialect, Translated, read_spans, zipkin};
use testkit::pushed::{
    BucketSpan, Histogram, Sample,
    loki::{Entry, Pair, PushRequest, Stream, Timestamp},
    write_1::{Exemplar, Label, TimeSeries, WriteRequest},
    write_2,
    zipkin::{Annotation, Endpoint, ListOfSpans, Span},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";
const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);
const MIB: usize = 1 << 20;

fn translate(dialect: Dialect, document: &[u8]) -> Translated {
    dialect.translate(document, MIB).unwrap_or_else(|error| panic!("{error}"))
}

fn why(dialect: Dialect, document: &[u8]) -> String {
    let error = dialect.translate(document, MIB).expect_err("refused");
    std::error::Error::source(&error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

fn texts(attributes: &[KeyValue]) -> Vec<(&str, &str)> {
    let text = |pair: &KeyValue| match pair.value.as_ref().and_then(|value| value.value.as_ref()) {
        Some(Value::StringValue(text)) => text.clone(),
        other => panic!("{other:?} is no text"),
    };
    attributes.iter().map(|pair| (pair.key.as_str(), &*text(pair).leak())).collect()
}

mod of_zipkin {
    use super::*;

    fn span() -> Span {
        Span {
            trace_id: vec![0, 0, 0, 0, 0, 0, 0, 0x7b],
            id: vec![0, 0, 0, 0, 0, 0, 1, 0xc8],
            parent_id: vec![0, 0, 0, 0, 0, 0, 0, 1],
            kind: 2,
            name: "get /pay".into(),
            timestamp: 1_700_000_000_000_000,
            duration: 1_500,
            local_endpoint: Some(Endpoint { service_name: "pay".into(), ipv4: vec![10, 0, 0, 1], ipv6: vec![], port: 80 }),
            remote_endpoint: Some(Endpoint { service_name: "web".into(), ipv6: vec![1; 16], ..Endpoint::default() }),
            annotations: vec![Annotation { timestamp: 1_700_000_000_000_100, value: "ws".into() }],
            tags: [("http.path".into(), "/pay".into()), ("error".into(), "refused".into())].into(),
            shared: false,
        }
    }

    #[test]
    fn protobuf_says_what_json_says() {
        let json = r#"[{"traceId":"000000000000007b","id":"00000000000001c8","parentId":"0000000000000001","kind":"SERVER","name":"get /pay",
            "timestamp":1700000000000000,"duration":1500,"localEndpoint":{"serviceName":"pay","ipv4":"10.0.0.1","port":80},
            "remoteEndpoint":{"serviceName":"web","ipv6":"101:101:101:101:101:101:101:101"},
            "annotations":[{"timestamp":1700000000000100,"value":"ws"}],"tags":{"http.path":"/pay","error":"refused"}}]"#;
        let protobuf = ListOfSpans { spans: vec![span()] }.encode_to_vec();
        let of_protobuf = translate(Dialect::ZipkinProtobuf, &protobuf);
        assert_eq!(of_protobuf, translate(Dialect::ZipkinJson, json.as_bytes()));
        assert_eq!(read_spans(&of_protobuf.protobuf).expect("OTLP"), zipkin::read(json.as_bytes()).expect("JSON").groups);
        ExportTraceServiceRequest::decode(of_protobuf.protobuf.as_slice()).expect("OTLP");
    }

    #[test]
    fn the_halves_of_a_shared_span_are_two() {
        let client = Span { kind: 1, local_endpoint: Some(Endpoint { service_name: "web".into(), ..Endpoint::default() }), ..span() };
        let server = Span { shared: true, ..span() };
        let translated = translate(Dialect::ZipkinProtobuf, &ListOfSpans { spans: vec![client, server] }.encode_to_vec());
        let groups = read_spans(&translated.protobuf).expect("OTLP");
        let spans: Vec<_> = groups.iter().flat_map(|group| &group.spans).collect();
        assert_eq!(spans.len(), 2);
        assert_eq!(spans[1].parent_span_id, Some(spans[0].span_id));
    }

    #[test]
    fn a_span_without_ids_is_rejected_alone() {
        let check = |change: fn(&mut Span), expected: &str| {
            let mut bad = span();
            change(&mut bad);
            let translated = translate(Dialect::ZipkinProtobuf, &ListOfSpans { spans: vec![bad, span()] }.encode_to_vec());
            assert!(translated.rejected.message().starts_with(&format!("1 rejected: {expected}")), "{:?}", translated.rejected);
            assert_eq!(read_spans(&translated.protobuf).expect("OTLP").len(), 1);
        };
        check(|span| span.trace_id.clear(), "trace_id is not 16 bytes");
        check(|span| span.trace_id = vec![1; 12], "trace_id is not 16 bytes");
        check(|span| span.trace_id = vec![0; 16], "trace_id is all zeros");
        check(|span| span.id = vec![1; 9], "span_id is not 8 bytes");
        check(|span| span.id = vec![0; 8], "span_id is all zeros");
    }

    #[test]
    fn mistakes_are_named() {
        assert!(why(Dialect::ZipkinJson, b"{}").starts_with("malformed Zipkin JSON: "));
        assert_eq!(why(Dialect::ZipkinProtobuf, &[0x0a, 5, 1]), "malformed Zipkin protobuf: a length reaches beyond the message");
        let long = format!(r#"[{{"traceId":"1","id":"2","name":"{}"}}]"#, "x".repeat(MIB));
        assert_eq!(why(Dialect::ZipkinJson, long.as_bytes()), "Zipkin would be more than 1048576 bytes as OTLP");
    }
}

mod of_loki {
    use super::*;

    fn pushed(translated: &Translated) -> ExportLogsServiceRequest {
        ExportLogsServiceRequest::decode(translated.protobuf.as_slice()).expect("OTLP")
    }

    #[test]
    fn json_and_protobuf_become_the_same() {
        let json = format!(
            r#"{{"streams":[{{"stream":{{"app":"shop","level":"warn"}},"values":[
                ["1700000000000000001","库存 low"],
                ["1700000000000000002","x",{{"trace_id":"{TRACE}","span_id":"{SPAN}","user":"7","detected_level":"error"}}]]}},
                {{"stream":{{"pod":"a"}},"values":[["1700000000000000003","level=info traceID={TRACE}"]]}}]}}"#
        );
        let pair = |name: &str, value: &str| Pair { name: name.into(), value: value.into() };
        let entry = |nanos, line: &str, structured_metadata| Entry {
            timestamp: Some(Timestamp { seconds: 1_700_000_000, nanos }),
            line: line.into(),
            structured_metadata,
        };
        let metadata = vec![pair("trace_id", TRACE), pair("span_id", SPAN), pair("user", "7"), pair("detected_level", "error")];
        let streams = vec![
            Stream {
                labels: r#"{app="shop", level="warn"}"#.into(), entries: vec![entry(1, "库存 low", vec![]), entry(2, "x", metadata)]
            },
            Stream { labels: r#"{pod="a"}"#.into(), entries: vec![entry(3, &format!("level=info traceID={TRACE}"), vec![])] },
        ];
        let translated = translate(Dialect::LokiJson, json.as_bytes());
        assert_eq!(translated, translate(Dialect::LokiProtobuf, &PushRequest { streams }.encode_to_vec()));

        let request = pushed(&translated);
        let resource = |place: usize| texts(&request.resource_logs[place].resource.as_ref().expect("resource").attributes);
        assert_eq!(resource(0), [("service.name", "shop"), ("app", "shop"), ("level", "warn")]);
        assert_eq!(resource(1), [("pod", "a")]);
        let records: Vec<_> = request.resource_logs.iter().flat_map(|group| &group.scope_logs[0].log_records).collect();
        let said: Vec<_> = records
            .iter()
            .map(|record| (record.time_unix_nano % 10, record.severity_number, record.severity_text.as_str(), record.trace_id.len()))
            .collect();
        assert_eq!(said, [(1, 13, "warn", 0), (2, 17, "error", 16), (3, 0, "", 16)]);
        assert_eq!(texts(&records[1].attributes), [("user", "7"), ("detected_level", "error")]);
        assert_eq!(records[1].span_id.len(), 8);
        assert_eq!(records[0].body.as_ref().and_then(|body| body.value.clone()), Some(Value::StringValue("库存 low".into())));
    }

    #[test]
    fn what_loki_took_before_its_first_version_is_the_same() {
        let newer = r#"{"streams":[{"stream":{"app":"shop","level":"warn"},"values":[["1700000000000000001","a\"b"]]}]}"#;
        let older = r#"{"streams":[{"labels":"{app=\"shop\", level=\"warn\"}","entries":[{"ts":"2023-11-14T22:13:20.000000001Z","line":"a\"b"}]}]}"#;
        assert_eq!(translate(Dialect::LokiJson, older.as_bytes()), translate(Dialect::LokiJson, newer.as_bytes()));
        let noon = r#"{"streams":[{"entries":[{"ts":"noon","line":"x"}]}]}"#;
        assert_eq!(translate(Dialect::LokiJson, noon.as_bytes()).rejected.count, 1);
    }

    #[test]
    fn the_service_is_named_as_loki_names_it() {
        let check = |labels: &str, expected: Option<&str>| {
            let json = format!(r#"{{"streams":[{{"stream":{labels},"values":[["1","x"]]}}]}}"#);
            let request = pushed(&translate(Dialect::LokiJson, json.as_bytes()));
            let resource = request.resource_logs[0].resource.clone().expect("resource");
            let names = texts(&resource.attributes);
            assert_eq!(names.iter().find(|(key, _)| *key == "service.name").map(|(_, value)| *value), expected, "{labels}");
        };
        check(r#"{"job":"j","container":"c"}"#, Some("c"));
        check(r#"{"service_name":"s","app":"a"}"#, Some("s"));
        check(r#"{"service.name":"s","app":"a"}"#, Some("s"));
        check(r#"{"app":"","job":"j"}"#, Some("j"));
        check(r#"{"pod":"p"}"#, None);
    }

    #[test]
    fn mistakes_are_named() {
        let json = |entry: &str| format!(r#"{{"streams":[{{"stream":{{}},"values":[{entry}]}}]}}"#);
        assert!(why(Dialect::LokiJson, json(r#"["noon","x"]"#).as_bytes()).contains("\"noon\" is not a time in ns"));
        assert!(why(Dialect::LokiJson, json(r#"["1"]"#).as_bytes()).contains("expected [\"time in ns\", \"line\", {metadata}]"));
        assert!(why(Dialect::LokiJson, br#"{"streams":[{"stream":{}}]}"#).contains("a stream has neither `values` nor `entries`"));
        assert!(why(Dialect::LokiJson, br#"{"streams":[{"labels":"{a}","entries":[]}]}"#).contains("a name without a value"));
        assert!(why(Dialect::LokiJson, br#"{"streams":[{"entries":[{"ts":"1"}]}]}"#).contains("missing field `line`"));
        let stream = Stream { labels: "{app=shop}".into(), entries: vec![] };
        assert_eq!(
            why(Dialect::LokiProtobuf, &PushRequest { streams: vec![stream] }.encode_to_vec()),
            "malformed Loki labels \"{app=shop}\": a value is not quoted"
        );
        let before = translate(Dialect::LokiJson, json(r#"["-5","x"],["5","y"]"#).as_bytes());
        assert_eq!((before.rejected.count, pushed(&before).resource_logs[0].scope_logs[0].log_records.len()), (1, 1));
    }

    #[test]
    fn a_long_label_on_many_lines_stops_at_the_limit() {
        let entries = vec![Entry { line: "x".into(), ..Entry::default() }; 1000];
        let stream = Stream { labels: format!("{{level={:?}}}", "v".repeat(10_000)), entries };
        let request = PushRequest { streams: vec![stream] }.encode_to_vec();
        assert_eq!(why(Dialect::LokiProtobuf, &request), "Loki would be more than 1048576 bytes as OTLP");
    }
}

mod of_prometheus {
    use super::*;

    const AT: i64 = 1_700_000_000_000;

    fn labels(pairs: &[(&str, &str)]) -> Vec<Label> {
        pairs.iter().map(|(name, value)| Label { name: (*name).into(), value: (*value).into() }).collect()
    }

    fn sample(value: f64, timestamp: i64) -> Sample {
        Sample { value, timestamp, start_timestamp: 0 }
    }

    fn write(timeseries: Vec<TimeSeries>) -> Translated {
        translate(Dialect::RemoteWrite1, &WriteRequest { timeseries }.encode_to_vec())
    }

    /// The metrics of the only resource and scope.
    fn metrics(translated: &Translated) -> Vec<Metric> {
        let mut request = request(translated);
        assert_eq!(request.resource_metrics.len(), 1);
        request.resource_metrics.remove(0).scope_metrics.remove(0).metrics
    }

    fn request(translated: &Translated) -> ExportMetricsServiceRequest {
        ExportMetricsServiceRequest::decode(translated.protobuf.as_slice()).expect("OTLP")
    }

    #[test]
    fn series_of_a_target_and_a_metric_are_together() {
        let series = |name: &str, code: &str, value, at| TimeSeries {
            labels: labels(&[("__name__", name), ("code", code), ("instance", "pay-1:80"), ("job", "shop/pay")]),
            samples: vec![sample(value, at)],
            ..TimeSeries::default()
        };
        let info = TimeSeries {
            labels: labels(&[("__name__", "target_info"), ("instance", "pay-1:80"), ("job", "shop/pay"), ("service_version", "7")]),
            samples: vec![sample(1.0, AT)],
            ..TimeSeries::default()
        };
        let translated = write(vec![
            series("requests_total", "200", 5.0, AT),
            series("up", "", 1.0, AT),
            info,
            series("requests_total", "500", 1.0, AT),
            series("requests_total", "200", 7.0, AT + 1),
        ]);
        assert_eq!((translated.samples, translated.histograms, translated.exemplars), (5, 0, 0));
        let resource = request(&translated).resource_metrics[0].resource.clone().expect("resource");
        assert_eq!(
            texts(&resource.attributes),
            [("service.namespace", "shop"), ("service.name", "pay"), ("service.instance.id", "pay-1:80"), ("service_version", "7")]
        );
        let metrics = metrics(&translated);
        assert_eq!(metrics.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>(), ["requests_total", "target_info", "up"]);
        let Some(Data::Sum(sum)) = &metrics[0].data else { panic!("{metrics:?}") };
        assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
        let mut points: Vec<_> = sum
            .data_points
            .iter()
            .map(|point| (texts(&point.attributes)[0].1, point.time_unix_nano / 1_000_000 - AT as u64, point.value))
            .collect();
        points.sort_by_key(|(code, time, _)| (*code, *time));
        let double = |value| Some(number_data_point::Value::AsDouble(value));
        assert_eq!(points, [("200", 0, double(5.0)), ("200", 1, double(7.0)), ("500", 0, double(1.0))]);
        assert!(matches!(metrics[2].data, Some(Data::Gauge(_))));
    }

    #[test]
    fn exemplars_and_stale_markers_find_their_points() {
        let of = |part: TimeSeries| TimeSeries { labels: labels(&[("__name__", "x_bucket"), ("le", "1")]), ..part };
        let exemplar =
            |timestamp| Exemplar { labels: labels(&[("trace_id", TRACE), ("span_id", SPAN), ("user", "7")]), value: 0.7, timestamp };
        let lone = TimeSeries { labels: labels(&[("__name__", "y")]), exemplars: vec![exemplar(AT)], ..TimeSeries::default() };
        let translated = write(vec![
            of(TimeSeries { samples: vec![sample(STALE, AT + 20)], ..TimeSeries::default() }),
            of(TimeSeries { exemplars: vec![exemplar(AT + 5)], ..TimeSeries::default() }),
            of(TimeSeries { samples: vec![sample(3.0, AT + 10)], ..TimeSeries::default() }),
            lone,
        ]);
        assert_eq!((translated.samples, translated.exemplars), (2, 1));
        assert_eq!(translated.rejected.message(), "1 rejected: an exemplar without a sample of its series in the same request (1)");
        let metrics = metrics(&translated);
        let Some(Data::Sum(sum)) = &metrics[0].data else { panic!("{metrics:?}") };
        let [point, stale] = sum.data_points.as_slice() else { panic!("{sum:?}") };
        assert_eq!((stale.flags, stale.value, stale.exemplars.len()), (1, None, 0));
        assert_eq!((point.flags, point.exemplars.len()), (0, 1));
        let found = &point.exemplars[0];
        assert_eq!((found.trace_id.len(), found.span_id.len(), found.time_unix_nano), (16, 8, (AT as u64 + 5) * 1_000_000));
        assert_eq!((texts(&found.filtered_attributes), found.value), (vec![("user", "7")], Some(exemplar::Value::AsDouble(0.7))));
    }

    fn native() -> Histogram {
        Histogram {
            count_int: 10,
            sum: 18.4,
            schema: 1,
            zero_threshold: 0.001,
            zero_count_int: 2,
            negative_spans: vec![BucketSpan { offset: -2, length: 1 }],
            negative_deltas: vec![1],
            positive_spans: vec![BucketSpan { offset: 0, length: 2 }, BucketSpan { offset: 1, length: 2 }],
            positive_deltas: vec![1, 1, -1, 2],
            timestamp: AT,
            ..Histogram::default()
        }
    }

    fn write_histogram(histogram: Histogram) -> Translated {
        let series = TimeSeries { labels: labels(&[("__name__", "latency")]), histograms: vec![histogram], ..TimeSeries::default() };
        write(vec![series])
    }

    #[test]
    fn native_histograms() {
        let translated = write_histogram(native());
        assert_eq!(translated.histograms, 1, "{:?}", translated.rejected);
        let metrics = metrics(&translated);
        let Some(Data::ExponentialHistogram(data)) = &metrics[0].data else { panic!("{metrics:?}") };
        let point = &data.data_points[0];
        assert_eq!((point.count, point.sum, point.scale, point.zero_count, point.zero_threshold), (10, Some(18.4), 1, 2, 0.001));
        let (positive, negative) = (point.positive.as_ref().expect("buckets"), point.negative.as_ref().expect("buckets"));
        assert_eq!((positive.offset, positive.bucket_counts.as_slice()), (-1, [1, 2, 0, 1, 3].as_slice()));
        assert_eq!((negative.offset, negative.bucket_counts.as_slice()), (-3, [1].as_slice()));
    }

    #[test]
    fn histograms_with_custom_buckets() {
        let custom = Histogram {
            count_int: 6,
            schema: -53,
            custom_values: vec![0.1, 0.5, 1.0],
            positive_spans: vec![BucketSpan { offset: 1, length: 3 }],
            positive_deltas: vec![3, -2, 1],
            timestamp: AT,
            ..Histogram::default()
        };
        let metrics = metrics(&write_histogram(custom));
        let Some(Data::Histogram(data)) = &metrics[0].data else { panic!("{metrics:?}") };
        assert_eq!(data.data_points[0].explicit_bounds, [0.1, 0.5, 1.0]);
        assert_eq!(data.data_points[0].bucket_counts, [0, 3, 1, 2]);
    }

    #[test]
    fn histograms_that_otlp_cannot_say_are_rejected_alone() {
        let check = |change: fn(&mut Histogram), expected: &str| {
            let mut histogram = native();
            change(&mut histogram);
            let translated = write_histogram(histogram);
            assert_eq!((translated.rejected.count, translated.histograms), (1, 0));
            assert!(translated.rejected.message().contains(expected), "{}", translated.rejected.message());
        };
        check(|histogram| histogram.count_float = Some(1.5), "no whole numbers");
        check(|histogram| histogram.reset_hint = 3, "is a gauge");
        check(|histogram| histogram.schema = 9, "an unknown schema");
        check(|histogram| histogram.positive_spans[1].offset = i32::MAX, "too far apart");
        check(|histogram| histogram.positive_spans[1].length = u32::MAX, "too far apart");
        check(|histogram| histogram.positive_spans[1].offset = -5, "do not fit");
        check(|histogram| histogram.positive_deltas.truncate(3), "do not fit");
        check(|histogram| histogram.positive_deltas[0] = -1, "do not fit");
        check(|histogram| histogram.timestamp = -1, "the time is not between");
        check(|histogram| histogram.schema = -53, "do not fit");
    }

    #[test]
    fn version_2_says_types_and_created_times() {
        let symbols: Vec<String> =
            ["", "__name__", "jobs_done", "help me", "1", "trace_id", TRACE].iter().map(|text| (*text).to_owned()).collect();
        let series = write_2::TimeSeries {
            labels_refs: vec![1, 2],
            samples: vec![Sample { value: 3.0, timestamp: AT, start_timestamp: AT - 2_000 }, sample(4.0, AT + 1)],
            exemplars: vec![write_2::Exemplar { labels_refs: vec![5, 6], value: 1.0, timestamp: AT }],
            metadata: Some(write_2::Metadata { r#type: 1, help_ref: 3, unit_ref: 4 }),
            created_timestamp: AT - 1_000,
            ..write_2::TimeSeries::default()
        };
        let request = write_2::Request { symbols, timeseries: vec![series] };
        let translated = translate(Dialect::RemoteWrite2, &request.encode_to_vec());
        assert_eq!((translated.samples, translated.exemplars), (2, 1));
        let metrics = metrics(&translated);
        let Metric { name, description, unit, .. } = &metrics[0];
        assert_eq!((name.as_str(), description.as_str(), unit.as_str()), ("jobs_done", "help me", "1"));
        let Some(Data::Sum(sum)) = &metrics[0].data else { panic!("{metrics:?}") };
        let starts: Vec<_> = sum.data_points.iter().map(|point| AT as u64 - point.start_time_unix_nano / 1_000_000).collect();
        assert_eq!((sum.is_monotonic, starts.as_slice()), (true, [2_000, 1_000].as_slice()));
        assert_eq!(sum.data_points[0].exemplars[0].trace_id.len(), 16);
    }

    #[test]
    fn mistakes_are_named() {
        let v2 = |labels_refs: Vec<u32>, symbols: &[&str]| {
            let timeseries = vec![write_2::TimeSeries { labels_refs, ..write_2::TimeSeries::default() }];
            let symbols = symbols.iter().map(|text| (*text).to_owned()).collect();
            write_2::Request { symbols, timeseries }.encode_to_vec()
        };
        let check = |dialect, document: &[u8], expected: &str| {
            assert_eq!(why(dialect, document), format!("malformed remote write protobuf: {expected}"));
        };
        check(Dialect::RemoteWrite2, &v2(vec![1, 2], &["", "__name__"]), "a reference to a symbol that is not there");
        check(Dialect::RemoteWrite2, &v2(vec![1], &["", "__name__"]), "a label has no value");
        check(Dialect::RemoteWrite1, &v2(vec![1], &["", "__name__"]), "it holds series of version 2.0");
        let v1 = WriteRequest { timeseries: vec![TimeSeries::default()] }.encode_to_vec();
        check(Dialect::RemoteWrite2, &v1, "it holds series of version 1.0");
        assert_eq!(translate(Dialect::RemoteWrite1, &v1).rejected.message(), "1 rejected: a series has no __name__ (1)");
    }

    #[test]
    fn a_long_symbol_named_many_times_stops_at_the_limit() {
        let symbols = vec![String::new(), "__name__".into(), "x".into(), "k".into(), "v".repeat(10_000)];
        let series = |value| write_2::TimeSeries {
            labels_refs: vec![1, 2, 3, 4],
            samples: vec![sample(value, AT)],
            ..write_2::TimeSeries::default()
        };
        let request = write_2::Request { symbols, timeseries: (0..1000).map(|value| series(f64::from(value))).collect() };
        assert_eq!(why(Dialect::RemoteWrite2, &request.encode_to_vec()), "remote write would be more than 1048576 bytes as OTLP");
    }
}
