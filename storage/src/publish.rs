//! From durable to visible: the rows of a synced request enter the memtable, then its sender is answered.
//!
//! ```text
//! sync thread --group, in log order--> channel --> publish thread: memtable, then dedup window, then answers
//! ```
//! Owned by storage, because a request handler may be dropped at any moment: what was handed over is finished.

use std::sync::{Arc, atomic::Ordering, mpsc::Receiver};

use futures::channel::oneshot;
use schemas::{RequestHash, TableBatch};

use crate::{
    Ack, AppendError,
    store::Core,
    wal::{Known, Synced},
};

/// Who waits for a request.
pub(crate) type Reply = oneshot::Sender<Result<Ack, AppendError>>;

/// What goes through the log beside the bytes of a request.
#[derive(Debug)]
pub(crate) struct Rider {
    pub hash: RequestHash,
    pub batches: Vec<TableBatch>,
    /// Memory of `batches`, counted against the limit until they are in the memtable.
    pub bytes: u64,
    pub reply: Reply,
}

/// Runs until the log is closed.
pub(crate) fn run(core: &Arc<Core>, groups: &Receiver<Vec<Synced<Rider>>>) {
    while let Ok(group) = groups.recv() {
        publish(core, group);
    }
}

fn publish(core: &Core, group: Vec<Synced<Rider>>) {
    let mut durable = Vec::with_capacity(group.len());
    let mut shown = core.shown();
    for Synced { lsn, request, rider, .. } in group {
        shown.live.open.insert(request.tenant, lsn, rider.batches);
        core.in_flight_bytes.fetch_sub(rider.bytes, Ordering::Relaxed);
        durable.push((Known { lsn, hash: rider.hash, received_at: request.received_at }, rider.reply));
    }
    if shown.live.open.bytes() >= core.config.memtable_bytes_max {
        core.changed.notify_all();
    }
    core.count_memory(&shown);
    drop(shown);

    let mut window = core.dedup.lock().expect("no holder panics");
    let joined: Vec<Reply> = durable.iter().flat_map(|(known, _)| window.stored(*known)).collect();
    drop(window);
    durable.into_iter().for_each(|(_, reply)| answer(reply, Ok(Ack { duplicate: false })));
    joined.into_iter().for_each(|reply| answer(reply, Ok(Ack { duplicate: true })));
}

/// The log could not make these durable: they and whoever joined them fail, and may try again.
pub(crate) fn fail(core: &Core, riders: Vec<Rider>, reason: &str) {
    let error = || Err(AppendError::Wal { reason: reason.to_owned() });
    for rider in riders {
        core.in_flight_bytes.fetch_sub(rider.bytes, Ordering::Relaxed);
        let joined = core.dedup.lock().expect("no holder panics").failed(rider.hash);
        answer(rider.reply, error());
        joined.into_iter().for_each(|reply| answer(reply, error()));
    }
}

/// A sender that went away needs no answer.
fn answer(reply: Reply, result: Result<Ack, AppendError>) {
    let _ = reply.send(result);
}
