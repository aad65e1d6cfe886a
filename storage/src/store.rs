//! SCAFFOLD: an in-memory stand-in with the final signatures.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
};

use arrow::{array::FixedSizeBinaryArray, record_batch::RecordBatch};
use futures::channel::oneshot;
use schemas::{Table, TableBatch, TenantId, TraceId};

use crate::{Ack, Derive, RawRequest, Receipt, Refused, io::Io};

#[derive(Debug, Clone)]
pub struct Config {
    pub data_dir: PathBuf,
}

impl Config {
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self { data_dir: data_dir.into() }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("data directory {path} is in use by another process")]
    Locked { path: PathBuf },
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("read block {path}: {reason}")]
    Block { path: PathBuf, reason: String },
}

/// What the server may promise right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// `Err` says why new data is refused.
    pub ingest: Result<(), Refused>,
    /// WAL bytes that a restart left and that are not visible yet; 0 when replay is complete.
    pub replay_bytes_left: u64,
}

/// Rows of one table as of one moment.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub batches: Vec<RecordBatch>,
    /// Why rows may be missing (replay in progress, a block set aside); empty when the answer is whole.
    pub partial: Vec<String>,
}

/// What one query sees: each acknowledged row exactly once.
pub struct Snapshot {
    batches: Vec<TableBatch>,
}

impl Snapshot {
    /// All spans of a trace, in no particular order, identical copies included. Blocking.
    ///
    /// # Errors
    /// When a block cannot be read.
    pub fn trace(&self, id: TraceId) -> Result<Rows, ReadError> {
        let mut rows = Rows::default();
        for TableBatch { batch, .. } in self.batches.iter().filter(|b| b.table == Table::Spans) {
            let Some(ids) = batch.column_by_name("trace_id").and_then(|c| c.as_any().downcast_ref::<FixedSizeBinaryArray>()) else {
                continue;
            };
            for row in (0..batch.num_rows()).filter(|row| ids.value(*row) == id.as_bytes()) {
                rows.batches.push(batch.slice(row, 1));
            }
        }
        Ok(rows)
    }

    /// Every row of `table`. Blocking; for export, verification and tests.
    ///
    /// # Errors
    /// When a block cannot be read.
    pub fn scan(&self, table: Table) -> Result<Rows, ReadError> {
        Ok(Rows { batches: self.batches.iter().filter(|b| b.table == table).map(|b| b.batch.clone()).collect(), partial: vec![] })
    }
}

pub struct Store {
    rows: Mutex<Vec<TableBatch>>,
    hashes: Mutex<std::collections::HashSet<schemas::RequestHash>>,
}

impl Store {
    /// Opens (or creates) the data directory, starts replay, the WAL and the flush threads. Blocking.
    ///
    /// # Errors
    /// When another process holds the directory, or its format is unknown, or it cannot be created.
    pub fn open(_config: Config, _io: Arc<dyn Io>, _derive: Arc<Derive>) -> Result<Arc<Self>, OpenError> {
        Ok(Arc::new(Self { rows: Mutex::default(), hashes: Mutex::default() }))
    }

    /// Hands a request over. From here storage finishes the work, whatever happens to the caller.
    /// `batches` are what [`Derive`] makes of `request`; `hold` (for instance a byte permit) is dropped once the WAL has the bytes.
    ///
    /// # Errors
    /// [`Refused`] when nothing was taken and the sender should retry.
    pub fn append(&self, request: RawRequest, batches: Vec<TableBatch>, hold: Box<dyn Send>) -> Result<Receipt, Refused> {
        drop(hold);
        let (sender, receiver) = oneshot::channel();
        let duplicate = !self.hashes.lock().expect("not poisoned").insert(request.hash);
        if !duplicate {
            self.rows.lock().expect("not poisoned").extend(batches);
        }
        let _ = sender.send(Ok(Ack { duplicate }));
        Ok(Receipt(receiver))
    }

    pub fn readiness(&self) -> Readiness {
        Readiness { ingest: Ok(()), replay_bytes_left: 0 }
    }

    pub fn snapshot(&self, _tenant: TenantId) -> Snapshot {
        Snapshot { batches: self.rows.lock().expect("not poisoned").clone() }
    }

    /// Seals the memtables and writes them to blocks; returns when the catalog has them. Blocking.
    ///
    /// # Errors
    /// The text of the first failure; nothing is lost, the rows stay in the WAL and in memory.
    pub fn flush(&self) -> Result<(), String> {
        Ok(())
    }

    /// Refuses new requests, syncs the WAL, stops the threads. Blocking; idempotent.
    pub fn close(&self) {}
}
