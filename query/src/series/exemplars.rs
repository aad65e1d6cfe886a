//! Single measurements that have a trace: of each row and step the one with the greatest value.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray},
    datatypes::{Float64Type, Int64Type, TimestampNanosecondType},
};
use schemas::{SpanId, TraceId, columns as c};

use super::{aggregate::Operator, evaluate::Question, evaluate::Row, frame::Frame, labels::Labels};

#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    /// Position of the row it belongs to.
    pub row: usize,
    /// When it was measured: ns since 1970.
    pub time: i64,
    pub value: f64,
    pub trace_id: TraceId,
    pub span_id: Option<SpanId>,
}

/// Exemplars of the series behind `rows`, the answer to `question`, by row and time; at most `count_max`, and how many there were beside
/// them. Counters that send the same one again and again have it once.
pub fn exemplars(frame: &Frame, question: &Question, rows: &[Row], count_max: usize) -> (Vec<Exemplar>, usize) {
    let Some(lists) = frame.exemplars() else { return (Vec::new(), 0) };
    let Some(columns) = Columns::of(lists.values()) else { return (Vec::new(), 0) };
    let positions: BTreeMap<&Labels, usize> = rows.iter().enumerate().map(|(position, row)| (&row.labels, position)).collect();
    let mut best: BTreeMap<(usize, usize), Exemplar> = BTreeMap::new();
    for series in &frame.series {
        let labels = match &question.aggregate {
            Some(by) if !matches!(by.operator, Operator::TopK(_)) => series.labels.grouped(&by.grouping),
            _ => series.labels.clone(),
        };
        let Some(row) = positions.get(&labels).copied() else { continue };
        for point in series.rows.clone().filter(|point| lists.is_valid(*point)) {
            let offsets = lists.value_offsets();
            for at in offsets[point] as usize..offsets[point + 1] as usize {
                let Some(exemplar) = columns.exemplar(row, at) else { continue };
                let Some(step) = question.steps.index(exemplar.time) else { continue };
                let known = best.entry((row, step)).or_insert_with(|| exemplar.clone());
                if exemplar.value > known.value {
                    *known = exemplar;
                }
            }
        }
    }
    let found = best.len();
    // Evenly, so that no part of the chart is without.
    let every = found.div_ceil(count_max.max(1)).max(1);
    let kept: Vec<Exemplar> = best.into_values().step_by(every).collect();
    let left_out = found - kept.len();
    (kept, left_out)
}

struct Columns<'a> {
    times: &'a ArrayRef,
    trace_ids: &'a FixedSizeBinaryArray,
    span_ids: &'a FixedSizeBinaryArray,
    doubles: &'a ArrayRef,
    ints: &'a ArrayRef,
}

impl<'a> Columns<'a> {
    /// Of the structs in the lists; `None` when they are something else.
    fn of(structs: &'a ArrayRef) -> Option<Self> {
        let structs = structs.as_struct_opt()?;
        let ids = |name| structs.column_by_name(name)?.as_fixed_size_binary_opt();
        Some(Self {
            times: structs.column_by_name(c::TIME).filter(|times| times.as_primitive_opt::<TimestampNanosecondType>().is_some())?,
            trace_ids: ids(c::TRACE_ID)?,
            span_ids: ids(c::SPAN_ID)?,
            doubles: structs.column_by_name(c::VALUE_DOUBLE).filter(|doubles| doubles.as_primitive_opt::<Float64Type>().is_some())?,
            ints: structs.column_by_name(c::VALUE_INT).filter(|ints| ints.as_primitive_opt::<Int64Type>().is_some())?,
        })
    }

    /// If it has a trace and a value.
    fn exemplar(&self, row: usize, at: usize) -> Option<Exemplar> {
        let trace_id = self.trace_ids.is_valid(at).then(|| self.trace_ids.value(at).try_into().ok().map(TraceId)).flatten()?;
        let span_id = self.span_ids.is_valid(at).then(|| self.span_ids.value(at).try_into().ok().map(SpanId)).flatten();
        let double = self.doubles.is_valid(at).then(|| self.doubles.as_primitive::<Float64Type>().value(at));
        let int = || self.ints.is_valid(at).then(|| self.ints.as_primitive::<Int64Type>().value(at) as f64);
        let time = self.times.as_primitive::<TimestampNanosecondType>().value(at);
        Some(Exemplar { row, time, value: double.or_else(int)?, trace_id, span_id })
    }
}
