//! Batches through the rules.

use schemas::{Table, TableBatch, UnixNanos};

use super::{
    emit::Emitted,
    fill,
    logs::Logs,
    matching::{Origin, Row, Subject},
    metrics::Metrics,
    rules::{Rule, Rules},
    same::add_up,
    spans::Spans,
};
use crate::{
    facts::{Amount, Error, Facts},
    tables::to_batches,
};

/// What the rows of `batches` say, in their order. Pure: the same rules and batches give the same facts.
///
/// Rows that match no rule cost a search of their texts and no allocation. Batches of other tables say nothing.
pub fn classify(rules: &Rules, batches: &[TableBatch]) -> Facts {
    let mut facts = find(rules, batches).facts;
    add_up(&mut facts.rejections);
    facts
}

/// As [`classify`], and fills the derived columns of spans and logs.
pub fn enrich(rules: &Rules, batches: &mut [TableBatch]) -> Facts {
    let mut found = find(rules, batches);
    fill::derived_columns(batches, &found);
    add_up(&mut found.facts.rejections);
    found.facts
}

/// The rows of a request with all that they say: derived columns filled, rows of the governance tables after the rows they are from.
pub fn with_facts(rules: &Rules, mut batches: Vec<TableBatch>, received_at: UnixNanos) -> Vec<TableBatch> {
    let facts = enrich(rules, &mut batches);
    batches.extend(to_batches(&facts, received_at));
    batches
}

fn find(rules: &Rules, batches: &[TableBatch]) -> Found {
    let mut found = Found::default();
    for (index, TableBatch { table, batch }) in batches.iter().enumerate() {
        match table {
            Table::Spans => {
                if let Some(spans) = Spans::of(batch) {
                    spans.classify(rules, index, &mut found);
                    found.errors(rules.extractor.errors(*table, batch), index, |row| spans.origin(row));
                }
            }
            Table::Logs => {
                if let Some(logs) = Logs::of(batch) {
                    logs.classify(rules, index, &mut found);
                    found.errors(rules.extractor.errors(*table, batch), index, |row| logs.origin(row));
                }
            }
            // A counter by code repeats what spans and logs say of the same calls.
            Table::Metrics => Metrics::of(batch).iter().for_each(|metrics| metrics.classify(rules, index, &mut found)),
            _ => {}
        }
    }
    found
}

/// A row: its batch and its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub batch: usize,
    pub row: usize,
}

/// Facts, and which rows the derived columns say something of.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub facts: Facts,
    /// Rows that are refusals, rising, and the place of the first rejection of each.
    pub rejected: Vec<(Place, usize)>,
    /// Rows that carry an error, rising, and the place of it.
    pub failed: Vec<(Place, usize)>,
}

impl Found {
    /// Adds the errors of a batch, each with its row, and says who made them.
    fn errors(&mut self, errors: Vec<(usize, Error)>, batch: usize, origin: impl Fn(usize) -> Origin) {
        for (row, mut error) in errors {
            let origin = origin(row);
            error.emitter = origin.emitter;
            error.amount = origin.amount.unwrap_or(Amount::Count(1.0));
            error.evidence.trace_id = origin.trace_id;
            error.evidence.span_id = origin.span_id;
            error.evidence.parent_span_id = origin.parent_span_id;
            self.failed.push((Place { batch, row }, self.facts.errors.len()));
            self.facts.errors.push(error);
        }
    }

    /// Compares `row` with `candidates`: of those that match, the first gives the rejection, the signal, the action.
    pub fn look<'r>(&mut self, rules: &Rules, candidates: impl Iterator<Item = &'r Rule>, row: &dyn Row, place: Place) {
        let mut emitted = Emitted::default();
        let mut texts = None;
        for rule in candidates {
            if emitted.covers(rule) || rule.fallback && emitted.any() {
                continue;
            }
            let texts: &Vec<_> = if rule.uses_text { texts.get_or_insert_with(|| row.texts()) } else { &Vec::new() };
            if let Some(subject) = Subject::of(rules, rule, row, texts) {
                let first = self.facts.rejections.len();
                emitted.emit(rule, subject, &mut self.facts);
                if self.facts.rejections.len() > first {
                    self.rejected.push((place, first));
                }
            }
        }
    }
}
