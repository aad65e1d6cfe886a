//! Pieces to batches, for one partition of a scan.

use std::sync::Arc;

use arrow::{
    array::{AsArray, BooleanArray},
    datatypes::Schema,
    error::ArrowError,
    record_batch::RecordBatch,
};
use datafusion::{
    common::{DataFusionError, Result},
    physical_expr::{
        PhysicalExpr, conjunction_opt,
        utils::{collect_columns, reassign_expr_columns},
    },
    physical_plan::metrics::BaselineMetrics,
};
use schemas::Table;
use storage::{Predicate, Read, ReadError};

use super::{
    context::OpenSnapshot,
    queue::{Piece, Queue},
};

/// Rows of a batch, at most.
const BATCH_ROWS: usize = 8192;
/// From so many columns on that a predicate does not need, it is worth asking it before they are decoded.
const LATE_COLUMNS_MIN: usize = 4;

/// What every partition of a scan does.
pub(super) struct Task {
    pub table: Table,
    pub columns: Arc<[usize]>,
    pub predicate: Option<Arc<dyn PhysicalExpr>>,
    pub dynamic: Vec<Arc<dyn PhysicalExpr>>,
    pub queue: Arc<Queue>,
    pub open: Arc<OpenSnapshot>,
    pub metrics: BaselineMetrics,
    pub rows_left: Option<usize>,
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ReadError>> + Send>;

/// The batches of one partition. Each `next` reads one; dropping it ends the scan.
pub(super) struct Reader {
    task: Task,
    current: Option<Batches>,
}

impl Reader {
    pub(super) fn new(task: Task) -> Self {
        Self { task, current: None }
    }

    fn advance(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if self.task.rows_left == Some(0) {
                return Ok(None);
            }
            if let Some(batches) = &mut self.current {
                match batches.next() {
                    Some(Ok(batch)) if batch.num_rows() == 0 => continue,
                    Some(Ok(batch)) => return Ok(Some(self.task.count(batch))),
                    Some(Err(error)) => self.task.open.usage.missing(error.to_string()),
                    None => {}
                }
                self.current = None;
            }
            match self.task.queue.next(&self.task.open, &self.task.dynamic)? {
                Some(piece) => self.current = self.task.begin(piece)?,
                None => return Ok(None),
            }
        }
    }
}

impl Iterator for Reader {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        let timer = self.task.metrics.elapsed_compute().clone();
        let _timer = timer.timer();
        self.advance().transpose()
    }
}

impl Task {
    /// The batches of a piece; none when its block cannot be read, which is noted.
    fn begin(&self, piece: Piece) -> Result<Option<Batches>> {
        let (block, row_group, rows) = match piece {
            Piece::Memory(batch) => {
                let rows = batch.num_rows();
                let batch = batch.project(&self.columns)?;
                let slices = (0..rows).step_by(BATCH_ROWS).map(move |start| Ok(batch.slice(start, BATCH_ROWS.min(rows - start))));
                return Ok(Some(Box::new(slices)));
            }
            Piece::Block { block, row_group, rows } => (block, row_group, rows),
        };
        let predicate = self.late_predicate()?;
        let read = Read { row_group, rows, columns: self.columns.to_vec(), predicate, batch_rows: BATCH_ROWS };
        match self.open.snapshot.read(&block, read) {
            Ok(batches) => Ok(Some(Box::new(batches))),
            Err(error) => {
                self.open.usage.missing(error.to_string());
                Ok(None)
            }
        }
    }

    /// What to ask before the other columns are decoded: pays when those are many, costs when the predicate keeps most rows.
    fn late_predicate(&self) -> Result<Option<Predicate>> {
        let asked = conjunction_opt(self.predicate.iter().chain(&self.dynamic).cloned());
        let Some(predicate) = asked else { return Ok(None) };
        let table = self.table.schema();
        let mut columns: Vec<usize> =
            collect_columns(&predicate).iter().map(|column| table.index_of(column.name())).collect::<Result<_, _>>()?;
        columns.sort_unstable();
        columns.dedup();
        let late = self.columns.iter().filter(|column| !columns.contains(column)).count();
        if columns.is_empty() || late < LATE_COLUMNS_MIN {
            return Ok(None);
        }
        let schema = Arc::new(Schema::new(table.project(&columns)?.fields));
        let predicate = reassign_expr_columns(predicate, &schema)?;
        Ok(Some(Predicate { columns, keep: Box::new(move |batch| evaluate(&predicate, batch)) }))
    }

    fn count(&mut self, batch: RecordBatch) -> RecordBatch {
        let batch = match &mut self.rows_left {
            Some(left) => {
                let rows = batch.num_rows().min(*left);
                *left -= rows;
                batch.slice(0, rows)
            }
            None => batch,
        };
        self.open.usage.read(batch.num_rows(), batch.get_array_memory_size());
        self.metrics.record_output(batch.num_rows());
        batch
    }
}

fn evaluate(predicate: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanArray, ArrowError> {
    let external = |error: DataFusionError| ArrowError::ExternalError(Box::new(error));
    let kept = predicate.evaluate(batch).and_then(|value| value.into_array(batch.num_rows())).map_err(external)?;
    kept.as_boolean_opt().cloned().ok_or_else(|| ArrowError::SchemaError("a predicate is not boolean".to_owned()))
}
