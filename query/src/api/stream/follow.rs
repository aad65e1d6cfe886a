//! One stream: reads what arrived, asks the search of it, and hands it to the client as fast as that takes it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use arrow::{
    array::{ArrayRef, RecordBatch, UInt32Array},
    compute::take_record_batch,
    error::ArrowError,
};
use bytes::Bytes;
use schemas::Table;
use storage::{ArrivedBatch, Follower, Store};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    cursor::write_cursor,
    event::{Gap, push_event, push_gap, push_heartbeat},
};
use crate::{
    encode::Objects,
    engine::{EngineError, LOG_ID, LiveFilter, log_ids},
};

/// Rows read at a time.
const ROWS_AT_ONCE: usize = 256;
/// A piece of the stream is handed over at this size; the last record may make it larger.
pub(in crate::api) const PIECE_BYTES: usize = 64 << 10;
/// Pieces between a stream and its client: the buffer of a slow one. What it does not take in time is let go by the store.
pub(in crate::api) const PIECES_AHEAD: usize = 4;
/// Requests of this time are read together. People do not notice, and many small ones cost little.
const GATHER: Duration = Duration::from_millis(20);

pub(super) struct Stream {
    pub table: Table,
    /// Columns of an object, as positions in the table's schema.
    pub columns: Vec<usize>,
    pub filter: LiveFilter,
    pub store: Arc<Store>,
    pub follower: Follower,
    /// Newest first, with the columns of an object.
    pub backlog: Vec<RecordBatch>,
    /// Why the backlog may lack records.
    pub partial: Vec<String>,
    pub woken: watch::Receiver<()>,
    pub heartbeat: Duration,
    pub stopping: CancellationToken,
    pub pieces: mpsc::Sender<Bytes>,
}

/// Why a stream ends: nobody reads it any more, or it cannot go on.
enum End {
    Gone,
    Failed(EngineError),
}

impl From<EngineError> for End {
    fn from(error: EngineError) -> Self {
        Self::Failed(error)
    }
}

impl From<arrow::error::ArrowError> for End {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Failed(EngineError::Internal { message: error.to_string() })
    }
}

impl Stream {
    /// Until the client goes, the server stops, or a row cannot be asked.
    pub(super) async fn run(mut self) {
        let stopping = self.stopping.clone();
        let ended = tokio::select! {
            ended = self.follow() => Some(ended),
            () = stopping.cancelled() => None,
        };
        let mut last = Vec::new();
        match ended {
            Some(End::Gone) => return,
            Some(End::Failed(error)) => {
                tracing::warn!(%error, "live stream ended");
                push_gap(&mut last, &Gap::unknown(format!("the stream ends: {error}")), None);
            }
            None => push_heartbeat(&mut last, &write_cursor(self.follower.place())),
        }
        // A client that is behind does without.
        let _ = self.pieces.try_send(last.into());
    }

    async fn follow(&mut self) -> End {
        match self.try_follow().await {
            Ok(never) => match never {},
            Err(end) => end,
        }
    }

    async fn try_follow(&mut self) -> Result<Infallible, End> {
        self.begin().await?;
        let mut silent_since = Instant::now();
        loop {
            self.woken.borrow_and_update();
            let read_at = Instant::now();
            if self.catch_up().await? {
                silent_since = Instant::now();
            }
            tokio::select! {
                woken = self.woken.changed() => woken.map_err(|_| End::Gone)?,
                () = sleep_until(silent_since + self.heartbeat) => {
                    let mut out = Vec::new();
                    push_heartbeat(&mut out, &write_cursor(self.follower.place()));
                    self.send(&mut out).await?;
                    silent_since = Instant::now();
                }
                () = self.pieces.closed() => return Err(End::Gone),
            }
            sleep_until(read_at + GATHER).await;
        }
    }

    /// The backlog, oldest first. Only its last record has an id: who goes away before that begins anew.
    async fn begin(&mut self) -> Result<(), End> {
        let mut out = Vec::new();
        for reason in std::mem::take(&mut self.partial) {
            push_gap(&mut out, &Gap::unknown(reason), None);
        }
        let backlog = std::mem::take(&mut self.backlog);
        let mut rows_left: usize = backlog.iter().map(RecordBatch::num_rows).sum();
        if rows_left == 0 {
            // The head of the answer goes out with the first piece, and says that the stream is open.
            push_heartbeat(&mut out, &write_cursor(self.follower.place()));
        }
        for batch in backlog.iter().rev() {
            let objects = Objects::of(batch)?;
            for row in (0..batch.num_rows()).rev() {
                rows_left -= 1;
                let id = (rows_left == 0).then(|| write_cursor(self.follower.place()));
                push_event(&mut out, event_name(self.table), id.as_deref(), |out| objects.write(out, row))?;
                self.send_if_full(&mut out).await?;
            }
        }
        self.send(&mut out).await
    }

    /// Everything that has arrived. False when the client was told nothing.
    async fn catch_up(&mut self) -> Result<bool, End> {
        let (mut out, mut told) = (Vec::new(), false);
        loop {
            let arrived = self.store.arrived(&mut self.follower, ROWS_AT_ONCE);
            let rows: usize = arrived.batches.iter().map(|arrived| arrived.batch.num_rows()).sum();
            if let Some(missing) = arrived.missing {
                push_gap(&mut out, &Gap::of(missing), None);
            }
            for arrived in &arrived.batches {
                told |= self.push_found(&mut out, arrived).await?;
            }
            told |= !out.is_empty();
            if rows < ROWS_AT_ONCE {
                self.send(&mut out).await?;
                return Ok(told);
            }
            // A long way to catch up is no reason to keep others waiting.
            tokio::task::yield_now().await;
        }
    }

    /// Whether a piece was sent on the way.
    async fn push_found(&self, out: &mut Vec<u8>, arrived: &ArrivedBatch) -> Result<bool, End> {
        let rows = self.filter.rows(&arrived.batch)?;
        if rows.is_empty() {
            return Ok(false);
        }
        let indices = UInt32Array::from_iter_values(rows.iter().map(|row| *row as u32));
        let objects = Objects::of(&self.listed(&take_record_batch(&arrived.batch, &indices)?)?)?;
        let mut sent = false;
        for (index, row) in rows.into_iter().enumerate() {
            push_event(out, event_name(self.table), Some(&write_cursor(arrived.after(row))), |out| objects.write(out, index))?;
            sent |= self.send_if_full(out).await?;
        }
        Ok(sent)
    }

    /// The columns of an object; a log record begins with its id, as in a list.
    fn listed(&self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let listed = rows.project(&self.columns)?;
        if self.table != Table::Logs {
            return Ok(listed);
        }
        let ids: ArrayRef = Arc::new(log_ids(rows)?);
        let schema = listed.schema();
        let columns = schema.fields().iter().map(|field| field.name().as_str()).zip(listed.columns().iter().cloned());
        RecordBatch::try_from_iter_with_nullable(std::iter::once((LOG_ID, ids)).chain(columns).map(|(name, column)| (name, column, true)))
    }

    async fn send_if_full(&self, out: &mut Vec<u8>) -> Result<bool, End> {
        if out.len() < PIECE_BYTES {
            return Ok(false);
        }
        self.send(out).await?;
        Ok(true)
    }

    /// Waits for the client to take what came before.
    async fn send(&self, out: &mut Vec<u8>) -> Result<(), End> {
        if out.is_empty() {
            return Ok(());
        }
        self.pieces.send(std::mem::take(out).into()).await.map_err(|_| End::Gone)
    }
}

fn event_name(table: Table) -> &'static str {
    match table {
        Table::Spans => "span",
        Table::Logs => "log",
        _ => "row",
    }
}
