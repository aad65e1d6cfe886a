//! A day on a clock of its own: senders that are late, early and repeat themselves, flushes, compactions and retention at their hours,
//! a clock that is set back, restarts, and kills in the middle of every kind of write. After every start, and in between, the ledger says of
//! each row that was ever sent whether it is there, and how often; and what its spans add up to is recounted one by one: each that was stored
//! is in the sums by minute and among the calls once, also after it was let go.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use arrow::{
    array::{ArrayRef, AsArray, DictionaryArray, FixedSizeBinaryArray, Int32Array, RecordBatch},
    datatypes::{Float64Type, Int32Type, TimestampNanosecondType},
};
use schemas::{Table, TableBatch, TenantId, UnixNanos, columns as c};
use storage::{Config, RawRequest, Retain, Store, io::RealIo};
use testkit::fault_io::FaultIo;

use crate::{
    crash,
    rows::{self, Row, all_rows, as_found, config, request, rows_of},
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

/// What a span is; they take turns.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    /// A client whose server is the next span.
    Caller,
    Called,
    /// A client without a server.
    Unanswered,
    /// A server whose caller is nowhere.
    FromNobody,
}

impl Role {
    fn of(key: u64) -> Self {
        [Self::Caller, Self::Called, Self::Unanswered, Self::FromNobody][(key / 3 % 4) as usize]
    }

    /// Kind and service.
    fn whose(self) -> (i32, &'static str) {
        if matches!(self, Self::Caller | Self::Unanswered) { (3, "web") } else { (2, "pay") }
    }
}

/// Keys of spans that follow each other.
const NEXT_SPAN: u64 = 3;
/// Rows after which roles begin again.
const ROUND: u64 = 4 * NEXT_SPAN;

fn derive(request: &RawRequest) -> Result<Vec<TableBatch>, String> {
    let batches = rows::derive(request)?.into_iter();
    let with_roles =
        |TableBatch { table, batch }| TableBatch { table, batch: if table == Table::Spans { as_calls(&batch) } else { batch } };
    Ok(batches.map(with_roles).collect())
}

fn as_calls(spans: &RecordBatch) -> RecordBatch {
    let keys: Vec<u64> = rows_of(Table::Spans, std::slice::from_ref(spans)).into_iter().map(|row| row.key).collect();
    let parent = |key: &u64| match Role::of(*key) {
        Role::Called => Some((key - NEXT_SPAN).to_be_bytes()),
        Role::FromNobody => Some((u64::MAX - key).to_be_bytes()),
        Role::Caller | Role::Unanswered => None,
    };
    let schema = spans.schema();
    let column = |(field, column): (&arrow::datatypes::FieldRef, &ArrayRef)| -> ArrayRef {
        match field.name().as_str() {
            c::KIND => Arc::new(Int32Array::from_iter_values(keys.iter().map(|key| Role::of(*key).whose().0))),
            c::SERVICE_NAME => Arc::new(keys.iter().map(|key| Role::of(*key).whose().1).collect::<DictionaryArray<Int32Type>>()),
            c::PARENT_SPAN_ID => Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(keys.iter().map(parent), 8).unwrap()),
            _ => Arc::clone(column),
        }
    };
    let columns = schema.fields().iter().zip(spans.columns()).map(column).collect();
    RecordBatch::try_new(Arc::clone(&schema), columns).unwrap()
}

fn reopen(config: &Config, io: FaultIo) -> Arc<Store> {
    let store = Store::open(config.clone(), Arc::new(io), Arc::new(derive)).unwrap();
    while store.readiness().replay_bytes_left > 0 {
        std::thread::yield_now();
    }
    store
}

/// Minute, texts and a number of a key, and how much is counted.
type Sums = BTreeMap<(i64, Vec<String>, i32), f64>;

/// What a table of sums says; `None` when a block of it cannot be read.
fn sums(store: &Store, table: Table, texts: &[&str], number: &str) -> Option<Sums> {
    let rows = store.snapshot(TenantId::DEFAULT).scan(table).unwrap();
    let mut sums = Sums::new();
    for batch in &rows.batches {
        let column = |name: &str| batch.column_by_name(name).unwrap();
        let text = |name: &str, row: usize| {
            let column = column(name).as_dictionary::<Int32Type>();
            column.key(row).map_or("", |key| column.values().as_string::<i32>().value(key)).to_owned()
        };
        for row in 0..batch.num_rows() {
            let minute = column(c::TIME).as_primitive::<TimestampNanosecondType>().value(row);
            let key = (minute, texts.iter().map(|name| text(name, row)).collect(), column(number).as_primitive::<Int32Type>().value(row));
            *sums.entry(key).or_default() += column(c::COUNT).as_primitive::<Float64Type>().value(row);
        }
    }
    rows.partial.is_empty().then_some(sums)
}

struct Sent {
    row: Row,
    /// Late rows are as old as their arrival, and so are those that have not happened yet.
    arrived: i64,
    acknowledged: bool,
    /// It was there once: it is in the sums, whatever became of it.
    stored: bool,
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
        let store = Some(reopen(&config, io.clone()));
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
            self.store = Some(reopen(&self.config, self.io.clone()));
        }
        restart
    }

    /// Rows of all tables: most just happened, some hours ago, some in a week. Often in two requests with a flush between them, so that the
    /// halves of a call are in blocks of their own.
    fn send(&mut self) {
        let count = ROUND * (1 + self.below(3));
        let first = self.ledger.len() as u64;
        let mut rows: Vec<Row> = (first..first + count)
            .map(|key| {
                let ago = match self.below(20) {
                    0 => self.below(20) as i64 * HOUR_NS,
                    1 => -7 * 24 * HOUR_NS,
                    _ => self.below(60_000) as i64 * 1_000_000,
                };
                Row { table: Table::SENT[key as usize % 3], key, trace: self.below(40), time: self.now - ago }
            })
            .collect();
        for called in NEXT_SPAN as usize..rows.len() {
            if rows[called].table == Table::Spans && Role::of(rows[called].key) == Role::Called {
                rows[called].trace = rows[called - NEXT_SPAN as usize].trace;
            }
        }
        for row in &rows {
            self.ledger.insert(row.key, Sent { row: *row, arrived: self.now, acknowledged: false, stored: false });
        }
        let between_halves = if self.below(2) == 0 { NEXT_SPAN as usize } else { rows.len() };
        let others = rows.split_off(between_halves);
        for rows in [rows, others].into_iter().filter(|rows| !rows.is_empty()) {
            self.requests.push((rows, self.now));
            self.deliver(self.requests.len() - 1);
            if self.below(2) == 0 {
                // As in a step: it fails when the machine stops.
                let flushed = self.store.as_ref().unwrap().flush();
                assert!(flushed.is_ok() || self.io.is_down(), "{flushed:?}");
            }
        }
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
        let request = request(rows, *received_at);
        let batches = derive(&request).unwrap();
        let acknowledged = store.append(request, batches, Box::new(())).is_ok_and(|receipt| receipt.wait().is_ok());
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
        for sent in self.ledger.values_mut() {
            let times = found.remove(&as_found(sent.row)).unwrap_or(0);
            let may_be_gone = sent.row.table != Table::Metrics && sent.arrived + AGE_NS <= self.furthest;
            assert!(times <= 1, "{when}: {:?} is there {times} times", sent.row);
            assert!(times == 1 || !sent.acknowledged || may_be_gone, "{when}: {:?} is gone", sent.row);
            // Between two looks nothing is old enough to go.
            sent.stored |= sent.acknowledged || times == 1;
        }
        assert!(found.is_empty(), "{when}: nobody sent {found:?}");
        self.recount(when);
    }

    /// Sums by minute and calls are those of the spans that were ever stored.
    fn recount(&self, when: &str) {
        let store = self.store.as_ref().unwrap();
        let operations = sums(store, Table::OperationMinutes, &[c::SERVICE_NAME, c::STATUS_CLASS], c::SPAN_KIND);
        let edges = sums(store, Table::EdgeMinutes, &[c::SERVICE_NAME, c::PEER, c::PEER_KIND, c::STATUS_CLASS], c::ONE_SIDED);
        let Some((operations, edges)) = operations.zip(edges) else {
            return assert!(self.io.is_down(), "{when}: sums cannot be read");
        };
        let (mut expected_operations, mut expected_edges) = (Sums::new(), Sums::new());
        let is_stored = |key: u64| self.ledger.get(&key).is_some_and(|sent| sent.stored);
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
        for row in self.ledger.values().filter(|sent| sent.stored && sent.row.table == Table::Spans).map(|sent| sent.row) {
            let minute = row.time - row.time.rem_euclid(MINUTE_NS);
            let status = if row.trace == 2 { "error" } else { "ok" };
            let (kind, service) = Role::of(row.key).whose();
            *expected_operations.entry((minute, texts(&[service, status]), kind)).or_default() += 1.0;
            let call = match Role::of(row.key) {
                Role::Caller if is_stored(row.key + NEXT_SPAN) => continue,
                Role::Called if is_stored(row.key - NEXT_SPAN) => (texts(&["web", "pay", "service", status]), 0),
                Role::Caller | Role::Unanswered => (texts(&["web", "", "", status]), 1),
                Role::Called | Role::FromNobody => (texts(&["pay", "", "caller", status]), 1),
            };
            *expected_edges.entry((minute, call.0, call.1)).or_default() += 1.0;
        }
        assert_eq!(operations, expected_operations, "{when}: sums by minute");
        assert_eq!(edges, expected_edges, "{when}: calls");
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
        self.store = Some(reopen(&self.config, FaultIo::new(Arc::new(RealIo))));
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
