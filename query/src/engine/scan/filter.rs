//! Predicates as they are asked of the rows of a piece: before the other columns are decoded, or after.

use std::sync::{Arc, Mutex};

use arrow::{
    array::{AsArray, BooleanArray},
    buffer::BooleanBuffer,
    datatypes::{Schema, SchemaRef},
    record_batch::RecordBatch,
};
use datafusion::{
    common::{DataFusionError, Result, internal_datafusion_err},
    physical_expr::{
        PhysicalExpr, conjunction_opt, split_conjunction,
        utils::{collect_columns, reassign_expr_columns},
    },
};
use schemas::{
    Table,
    column::{Column, Kind},
    columns::{ATTRIBUTES, BODY, METRIC_NAME, SERVICE_NAME},
};
use storage::Predicate;

use super::context::Usage;

/// From so much weight of columns on that a predicate does not need, it is worth asking it before they are decoded.
const LATE_WEIGHT_MIN: usize = 4;

/// All of what is asked.
pub(super) struct Filter {
    table: Table,
    predicate: Arc<dyn PhysicalExpr>,
    /// Positions in the table, ascending.
    columns: Vec<usize>,
}

impl Filter {
    /// `predicates` are over the whole table and must all hold. `None` when there are none.
    ///
    /// # Errors
    /// When they have other columns: a bug.
    pub(super) fn new<'a>(table: Table, predicates: impl Iterator<Item = &'a Arc<dyn PhysicalExpr>>) -> Result<Option<Self>> {
        let Some(predicate) = conjunction_opt(predicates.cloned()) else { return Ok(None) };
        let columns = columns_of(table, &predicate)?;
        Ok(Some(Self { table, predicate, columns }))
    }

    /// Those it needs, as positions in the table.
    pub(super) fn columns(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().copied()
    }

    /// Whether it should be asked before the other ones of `columns` are decoded: that pays when they are many or wide, and costs when
    /// most rows are kept. So it does when a narrow part of it can spare a wide part the decoding of rows.
    pub(super) fn pays_before(&self, columns: &[usize]) -> bool {
        let others = columns.iter().filter(|column| !self.columns.contains(column));
        let many = others.map(|column| weight(self.table, *column)).sum::<usize>() >= LATE_WEIGHT_MIN;
        !self.columns.is_empty() && (many || self.has_narrow_and_wide_parts())
    }

    fn has_narrow_and_wide_parts(&self) -> bool {
        let parts = split_conjunction(&self.predicate).into_iter();
        let weights: Vec<usize> = parts.filter_map(|part| heaviest(self.table, &columns_of(self.table, part).ok()?)).collect();
        weights.iter().any(|weight| *weight >= LATE_WEIGHT_MIN) && weights.iter().any(|weight| *weight < LATE_WEIGHT_MIN)
    }

    /// Which rows of `batch`, which has the columns needed by name, are kept.
    pub(super) fn evaluate(&self, batch: &RecordBatch) -> Result<BooleanArray> {
        evaluate(&reassign_expr_columns(Arc::clone(&self.predicate), &batch.schema())?, batch)
    }

    /// One predicate after the other, narrow columns first: wide ones are decoded only of rows that are left. Before all others is asked
    /// what the rows of a block are sorted by, which leaves neighbours.
    pub(super) fn stages(self, usage: &Arc<Usage>, mistake: &Mistake) -> Result<Vec<Predicate>> {
        let mut stages: [Vec<Arc<dyn PhysicalExpr>>; 1 + WEIGHTS.len()] = Default::default();
        let sorted_by = sorted_by(self.table).and_then(|column| self.table.schema().index_of(column).ok());
        for part in split_conjunction(&self.predicate) {
            let columns = columns_of(self.table, part)?;
            let heaviest = heaviest(self.table, &columns);
            let by_weight = || 1 + WEIGHTS.iter().position(|weight| Some(*weight) == heaviest).unwrap_or_default();
            let stage = if sorted_by.is_some_and(|column| columns == [column]) { 0 } else { by_weight() };
            stages[stage].push(Arc::clone(part));
        }
        let mut first = true;
        let mut asked = Vec::new();
        for predicate in stages.into_iter().filter_map(conjunction_opt) {
            let columns = columns_of(self.table, &predicate)?;
            let schema: SchemaRef = Arc::new(Schema::new(self.table.schema().project(&columns)?.fields));
            let predicate = reassign_expr_columns(predicate, &schema)?;
            let (usage, mistake, counts) = (Arc::clone(usage), mistake.clone(), std::mem::take(&mut first));
            let keep = move |batch: &RecordBatch| {
                usage.read(if counts { batch.num_rows() } else { 0 }, batch.get_array_memory_size());
                Ok(evaluate(&predicate, batch).unwrap_or_else(|error| mistake.note(error, batch.num_rows())))
            };
            asked.push(Predicate { columns, keep: Box::new(keep) });
        }
        Ok(asked)
    }
}

fn evaluate(predicate: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanArray> {
    let kept = predicate.evaluate(batch)?.into_array(batch.num_rows())?;
    kept.as_boolean_opt().cloned().ok_or_else(|| internal_datafusion_err!("a predicate is not boolean"))
}

fn columns_of(table: Table, predicate: &Arc<dyn PhysicalExpr>) -> Result<Vec<usize>> {
    let schema = table.schema();
    let mut columns: Vec<usize> =
        collect_columns(predicate).iter().map(|column| schema.index_of(column.name())).collect::<Result<_, _>>()?;
    columns.sort_unstable();
    columns.dedup();
    Ok(columns)
}

/// Of the columns that a part of a predicate needs; `None` when it needs none.
fn heaviest(table: Table, columns: &[usize]) -> Option<usize> {
    columns.iter().map(|column| weight(table, *column)).max()
}

/// The column that the rows of a block are sorted by first, if it has few different values.
fn sorted_by(table: Table) -> Option<&'static str> {
    match table {
        Table::Metrics => Some(METRIC_NAME),
        // By the starts of their traces.
        Table::Spans => None,
        _ => Some(SERVICE_NAME),
    }
}

/// What decoding a column costs, beside one of numbers.
const WEIGHTS: [usize; 3] = [1, 2, 4];

fn weight(table: Table, column: usize) -> usize {
    let weight = |column: &Column| match column.kind {
        Kind::Text if [ATTRIBUTES, BODY].contains(&column.name) => WEIGHTS[2],
        Kind::List { .. } | Kind::Structs { .. } => WEIGHTS[2],
        Kind::Text => WEIGHTS[1],
        _ => WEIGHTS[0],
    };
    table.columns().nth(column).map_or(WEIGHTS[0], weight)
}

/// Why a predicate could not be asked (a division by zero): the asker's, so it must not pass for damage of the block.
#[derive(Clone, Default)]
pub(super) struct Mistake(Arc<Mutex<Option<DataFusionError>>>);

impl Mistake {
    /// Keeps the first; no row is kept meanwhile.
    fn note(&self, error: DataFusionError, rows: usize) -> BooleanArray {
        self.0.lock().expect("no holder panics").get_or_insert(error);
        BooleanArray::new(BooleanBuffer::new_unset(rows), None)
    }

    /// # Errors
    /// What was noted.
    pub(super) fn take(&self) -> Result<()> {
        self.0.lock().expect("no holder panics").take().map_or(Ok(()), Err)
    }
}
