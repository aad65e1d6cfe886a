//! Metric series: no two of one name with the same attributes, and buckets as each library sets them.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    common::v1::KeyValue,
    metrics::v1::{Metric, metric::Data},
};
use prost::Message;
use schemas::Signal;

use crate::{Day, text_of};

fn attributes(metric: &Metric) -> Vec<&[KeyValue]> {
    match metric.data.as_ref() {
        Some(Data::Gauge(data)) => data.data_points.iter().map(|point| point.attributes.as_slice()).collect(),
        Some(Data::Sum(data)) => data.data_points.iter().map(|point| point.attributes.as_slice()).collect(),
        Some(Data::Histogram(data)) => data.data_points.iter().map(|point| point.attributes.as_slice()).collect(),
        Some(Data::ExponentialHistogram(data)) => data.data_points.iter().map(|point| point.attributes.as_slice()).collect(),
        Some(Data::Summary(data)) => data.data_points.iter().map(|point| point.attributes.as_slice()).collect(),
        None => vec![],
    }
}

#[test]
fn no_series_is_written_twice_in_one_collection() {
    let mut points = 0;
    for export in Day::two_hours().exports.iter().filter(|export| export.signal == Signal::Metrics) {
        let request = ExportMetricsServiceRequest::decode(export.body.as_slice()).expect("own bytes");
        for scope in request.resource_metrics.iter().flat_map(|group| &group.scope_metrics) {
            for metric in &scope.metrics {
                let all = attributes(metric);
                let twice = all.iter().enumerate().find(|(position, attributes)| all[..*position].contains(attributes));
                assert!(twice.is_none(), "{} {}: {twice:?}", export.service, metric.name);
                points += all.len();
            }
        }
    }
    assert!(points > 10_000, "{points} points");
}

#[test]
fn buckets_are_those_of_the_library() {
    let semconv = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
    let kratos = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0];
    let check = |name: &str, bounds: &[f64], min_max: bool| {
        let mut seen = 0;
        for (_, _, metric) in Day::two_hours().metrics.iter().filter(|(_, _, metric)| metric.name == name) {
            let Some(Data::Histogram(data)) = &metric.data else { continue };
            for point in &data.data_points {
                assert_eq!(point.explicit_bounds, bounds, "{name}");
                assert_eq!(point.bucket_counts.len(), bounds.len() + 1, "{name}");
                assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count, "{name}");
                assert_eq!((point.min.is_some(), point.max.is_some()), (min_max, min_max), "{name}");
                seen += 1;
            }
        }
        assert!(seen > 0, "no {name}");
    };
    check("server_requests_seconds_bucket", &kratos, false);
    check("client_requests_seconds_bucket", &kratos, false);
    check("server_requests_seconds", &kratos, false);
    check("client_requests_seconds", &kratos, false);
    check("http.server.request.duration", &semconv, true);
}

#[test]
fn kratos_counts_successes_as_200() {
    use opentelemetry_proto::tonic::common::v1::any_value::Value;
    let mut codes = BTreeSet::new();
    for (_, _, metric) in Day::two_hours().metrics.iter().filter(|(_, _, metric)| metric.name.ends_with("_requests_code_total")) {
        for attributes in attributes(metric) {
            let code = attributes.iter().find(|attribute| attribute.key == "code").and_then(|attribute| attribute.value.as_ref());
            let Some(Value::IntValue(code)) = code.and_then(|code| code.value.as_ref()) else { panic!("{attributes:?}") };
            assert_eq!(*code == 200, !codes_an_error(*code), "{code}");
            assert!(*code != 200 || text_of(attributes, "reason").as_deref() == Some(""), "{attributes:?}");
            codes.insert(*code);
        }
    }
    assert!(codes.contains(&200) && codes.len() > 3, "{codes:?}");
}

fn codes_an_error(code: i64) -> bool {
    (400..600).contains(&code)
}
