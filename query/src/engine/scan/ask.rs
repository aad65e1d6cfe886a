//! What a predicate asks of a block, after catalog and indexes have answered what they can.

use std::{collections::HashSet, ops::Range, sync::Arc};

use arrow::datatypes::SchemaRef;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr, conjunction_opt, split_conjunction};
use schemas::Table;
use storage::{
    Split, SplitId,
    text::{Candidates, TextFilter},
};

use super::{super::functions::TextMatch, attributes::ByAttributes, context::OpenSnapshot, series, values};

/// A predicate in parts that must all hold.
#[derive(Debug)]
pub(super) struct Ask {
    table: Table,
    whole: Arc<dyn PhysicalExpr>,
    /// All parts but texts and series.
    others: Option<ByAttributes>,
    texts: Vec<(Arc<dyn PhysicalExpr>, TextFilter)>,
    series: Vec<(Arc<dyn PhysicalExpr>, HashSet<u64>)>,
}

/// What has to be read of a block.
pub(super) struct Left {
    /// Still to be asked of each row.
    pub predicate: Option<Arc<dyn PhysicalExpr>>,
    /// Rows of the block that can be wanted, ascending and disjoint, maybe none; `None` when any can.
    pub rows: Option<Vec<Range<usize>>>,
}

impl Ask {
    /// `predicate` is over `schema`, which is that of `table`.
    pub(super) fn new(table: Table, schema: &SchemaRef, predicate: Arc<dyn PhysicalExpr>) -> Self {
        let (mut texts, mut series, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for part in split_conjunction(&predicate) {
            if let Some(filter) = text_of(part) {
                texts.push((Arc::clone(part), filter));
            } else if let Some(ids) = series::kept(table, part) {
                series.push((Arc::clone(part), ids));
            } else {
                others.push(Arc::clone(part));
            }
        }
        let others = conjunction_opt(others).map(|others| ByAttributes::new(others, Arc::clone(schema)));
        Self { table, whole: predicate, others, texts, series }
    }

    pub(super) fn whole(&self) -> &Arc<dyn PhysicalExpr> {
        &self.whole
    }

    /// What the other parts leave of a split, by its attributes; `None` when they keep no row.
    pub(super) fn of_split(&self, split: &Split) -> Option<Option<Arc<dyn PhysicalExpr>>> {
        let Some(others) = &self.others else { return Some(None) };
        others.left(|column, key| split.may_have_key(column, key)).map(Some)
    }

    /// As [`Self::of_split`], and with what the indexes of a block say. Blocking.
    pub(super) fn of_block(&self, open: &OpenSnapshot, split: &Split) -> Option<Left> {
        let SplitId::Block(id) = split.id else { return None };
        let mut predicate: Vec<Arc<dyn PhysicalExpr>> = self.of_split(split)?.into_iter().collect();
        let by_values = predicate.first().and_then(values::asked).map(|query| open.snapshot.rows_of_attributes(self.table, id, &query));
        let mut rows: Option<Vec<Range<usize>>> = match by_values {
            Some(Candidates::Rows(rows)) if rows.is_empty() => return None,
            Some(Candidates::Rows(rows)) => Some(rows),
            Some(Candidates::All) | None => None,
        };
        for (part, filter) in &self.texts {
            let of_text = match open.snapshot.exact_rows_of_text(self.table, id, filter) {
                // Nothing is left to ask, so the texts are not read.
                Some(exact) => Some(exact),
                None => {
                    predicate.push(Arc::clone(part));
                    match open.snapshot.rows_of_text(self.table, id, filter) {
                        Candidates::Rows(candidates) => Some(candidates),
                        Candidates::All => None,
                    }
                }
            };
            rows = both(rows, of_text);
        }
        for (part, ids) in &self.series {
            let of_series = open.snapshot.rows_of_series(self.table, id, ids);
            if of_series.is_none() {
                predicate.push(Arc::clone(part));
            }
            rows = both(rows, of_series);
        }
        Some(Left { predicate: conjunction_opt(predicate), rows })
    }
}

/// The text that every row a part keeps must have.
fn text_of(part: &Arc<dyn PhysicalExpr>) -> Option<TextFilter> {
    let function = part.downcast_ref::<ScalarFunctionExpr>()?.fun().inner().downcast_ref::<TextMatch>()?;
    Some(function.filter().clone())
}

/// Rows that both leave; `None` is any.
pub(super) fn both(one: Option<Vec<Range<usize>>>, other: Option<Vec<Range<usize>>>) -> Option<Vec<Range<usize>>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(common(&one, &other)),
        (one, other) => one.or(other),
    }
}

/// What is in both; each is ascending and disjoint.
fn common(one: &[Range<usize>], other: &[Range<usize>]) -> Vec<Range<usize>> {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut both = Vec::new();
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let range = a.start.max(b.start)..a.end.min(b.end);
        if range.start < range.end {
            both.push(range);
        }
        if a.end <= b.end {
            one.next().map(drop)
        } else {
            other.next().map(drop)
        };
    }
    both
}
