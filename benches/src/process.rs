//! The real binary as a server, from the outside: started, fed, and asked what it costs.

use std::{
    collections::BTreeMap,
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::Client;

/// A running server; dropping it kills it.
pub struct Server {
    process: Child,
    binary: PathBuf,
    otlp_http: String,
    pub api: String,
}

/// Which cores the processes of a bench run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cores {
    /// The server has core 0, everything else core 1, so that they do not take each other's time.
    Apart,
    /// The server has all.
    Shared,
}

impl Server {
    /// Starts `binary` over `data_dir` and waits until it answers.
    ///
    /// # Panics
    /// When it does not.
    pub fn start(binary: &Path, data_dir: &Path, cores: Cores) -> Self {
        Self::start_with(binary, data_dir, cores, &[])
    }

    /// So too, with settings as variables of its environment.
    ///
    /// # Panics
    /// As above.
    pub fn start_with(binary: &Path, data_dir: &Path, cores: Cores, settings: &[(&str, &str)]) -> Self {
        let [otlp_grpc, otlp_http, api] = [free_address(), free_address(), free_address()];
        let mut command = match cores {
            Cores::Apart => pinned("0", binary),
            Cores::Shared => Command::new(binary),
        };
        let process = command
            .args(["serve", "--otlp-grpc", &otlp_grpc, "--otlp-http", &otlp_http, "--api", &api, "--data-dir"])
            .arg(data_dir)
            .envs(settings.iter().copied())
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let server = Self { process, binary: binary.to_owned(), otlp_http, api };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(&server.api).is_err() || Client::connect(&server.api).get("/readyz").0 != 200 {
            assert!(Instant::now() < deadline, "the server is ready");
            sleep(Duration::from_millis(20));
        }
        server
    }

    fn proc(&self, file: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).expect("the server runs")
    }

    /// User and system time; the kernel counts hundredths.
    ///
    /// # Panics
    /// When the server does not run.
    pub fn cpu_seconds(&self) -> f64 {
        cpu_seconds(&self.proc("stat"))
    }

    /// The same of its threads, by their names: those of a name together. Threads that ended are left out.
    ///
    /// # Panics
    /// When the server does not run.
    pub fn cpu_seconds_by_thread(&self) -> BTreeMap<String, f64> {
        let mut found = BTreeMap::new();
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("the server runs");
        for task in tasks.flatten() {
            let read = |file: &str| fs::read_to_string(task.path().join(file));
            if let (Ok(name), Ok(stat)) = (read("comm"), read("stat")) {
                *found.entry(name.trim_end().to_owned()).or_default() += cpu_seconds(&stat);
            }
        }
        found
    }

    /// A field of `/proc/pid/status` that is in KiB.
    ///
    /// # Panics
    /// When the server does not run.
    pub fn status_mib(&self, field: &str) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with(field)).expect("a field of /proc/pid/status");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok()).expect("KiB") / 1024.0
    }

    /// What the status says of each table.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn tables(&self) -> Vec<Value> {
        let (_, body) = Client::connect(&self.api).get("/api/v1/status");
        let status: Value = serde_json::from_slice(&body).expect("JSON");
        status["storage"]["tables"].as_array().expect("the status lists tables").clone()
    }

    /// Bytes written to blocks by flushes and compaction, over those of flushes; `None` before the first.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn write_amplification(&self) -> Option<f64> {
        let (_, body) = Client::connect(&self.api).get("/api/v1/status");
        let status: Value = serde_json::from_slice(&body).expect("JSON");
        status["storage"]["compaction"]["write_amplification"].as_f64()
    }

    /// # Panics
    /// When rows are still in memory after `patience`.
    pub fn wait_until_flushed(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        while self.tables().iter().any(|table| table["memory_rows"] != 0) {
            assert!(Instant::now() < deadline, "rows reach blocks");
            sleep(Duration::from_secs(1));
        }
    }

    /// Rows as they were sent, and bytes of all blocks: those of what is made of them too.
    ///
    /// # Panics
    /// When there is no answer.
    pub fn stored(&self) -> (u64, u64) {
        let tables = self.tables();
        let sent = tables.iter().filter(|table| ["spans", "logs", "metrics"].iter().any(|sent| table["table"] == *sent));
        let number = |value: &Value| value.as_u64().expect("a count");
        (sent.map(|table| number(&table["rows"])).sum(), tables.iter().map(|table| number(&table["block_bytes"])).sum())
    }

    /// `fusebox send` of a capture to this server; what it says in JSON.
    ///
    /// # Panics
    /// When not every record is acknowledged.
    pub fn send(&self, cores: Cores, capture: &Path, arguments: &[&str]) -> Value {
        let mut command = match cores {
            Cores::Apart => pinned("1", &self.binary),
            Cores::Shared => Command::new(&self.binary),
        };
        let output = command
            .arg("send")
            .arg(capture)
            .args(["--endpoint", &format!("http://{}", self.otlp_http), "--no-progress", "--json"])
            .args(arguments)
            .stderr(Stdio::inherit())
            .output()
            .expect("the sender runs");
        let totals: Value = serde_json::from_slice(&output.stdout).expect("totals as JSON");
        assert_eq!((&totals["rejected"], &totals["refused"]), (&0.into(), &0.into()), "everything is acknowledged: {totals}");
        totals
    }

    /// A connection to the door for OTLP over HTTP.
    pub fn otlp(&self) -> Client {
        Client::connect(&self.otlp_http)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// User and system time in a line of `/proc/…/stat`.
fn cpu_seconds(stat: &str) -> f64 {
    let fields: Vec<&str> = stat.rsplit(") ").next().expect("a name in brackets").split(' ').collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().expect("a number")).sum::<f64>() / 100.0
}

/// Runs `binary` on one core.
fn pinned(core: &str, binary: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", core]).arg(binary);
    command
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port").to_string()
}
