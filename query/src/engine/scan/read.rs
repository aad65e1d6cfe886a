//! Pieces to batches, for one partition of a scan. Rows leave only when the predicate keeps them: nobody asks again.

use std::sync::Arc;

use arrow::{compute::filter_record_batch, record_batch::RecordBatch};
use datafusion::{common::Result, physical_expr::PhysicalExpr, physical_plan::metrics::BaselineMetrics};
use schemas::Table;
use storage::{Read, ReadError};

use super::{
    context::OpenSnapshot,
    filter::{Filter, Mistake},
    queue::{Piece, Queue},
};

/// Rows of a batch, at most.
const BATCH_ROWS: usize = 8192;

/// What every partition of a scan does.
pub(super) struct Task {
    pub table: Table,
    pub columns: Arc<[usize]>,
    pub queue: Arc<Queue>,
    pub open: Arc<OpenSnapshot>,
    pub metrics: BaselineMetrics,
    pub rows_left: Option<usize>,
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ReadError>> + Send>;

/// The batches of one partition. Each `next` reads one; dropping it ends the scan.
pub(super) struct Reader {
    task: Task,
    current: Option<Current>,
}

/// A piece that is being read.
struct Current {
    batches: Batches,
    /// To be asked of its batches.
    filter: Option<Filter>,
    /// Whether its rows were counted when they were asked.
    counted: bool,
    mistake: Mistake,
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
            if let Some(current) = &mut self.current {
                let batch = current.batches.next();
                current.mistake.take()?;
                match batch {
                    Some(Ok(batch)) => match self.task.wanted(current, batch)? {
                        batch if batch.num_rows() == 0 => continue,
                        batch => return Ok(Some(self.task.limited(batch))),
                    },
                    Some(Err(error)) => self.task.open.usage.missing(error.to_string()),
                    None => {}
                }
                self.current = None;
            }
            match self.task.queue.next(&self.task.open)? {
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
    /// Begins a piece; `None` when its block cannot be read, which is noted.
    fn begin(&self, piece: Piece) -> Result<Option<Current>> {
        let mistake = Mistake::default();
        let (block, row_group, rows, predicate) = match piece {
            Piece::Memory(batch) => {
                let rows = batch.num_rows();
                let filter = self.filter(self.queue.predicate())?;
                let batch = batch.project(&with(&self.columns, filter.as_ref()))?;
                let slices = (0..rows).step_by(BATCH_ROWS).map(move |start| Ok(batch.slice(start, BATCH_ROWS.min(rows - start))));
                return Ok(Some(Current { batches: Box::new(slices), filter, counted: false, mistake }));
            }
            Piece::Block { block, row_group, rows, predicate } => (block, row_group, rows, predicate),
        };
        let filter = self.filter(predicate.as_ref())?;
        let late = filter.as_ref().is_some_and(|filter| filter.pays_before(&self.columns));
        let (filter, columns, predicates) = match filter {
            Some(filter) if late => (None, self.columns.to_vec(), filter.stages(&self.open.usage, &mistake)?),
            filter => {
                let columns = with(&self.columns, filter.as_ref());
                (filter, columns, Vec::new())
            }
        };
        match self.open.snapshot.read(&block, Read { row_group, rows, columns, predicates, batch_rows: BATCH_ROWS }) {
            Ok(batches) => Ok(Some(Current { batches: Box::new(batches), filter, counted: late, mistake })),
            Err(error) => {
                // A predicate that fails ends the reading of its rows, and is no damage.
                mistake.take()?;
                self.open.usage.missing(error.to_string());
                Ok(None)
            }
        }
    }

    fn filter(&self, predicate: Option<&Arc<dyn PhysicalExpr>>) -> Result<Option<Filter>> {
        Filter::new(self.table, predicate.into_iter().chain(self.queue.dynamic()))
    }

    /// The columns of the scan, of rows that are asked for.
    fn wanted(&self, current: &Current, batch: RecordBatch) -> Result<RecordBatch> {
        let bytes = batch.get_array_memory_size();
        self.open.usage.read(if current.counted { 0 } else { batch.num_rows() }, bytes);
        let Some(filter) = &current.filter else { return Ok(batch) };
        let kept = filter.evaluate(&batch)?;
        let columns: Vec<usize> = (0..self.columns.len()).collect();
        Ok(filter_record_batch(&batch.project(&columns)?, &kept)?)
    }

    fn limited(&mut self, batch: RecordBatch) -> RecordBatch {
        let batch = match &mut self.rows_left {
            Some(left) => {
                let rows = batch.num_rows().min(*left);
                *left -= rows;
                batch.slice(0, rows)
            }
            None => batch,
        };
        self.metrics.record_output(batch.num_rows());
        batch
    }
}

/// `columns`, and behind them those that only the filter needs.
fn with(columns: &[usize], filter: Option<&Filter>) -> Vec<usize> {
    let needed = filter.into_iter().flat_map(Filter::columns).filter(|column| !columns.contains(column));
    columns.iter().copied().chain(needed).collect()
}
