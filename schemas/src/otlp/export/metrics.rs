//! Table `metrics` to `MetricsData`.

use arrow::{
    array::{BooleanArray, Int32Array, RecordBatch},
    datatypes::Int32Type,
};

use super::{
    ExportError,
    attributes::write_json,
    columns::{Columns, GroupText, boolean, number},
    groups::{Groups, Resources, RowGroups, write_resources},
    points::PointColumns,
};
use crate::{Table, columns as c, otlp::encoder::Encoder};

/// The `data` of a metric; the discriminant is its field number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum MetricType {
    Gauge = 5,
    Sum = 7,
    Histogram = 9,
    ExponentialHistogram = 10,
    Summary = 11,
}

impl MetricType {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "gauge" => Some(Self::Gauge),
            "sum" => Some(Self::Sum),
            "histogram" => Some(Self::Histogram),
            "exponential_histogram" => Some(Self::ExponentialHistogram),
            "summary" => Some(Self::Summary),
            _ => None,
        }
    }
}

/// Everything of a metric but its points.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct MetricHead {
    metric: Vec<u8>,
    metric_type: MetricType,
    data: Vec<u8>,
}

/// The points of a metric, under the metrics of a scope.
type Metrics = Groups<MetricHead, Encoder>;

pub(super) fn to_protobuf(batches: &[RecordBatch]) -> Result<Vec<u8>, ExportError> {
    let mut resources = Resources::<Metrics>::default();
    for batch in batches {
        let mut groups = RowGroups::new(Table::Metrics, batch)?;
        let metrics = MetricColumns::new(batch)?;
        let points = PointColumns::new(batch)?;
        for row in 0..batch.num_rows() {
            let head = metrics.head(row)?;
            let metric_type = head.metric_type;
            let of_scope = groups.records(&mut resources, row)?;
            let of_metric = of_scope.place(head);
            points.write(of_scope.at(of_metric), metric_type, row)?;
        }
    }
    Ok(write_resources(resources, |out, metrics| {
        for (MetricHead { metric, metric_type, data }, points) in metrics.into_groups() {
            let message = out.open(2);
            out.append(&metric);
            let points_and_data = out.open(metric_type as u32);
            out.append(&points.into_bytes());
            out.append(&data);
            out.close(points_and_data);
            out.close(message);
        }
    }))
}

struct MetricColumns<'a> {
    name: GroupText<'a>,
    description: GroupText<'a>,
    unit: GroupText<'a>,
    metric_type: GroupText<'a>,
    metadata: GroupText<'a>,
    temporality: &'a Int32Array,
    monotonic: &'a BooleanArray,
}

impl<'a> MetricColumns<'a> {
    fn new(batch: &'a RecordBatch) -> Result<Self, ExportError> {
        let columns = Columns::Batch(batch);
        Ok(Self {
            name: columns.group_text(c::METRIC_NAME)?,
            description: columns.group_text(c::METRIC_DESCRIPTION)?,
            unit: columns.group_text(c::UNIT)?,
            metric_type: columns.group_text(c::METRIC_TYPE)?,
            metadata: columns.group_text(c::METRIC_METADATA)?,
            temporality: columns.numbers::<Int32Type>(c::TEMPORALITY)?,
            monotonic: columns.booleans(c::MONOTONIC)?,
        })
    }

    fn head(&self, row: usize) -> Result<MetricHead, ExportError> {
        let name = self.metric_type.get(row).unwrap_or_default();
        let metric_type = MetricType::from_name(name).ok_or_else(|| ExportError::MetricType(name.to_owned()))?;

        let mut metric = Encoder::default();
        metric.optional_string(1, self.name.get(row));
        metric.optional_string(2, self.description.get(row));
        metric.optional_string(3, self.unit.get(row));
        write_json(&mut metric, 12, c::METRIC_METADATA, self.metadata.get(row))?;

        let mut data = Encoder::default();
        data.non_zero_int32(2, number(self.temporality, row).unwrap_or(0));
        if boolean(self.monotonic, row) == Some(true) {
            data.bool(3, true);
        }
        Ok(MetricHead { metric: metric.into_bytes(), metric_type, data: data.into_bytes() })
    }
}
