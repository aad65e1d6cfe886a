//! Span batches to a [`TraceShape`].
//!
//! 1. Order the rows by start time and id; leave out identical copies, then all beyond the cap.
//! 2. Plan the tree from the links alone.
//! 3. Read the other columns in tree order, keeping each text once.
//!
//! At no step is more than about 100 bytes held per span, besides the batches.

use std::collections::HashMap;

use arrow::{
    datatypes::{Int32Type, Int64Type},
    record_batch::RecordBatch,
};
use schemas::{SpanId, TraceId, columns as c};

use super::{
    columns::{NumberColumn, StructsColumn, TextColumn, UnexpectedType},
    order::{LinkColumns, Position, order},
    shape::{SpanShape, TraceShape},
    tree::{self, Link, NONE},
};

impl TraceShape {
    /// The columns of the spans table that a shape is made of; the others need not be in the batches.
    pub const COLUMNS: &'static [&'static str] = &[
        c::SPAN_ID,
        c::PARENT_SPAN_ID,
        c::START_TIME,
        c::DURATION_NS,
        c::NAME,
        c::KIND,
        c::STATUS_CODE,
        c::EVENTS,
        c::LINKS,
        c::SERVICE_NAME,
        c::SERVICE_INSTANCE_ID,
        c::K8S_POD_NAME,
        c::HOST_NAME,
    ];

    /// The shape of trace `trace_id`, whose rows are in `batches` in any order: its earliest `spans_max` spans, less than 2^32.
    /// Rows that differ in nothing but attributes count as copies.
    ///
    /// # Errors
    /// When a batch is not one of the spans table.
    pub fn read(trace_id: TraceId, batches: &[RecordBatch], spans_max: usize) -> Result<Self, UnexpectedType> {
        let keys = LinkColumns::bind_all(batches)?;
        let columns = batches.iter().map(ShapeColumns::bind).collect::<Result<Vec<_>, _>>()?;
        let read = |at: &Position| Row {
            parent_span_id: keys[at.batch as usize].parent_span_id(at.row),
            ..columns[at.batch as usize].row(at.row as usize)
        };
        Ok(assemble(trace_id, order(&keys), spans_max, read))
    }
}

/// What a row says besides its start and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row<'a> {
    pub(crate) parent_span_id: Option<SpanId>,
    pub(crate) duration_ns: i64,
    pub(crate) service_name: Option<&'a str>,
    pub(crate) name: &'a str,
    pub(crate) clock: Clock<'a>,
    pub(crate) kind: i32,
    pub(crate) status_code: i32,
    pub(crate) has_events: bool,
    pub(crate) has_links: bool,
}

/// Whose clock a span's times were read from, by the best that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Clock<'a> {
    Host(&'a str),
    Pod(&'a str),
    Instance(&'a str),
    Service(&'a str),
    Unknown,
}

struct ShapeColumns<'a> {
    duration_ns: NumberColumn<'a, Int64Type>,
    name: TextColumn<'a>,
    kind: NumberColumn<'a, Int32Type>,
    status_code: NumberColumn<'a, Int32Type>,
    events: StructsColumn<'a>,
    links: StructsColumn<'a>,
    service_name: TextColumn<'a>,
    instance_id: TextColumn<'a>,
    pod_name: TextColumn<'a>,
    host_name: TextColumn<'a>,
}

impl<'a> ShapeColumns<'a> {
    fn bind(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        Ok(Self {
            duration_ns: NumberColumn::of(batch, c::DURATION_NS)?,
            name: TextColumn::of(batch, c::NAME)?,
            kind: NumberColumn::of(batch, c::KIND)?,
            status_code: NumberColumn::of(batch, c::STATUS_CODE)?,
            events: StructsColumn::of(batch, c::EVENTS)?,
            links: StructsColumn::of(batch, c::LINKS)?,
            service_name: TextColumn::of(batch, c::SERVICE_NAME)?,
            instance_id: TextColumn::of(batch, c::SERVICE_INSTANCE_ID)?,
            pod_name: TextColumn::of(batch, c::K8S_POD_NAME)?,
            host_name: TextColumn::of(batch, c::HOST_NAME)?,
        })
    }

    fn row(&self, row: usize) -> Row<'a> {
        let service_name = self.service_name.get(row);
        let host = self.host_name.get(row).map(Clock::Host);
        let pod = || self.pod_name.get(row).map(Clock::Pod);
        let instance = || self.instance_id.get(row).map(Clock::Instance);
        Row {
            parent_span_id: None,
            duration_ns: self.duration_ns.get(row).unwrap_or_default(),
            service_name,
            name: self.name.get(row).unwrap_or_default(),
            clock: host.or_else(pod).or_else(instance).or(service_name.map(Clock::Service)).unwrap_or(Clock::Unknown),
            kind: self.kind.get(row).unwrap_or_default(),
            status_code: self.status_code.get(row).unwrap_or_default(),
            has_events: self.events.has_any(row),
            has_links: self.links.has_any(row),
        }
    }
}

/// `positions` in order; `read` is asked a few times for each and must be cheap.
pub(crate) fn assemble<'a>(
    trace_id: TraceId,
    mut positions: Vec<Position>,
    spans_max: usize,
    read: impl Fn(&Position) -> Row<'a>,
) -> TraceShape {
    drop_copies(&mut positions, &read);
    let left_over = positions.len().saturating_sub(spans_max);
    positions.truncate(spans_max);
    let links: Vec<Link> = positions.iter().map(|at| Link { span_id: at.span_id, parent_span_id: read(at).parent_span_id }).collect();
    let places = tree::plan(&links);
    drop(links);

    let mut services = Texts::default();
    let mut names = Texts::default();
    let mut clocks: HashMap<Clock<'a>, u32> = HashMap::new();
    let mut spans = Vec::with_capacity(places.len());
    for (index, place) in (0..).zip(&places) {
        let at = &positions[place.row as usize];
        let row = read(at);
        let next_clock = clocks.len() as u32;
        spans.push(SpanShape {
            span_id: at.span_id,
            start_ns: at.start_ns,
            duration_ns: row.duration_ns,
            parent: place.parent,
            end: index + 1,
            depth: place.depth,
            service: row.service_name.map_or(NONE, |name| services.keep(name)),
            name: names.keep(row.name),
            clock: *clocks.entry(row.clock).or_insert(next_clock),
            kind: row.kind,
            status_code: row.status_code,
            facts: facts(&row, place.parent_missing),
        });
    }
    close_subtrees(&mut spans);
    TraceShape { trace_id, spans, services: services.kept, names: names.kept, left_over }
}

/// Namesakes are brought into an order of their own, so that it does not depend on which batch a row came from.
fn drop_copies<'a>(positions: &mut Vec<Position>, read: &impl Fn(&Position) -> Row<'a>) {
    for namesakes in positions.chunk_by_mut(|one, other| one.key() == other.key()).filter(|group| group.len() > 1) {
        namesakes.sort_by_key(read);
    }
    positions.dedup_by(|one, other| one.key() == other.key() && read(one) == read(other));
}

fn facts(row: &Row<'_>, parent_missing: bool) -> u8 {
    let clock_guessed = matches!(row.clock, Clock::Service(_) | Clock::Unknown);
    let facts = [
        (row.has_events, SpanShape::HAS_EVENTS),
        (row.has_links, SpanShape::HAS_LINKS),
        (parent_missing, SpanShape::PARENT_MISSING),
        (clock_guessed, SpanShape::CLOCK_GUESSED),
    ];
    facts.iter().filter(|(holds, _)| *holds).map(|(_, bit)| bit).sum()
}

/// Gives every span the end of its subtree; children come after their parent.
fn close_subtrees(spans: &mut [SpanShape]) {
    for index in (0..spans.len()).rev() {
        let end = spans[index].end;
        if let Some(parent) = spans[index].parent() {
            spans[parent].end = spans[parent].end.max(end);
        }
    }
}

/// Each text once, numbered by first appearance.
#[derive(Default)]
struct Texts<'a> {
    numbers: HashMap<&'a str, u32>,
    kept: Vec<String>,
}

impl<'a> Texts<'a> {
    fn keep(&mut self, text: &'a str) -> u32 {
        let next = self.kept.len() as u32;
        *self.numbers.entry(text).or_insert_with(|| {
            self.kept.push(text.to_owned());
            next
        })
    }
}
