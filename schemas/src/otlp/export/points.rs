//! The data points of table `metrics`.

use arrow::{
    array::{
        Array, AsArray, FixedSizeBinaryArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
        TimestampNanosecondArray, UInt32Array, UInt64Array,
    },
    datatypes::{Float64Type, Int32Type, Int64Type, UInt32Type, UInt64Type},
};

use super::{
    ExportError,
    attributes::{AttributeColumns, Level, write_json},
    columns::{Columns, Lists, id, number, text, time},
    metrics::MetricType,
};
use crate::{Table, columns as c, otlp::encoder::Encoder};

pub(super) struct PointColumns<'a> {
    attributes: AttributeColumns<'a>,
    start_time: &'a TimestampNanosecondArray,
    time: &'a TimestampNanosecondArray,
    flags: &'a UInt32Array,
    value_double: &'a Float64Array,
    value_int: &'a Int64Array,
    count: &'a UInt64Array,
    sum: &'a Float64Array,
    min: &'a Float64Array,
    max: &'a Float64Array,
    bounds: NumberLists<'a>,
    bucket_counts: NumberLists<'a>,
    scale: &'a Int32Array,
    zero_count: &'a UInt64Array,
    zero_threshold: &'a Float64Array,
    positive_offset: &'a Int32Array,
    positive_counts: NumberLists<'a>,
    negative_offset: &'a Int32Array,
    negative_counts: NumberLists<'a>,
    quantiles: QuantileColumns<'a>,
    exemplars: ExemplarColumns<'a>,
}

/// A list column of doubles or unsigned integers.
struct NumberLists<'a>(&'a ListArray);

impl<'a> PointColumns<'a> {
    pub fn new(batch: &'a RecordBatch) -> Result<Self, ExportError> {
        let columns = Columns::Batch(batch);
        let list = |column| Ok::<_, ExportError>(NumberLists(columns.lists(column)?));
        Ok(Self {
            attributes: AttributeColumns::new(Table::Metrics, batch, Level::Record)?,
            start_time: columns.times(c::START_TIME)?,
            time: columns.times(c::TIME)?,
            flags: columns.numbers::<UInt32Type>(c::FLAGS)?,
            value_double: columns.numbers::<Float64Type>(c::VALUE_DOUBLE)?,
            value_int: columns.numbers::<Int64Type>(c::VALUE_INT)?,
            count: columns.numbers::<UInt64Type>(c::COUNT)?,
            sum: columns.numbers::<Float64Type>(c::SUM)?,
            min: columns.numbers::<Float64Type>(c::MIN)?,
            max: columns.numbers::<Float64Type>(c::MAX)?,
            bounds: list(c::BOUNDS)?,
            bucket_counts: list(c::BUCKET_COUNTS)?,
            scale: columns.numbers::<Int32Type>(c::SCALE)?,
            zero_count: columns.numbers::<UInt64Type>(c::ZERO_COUNT)?,
            zero_threshold: columns.numbers::<Float64Type>(c::ZERO_THRESHOLD)?,
            positive_offset: columns.numbers::<Int32Type>(c::POSITIVE_OFFSET)?,
            positive_counts: list(c::POSITIVE_COUNTS)?,
            negative_offset: columns.numbers::<Int32Type>(c::NEGATIVE_OFFSET)?,
            negative_counts: list(c::NEGATIVE_COUNTS)?,
            quantiles: QuantileColumns::new(columns)?,
            exemplars: ExemplarColumns::new(columns)?,
        })
    }

    /// Writes the point in `row` as field 1 of a metric's data.
    pub fn write(&self, out: &mut Encoder, metric_type: MetricType, row: usize) -> Result<(), ExportError> {
        let point = out.open(1);
        if let Some(start_time) = time(self.start_time, row) {
            out.fixed64(2, start_time);
        }
        out.fixed64(3, self.time.value(row).cast_unsigned());
        let flags = Some(self.flags.value(row)).filter(|flags| *flags != 0);
        match metric_type {
            MetricType::Gauge | MetricType::Sum => {
                out.optional_double(4, number(self.value_double, row));
                out.optional_fixed64(6, number(self.value_int, row).map(i64::cast_unsigned));
                self.exemplars.write(out, 5, row)?;
                self.attributes.write(out, 7, row)?;
                out.optional_uint32(8, flags);
            }
            MetricType::Histogram => {
                self.write_count_and_sum(out, row);
                self.bucket_counts.write_fixed64(out, 6, row);
                self.bounds.write_doubles(out, 7, row);
                self.exemplars.write(out, 8, row)?;
                self.attributes.write(out, 9, row)?;
                out.optional_uint32(10, flags);
                out.optional_double(11, number(self.min, row));
                out.optional_double(12, number(self.max, row));
            }
            MetricType::ExponentialHistogram => {
                self.attributes.write(out, 1, row)?;
                self.write_count_and_sum(out, row);
                out.optional_sint32(6, number(self.scale, row));
                out.optional_fixed64(7, number(self.zero_count, row));
                write_buckets(out, 8, number(self.positive_offset, row), &self.positive_counts, row);
                write_buckets(out, 9, number(self.negative_offset, row), &self.negative_counts, row);
                out.optional_uint32(10, flags);
                self.exemplars.write(out, 11, row)?;
                out.optional_double(12, number(self.min, row));
                out.optional_double(13, number(self.max, row));
                out.optional_double(14, number(self.zero_threshold, row));
            }
            MetricType::Summary => {
                self.write_count_and_sum(out, row);
                self.quantiles.write(out, 6, row);
                self.attributes.write(out, 7, row)?;
                out.optional_uint32(8, flags);
            }
        }
        out.close(point);
        Ok(())
    }

    fn write_count_and_sum(&self, out: &mut Encoder, row: usize) {
        out.optional_fixed64(4, number(self.count, row));
        out.optional_double(5, number(self.sum, row));
    }
}

/// Writes the buckets of one side of an exponential histogram, if it has any.
fn write_buckets(out: &mut Encoder, field: u32, offset: Option<i32>, counts: &NumberLists<'_>, row: usize) {
    if offset.is_none() && counts.0.is_null(row) {
        return;
    }
    let buckets = out.open(field);
    out.optional_sint32(1, offset);
    counts.write_varints(out, 2, row);
    out.close(buckets);
}

impl NumberLists<'_> {
    fn write_doubles(&self, out: &mut Encoder, field: u32, row: usize) {
        self.write(out, field, row, |out, numbers| {
            numbers.as_primitive::<Float64Type>().values().iter().for_each(|number| out.packed_fixed64(number.to_bits()));
        });
    }

    fn write_fixed64(&self, out: &mut Encoder, field: u32, row: usize) {
        self.write(out, field, row, |out, numbers| {
            numbers.as_primitive::<UInt64Type>().values().iter().for_each(|number| out.packed_fixed64(*number));
        });
    }

    fn write_varints(&self, out: &mut Encoder, field: u32, row: usize) {
        self.write(out, field, row, |out, numbers| {
            numbers.as_primitive::<UInt64Type>().values().iter().for_each(|number| out.packed_varint(*number));
        });
    }

    fn write(&self, out: &mut Encoder, field: u32, row: usize, write_numbers: impl Fn(&mut Encoder, &dyn Array)) {
        if self.0.is_valid(row) && self.0.value_length(row) > 0 {
            let packed = out.open(field);
            write_numbers(out, &self.0.value(row));
            out.close(packed);
        }
    }
}

struct QuantileColumns<'a> {
    lists: Lists<'a>,
    quantile: &'a Float64Array,
    value: &'a Float64Array,
}

impl<'a> QuantileColumns<'a> {
    fn new(columns: Columns<'a>) -> Result<Self, ExportError> {
        let lists = columns.struct_lists(c::QUANTILES)?;
        let columns = Columns::Structs(lists.items);
        Ok(Self { lists, quantile: columns.numbers::<Float64Type>(c::QUANTILE)?, value: columns.numbers::<Float64Type>(c::VALUE)? })
    }

    fn write(&self, out: &mut Encoder, field: u32, row: usize) {
        for item in self.lists.range(row) {
            let quantile = out.open(field);
            out.double(1, self.quantile.value(item));
            out.double(2, self.value.value(item));
            out.close(quantile);
        }
    }
}

struct ExemplarColumns<'a> {
    lists: Lists<'a>,
    time: &'a TimestampNanosecondArray,
    trace_id: &'a FixedSizeBinaryArray,
    span_id: &'a FixedSizeBinaryArray,
    value_double: &'a Float64Array,
    value_int: &'a Int64Array,
    attributes: &'a StringArray,
}

impl<'a> ExemplarColumns<'a> {
    fn new(columns: Columns<'a>) -> Result<Self, ExportError> {
        let lists = columns.struct_lists(c::EXEMPLARS)?;
        let columns = Columns::Structs(lists.items);
        Ok(Self {
            lists,
            time: columns.times(c::TIME)?,
            trace_id: columns.ids(c::TRACE_ID)?,
            span_id: columns.ids(c::SPAN_ID)?,
            value_double: columns.numbers::<Float64Type>(c::VALUE_DOUBLE)?,
            value_int: columns.numbers::<Int64Type>(c::VALUE_INT)?,
            attributes: columns.text(c::ATTRIBUTES)?,
        })
    }

    fn write(&self, out: &mut Encoder, field: u32, row: usize) -> Result<(), ExportError> {
        for item in self.lists.range(row) {
            let exemplar = out.open(field);
            out.fixed64(2, self.time.value(item).cast_unsigned());
            out.optional_double(3, number(self.value_double, item));
            out.optional_bytes(4, id(self.span_id, item));
            out.optional_bytes(5, id(self.trace_id, item));
            out.optional_fixed64(6, number(self.value_int, item).map(i64::cast_unsigned));
            write_json(out, 7, c::EXEMPLARS, text(self.attributes, item))?;
            out.close(exemplar);
        }
        Ok(())
    }
}
