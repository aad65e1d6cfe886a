//! Spans, rows and halves in, rows and halves out.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    ops::Range,
};

use arrow::{
    array::RecordBatch,
    datatypes::{Int32Type, TimestampNanosecondType},
};
use schemas::{TraceId, columns as c};

use super::{
    columns::EdgeSpans,
    cut::Cut,
    half::{self, Half},
    settle,
};
use crate::rollup::{
    columns::{RollupError, dictionary, numbers},
    groups::Groups,
    histogram::bucket_of,
    key::{EdgeKey, minute_of},
    known::{Change, Known},
    limit,
    measures::{Measures, Span},
    rows::MeasureColumns,
    spans::{CLIENT, Words},
    texts::{NULL, Numbered, Texts},
    write,
};

/// The rows of `edge_minutes` that spans, halves of calls and other such rows add up to, and the halves that are left.
///
/// ```
/// # use schemas::Table;
/// # let spans = arrow::array::RecordBatch::new_empty(Table::Spans.schema());
/// let mut edges = storage::rollup::EdgeMinutes::default();
/// edges.add_cut([&spans], i64::MIN..i64::MAX)?;
/// let (rows, halves) = edges.finish()?;
/// assert_eq!((rows.schema(), halves.schema()), (Table::EdgeMinutes.schema(), Table::EdgeHalves.schema()));
/// # Ok::<(), storage::rollup::RollupError>(())
/// ```
#[derive(Debug)]
pub struct EdgeMinutes {
    texts: Texts,
    words: Words,
    groups: Groups<EdgeKey>,
    halves: Vec<Half>,
}

impl Default for EdgeMinutes {
    fn default() -> Self {
        let mut texts = Texts::default();
        Self { words: Words::new(&mut texts), texts, groups: Groups::default(), halves: Vec::new() }
    }
}

impl EdgeMinutes {
    /// Adds the calls among spans, which have at least [`EDGE_SPAN_COLUMNS`](super::EDGE_SPAN_COLUMNS), and the halves of others. Spans
    /// that begin outside of `counts` are looked at as relatives of the others, and are no calls. O(spans), some 60 bytes each.
    ///
    /// # Errors
    /// When a column is missing or has another type; then nothing was added.
    pub fn add_cut<'a>(&mut self, spans: impl IntoIterator<Item = &'a RecordBatch>, counts: Range<i64>) -> Result<(), RollupError> {
        let cut = Cut::of(spans, &counts, &mut self.texts, self.words)?;
        let (groups, words) = (&mut self.groups, self.words);
        let halves = cut.calls(&mut self.texts, |caller, called| add_call(groups, words, caller, called));
        self.halves.extend(halves);
        Ok(())
    }

    /// Adds rows of `edge_minutes`. O(rows and their buckets).
    ///
    /// # Errors
    /// As [`Self::add_cut`].
    pub fn add_rows(&mut self, batch: &RecordBatch) -> Result<(), RollupError> {
        let minutes = numbers::<TimestampNanosecondType>(batch, c::TIME)?;
        let one_sided = numbers::<Int32Type>(batch, c::ONE_SIDED)?;
        let beyond_limit = numbers::<Int32Type>(batch, c::BEYOND_LIMIT)?;
        let columns = MeasureColumns::of(batch)?;
        let mut texts = Vec::with_capacity(EdgeKey::TEXTS.len());
        for name in EdgeKey::TEXTS {
            texts.push(Numbered::new(dictionary(batch, name)?, &mut self.texts));
        }
        for row in 0..batch.num_rows() {
            let key = EdgeKey {
                minute: minutes.value(row),
                one_sided: one_sided.value(row) != 0,
                beyond_limit: beyond_limit.value(row),
                texts: std::array::from_fn(|column| texts[column].get(row)),
            };
            let place = self.groups.add(key, &columns.measures(row));
            columns.buckets(row).for_each(|(index, count)| self.groups.add_bucket(place, index, count));
        }
        Ok(())
    }

    /// Adds rows of `edge_halves`. O(rows).
    ///
    /// # Errors
    /// As [`Self::add_cut`].
    pub fn add_halves(&mut self, batch: &RecordBatch) -> Result<(), RollupError> {
        half::read(batch, &mut self.halves, &mut self.texts, self.words)
    }

    /// Counts the calls whose halves are both among those that were added. O(halves).
    pub fn join(&mut self) {
        let (groups, words) = (&mut self.groups, self.words);
        settle::join(&mut self.halves, |caller, called| add_call(groups, words, caller, called));
    }

    /// Traces with calls that came in before `received_before` and whose caller is not here, each once. O(halves).
    pub(crate) fn lost(&self, received_before: i64) -> BTreeSet<TraceId> {
        settle::lost(&self.halves, received_before).map(|(trace, _)| TraceId(trace)).collect()
    }

    /// Counts the calls that came in before `received_before` from one of `spans`, which have at least
    /// [`EDGE_SPAN_COLUMNS`](super::EDGE_SPAN_COLUMNS). O(halves and spans).
    ///
    /// # Errors
    /// As [`Self::add_cut`].
    pub(crate) fn adopt(&mut self, spans: &[RecordBatch], received_before: i64) -> Result<(), RollupError> {
        let wanted: HashSet<_> = settle::lost(&self.halves, received_before).collect();
        let mut above = HashMap::new();
        for batch in spans {
            let spans = EdgeSpans::of(batch, &mut self.texts, self.words)?;
            for row in 0..spans.len() {
                if let Some(place) = spans.place(row).filter(|place| wanted.contains(place)) {
                    above.insert(place, spans.half(row, &mut self.texts));
                }
            }
        }
        let (groups, words) = (&mut self.groups, self.words);
        settle::adopt(&mut self.halves, &above, |caller, called| add_call(groups, words, caller, called));
        Ok(())
    }

    /// Counts the halves that arrived before `received_before` as calls of which the other half is not there. O(halves).
    pub fn settle(&mut self, received_before: i64) {
        let (groups, words) = (&mut self.groups, self.words);
        settle::settle(&mut self.halves, received_before, |half| add_single(groups, words, half));
    }

    /// When more than `max` halves are left: an arrival after which at most half as many came.
    pub(crate) fn crowded(&self, max: usize) -> Option<i64> {
        if self.halves.len() <= max {
            return None;
        }
        let mut received: Vec<i64> = self.halves.iter().map(|half| half.received_at).collect();
        let place = received.len() - max / 2;
        let (_, first_kept, _) = received.select_nth_unstable(place);
        // Those that arrived with it go too: they may be many.
        Some(first_kept.saturating_add(1))
    }

    /// As [`OperationMinutes::limit`](crate::rollup::OperationMinutes::limit), of operations and peers.
    pub fn limit(&mut self, known: &Known, max: usize) -> Vec<Change> {
        limit::limit(&mut self.groups, &self.texts, known, max)
    }

    /// How many halves are left.
    pub fn halves(&self) -> usize {
        self.halves.len()
    }

    /// One row for each key, by service, then time, then the rest of the key; and the halves that are left.
    ///
    /// # Errors
    /// When there are too many texts for a dictionary.
    pub fn finish(self) -> Result<(RecordBatch, RecordBatch), RollupError> {
        Ok((write::edge_minutes(&self.groups, &self.texts)?, half::rows(&self.halves, &self.texts, self.words)?))
    }
}

/// A call as its caller sees it, if that waits for the answer; when it came in.
fn add_call(groups: &mut Groups<EdgeKey>, words: Words, caller: &Half, called: &Half) {
    let waits = caller.kind == CLIENT;
    let [service, namespace, environment, ..] = caller.texts;
    let span = Span {
        trace: called.trace,
        start: called.start,
        received_at: called.received_at,
        duration_ns: if waits { caller.duration_ns } else { called.duration_ns },
        failed: called.failed || (waits && caller.failed),
        weight: called.weight,
    };
    let operation = if caller.is_call() { caller.operation() } else { called.operation() };
    let protocol = if caller.protocol() == NULL { called.protocol() } else { caller.protocol() };
    let texts = [service, namespace, environment, called.service(), words.service, operation, protocol, NULL];
    add(groups, words, &span, false, texts);
}

/// A call of which the other half is not there.
fn add_single(groups: &mut Groups<EdgeKey>, words: Words, half: &Half) {
    let [service, namespace, environment, ..] = half.texts;
    let Half { trace, start, received_at, duration_ns, failed, weight, .. } = *half;
    let (peer, peer_kind) = if half.is_entry() { (NULL, words.caller) } else { half.called() };
    let texts = [service, namespace, environment, peer, peer_kind, half.operation(), half.protocol(), NULL];
    add(groups, words, &Span { trace, start, received_at, duration_ns, failed, weight }, true, texts);
}

/// The last text is that of the status.
fn add(groups: &mut Groups<EdgeKey>, words: Words, span: &Span, one_sided: bool, mut texts: [u32; EdgeKey::TEXTS.len()]) {
    texts[EdgeKey::TEXTS.len() - 1] = if span.failed { words.error } else { words.ok };
    let key = EdgeKey { minute: minute_of(span.start), one_sided, beyond_limit: 0, texts };
    let place = groups.add(key, &Measures::of(span));
    if span.duration_ns > 0 {
        groups.add_bucket(place, bucket_of(span.duration_ns.unsigned_abs()), span.count());
    }
}
