//! Data points as rows.

use super::*;

fn point(value: f64) -> NumberDataPoint {
    NumberDataPoint { time_unix_nano: 5, value: Some(number_data_point::Value::AsDouble(value)), ..Default::default() }
}

fn sum(aggregation_temporality: i32, data_points: Vec<NumberDataPoint>) -> Data {
    Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true })
}

fn histogram(explicit_bounds: &[f64], bucket_counts: &[u64]) -> Data {
    let point =
        HistogramDataPoint { explicit_bounds: explicit_bounds.to_vec(), bucket_counts: bucket_counts.to_vec(), ..Default::default() };
    Data::Histogram(Histogram { data_points: vec![point], aggregation_temporality: 1 })
}

#[test]
fn number_points_keep_the_type_of_their_value() {
    let exemplar = Exemplar {
        filtered_attributes: vec![attribute("u", text("v"))],
        time_unix_nano: 4,
        span_id: vec![1; 8],
        trace_id: vec![2; 16],
        value: Some(exemplar::Value::AsInt(-3)),
    };
    let int = NumberDataPoint {
        attributes: vec![attribute("k", text("v"))],
        start_time_unix_nano: 1,
        time_unix_nano: 2,
        exemplars: vec![exemplar],
        flags: 6,
        value: Some(number_data_point::Value::AsInt(-7)),
    };
    let missing = NumberDataPoint { flags: 1, ..Default::default() };
    let batch = batch(Signal::Metrics, &metrics(vec![sum(2, vec![int, point(1.5)]), Data::Gauge(Gauge { data_points: vec![missing] })]));
    check_row(
        &batch,
        0,
        &[
            (c::METRIC_NAME, Some("m")),
            (c::METRIC_TYPE, Some("sum")),
            (c::UNIT, Some("s")),
            (c::METRIC_DESCRIPTION, None),
            (c::TEMPORALITY, Some("2")),
            (c::MONOTONIC, Some("true")),
            (c::START_TIME, Some("1")),
            (c::TIME, Some("2")),
            (c::VALUE_INT, Some("-7")),
            (c::VALUE_DOUBLE, None),
            (c::FLAGS, Some("6")),
            (c::ATTRIBUTES, Some(r#"{"k":"v"}"#)),
            (
                c::EXEMPLARS,
                Some(
                    "[{time: 4, trace_id: 02020202020202020202020202020202, span_id: 0101010101010101, \
                     value_double: , value_int: -3, attributes: {\"u\":\"v\"}}]",
                ),
            ),
        ],
    );
    check_row(&batch, 1, &[(c::VALUE_INT, None), (c::VALUE_DOUBLE, Some("1.5")), (c::START_TIME, None), (c::EXEMPLARS, None)]);
    check_row(
        &batch,
        2,
        &[(c::METRIC_TYPE, Some("gauge")), (c::TEMPORALITY, None), (c::MONOTONIC, None), (c::VALUE_DOUBLE, None), (c::FLAGS, Some("1"))],
    );
}

#[test]
fn distributions_of_every_type_are_kept() {
    let buckets =
        |offset, bucket_counts: &[u64]| Some(exponential_histogram_data_point::Buckets { offset, bucket_counts: bucket_counts.to_vec() });
    let exponential = ExponentialHistogramDataPoint {
        count: 9,
        sum: Some(-0.5),
        scale: -3,
        zero_count: 2,
        positive: buckets(-4, &[1, 300]),
        negative: buckets(0, &[]),
        min: Some(-1.0),
        max: Some(2.0),
        zero_threshold: 0.25,
        ..Default::default()
    };
    let summary = SummaryDataPoint {
        count: 3,
        sum: 6.0,
        quantile_values: vec![summary_data_point::ValueAtQuantile { quantile: 0.5, value: 2.0 }, Default::default()],
        ..Default::default()
    };
    let batch = batch(
        Signal::Metrics,
        &metrics(vec![
            histogram(&[1.0, 2.5], &[1, 0, 7]),
            histogram(&[], &[]),
            Data::ExponentialHistogram(ExponentialHistogram { data_points: vec![exponential], aggregation_temporality: 2 }),
            Data::Summary(Summary { data_points: vec![summary] }),
        ]),
    );
    check_row(
        &batch,
        0,
        &[
            (c::METRIC_TYPE, Some("histogram")),
            (c::BOUNDS, Some("[1.0, 2.5]")),
            (c::BUCKET_COUNTS, Some("[1, 0, 7]")),
            (c::COUNT, Some("0")),
            (c::SUM, None),
            (c::SCALE, None),
        ],
    );
    check_row(&batch, 1, &[(c::BOUNDS, None), (c::BUCKET_COUNTS, None)]);
    check_row(
        &batch,
        2,
        &[
            (c::METRIC_TYPE, Some("exponential_histogram")),
            (c::COUNT, Some("9")),
            (c::SUM, Some("-0.5")),
            (c::MIN, Some("-1.0")),
            (c::MAX, Some("2.0")),
            (c::SCALE, Some("-3")),
            (c::ZERO_COUNT, Some("2")),
            (c::ZERO_THRESHOLD, Some("0.25")),
            (c::POSITIVE_OFFSET, Some("-4")),
            (c::POSITIVE_COUNTS, Some("[1, 300]")),
            (c::NEGATIVE_OFFSET, Some("0")),
            (c::NEGATIVE_COUNTS, None),
        ],
    );
    check_row(
        &batch,
        3,
        &[
            (c::METRIC_TYPE, Some("summary")),
            (c::COUNT, Some("3")),
            (c::SUM, Some("6.0")),
            (c::QUANTILES, Some("[{quantile: 0.5, value: 2.0}, {quantile: 0.0, value: 0.0}]")),
            (c::POSITIVE_OFFSET, None),
        ],
    );
}

#[test]
fn bad_points_are_refused_alone_and_named() {
    let check = |data: Data, reason| check_rejected(Signal::Metrics, &metrics(vec![sum(1, vec![point(1.0)]), data]), 1, &[(reason, 1)]);
    check(sum(1, vec![NumberDataPoint::default()]), reject::NO_VALUE);
    check(sum(0, vec![point(1.0)]), reject::TEMPORALITY);
    check(sum(1, vec![NumberDataPoint { time_unix_nano: u64::MAX, ..point(1.0) }]), reject::TIME);
    check(sum(1, vec![NumberDataPoint { start_time_unix_nano: u64::MAX, ..point(1.0) }]), reject::START_TIME);
    let exemplar = Exemplar { time_unix_nano: u64::MAX, ..Default::default() };
    check(sum(1, vec![NumberDataPoint { exemplars: vec![exemplar], ..point(1.0) }]), reject::EXEMPLAR_TIME);
    check(histogram(&[1.0], &[1]), reject::BUCKET_COUNTS);
    check(histogram(&[1.0], &[]), reject::BUCKET_COUNTS);
    check(histogram(&[1.0, 1.0], &[1, 2, 3]), reject::BOUNDS);
    check(histogram(&[f64::NAN], &[1, 2]), reject::BOUNDS);
}

#[test]
fn repeated_numbers_need_not_be_packed() {
    let packed = histogram(&[1.0], &[7, 8]);
    let expected = batch(Signal::Metrics, &metrics(vec![packed]));
    let mut unpacked = vec![];
    for (tag, bits) in [(0x31, 7), (0x39, 1f64.to_bits()), (0x31, 8)] {
        unpacked.push(tag);
        unpacked.extend_from_slice(&bits.to_le_bytes());
    }
    let nest = |tag: u8, inner: &[u8]| [&[tag, inner.len() as u8], inner].concat();
    let metric = [nest(0x0a, b"m"), nest(0x1a, b"s"), nest(0x4a, &[nest(0x0a, &unpacked), vec![0x10, 1]].concat())].concat();
    let body = nest(0x0a, &nest(0x12, &nest(0x12, &metric)));
    assert_eq!(batch(Signal::Metrics, &body), expected);
}

#[test]
fn a_series_is_its_labels_in_any_order() {
    let series = |name: &str, service: &str, labels: &[(&str, Value)]| {
        let attributes = labels.iter().map(|(key, value)| attribute(key, value.clone())).collect();
        let data = Data::Gauge(Gauge { data_points: vec![NumberDataPoint { attributes, ..point(1.0) }] });
        let resource = Resource { attributes: vec![attribute("service.name", text(service))], ..Default::default() };
        let metrics = vec![Metric { name: name.to_owned(), data: Some(data), ..Default::default() }];
        let scope_metrics = vec![ScopeMetrics { metrics, ..Default::default() }];
        let body = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics { resource: Some(resource), scope_metrics, ..Default::default() }],
        };
        batch(Signal::Metrics, &body.encode_to_vec())[c::SERIES_ID].as_primitive::<UInt64Type>().value(0)
    };
    let (a, b) = (("a", text("1")), ("b", text("2")));
    let this = series("m", "s", &[a.clone(), b.clone()]);
    assert_eq!(this, series("m", "s", &[b.clone(), a.clone()]));
    let others = [
        series("n", "s", &[a.clone(), b.clone()]),
        series("m", "t", &[a.clone(), b.clone()]),
        series("m", "s", std::slice::from_ref(&a)),
        series("m", "s", &[("a", text("2")), ("b", text("1"))]),
        series("m", "s", &[("a", Value::IntValue(1)), b]),
    ];
    assert!(!others.contains(&this));
}
