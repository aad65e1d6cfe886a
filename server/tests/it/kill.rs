//! `kill -9` at random points under mixed load, again and again over one data directory; then the ledger's verdict.
//!
//! ```text
//! each cycle   start; retry what the last kill left unanswered; four clients send and read; kill -9
//! every 4th    SIGTERM instead, under the same load: the process must end in order
//! some cycles  kill -9 while recovery runs
//! at the end   kill -9 once more; open the directory here; every row of every table against the ledger; and once again
//! ```
//!
//! `FUSEBOX_KILL_CYCLES` sets the number of cycles, `FUSEBOX_KILL_SEED` repeats a run.

use std::{
    env,
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};
use rand::{Rng, SeedableRng, rngs::SmallRng};
use schemas::{Signal, Table, TenantId, TraceId, otlp};
use storage::{RawRequest, Store};
use testkit::ledger::{Answer, Book, Client, Found, Request, RequestId, Ticket, Verdict, Wire, scan};
use tokio::{net::TcpStream, runtime::Runtime, task::JoinSet, time::sleep};

use crate::process;

const CYCLES: u32 = 40;
const CLIENTS: u32 = 4;
/// The promise is 5 s on a machine of its own; this only tells a slow start from one that hangs.
const START_MAX: Duration = Duration::from_secs(60);

/// Everything small, so that segments roll and blocks are written all the time.
const CONFIG: &str = "
[storage]
memtable_bytes_max = 65536
flush_interval_ms = 50
wal_segment_bytes = 131072
";

#[test]
fn kill_dash_nine_loses_nothing_and_doubles_nothing() {
    let cycles = number("FUSEBOX_KILL_CYCLES").map_or(CYCLES, |cycles| u32::try_from(cycles).expect("a number of cycles"));
    let seed = number("FUSEBOX_KILL_SEED").unwrap_or_else(|| rand::rng().random());
    eprintln!("{cycles} cycles, FUSEBOX_KILL_SEED={seed}");
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("fusebox.toml");
    std::fs::write(&config, CONFIG).unwrap();
    let data = directory.path().join("data");

    let load = Arc::new(Load::default());
    let runtime = Runtime::new().unwrap();
    let mut random = SmallRng::seed_from_u64(seed);
    for run in 0..cycles {
        let mut server = Server::start(&data, &config);
        if run % 4 == 1 {
            runtime.block_on(cycle(&load, run, &mut server, &mut random, Server::signal_term));
            server.ends_in_order();
            continue;
        }
        if random.random_ratio(1, 5) {
            std::thread::sleep(Duration::from_millis(random.random_range(0..200)));
        } else {
            runtime.block_on(cycle(&load, run, &mut server, &mut random, Server::signal_kill));
        }
        server.kill();
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (traces_read, acked) = (count(&load.traces_read), load.acked.each_ref().map(count));
    eprintln!("requests acknowledged over {WIRES:?}: {acked:?}; {traces_read} traces read back at once");
    assert!(traces_read > 0 && acked.iter().all(|requests| *requests > 0), "the load must be mixed");
    assert!(blocks(&data) > 0, "flushing must be under way");
    for opening in ["after the last kill", "opened once more"] {
        let verdict = Verdict::of(&load.book, &stored(&data));
        eprintln!("{opening}: {verdict}");
        assert!(verdict.is_clean(), "FUSEBOX_KILL_SEED={seed}, {opening}: {verdict}");
        assert!(verdict.acked > 0, "nothing was acknowledged: {verdict}");
    }
}

/// What all clients of all cycles share.
#[derive(Default)]
struct Load {
    book: Book,
    traces_read: AtomicU64,
    /// By place in [`WIRES`].
    acked: [AtomicU64; 3],
}

const WIRES: [Wire; 3] = [Wire::Http, Wire::HttpZstd, Wire::Grpc];

/// Runs the clients against a server and signals it at a random moment; what they have in flight when it is gone stays unanswered.
async fn cycle(load: &Arc<Load>, run: u32, server: &mut Server, random: &mut SmallRng, signal: fn(&mut Server)) {
    server.accepts().await;
    // A client that gave up does not come back: half of the unanswered stay so for ever.
    let retries: Vec<_> = load.book.unanswered().into_iter().filter(|_| random.random_bool(0.5)).collect();
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let share = retries.iter().copied().skip(number as usize).step_by(CLIENTS as usize).collect();
        let random = SmallRng::seed_from_u64(random.random());
        clients.spawn(client(load.clone(), RequestId { run, client: number, sequence: 0 }, share, server.addresses, random));
    }
    sleep(Duration::from_millis(random.random_range(50..1_000))).await;
    assert!(clients.try_join_next().is_none(), "a client gave up although the server lives");
    signal(server);
    while let Some(ended) = clients.join_next().await {
        ended.expect("no client panics");
    }
}

/// Sends until the server is gone.
async fn client(load: Arc<Load>, mut id: RequestId, retries: Vec<Ticket>, addresses: Addresses, mut random: SmallRng) {
    let sender = Client::new(addresses.otlp_http, addresses.otlp_grpc);
    let api = Pool::builder(TokioExecutor::new()).build_http();
    for ticket in retries {
        if send(&load, ticket, &sender, &mut random).await.is_none() {
            return;
        }
    }
    loop {
        let request = Request { id, signal: Signal::ALL[random.random_range(0..3)], records: random.random_range(1..=40) };
        id.sequence += request.records;
        let ticket = load.book.sent(request.clone());
        if random.random_ratio(1, 8) {
            // Disconnects between request and answer, then sends the same again.
            let patience = Duration::from_micros(random.random_range(0..5_000));
            let _ = tokio::time::timeout(patience, sender.export(&request, WIRES[random.random_range(0..3)])).await;
        }
        if send(&load, ticket, &sender, &mut random).await.is_none() {
            return;
        }
        if request.signal == Signal::Traces && random.random_ratio(1, 4) {
            let Some(spans) = spans_of(&api, addresses.api, TraceId(request.trace_id())).await else { return };
            assert_eq!(spans, request.records as usize, "an acknowledged trace is visible to the next query: {request:?}");
            load.traces_read.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Until it is acknowledged; `None` when the server is gone.
async fn send(load: &Load, ticket: Ticket, sender: &Client, random: &mut SmallRng) -> Option<()> {
    let request = load.book.request(ticket);
    loop {
        let wire = random.random_range(0..3);
        match sender.export(&request, WIRES[wire]).await {
            Answer::Acked => {
                load.book.acked(ticket);
                load.acked[wire].fetch_add(1, Ordering::Relaxed);
                return Some(());
            }
            Answer::Refused { retryable: true, .. } => sleep(Duration::from_millis(20)).await,
            Answer::Refused { retryable: false, reason } => panic!("a good request is refused for good: {reason}"),
            Answer::Unknown { .. } => return None,
        }
    }
}

/// How many spans the API shows for a trace; `None` when the server is gone.
async fn spans_of(api: &Pool<HttpConnector, Empty<Bytes>>, address: SocketAddr, trace: TraceId) -> Option<usize> {
    let uri = format!("http://{address}/api/v1/traces/{trace}").parse().unwrap();
    let response = api.get(uri).await.ok()?;
    let status = response.status();
    let body = response.into_body().collect().await.ok()?.to_bytes();
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let view: serde_json::Value = serde_json::from_slice(&body).unwrap();
    Some(view["spans"].as_array().unwrap().len())
}

fn blocks(data: &Path) -> usize {
    let tables = Table::SENT.map(|table| data.join("data").join(TenantId::DEFAULT.0.to_string()).join(table.name()));
    tables.iter().filter_map(|dir| dir.read_dir().ok()).flatten().count()
}

/// Every row of the directory, read without the server.
fn stored(data: &Path) -> Vec<Found> {
    let derive = |request: &RawRequest| {
        let body = otlp::compression::decompress(request.encoding, &request.body, usize::MAX).map_err(|error| error.to_string())?;
        let decoded = otlp::decode(request.signal, request.format, &body, request.received_at, &otlp::DecodeLimits::NONE);
        decoded.map(|decoded| decoded.batches).map_err(|error| error.to_string())
    };
    let store = Store::open(storage::Config::new(data), Arc::new(storage::io::RealIo), Arc::new(derive)).unwrap();
    let opened = Instant::now();
    while store.readiness().replay_bytes_left > 0 {
        assert!(opened.elapsed() < START_MAX, "replay does not end: {:?}", store.readiness());
        std::thread::sleep(Duration::from_millis(10));
    }
    let snapshot = store.snapshot(TenantId::DEFAULT);
    let mut found = Vec::new();
    for table in Table::SENT {
        let rows = snapshot.scan(table).unwrap();
        assert_eq!(rows.partial, Vec::<String>::new(), "{table}");
        found.extend(scan(table, &rows.batches).unwrap());
    }
    store.close();
    found
}

#[derive(Clone, Copy)]
struct Addresses {
    otlp_http: SocketAddr,
    otlp_grpc: SocketAddr,
    api: SocketAddr,
}

struct Server {
    process: Child,
    addresses: Addresses,
}

impl Server {
    fn start(data: &Path, config: &Path) -> Self {
        let addresses = Addresses { otlp_http: free(), otlp_grpc: free(), api: free() };
        let process = Command::new(env!("CARGO_BIN_EXE_fusebox"))
            .env_clear()
            .arg("serve")
            .arg("--config")
            .arg(config)
            .arg("--data-dir")
            .arg(data)
            .args(["--otlp-http", &addresses.otlp_http.to_string()])
            .args(["--otlp-grpc", &addresses.otlp_grpc.to_string()])
            .args(["--api", &addresses.api.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Self { process, addresses }
    }

    /// Returns when all three sockets take connections.
    async fn accepts(&mut self) {
        let started = Instant::now();
        for address in [self.addresses.otlp_http, self.addresses.otlp_grpc, self.addresses.api] {
            while TcpStream::connect(address).await.is_err() {
                let ended = self.process.try_wait().unwrap();
                assert!(ended.is_none(), "the server ended by itself: {ended:?}");
                assert!(started.elapsed() < START_MAX, "the server does not listen on {address}");
                sleep(Duration::from_millis(5)).await;
            }
        }
    }

    fn signal_kill(&mut self) {
        self.process.kill().unwrap();
    }

    fn signal_term(&mut self) {
        process::signal(&self.process, "TERM");
    }

    /// After SIGTERM.
    fn ends_in_order(mut self) {
        let status = process::ended(&mut self.process).expect("SIGTERM ends the server");
        assert_eq!(status.code(), Some(0), "{status:?}");
    }

    fn kill(mut self) {
        self.signal_kill();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A loopback address nobody listens on right now.
fn free() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}
