//! Question: what does the whole server cost and answer, from real request bytes on a socket to a trace by its id?
//!
//! Data: a capture, replayed with fresh ids. Units: spans per second of server CPU (receive, WAL, fsync and flush together),
//! bytes on disk per span (indexes included), milliseconds per ack and per lookup through the HTTP API, MiB resident.
//!
//! ```text
//! cargo build --release --bin fusebox
//! FUSEBOX_BIN=target/release/fusebox cargo bench -p benches --bench whole -- [capture] [passes] [lookups]
//! ```
//! The server is pinned to core 0, sender and lookups to core 1. The run fails when not every record is acknowledged and stored.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its figures are its product")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use arrow::array::AsArray;
use benches::quantiles;
use parquet::arrow::{ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder};
use schemas::TraceId;
use serde_json::Value;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let argument = |place: usize, default: &str| arguments.get(place).cloned().unwrap_or_else(|| default.to_owned());
    let Some(binary) = env::var_os("FUSEBOX_BIN").map(PathBuf::from) else {
        return eprintln!("SKIPPED: FUSEBOX_BIN does not name a release build of fusebox");
    };
    let Some(capture) = testkit::captures::path(&argument(0, "otel-demo/traces.otlp.zst")) else { return };
    let passes = argument(1, "20");
    let lookups: usize = argument(2, "1000").parse().expect("a number of lookups");

    let server = Server::start(&binary);
    sleep(Duration::from_secs(2));
    println!("idle              {:.1} MiB resident", server.status_mib("VmRSS"));
    let cpu_before = server.cpu_seconds();
    let sent = send(&binary, &server, &capture, &passes);
    let count = |name: &str| sent[name].as_u64().expect("send reports its totals");
    assert_eq!((count("rejected"), count("refused")), (0, 0), "everything is acknowledged: {sent}");
    let records = count("accepted");
    server.wait_until_flushed();
    let cpu_seconds = server.cpu_seconds() - cpu_before;
    let (rows, bytes) = server.stored();
    assert_eq!(rows, records, "everything acknowledged is stored");
    println!("records           {records}, {:.0} per second of wall time", records as f64 / sent["seconds"].as_f64().expect("a time"));
    println!("ack               p50 {} ms, p99 {} ms", sent["ack_ms_p50"], sent["ack_ms_p99"]);
    println!("server CPU        {cpu_seconds:.2} s, {:.0} records per CPU second", records as f64 / cpu_seconds);
    println!("disk              {:.1} bytes per record", bytes as f64 / records as f64);
    println!("peak              {:.1} MiB resident", server.status_mib("VmHWM"));

    let ids = sample_ids(&server.data_dir.path().join("data"), lookups);
    if !ids.is_empty() {
        let mut client = Client::connect(&server.api);
        let (warm_up, _) = ids.split_at(ids.len().min(50));
        warm_up.iter().for_each(|id| assert_eq!(client.trace(*id), 200));
        report("trace by id, hit ", ids.iter().map(|id| client.timed(*id, 200)).collect());
        let misses = ids.iter().map(|id| TraceId(id.0.map(|byte| byte ^ 0x5a)));
        report("trace by id, miss", misses.map(|id| client.timed(id, 404)).collect());
    }
}

fn report(name: &str, mut times: Vec<Duration>) {
    println!("{name} {}, {} lookups", quantiles(&mut times), times.len());
}

struct Server {
    process: Child,
    data_dir: tempfile::TempDir,
    otlp_http: String,
    api: String,
}

impl Server {
    fn start(binary: &Path) -> Self {
        let data_dir = tempfile::tempdir().expect("a temporary directory");
        let [otlp_grpc, otlp_http, api] = [free_address(), free_address(), free_address()];
        let process = pinned("0", binary)
            .args(["serve", "--otlp-grpc", &otlp_grpc, "--otlp-http", &otlp_http, "--api", &api, "--data-dir"])
            .arg(data_dir.path())
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Self { process, data_dir, otlp_http, api };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(&server.api).is_err() {
            assert!(Instant::now() < deadline, "the server listens");
            sleep(Duration::from_millis(20));
        }
        server
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).expect("the server runs")
    }

    /// User and system time; the kernel counts hundredths.
    fn cpu_seconds(&self) -> f64 {
        let stat = self.proc("stat");
        let fields: Vec<&str> = stat.rsplit(") ").next().expect("a name in brackets").split(' ').collect();
        fields[11..13].iter().map(|ticks| ticks.parse::<f64>().expect("a number")).sum::<f64>() / 100.0
    }

    fn status_mib(&self, field: &str) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with(field)).expect("a field of /proc/pid/status");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).expect("KiB") / 1024.0
    }

    fn tables(&self) -> Vec<Value> {
        let (_, body) = Client::connect(&self.api).get("/api/v1/status");
        let status: Value = serde_json::from_slice(&body).expect("JSON");
        status["storage"]["tables"].as_array().expect("the status lists tables").clone()
    }

    fn wait_until_flushed(&self) {
        let deadline = Instant::now() + Duration::from_secs(180);
        while self.tables().iter().any(|table| table["memory_rows"] != 0) {
            assert!(Instant::now() < deadline, "rows reach blocks");
            sleep(Duration::from_secs(1));
        }
    }

    /// Rows, and bytes of their blocks.
    fn stored(&self) -> (u64, u64) {
        let sum = |field: &str| self.tables().iter().map(|table| table[field].as_u64().expect("a count")).sum();
        (sum("rows"), sum("block_bytes"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn send(binary: &Path, server: &Server, capture: &Path, passes: &str) -> Value {
    let output = pinned("1", binary)
        .arg("send")
        .arg(capture)
        .args(["--endpoint", &format!("http://{}", server.otlp_http), "--loop", passes, "--concurrency", "8", "--no-progress", "--json"])
        .stderr(Stdio::inherit())
        .output()
        .expect("the sender runs");
    serde_json::from_slice(&output.stdout).expect("totals as JSON")
}

/// Runs `binary` on one core, so that server and sender do not take each other's.
fn pinned(core: &str, binary: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(binary);
    command
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port").to_string()
}

/// Ids from all blocks below `data`, evenly spread, about `count` of them; none when there are no spans.
fn sample_ids(data: &Path, count: usize) -> Vec<TraceId> {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![data.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|extension| extension == "parquet") => files.push(path),
                _ => {}
            }
        }
    }
    let mut ids: Vec<TraceId> = Vec::new();
    for path in files.iter().filter(|path| path.components().any(|part| part.as_os_str() == "spans")) {
        let file = fs::File::open(path).expect("a block");
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).expect("Parquet");
        let column = ProjectionMask::columns(builder.parquet_schema(), ["trace_id"]);
        for batch in builder.with_projection(column).build().expect("Parquet") {
            let batch = batch.expect("readable rows");
            ids.extend(batch.column(0).as_fixed_size_binary().iter().flatten().filter_map(TraceId::from_slice));
        }
    }
    ids.sort_unstable();
    ids.dedup();
    // Sorted by time in the blocks, by id here: a stride through ids visits the blocks in no order.
    let stride = (ids.len() / count.max(1)).max(1);
    ids.into_iter().step_by(stride).collect()
}

/// Just enough HTTP/1.1 to time an answer.
struct Client {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Client {
    fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the API listens");
        stream.set_nodelay(true).expect("a TCP socket");
        Self { stream: BufReader::new(stream), host: address.to_owned() }
    }

    fn timed(&mut self, id: TraceId, expected: u16) -> Duration {
        let start = Instant::now();
        assert_eq!(self.trace(id), expected, "trace {id}");
        start.elapsed()
    }

    fn trace(&mut self, id: TraceId) -> u16 {
        self.get(&format!("/api/v1/traces/{id}")).0
    }

    fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        self.stream.get_mut().write_all(request.as_bytes()).expect("an open connection");
        let mut head = String::new();
        let (mut status, mut length) = (0, None);
        while head != "\r\n" {
            head.clear();
            self.stream.read_line(&mut head).expect("a head");
            if let Some(rest) = head.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().expect("a status");
            }
            if let Some(value) = head.to_ascii_lowercase().strip_prefix("content-length:") {
                length = Some(value.trim().parse::<usize>().expect("a length"));
            }
        }
        let mut body = vec![0; length.expect("answers have a length")];
        self.stream.read_exact(&mut body).expect("a body");
        (status, body)
    }
}
