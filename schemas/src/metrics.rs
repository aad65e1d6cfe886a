//! Table `metrics`: one row per data point. Own ids 100 and up.

use crate::{
    column::{Column, Kind},
    columns as c,
};

pub const COLUMNS: &[Column] = &[
    Column::required(100, c::METRIC_NAME, Kind::GroupText, "name of the metric"),
    Column::required(101, c::METRIC_TYPE, Kind::GroupText, "gauge, sum, histogram, exponential_histogram or summary"),
    Column::optional(102, c::UNIT, Kind::GroupText, "UCUM unit of the values; null when empty"),
    Column::optional(103, c::METRIC_DESCRIPTION, Kind::GroupText, "description of the metric; null when empty"),
    Column::optional(104, c::METRIC_METADATA, Kind::GroupText, "JSON object of the metric's metadata; null when none"),
    Column::optional(105, c::TEMPORALITY, Kind::I32, "1 delta, 2 cumulative, other numbers as sent; null for gauge and summary"),
    Column::optional(106, c::MONOTONIC, Kind::Bool, "whether the sum only rises; null unless a sum"),
    Column::required(107, c::SERIES_ID, Kind::U64, "hash of metric name, resource, scope and point attributes, whatever their order"),
    Column::optional(108, c::START_TIME, Kind::Time, "start of the interval the point covers; null when the sender gave 0"),
    Column::required(109, c::TIME, Kind::Time, "end of the interval the point covers"),
    Column::optional(110, c::VALUE_DOUBLE, Kind::F64, "gauge, sum: the value when a double, in `unit`"),
    Column::optional(111, c::VALUE_INT, Kind::I64, "gauge, sum: the value when an integer, in `unit`"),
    Column::optional(112, c::COUNT, Kind::U64, "histograms, summary: number of values; null otherwise"),
    Column::optional(113, c::SUM, Kind::F64, "histograms, summary: sum of the values, in `unit`; null when not sent"),
    Column::optional(114, c::MIN, Kind::F64, "histograms: least value, in `unit`; null when not sent"),
    Column::optional(115, c::MAX, Kind::F64, "histograms: greatest value, in `unit`; null when not sent"),
    Column::optional(
        116,
        c::BOUNDS,
        Kind::List { item_id: 117, of: &Kind::F64 },
        "histogram: upper inclusive bounds, rising; null when none",
    ),
    Column::optional(
        118,
        c::BUCKET_COUNTS,
        Kind::List { item_id: 119, of: &Kind::U64 },
        "histogram: values per bucket, one more than bounds; null when none",
    ),
    Column::optional(120, c::SCALE, Kind::I32, "exponential histogram: base = 2^(2^-scale)"),
    Column::optional(121, c::ZERO_COUNT, Kind::U64, "exponential histogram: values within the zero threshold"),
    Column::optional(122, c::ZERO_THRESHOLD, Kind::F64, "exponential histogram: width of the zero bucket, in `unit`"),
    Column::optional(
        123,
        c::POSITIVE_OFFSET,
        Kind::I32,
        "exponential histogram: index of the first positive bucket; null when there are none",
    ),
    Column::optional(
        124,
        c::POSITIVE_COUNTS,
        Kind::List { item_id: 125, of: &Kind::U64 },
        "exponential histogram: values per positive bucket; null when none",
    ),
    Column::optional(
        126,
        c::NEGATIVE_OFFSET,
        Kind::I32,
        "exponential histogram: index of the first negative bucket; null when there are none",
    ),
    Column::optional(
        127,
        c::NEGATIVE_COUNTS,
        Kind::List { item_id: 128, of: &Kind::U64 },
        "exponential histogram: values per negative bucket; null when none",
    ),
    Column::optional(129, c::QUANTILES, Kind::Structs { item_id: 130, fields: QUANTILE }, "summary: values at quantiles; null when none"),
    Column::optional(133, c::EXEMPLARS, Kind::Structs { item_id: 134, fields: EXEMPLAR }, "exemplars in the order sent; null when none"),
    Column::required(141, c::FLAGS, Kind::U32, "bit 0: no recorded value; all 32 bits as sent"),
    Column::optional(142, c::ATTRIBUTES, Kind::Text, "JSON object of the point's attributes; null when none"),
];

/// The fields of `quantiles`.
pub const QUANTILE: &[Column] = &[
    Column::required(131, c::QUANTILE, Kind::F64, "0 to 1"),
    Column::required(132, c::VALUE, Kind::F64, "the value at the quantile, in `unit`"),
];

/// The fields of `exemplars`.
pub const EXEMPLAR: &[Column] = &[
    Column::required(135, c::TIME, Kind::Time, "when it was measured"),
    Column::optional(136, c::TRACE_ID, Kind::Id(16), "trace id; null when absent or invalid"),
    Column::optional(137, c::SPAN_ID, Kind::Id(8), "span id; null when absent or invalid"),
    Column::optional(138, c::VALUE_DOUBLE, Kind::F64, "the value when a double, in `unit`"),
    Column::optional(139, c::VALUE_INT, Kind::I64, "the value when an integer, in `unit`"),
    Column::optional(140, c::ATTRIBUTES, Kind::Text, "JSON object of the attributes that the point does not have; null when none"),
];
