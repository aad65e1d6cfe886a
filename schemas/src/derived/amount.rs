//! Columns of every derived table that says how often: either `count`, or `cumulative` with its series. Ids 110 to 119.

use crate::{
    column::{Column, Kind},
    columns as c,
};

pub(super) const COUNT: Column =
    Column::optional(110, c::COUNT, Kind::F64, "how many events, adjusted by the sampling weight; null when `cumulative` is set");
pub(super) const CUMULATIVE: Column = Column::optional(111, c::CUMULATIVE, Kind::F64, "raw running total of a counter since `start_time`");
pub(super) const SERIES_ID: Column = Column::optional(112, c::SERIES_ID, Kind::U64, "of metrics: the series in `metrics`");
pub(super) const START_TIME: Column =
    Column::optional(113, c::START_TIME, Kind::Time, "since when `cumulative` counts; null when not said");
