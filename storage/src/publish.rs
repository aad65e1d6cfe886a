//! From durable to visible: the rows of a synced request enter the memtable, then its sender is answered.
//!
//! ```text
//! sync thread --group, in log order--> channel --> publish thread: memtable and dedup window, then answers
//! ```
//! Owned by storage, because a request handler may be dropped at any moment: what was handed over is finished.

use std::sync::{Arc, atomic::Ordering, mpsc::Receiver};

use futures::channel::oneshot;
use schemas::{RequestHash, TableBatch};

use crate::{
    Ack, AppendError,
    threads::Core,
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

/// INVARIANT: rows and the hash of their request appear at once. The rows may be flushed and the log trimmed the moment `shown` is
/// free, and then only the window knows the hash.
fn publish(core: &Core, group: Vec<Synced<Rider>>) {
    let mut durable = Vec::with_capacity(group.len());
    let mut shown = core.shown();
    let mut arrivals = core.arrivals();
    for Synced { lsn, request, rider, .. } in group {
        arrivals.publish(request.tenant, lsn, &rider.batches, rider.bytes);
        shown.live.open.insert(request.tenant, lsn, rider.batches);
        durable.push((Known { lsn, hash: rider.hash, received_at: request.received_at }, rider.reply));
        core.in_flight_bytes.fetch_sub(rider.bytes, Ordering::Relaxed);
        if shown.live.open.bytes() >= core.config.memtable_bytes_max {
            shown.live.seal();
            core.changed.notify_all();
        }
    }
    drop(arrivals);
    core.count_memory(&shown);
    let mut window = core.dedup.lock().expect("no holder panics");
    let joined: Vec<Reply> = durable.iter().flat_map(|(known, _)| window.stored(*known)).collect();
    drop(window);
    drop(shown);

    durable.into_iter().for_each(|(_, reply)| answer(reply, Ok(Ack { duplicate: false })));
    joined.into_iter().for_each(|reply| answer(reply, Ok(Ack { duplicate: true })));
    core.wake_followers();
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

#[cfg(test)]
mod tests {
    use std::{
        thread,
        time::{Duration, Instant},
    };

    use schemas::{
        Signal, TenantId, UnixNanos,
        otlp::{ContentEncoding, Format},
    };

    use super::*;
    use crate::{
        Config, RawRequest,
        io::RealIo,
        wal::{Lsn, WalPosition},
    };

    fn synced(number: u64) -> Synced<Rider> {
        let hash = RequestHash(number.into());
        let request = RawRequest {
            tenant: TenantId::DEFAULT,
            signal: Signal::Logs,
            format: Format::Protobuf,
            encoding: ContentEncoding::Identity,
            received_at: UnixNanos(1),
            hash,
            body: bytes::Bytes::new(),
        };
        let rider = Rider { hash, batches: Vec::new(), bytes: 1, reply: oneshot::channel().0 };
        Synced { lsn: Lsn(number), position: WalPosition::default(), request, rider }
    }

    /// Else a flush could trim the log between the two, and the hash would be nowhere.
    #[test]
    fn nothing_is_shown_before_its_hash_is_known() {
        let core = Arc::new(Core::new(Config::new("/nowhere"), Arc::new(RealIo), Vec::new(), [Lsn::ZERO; 2]));
        core.in_flight_bytes.store(1, Ordering::Relaxed);
        let window = core.dedup.lock().expect("not poisoned");
        let publishing = Arc::clone(&core);
        let publisher = thread::spawn(move || publish(&publishing, vec![synced(1)]));
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(200) {
            let shown = core.try_shown();
            assert!(shown.is_none_or(|shown| shown.live.open.last_lsn() == Lsn::ZERO), "shown, and its hash is unknown");
            thread::yield_now();
        }
        drop(window);
        publisher.join().expect("no panic");
        assert_eq!(core.shown().live.open.last_lsn(), Lsn(1));
        assert_eq!(core.dedup.lock().expect("not poisoned").covered_by(Lsn(1)).len(), 1);
    }
}
