//! Traces for tests, written down as an outline.
//!
//! One line per span, indented by two spaces per level: `service[@host] name kind from..to [error] [events]`. A span's id is its
//! line, from 1. A line that starts with `?` names a parent that is not there. Times are nanoseconds.

use schemas::{SpanId, TraceId};

use super::{
    assemble::{Clock, Row, assemble},
    order::Position,
    shape::TraceShape,
};

pub(crate) fn id(number: u64) -> SpanId {
    SpanId::from_slice(&number.to_be_bytes()).expect("not 0")
}

pub(crate) fn shape(outline: &str) -> TraceShape {
    let mut rows = Vec::new();
    let mut ancestors: Vec<u64> = Vec::new();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let lines = || outline.lines().filter(|line| !line.trim().is_empty());
    let margin = lines().next().map(indent).unwrap_or_default();
    for (number, line) in (1..).zip(lines()) {
        let level = (indent(line) - margin) / 2;
        ancestors.truncate(level);
        let (lost, words) = line.trim().strip_prefix('?').map_or((false, line.trim()), |rest| (true, rest.trim()));
        let parent = if lost { Some(id(999)) } else { ancestors.last().map(|parent| id(*parent)) };
        rows.push(row(number, parent, words));
        ancestors.push(number);
    }
    let positions = rows.iter().enumerate().map(|(row, (position, _))| Position { row: row as u32, ..*position });
    let mut positions: Vec<Position> = positions.collect();
    positions.sort_unstable();
    assemble(TraceId([7; 16]), positions, usize::MAX >> 1, |at| rows[at.row as usize].1)
}

fn row(number: u64, parent_span_id: Option<SpanId>, words: &str) -> (Position, Row<'_>) {
    let words: Vec<&str> = words.split(' ').collect();
    let [service, name, kind, times, marks @ ..] = words.as_slice() else { panic!("service name kind from..to: {words:?}") };
    let (service_name, clock) = match service.split_once('@') {
        Some((service, host)) => (service, Clock::Host(host)),
        None => (*service, Clock::Service(service)),
    };
    let (from, to) = times.split_once("..").expect("from..to");
    let (start_ns, end_ns): (i64, i64) = (from.parse().expect("a number"), to.parse().expect("a number"));
    let kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"];
    let row = Row {
        parent_span_id,
        duration_ns: end_ns - start_ns,
        service_name: Some(service_name),
        name,
        clock,
        kind: kinds.iter().position(|known| known == kind).expect("a kind") as i32,
        status_code: if marks.contains(&"error") { 2 } else { 0 },
        has_events: marks.contains(&"events"),
        has_links: false,
    };
    (Position { start_ns, span_id: id(number), batch: 0, row: 0 }, row)
}

/// The names of `indexes`, with a value each.
pub(crate) fn named<T: std::fmt::Display>(shape: &TraceShape, values: impl IntoIterator<Item = (usize, T)>) -> String {
    let word = |(index, value): (usize, T)| format!("{} {value}", shape.name(&shape.spans()[index]));
    values.into_iter().map(word).collect::<Vec<_>>().join(", ")
}
