//! Metrics: wire to rows of table `metrics`, one per data point.

#![deny(clippy::indexing_slicing)]

use arrow::{
    datatypes::{Float64Type, Int32Type, Int64Type, TimestampNanosecondType, UInt32Type, UInt64Type},
    record_batch::RecordBatch,
};

use super::{
    Rejected,
    arrays::{BatchBuilder, BoolColumn, FinishedKeys, GroupKeys, ListColumn, NumberColumn, TextColumn, numbers},
    attributes::JsonObject,
    exemplars::ExemplarColumns,
    groups::Groups,
    points::{MetricType, Number, Point},
    quantiles::QuantileColumns,
    reject, series,
    text::utf8,
    wire::{Reader, Value, WireError},
};
use crate::{Table, UnixNanos};

/// The rows of a metrics request under construction.
#[derive(Debug)]
pub(crate) struct MetricRows<'a> {
    rows: usize,
    /// The point in hand.
    point: Point<'a>,
    attributes: JsonObject,
    /// The scope whose hash is known, and its hash.
    scope_series: Option<(usize, u64)>,

    metrics: MetricColumns,
    temporalities: NumberColumn<Int32Type>,
    monotonic: BoolColumn,
    series_ids: Vec<u64>,
    start_times: NumberColumn<TimestampNanosecondType>,
    times: Vec<i64>,
    value_doubles: NumberColumn<Float64Type>,
    value_ints: NumberColumn<Int64Type>,
    counts: NumberColumn<UInt64Type>,
    sums: NumberColumn<Float64Type>,
    mins: NumberColumn<Float64Type>,
    maxs: NumberColumn<Float64Type>,
    bounds: NumberLists<f64>,
    bucket_counts: NumberLists<u64>,
    scales: NumberColumn<Int32Type>,
    zero_counts: NumberColumn<UInt64Type>,
    zero_thresholds: NumberColumn<Float64Type>,
    positive_offsets: NumberColumn<Int32Type>,
    positive_counts: NumberLists<u64>,
    negative_offsets: NumberColumn<Int32Type>,
    negative_counts: NumberLists<u64>,
    quantiles: QuantileColumns,
    exemplars: ExemplarColumns,
    flags: Vec<u32>,
    remainder: TextColumn,
}

/// A Metric message without its points.
#[derive(Debug, Default)]
struct Metric<'a> {
    name: &'a [u8],
    description: &'a [u8],
    unit: &'a [u8],
    data: Option<(MetricType, &'a [u8])>,
    temporality: i32,
    monotonic: bool,
}

impl<'a> MetricRows<'a> {
    pub fn new(rows_expected: usize) -> Self {
        Self {
            rows: 0,
            point: Point::default(),
            attributes: JsonObject::default(),
            scope_series: None,
            metrics: MetricColumns::default(),
            temporalities: NumberColumn::default(),
            monotonic: BoolColumn::default(),
            series_ids: Vec::with_capacity(rows_expected),
            start_times: NumberColumn::default(),
            times: Vec::with_capacity(rows_expected),
            value_doubles: NumberColumn::default(),
            value_ints: NumberColumn::default(),
            counts: NumberColumn::default(),
            sums: NumberColumn::default(),
            mins: NumberColumn::default(),
            maxs: NumberColumn::default(),
            bounds: NumberLists::default(),
            bucket_counts: NumberLists::default(),
            scales: NumberColumn::default(),
            zero_counts: NumberColumn::default(),
            zero_thresholds: NumberColumn::default(),
            positive_offsets: NumberColumn::default(),
            positive_counts: NumberLists::default(),
            negative_offsets: NumberColumn::default(),
            negative_counts: NumberLists::default(),
            quantiles: QuantileColumns::default(),
            exemplars: ExemplarColumns::default(),
            flags: Vec::with_capacity(rows_expected),
            remainder: TextColumn::default(),
        }
    }

    /// Adds the points of the metric in `message`, or counts why not.
    pub fn push(&mut self, groups: &mut Groups<'a>, message: &'a [u8], rejected: &mut Rejected) -> Result<(), WireError> {
        let metric = Metric::read(message)?;
        let Some((kind, data)) = metric.data else { return Ok(()) };
        let mut open = false;
        let mut reader = Reader::new(data);
        while let Some(field) = reader.field()? {
            let (1, Value::Bytes(point)) = field else { continue };
            self.point.read(kind, point)?;
            match metric.check(&self.point) {
                Ok((start_time, time)) => {
                    groups.push_row()?;
                    if !open {
                        self.metrics.begin(&metric, kind, message, &mut groups.repaired)?;
                        open = true;
                    }
                    self.append(groups, &metric, kind, start_time, time)?;
                }
                Err(reason) => rejected.add(reason),
            }
        }
        Ok(())
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn finish(self, groups: Groups<'a>, received_at: UnixNanos) -> RecordBatch {
        let mut batch = BatchBuilder::new(Table::Metrics.schema(), self.rows);
        self.metrics.finish(&mut batch);
        batch.push_some_numbers(self.temporalities);
        batch.push_bools(self.monotonic);
        batch.push_numbers::<UInt64Type>(self.series_ids);
        batch.push_some_numbers(self.start_times);
        batch.push_times(self.times);
        batch.push_some_numbers(self.value_doubles);
        batch.push_some_numbers(self.value_ints);
        batch.push_some_numbers(self.counts);
        batch.push_some_numbers(self.sums);
        batch.push_some_numbers(self.mins);
        batch.push_some_numbers(self.maxs);
        batch.push_list(self.bounds.lists, |_| numbers::<Float64Type>(self.bounds.items));
        batch.push_list(self.bucket_counts.lists, |_| numbers::<UInt64Type>(self.bucket_counts.items));
        batch.push_some_numbers(self.scales);
        batch.push_some_numbers(self.zero_counts);
        batch.push_some_numbers(self.zero_thresholds);
        batch.push_some_numbers(self.positive_offsets);
        batch.push_list(self.positive_counts.lists, |_| numbers::<UInt64Type>(self.positive_counts.items));
        batch.push_some_numbers(self.negative_offsets);
        batch.push_list(self.negative_counts.lists, |_| numbers::<UInt64Type>(self.negative_counts.items));
        self.quantiles.finish(&mut batch);
        self.exemplars.finish(&mut batch);
        batch.push_numbers::<UInt32Type>(self.flags);
        batch.push_text(self.remainder);
        groups.finish(&mut batch, received_at, self.rows);
        batch.finish()
    }

    fn append(
        &mut self,
        groups: &mut Groups<'a>,
        metric: &Metric<'_>,
        kind: MetricType,
        start_time: UnixNanos,
        time: UnixNanos,
    ) -> Result<(), WireError> {
        let row = self.rows;
        self.metrics.keys.push_row();
        if kind.has_temporality() {
            self.temporalities.set(row, metric.temporality);
        }
        if kind == MetricType::Sum {
            self.monotonic.set(row, metric.monotonic);
        }
        self.start_times.set_unless_zero(row, start_time.0);
        self.times.push(time.0);
        self.append_value(row, kind);
        self.flags.push(self.point.flags);
        self.exemplars.append(row, &self.point.exemplars, &mut groups.repaired)?;

        let scope_series = self.scope_series(groups)?;
        let mut attributes_series = 0u64;
        self.attributes.begin();
        for attribute in &self.point.attributes {
            attributes_series = attributes_series.wrapping_add(series::of_attribute(attribute)?);
            self.attributes.push_message(attribute, &mut groups.repaired)?;
        }
        self.attributes.write(row, &mut self.remainder);
        self.series_ids.push(series::of_parts(&[scope_series, series::of_text(metric.name), attributes_series]));
        self.rows += 1;
        Ok(())
    }

    fn append_value(&mut self, row: usize, kind: MetricType) {
        let point = &self.point;
        match kind {
            MetricType::Gauge | MetricType::Sum => match point.value {
                Some(Number::Double(value)) => self.value_doubles.set(row, value),
                Some(Number::Int(value)) => self.value_ints.set(row, value),
                None => {}
            },
            MetricType::Histogram => {
                self.append_distribution(row);
                self.bounds.set_unless_empty(row, &self.point.bounds);
                self.bucket_counts.set_unless_empty(row, &self.point.bucket_counts);
            }
            MetricType::ExponentialHistogram => {
                self.append_distribution(row);
                let point = &self.point;
                self.scales.set(row, point.scale);
                self.zero_counts.set(row, point.zero_count);
                self.zero_thresholds.set(row, point.zero_threshold);
                self.positive_offsets.set_some(row, point.positive.offset);
                self.positive_counts.set_unless_empty(row, &point.positive.counts);
                self.negative_offsets.set_some(row, point.negative.offset);
                self.negative_counts.set_unless_empty(row, &point.negative.counts);
            }
            MetricType::Summary => {
                self.counts.set(row, point.count);
                self.sums.set(row, point.sum.unwrap_or_default());
                self.quantiles.append(row, &point.quantiles);
            }
        }
    }

    fn append_distribution(&mut self, row: usize) {
        self.counts.set(row, self.point.count);
        self.sums.set_some(row, self.point.sum);
        self.mins.set_some(row, self.point.min);
        self.maxs.set_some(row, self.point.max);
    }

    /// The hash of the current resource and scope, computed once per scope.
    fn scope_series(&mut self, groups: &Groups<'_>) -> Result<u64, WireError> {
        match self.scope_series {
            Some((scope, series)) if scope == groups.scope() => Ok(series),
            _ => {
                let series = groups.series()?;
                self.scope_series = Some((groups.scope(), series));
                Ok(series)
            }
        }
    }
}

impl<'a> Metric<'a> {
    fn read(message: &'a [u8]) -> Result<Self, WireError> {
        let mut metric = Self::default();
        let mut reader = Reader::new(message);
        while let Some((number, value)) = reader.field()? {
            let Value::Bytes(bytes) = value else { continue };
            match number {
                1 => metric.name = bytes,
                2 => metric.description = bytes,
                3 => metric.unit = bytes,
                _ => metric.data = MetricType::of_field(number).map(|kind| (kind, bytes)).or(metric.data),
            }
        }
        if let Some((_, data)) = metric.data {
            metric.read_aggregation(data)?;
        }
        Ok(metric)
    }

    fn read_aggregation(&mut self, data: &[u8]) -> Result<(), WireError> {
        let mut reader = Reader::new(data);
        while let Some(field) = reader.field()? {
            match field {
                (2, Value::Varint(temporality)) => self.temporality = temporality as i32,
                (3, Value::Varint(monotonic)) => self.monotonic = monotonic != 0,
                _ => {}
            }
        }
        Ok(())
    }

    fn check(&self, point: &Point<'_>) -> Result<(UnixNanos, UnixNanos), &'static str> {
        let Some((kind, _)) = self.data else { return Err(reject::NO_VALUE) };
        if kind.has_temporality() && self.temporality == 0 {
            return Err(reject::TEMPORALITY);
        }
        ExemplarColumns::check(&point.exemplars)?;
        point.check(kind)
    }
}

/// Columns with one value per metric of the request.
#[derive(Debug, Default)]
struct MetricColumns {
    keys: GroupKeys,
    attributes: JsonObject,
    names: TextColumn,
    types: TextColumn,
    units: TextColumn,
    descriptions: TextColumn,
    metadata: TextColumn,
}

impl MetricColumns {
    fn begin(&mut self, metric: &Metric<'_>, kind: MetricType, message: &[u8], repaired: &mut u64) -> Result<(), WireError> {
        let group = self.keys.begin();
        self.names.set(group, &utf8(metric.name, repaired));
        self.types.set(group, kind.name());
        self.units.set_unless_empty(group, &utf8(metric.unit, repaired));
        self.descriptions.set_unless_empty(group, &utf8(metric.description, repaired));
        self.attributes.begin();
        let mut reader = Reader::new(message);
        while let Some(field) = reader.field()? {
            if let (12, Value::Bytes(attribute)) = field {
                self.attributes.push_message(attribute, repaired)?;
            }
        }
        self.attributes.write(group, &mut self.metadata);
        Ok(())
    }

    fn finish(self, batch: &mut BatchBuilder) {
        let keys: FinishedKeys = self.keys.finish();
        batch.push_group_text(self.names, &keys);
        batch.push_group_text(self.types, &keys);
        batch.push_group_text(self.units, &keys);
        batch.push_group_text(self.descriptions, &keys);
        batch.push_group_text(self.metadata, &keys);
    }
}

/// A column of number lists.
#[derive(Debug)]
struct NumberLists<T> {
    lists: ListColumn,
    items: Vec<T>,
}

impl<T> Default for NumberLists<T> {
    fn default() -> Self {
        Self { lists: ListColumn::default(), items: vec![] }
    }
}

impl<T: Copy> NumberLists<T> {
    fn set_unless_empty(&mut self, row: usize, numbers: &[T]) {
        if !numbers.is_empty() {
            self.items.extend_from_slice(numbers);
            self.lists.set(row, self.items.len());
        }
    }
}
