//! Searches as plans: the tree of [`crate::search`] to expressions over a table, never to SQL text.
//!
//! ```text
//! literal      a value that was asked for, with its times resolved
//! condition    what is asked of a text: pure
//! atoms        a predicate as comparisons that all or any of must hold
//! leaf         one field: a column by its kind, an attribute by its holders, a part of events
//! number       a column of numbers
//! text         words without a field
//! compile      the whole expression
//! traces       what is asked of the record's trace: a subquery over all its spans
//! structure    spans below spans: semi joins
//! deltas       groups of records to compare
//! live         the whole expression, asked of rows as they arrive
//! page         the order of a list, and the rows after a place in it
//! plan         scan -> filter -> sort -> limit -> projection; the traces of a search; values of a field
//! found        the records of a search, to be counted
//! values       which values they have in a field
//! histogram    how many there are in each stretch of time, by value
//! series       series of metrics, without their points
//! points       points of series, as they are
//! facts        rows of the governance tables, for the fold
//! codes        error codes, counted by service, or its instances or operations, and stretch of time
//! code_times   answers of it; by service out of what is kept of quarters of an hour
//! narrow       a few columns of all that is found, to be added up
//! cut_spans    spans of minutes that a window begins or ends in
//! minutes      what spans add up to in stretches of time
//! edges        calls between services within a stretch of time
//! lines        one log record by its id, and those of the same stream around it
//! ```
//!
//! INVARIANT: a leaf is true or not; null means no. Only a negation has to tell them apart, so leaves stay as they are and bounds of
//! blocks can rule them out.

mod atoms;
mod code_times;
mod codes;
mod compile;
mod condition;
mod cut_spans;
mod deltas;
mod edges;
mod facts;
mod found;
mod histogram;
mod leaf;
mod lines;
mod literal;
mod live;
mod minutes;
mod narrow;
mod number;
mod page;
mod plan;
mod points;
mod series;
mod stretches;
mod structure;
mod text;
mod traces;
mod values;

pub(super) use code_times::CodeTimes;
pub(crate) use code_times::{CodeKey, CodesCounted, Counted, code_counts};
pub(super) use codes::codes_plan;
pub(crate) use codes::{CodesBy, CodesQuestion};
pub(super) use condition::{Condition, Matcher};
pub(crate) use deltas::{GroupQuestion, Records, Wanted};
pub(super) use deltas::{check, group_plan};
pub(crate) use edges::{EdgesQuestion, edges};
pub(super) use facts::facts_plan;
pub(crate) use facts::{Facts, FactsQuestion, calls_of};
pub(crate) use found::Found;
pub(super) use found::extent_plan;
pub(crate) use histogram::Histogram;
pub(super) use histogram::histogram_plan;
pub(super) use lines::lines_plan;
pub(crate) use lines::{LOG_FILE_PATH, Lines, STREAM, Stream, Which};
pub(crate) use live::LiveFilter;
pub(super) use live::live_filter;
pub(crate) use minutes::{MinutesPart, MinutesQuestion, minutes};
pub(crate) use narrow::Narrow;
pub(super) use narrow::narrow_plan;
pub(crate) use page::{After, Places};
pub(crate) use plan::{ExportQuestion, FieldValues, LOG_ID, SearchOrder, SearchQuestion, TimeSpan, TraceOrder, TraceParts, TracesQuestion};
pub(super) use plan::{export_plan, parts_plan, places_plan, records_plan, traces_plan, values_plan};
pub(crate) use points::PointsQuestion;
pub(super) use points::points_plan;
pub(crate) use series::SeriesQuestion;
pub(super) use series::series_stream;
pub(super) use stretches::Stretches;
pub(crate) use values::FoundValues;
pub(super) use values::found_values_plan;
