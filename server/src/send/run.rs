//! Sends every payload, loop after loop, with a number of workers that each keep one connection.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant, SystemTime},
};

use rand::{SeedableRng, rngs::SmallRng};
use schemas::otlp::Format;
use tokio::task::LocalSet;

use super::{
    Compression, Connection, Endpoint, Outcome, Payload, Protocol, Rate, Totals, connection::Outgoing, pacing::Pacer, retry,
    rewrite::Rewrite,
};

/// Everything a run depends on.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) endpoint: Endpoint,
    pub(crate) protocol: Protocol,
    pub(crate) compression: Compression,
    pub(crate) concurrency: usize,
    pub(crate) rate: Option<Rate>,
    /// Passes over all payloads; each after the first has fresh ids and later times.
    pub(crate) loops: u64,
    /// Time from the first pass to the end of the last one's share; `None`: one lies right behind the other.
    pub(crate) over: Option<Duration>,
    /// Moves times so that the newest of a pass is the moment the pass starts.
    pub(crate) shift_to_now: bool,
    /// A request is given up when it still fails after this time.
    pub(crate) retry_for: Duration,
}

/// Told about every request that ends.
pub(crate) trait Progress {
    fn finished(&self, records: u64);
}

/// Sends everything and returns the sum. Runs on the current thread: one core makes more load than a small server takes.
pub(crate) async fn run(plan: Plan, payloads: Vec<Payload>, progress: Rc<dyn Progress>) -> Totals {
    let start = Instant::now();
    let shared = Rc::new(Shared::new(plan, payloads, progress, start));
    let workers = LocalSet::new();
    let mut handles = Vec::new();
    for _ in 0..shared.plan.concurrency {
        handles.push(workers.spawn_local(work(Rc::clone(&shared))));
    }
    let mut totals = Totals::default();
    workers
        .run_until(async {
            for handle in handles {
                totals.add(handle.await.expect("a worker does not panic"));
            }
        })
        .await;
    totals.seconds = start.elapsed().as_secs_f64();
    totals
}

struct Shared {
    plan: Plan,
    payloads: Vec<Payload>,
    /// Bodies as they leave, when no pass changes them.
    unchanged: Option<Vec<Outgoing>>,
    progress: Rc<dyn Progress>,
    next: Cell<u64>,
    pacer: RefCell<Pacer>,
    random: RefCell<SmallRng>,
    pass: Cell<Option<(u64, Rewrite)>>,
    span_of_times: Option<(u64, u64)>,
}

impl Shared {
    fn new(plan: Plan, payloads: Vec<Payload>, progress: Rc<dyn Progress>, start: Instant) -> Self {
        let changes = plan.loops > 1 || plan.shift_to_now;
        let unchanged = (!changes).then(|| payloads.iter().map(|payload| as_it_is(payload, &plan)).collect());
        let oldest = payloads.iter().filter_map(|payload| payload.layout.oldest_ns).min();
        let newest = payloads.iter().filter_map(|payload| payload.layout.newest_ns).max();
        Self {
            pacer: RefCell::new(Pacer::new(plan.rate, start)),
            random: RefCell::new(SmallRng::from_os_rng()),
            next: Cell::new(0),
            pass: Cell::new(None),
            span_of_times: oldest.zip(newest),
            plan,
            payloads,
            unchanged,
            progress,
        }
    }

    /// The next request, and how many records it has; `None` when all passes are done.
    fn take(&self) -> Option<(Outgoing, u64)> {
        let ordinal = self.next.get();
        let count = self.payloads.len() as u64;
        if count == 0 || ordinal >= count * self.plan.loops {
            return None;
        }
        self.next.set(ordinal + 1);
        let index = (ordinal % count) as usize;
        let payload = &self.payloads[index];
        let outgoing = match &self.unchanged {
            Some(bodies) => bodies[index].clone(),
            None => self.rewritten(payload, ordinal / count),
        };
        Some((outgoing, payload.records()))
    }

    fn rewritten(&self, payload: &Payload, pass: u64) -> Outgoing {
        let rewrite = match self.pass.get() {
            Some((current, rewrite)) if current == pass => rewrite,
            _ => {
                let rewrite = self.rewrite_of(pass);
                self.pass.set(Some((pass, rewrite)));
                rewrite
            }
        };
        if rewrite.is_nothing() {
            return as_it_is(payload, &self.plan);
        }
        let body = rewrite.apply(&payload.layout, &payload.protobuf);
        Outgoing { signal: payload.signal, format: Format::Protobuf, body: self.plan.compression.apply(body.into()) }
    }

    fn rewrite_of(&self, pass: u64) -> Rewrite {
        let (oldest, newest) = self.span_of_times.unwrap_or_default();
        let shift_ns = if self.plan.shift_to_now {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos() as i64;
            now - newest as i64
        } else {
            let pass_ns = match self.plan.over {
                Some(over) => i64::try_from(over.as_nanos()).unwrap_or(i64::MAX) / self.plan.loops.max(1) as i64,
                None => (newest - oldest) as i64 + 1_000_000_000,
            };
            pass_ns.saturating_mul(pass as i64)
        };
        match pass {
            0 => Rewrite::shift(shift_ns),
            _ => Rewrite::shift(shift_ns).fresh_ids(&mut *self.random.borrow_mut()),
        }
    }
}

/// JSON leaves as JSON when the transport can carry it.
fn as_it_is(payload: &Payload, plan: &Plan) -> Outgoing {
    let (format, body) = match (&payload.json, plan.protocol) {
        (Some(json), Protocol::Http) => (Format::Json, json),
        _ => (Format::Protobuf, &payload.protobuf),
    };
    Outgoing { signal: payload.signal, format, body: plan.compression.apply(body.clone()) }
}

async fn work(shared: Rc<Shared>) -> Totals {
    let plan = &shared.plan;
    let mut connection = Connection::new(plan.protocol, plan.endpoint.clone(), plan.compression);
    let mut totals = Totals::default();
    while let Some((outgoing, records)) = shared.take() {
        let depart = shared.pacer.borrow_mut().depart(records);
        if depart > Instant::now() {
            tokio::time::sleep_until(depart.into()).await;
        }
        deliver(&shared, &mut connection, &outgoing, records, &mut totals).await;
        shared.progress.finished(records);
    }
    totals
}

async fn deliver(shared: &Shared, connection: &mut Connection, outgoing: &Outgoing, records: u64, totals: &mut Totals) {
    let first = Instant::now();
    for attempt in 1.. {
        let sent = Instant::now();
        match connection.send(outgoing).await {
            Outcome::Stored { rejected, message } => {
                if let Some(message) = message {
                    totals.because(&message);
                }
                totals.acknowledged(outgoing.signal, records, rejected, outgoing.body.len(), sent.elapsed());
                return;
            }
            Outcome::Refused { reason } => {
                totals.because(&reason);
                totals.refused(records);
                return;
            }
            Outcome::Retry { after, reason } => {
                let pause = retry::pause(attempt + 1, after, &mut *shared.random.borrow_mut());
                if first.elapsed() + pause > shared.plan.retry_for {
                    totals.unreachable |= reason.starts_with("connect");
                    totals.because(&reason);
                    totals.refused(records);
                    return;
                }
                totals.retried += 1;
                tokio::time::sleep(pause).await;
            }
        }
    }
}
