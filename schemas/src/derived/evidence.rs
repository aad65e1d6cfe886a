//! Columns of every derived table that say where a row is from. Ids 120 to 129.

use crate::{
    column::{Column, Kind},
    columns as c,
};

pub(super) const SOURCE: Column =
    Column::required(120, c::SOURCE, Kind::GroupText, "kind of record: span, span_event, log, access_log, sum, gauge or histogram");
pub(super) const RULE: Column = Column::required(121, c::RULE, Kind::GroupText, "id of the rule that saw it");
pub(super) const CONFIDENCE: Column = Column::required(122, c::CONFIDENCE, Kind::I32, "how sure the rule is, 0 to 100");
pub(super) const TRACE_ID: Column = Column::optional(123, c::TRACE_ID, Kind::Id(16), "trace of the record; null when it has none");
pub(super) const SPAN_ID: Column = Column::optional(124, c::SPAN_ID, Kind::Id(8), "span of the record; null when it has none");
pub(super) const PARENT_SPAN_ID: Column = Column::optional(125, c::PARENT_SPAN_ID, Kind::Id(8), "of spans: the parent; null at a root");
