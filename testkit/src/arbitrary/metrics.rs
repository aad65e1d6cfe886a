//! Arbitrary metrics of every type.

use opentelemetry_proto::tonic::{
    collector::metrics::v1::ExportMetricsServiceRequest,
    metrics::v1::{
        Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
        ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar, exponential_histogram_data_point::Buckets, metric::Data,
        number_data_point, summary_data_point::ValueAtQuantile,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{any_f64, any_finite_f64, any_i32, any_i64, any_u32, any_u64, attributes, optional_id, resource, scope, text, time};

const NO_RECORDED_VALUE: u32 = 1;

/// A request of data points.
pub fn metrics() -> impl Strategy<Value = ExportMetricsServiceRequest> {
    let scope_metrics = (option::of(scope()), vec(metric(), 0..4), text()).prop_map(|(scope, metrics, schema_url)| ScopeMetrics {
        scope,
        metrics,
        schema_url,
    });
    let resource_metrics = (option::of(resource()), vec(scope_metrics, 0..3), text())
        .prop_map(|(resource, scope_metrics, schema_url)| ResourceMetrics { resource, scope_metrics, schema_url });
    vec(resource_metrics, 0..3).prop_map(|resource_metrics| ExportMetricsServiceRequest { resource_metrics })
}

fn metric() -> impl Strategy<Value = Metric> {
    let data = prop_oneof![
        vec(number_point(), 0..3).prop_map(|data_points| Data::Gauge(Gauge { data_points })),
        (vec(number_point(), 0..3), temporality(), any::<bool>()).prop_map(|(data_points, aggregation_temporality, is_monotonic)| {
            Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic })
        }),
        (vec(histogram_point(), 0..3), temporality())
            .prop_map(|(data_points, aggregation_temporality)| Data::Histogram(Histogram { data_points, aggregation_temporality })),
        (vec(exponential_point(), 0..3), temporality()).prop_map(|(data_points, aggregation_temporality)| {
            Data::ExponentialHistogram(ExponentialHistogram { data_points, aggregation_temporality })
        }),
        vec(summary_point(), 0..3).prop_map(|data_points| Data::Summary(Summary { data_points })),
    ];
    (text(), text(), text(), attributes(), option::weighted(0.95, data)).prop_map(|(name, description, unit, metadata, data)| Metric {
        name,
        description,
        unit,
        metadata,
        data,
    })
}

/// Anything but 0, which makes every point invalid.
fn temporality() -> impl Strategy<Value = i32> {
    select(vec![1, 2, 3, -1, i32::MAX])
}

fn number_point() -> impl Strategy<Value = NumberDataPoint> {
    let value = option::weighted(
        0.9,
        prop_oneof![any_f64().prop_map(number_data_point::Value::AsDouble), any_i64().prop_map(number_data_point::Value::AsInt)],
    );
    (attributes(), time(), time(), exemplars(), any_u32(), value).prop_map(
        |(attributes, start_time_unix_nano, time_unix_nano, exemplars, flags, value)| NumberDataPoint {
            attributes,
            start_time_unix_nano,
            time_unix_nano,
            exemplars,
            flags: if value.is_none() { flags | NO_RECORDED_VALUE } else { flags },
            value,
        },
    )
}

fn histogram_point() -> impl Strategy<Value = HistogramDataPoint> {
    let numbers = (time(), time(), any_u64(), any_u32(), option::of(any_f64()), option::of(any_f64()), option::of(any_f64()));
    (attributes(), numbers, buckets_with_bounds(), exemplars()).prop_map(
        |(attributes, (start, time, count, flags, sum, min, max), (bucket_counts, explicit_bounds), exemplars)| HistogramDataPoint {
            attributes,
            start_time_unix_nano: start,
            time_unix_nano: time,
            count,
            sum,
            bucket_counts,
            explicit_bounds,
            exemplars,
            flags,
            min,
            max,
        },
    )
}

/// Rising bounds and one count more, or neither.
fn buckets_with_bounds() -> impl Strategy<Value = (Vec<u64>, Vec<f64>)> {
    let some = vec(any_finite_f64(), 0..6).prop_flat_map(|mut bounds| {
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        (vec(any_u64(), bounds.len() + 1), Just(bounds))
    });
    prop_oneof![4 => some, 1 => Just((Vec::new(), Vec::new()))]
}

fn exponential_point() -> impl Strategy<Value = ExponentialHistogramDataPoint> {
    let numbers = (time(), time(), any_u64(), any_u32(), any_i32(), any_u64(), any_f64());
    let doubles = (option::of(any_f64()), option::of(any_f64()), option::of(any_f64()));
    (attributes(), numbers, doubles, option::of(buckets()), option::of(buckets()), exemplars()).prop_map(
        |(attributes, (start, time, count, flags, scale, zero_count, zero_threshold), (sum, min, max), positive, negative, exemplars)| {
            ExponentialHistogramDataPoint {
                attributes,
                start_time_unix_nano: start,
                time_unix_nano: time,
                count,
                sum,
                scale,
                zero_count,
                positive,
                negative,
                flags,
                exemplars,
                min,
                max,
                zero_threshold,
            }
        },
    )
}

fn buckets() -> impl Strategy<Value = Buckets> {
    (any_i32(), vec(any_u64(), 0..5)).prop_map(|(offset, bucket_counts)| Buckets { offset, bucket_counts })
}

fn summary_point() -> impl Strategy<Value = SummaryDataPoint> {
    let quantile = (any_f64(), any_f64()).prop_map(|(quantile, value)| ValueAtQuantile { quantile, value });
    (attributes(), time(), time(), any_u64(), any_f64(), vec(quantile, 0..4), any_u32()).prop_map(
        |(attributes, start_time_unix_nano, time_unix_nano, count, sum, quantile_values, flags)| SummaryDataPoint {
            attributes,
            start_time_unix_nano,
            time_unix_nano,
            count,
            sum,
            quantile_values,
            flags,
        },
    )
}

fn exemplars() -> impl Strategy<Value = Vec<Exemplar>> {
    let value = option::of(prop_oneof![any_f64().prop_map(exemplar::Value::AsDouble), any_i64().prop_map(exemplar::Value::AsInt)]);
    let exemplar = (attributes(), time(), optional_id(8), optional_id(16), value).prop_map(
        |(filtered_attributes, time_unix_nano, span_id, trace_id, value)| Exemplar {
            filtered_attributes,
            time_unix_nano,
            span_id,
            trace_id,
            value,
        },
    );
    vec(exemplar, 0..2)
}
