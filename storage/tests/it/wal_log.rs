//! A write-ahead log under test: appends that wait for their answer, and requests that can be told apart.

use std::{
    ops::Range,
    path::PathBuf,
    sync::{Arc, mpsc},
    time::Duration,
};

use bytes::Bytes;
use schemas::{
    RequestHash, Signal, TenantId, UnixNanos,
    otlp::{ContentEncoding, Format},
};
use storage::{
    RawRequest, Refused,
    io::Io,
    wal::{Lsn, Replay, Wal, WalConfig, WalError},
};

pub type Answer = Result<Lsn, String>;

pub struct Log {
    pub wal: Wal<mpsc::Sender<Answer>>,
}

pub fn dir() -> PathBuf {
    PathBuf::from("/data/wal")
}

/// Segments of 4 KiB, no guard on free space, quick probes.
pub fn config() -> WalConfig {
    WalConfig {
        segment_bytes: 4096,
        bytes_max: 1 << 20,
        free_bytes_min: 0,
        used_share_max: 1.0,
        probe_min: Duration::from_millis(5),
        probe_max: Duration::from_millis(5),
        ..WalConfig::new(dir())
    }
}

/// Request `number` with a body that only it has.
pub fn request(number: u64, body_len: usize) -> RawRequest {
    let body: Vec<u8> = (0..body_len as u64).map(|at| (number.wrapping_mul(31) + at * 7) as u8).collect();
    RawRequest {
        tenant: TenantId::DEFAULT,
        signal: Signal::ALL[number as usize % 3],
        format: Format::Protobuf,
        encoding: ContentEncoding::Gzip,
        received_at: UnixNanos(1_700_000_000_000_000_000 + number as i64),
        hash: RequestHash(u128::from(number) + 1),
        body: Bytes::from(body),
    }
}

/// The number of a request that came back, after checking every byte of it.
pub fn number_of(read: &RawRequest) -> u64 {
    let number = u64::try_from(read.hash.0).expect("small") - 1;
    assert_eq!(format!("{read:?}"), format!("{:?}", request(number, read.body.len())), "altered");
    number
}

pub fn try_open(io: Arc<dyn Io>, config: WalConfig, committed: Lsn) -> Result<(Log, Replay), WalError> {
    let sink = |group: Vec<storage::wal::Synced<mpsc::Sender<Answer>>>| {
        for synced in group {
            let _ = synced.rider.send(Ok(synced.lsn));
        }
    };
    let failed = |riders: Vec<mpsc::Sender<Answer>>, reason: String| {
        for rider in riders {
            let _ = rider.send(Err(reason.clone()));
        }
    };
    let (wal, replay) = Wal::open(io, config, committed, sink, failed, Arc::new(|_| Ok(())))?;
    Ok((Log { wal }, replay))
}

pub fn open(io: &(impl Io + Clone), config: WalConfig, committed: Lsn) -> (Log, Replay) {
    try_open(Arc::new(io.clone()), config, committed).expect("the log opens")
}

/// The numbers that replay brings.
pub fn numbers(replay: impl Iterator<Item = (Lsn, RawRequest)>) -> Vec<u64> {
    let mut last = Lsn::ZERO;
    replay
        .map(|(lsn, request)| {
            assert!(lsn > last, "lsn {lsn} after {last}");
            last = lsn;
            number_of(&request)
        })
        .collect()
}

/// Holds the sync thread, which drops it, until it is let go.
struct Gate {
    reached: mpsc::Sender<()>,
    opened: mpsc::Receiver<()>,
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.reached.send(());
        let _ = self.opened.recv();
    }
}

impl Log {
    pub fn begin(&self, number: u64, body_len: usize) -> Result<mpsc::Receiver<Answer>, Refused> {
        let (rider, answer) = mpsc::channel();
        self.wal.append(request(number, body_len), rider, Box::new(()))?;
        Ok(answer)
    }

    /// Sends the first request, and the others so that one write and one sync make them durable; waits for that.
    pub fn append_group(&self, numbers: Range<u64>, body_len: usize) -> Vec<Answer> {
        let (reached, held) = mpsc::channel();
        let (open, opened) = mpsc::channel();
        let (rider, first) = mpsc::channel();
        self.wal.append(request(numbers.start, body_len), rider, Box::new(Gate { reached, opened })).expect("taken");
        held.recv().expect("the first is durable");
        let others: Vec<_> = numbers.skip(1).map(|number| self.begin(number, body_len).expect("taken")).collect();
        drop(open);
        std::iter::once(first).chain(others).map(|answer| answer.recv().expect("answered")).collect()
    }

    /// Waits until request `number` is durable or given up.
    pub fn append(&self, number: u64, body_len: usize) -> Answer {
        let answer = self.begin(number, body_len).map_err(|refused| refused.to_string())?;
        answer.recv().map_err(|_| "never answered".to_owned())?
    }

    /// Tries until the log takes it; panics when it never does.
    pub fn append_until_taken(&self, number: u64, body_len: usize) -> Lsn {
        for _ in 0..2000 {
            if let Ok(lsn) = self.append(number, body_len) {
                return lsn;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("request {number} was never taken: {:?}", self.wal.stats());
    }
}
