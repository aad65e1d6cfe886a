//! A day on a clock of its own: senders that are late, early and repeat themselves, flushes, compactions and retention at their hours,
//! a clock that is set back, restarts, and kills in the middle of every kind of write. After every start, and in between, the ledger says of
//! each row that was ever sent whether it is there, and how often.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use schemas::{Table, TenantId, UnixNanos};
use storage::{Config, Retain, Store, io::RealIo};
use testkit::fault_io::FaultIo;

use crate::{
    crash,
    rows::{Row, all_rows, append, as_found, config, reopen},
};

const MINUTE_NS: i64 = 60_000_000_000;
const HOUR_NS: i64 = 60 * MINUTE_NS;
const BEGIN: i64 = 490_000 * HOUR_NS;
const STEP_MINUTES: i64 = 8;
/// Of spans and logs; metrics stay.
const AGE_NS: i64 = 8 * HOUR_NS;

/// Where the machine stops: steps of every writer.
const KILLS: [&str; 8] = [
    "wal.write.before",
    "wal.sync.after",
    "flush.rename.before",
    "catalog.commit.inside",
    "wal.trim.before",
    "catalog.replace.inside",
    "catalog.let_go.before",
    "catalog.forget.after",
];

struct Sent {
    row: Row,
    /// Late rows are as old as their arrival, and so are those that have not happened yet.
    arrived: i64,
    acknowledged: bool,
}

struct Day {
    config: Config,
    io: FaultIo,
    store: Option<Arc<Store>>,
    now: i64,
    /// The latest that the clock ever said.
    furthest: i64,
    random: u64,
    /// By key.
    ledger: BTreeMap<u64, Sent>,
    requests: Vec<(Vec<Row>, i64)>,
    /// The next kill, until it comes.
    armed: Option<&'static str>,
    /// One of each kind after the other.
    kills: usize,
}

#[test]
fn a_day_of_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut day = Day::begin(dir.path());
    for step in 0..24 * 60 / STEP_MINUTES {
        day.now += STEP_MINUTES * MINUTE_NS;
        // The clock of the machine is set back in the afternoon, and right again in the evening.
        day.now += match step {
            105 => -2 * HOUR_NS,
            140 => 2 * HOUR_NS,
            _ => 0,
        };
        day.furthest = day.furthest.max(day.now);
        if day.step(step) || step % 6 == 0 {
            day.check(&format!("step {step}"));
        }
    }
    day.end();
}

impl Day {
    fn begin(dir: &Path) -> Self {
        let mut config = config(dir);
        let age = Some(Duration::from_nanos(AGE_NS as u64));
        (config.retain.spans_age_max, config.retain.logs_age_max, config.retain.metrics_age_max) = (age, age, None);
        config.wal.segment_bytes = 4 << 10;
        let io = FaultIo::new(Arc::new(RealIo));
        let store = Some(reopen(config.clone(), Arc::new(io.clone())));
        let (ledger, requests) = (BTreeMap::new(), Vec::new());
        Self { config, io, store, now: BEGIN, furthest: BEGIN, random: 1, ledger, requests, armed: None, kills: 0 }
    }

    /// Whether there was a restart at its end.
    fn step(&mut self, step: i64) -> bool {
        if self.armed.is_none() && self.below(3) == 0 {
            let name = KILLS[self.kills % KILLS.len()];
            self.io.crash_at(name, 1);
            self.armed = Some(name);
        }
        (0..1 + self.below(3)).for_each(|_| self.send());
        if self.below(6) == 0 {
            self.send_again();
        }
        // Whatever fails here fails because the machine stopped.
        let now = UnixNanos(self.now);
        let store = Arc::clone(self.store.as_ref().unwrap());
        let done = [
            if step % 2 == 0 { store.flush() } else { Ok(()) },
            if step % 3 == 1 { store.compact(now).map(drop) } else { Ok(()) },
            if step % 3 == 0 { store.retain(now, Retain::Carefully).map(drop) } else { Ok(()) },
        ];
        let refused = |error: &String| error.contains("insist");
        let failed: Vec<String> = done.into_iter().filter_map(Result::err).filter(|error| !refused(error)).collect();
        assert!(failed.is_empty() || self.io.is_down(), "step {step}: {failed:?}");
        drop(store);
        let killed = self.io.is_down();
        let restart = killed || self.below(20) == 0;
        if restart {
            drop(self.store.take());
            assert_eq!(self.io.violations(), [] as [PathBuf; 0], "step {step}");
            self.kills += usize::from(killed);
            self.armed = None;
            self.io = FaultIo::new(Arc::new(RealIo));
            self.store = Some(reopen(self.config.clone(), Arc::new(self.io.clone())));
        }
        restart
    }

    /// A request of all tables: most rows just happened, some hours ago, some in a week.
    fn send(&mut self) {
        let count = 3 + self.below(30);
        let first = self.ledger.len() as u64;
        let rows: Vec<Row> = (first..first + count)
            .map(|key| {
                let ago = match self.below(20) {
                    0 => self.below(20) as i64 * HOUR_NS,
                    1 => -7 * 24 * HOUR_NS,
                    _ => self.below(60_000) as i64 * 1_000_000,
                };
                Row { table: Table::SENT[key as usize % 3], key, trace: self.below(40), time: self.now - ago }
            })
            .collect();
        for row in &rows {
            self.ledger.insert(row.key, Sent { row: *row, arrived: self.now, acknowledged: false });
        }
        self.requests.push((rows, self.now));
        self.deliver(self.requests.len() - 1);
    }

    /// A sender that did not hear the answer, or did and is wrong, comes back within ten minutes.
    fn send_again(&mut self) {
        let which = self.requests.len() - 1 - self.below(self.requests.len().min(5) as u64) as usize;
        if (self.requests[which].1 - self.now).abs() < 10 * MINUTE_NS {
            self.deliver(which);
        }
    }

    fn deliver(&mut self, which: usize) {
        let (rows, received_at) = &self.requests[which];
        let store = self.store.as_ref().unwrap();
        let acknowledged = append(store, rows, *received_at).is_ok_and(|receipt| receipt.wait().is_ok());
        if acknowledged {
            rows.iter().for_each(|row| self.ledger.get_mut(&row.key).unwrap().acknowledged = true);
        }
    }

    /// An acknowledged row is there once, unless it is old enough to be let go; any other once or not at all.
    fn check(&mut self, when: &str) {
        let mut found: BTreeMap<Row, u64> = BTreeMap::new();
        let Some(rows) = crash::found(self.store.as_ref().unwrap()) else {
            // The log is trimmed beside everything else: the machine may stop just now.
            return assert!(self.io.is_down(), "{when}: a block cannot be read");
        };
        rows.into_iter().for_each(|row| *found.entry(row).or_default() += 1);
        for sent in self.ledger.values() {
            let times = found.remove(&as_found(sent.row)).unwrap_or(0);
            let may_be_gone = sent.row.table != Table::Metrics && sent.arrived + AGE_NS <= self.furthest;
            assert!(times <= 1, "{when}: {:?} is there {times} times", sent.row);
            assert!(times == 1 || !sent.acknowledged || may_be_gone, "{when}: {:?} is gone", sent.row);
        }
        assert!(found.is_empty(), "{when}: nobody sent {found:?}");
    }

    /// After all this what is old goes (a block is as old as its youngest row, so that late ones keep their neighbours), and one more
    /// start finds the same.
    fn end(mut self) {
        self.io.heal();
        let store = self.store.take().unwrap();
        store.flush().unwrap();
        self.now += AGE_NS + HOUR_NS;
        self.furthest = self.furthest.max(self.now);
        store.retain(UnixNanos(self.now), Retain::Insist).unwrap();
        store.compact(UnixNanos(self.now)).unwrap();
        drop(store);
        self.store = Some(reopen(self.config.clone(), Arc::new(RealIo)));
        self.check("in the end");
        let left = all_rows(&self.store.as_ref().unwrap().snapshot(TenantId::DEFAULT));
        assert!(left.iter().all(|row| row.table == Table::Metrics), "spans and logs are gone");
        assert!(self.kills >= KILLS.len(), "each kind of kill happened, not only {}", self.kills);
    }

    /// Below `end`, the next of a fixed sequence (SplitMix64).
    fn below(&mut self, end: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
