//! A running server (`fusebox serve` or `fusebox demo`), and commands beside it.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use tempfile::TempDir;

/// Long enough for the slowest machine; only a hang takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const FREE_PORTS: [&str; 6] = ["--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--api", "127.0.0.1:0"];

/// `fusebox` with an environment that sets nothing.
pub(crate) fn fusebox(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fusebox"));
    command.current_dir(dir).env_clear().env("NO_COLOR", "1");
    command
}

/// What a command that ends by itself said. One that runs on is killed, so that the test fails instead of hanging.
pub(crate) fn output(command: &mut Command) -> Output {
    output_within(command, PATIENCE)
}

pub(crate) fn output_within(command: &mut Command, limit: Duration) -> Output {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let id = child.id().to_string();
    let (ended, wait) = channel();
    std::thread::spawn(move || drop(ended.send(child.wait_with_output())));
    if let Ok(output) = wait.recv_timeout(limit) {
        return output.expect("it is our child");
    }
    let _ = Command::new("kill").args(["-s", "KILL", &id]).status();
    wait.recv().expect("killed").expect("it is our child")
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asks `child` to end, as a terminal or a container's init does.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status().expect("kill is there");
    assert!(sent.success());
}

/// How `child` ended; `None` when it hangs.
pub(crate) fn ended(child: &mut Child) -> Option<ExitStatus> {
    let asked = Instant::now();
    while asked.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().expect("it is our child") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// What a process writes, line by line.
struct Lines {
    new: Receiver<String>,
    seen: Vec<String>,
}

impl Lines {
    fn of(pipe: impl Read + Send + 'static) -> Self {
        let (lines, new) = channel();
        std::thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).for_each(|line| drop(lines.send(line))));
        Self { new, seen: vec![] }
    }

    /// The first line that contains `text`, now or later.
    fn wait_for(&mut self, text: &str) -> Option<String> {
        if let Some(line) = self.seen.iter().find(|line| line.contains(text)) {
            return Some(line.clone());
        }
        loop {
            let line = self.new.recv_timeout(PATIENCE).ok()?;
            self.seen.push(line.clone());
            if line.contains(text) {
                return Some(line);
            }
        }
    }

    /// Everything, once the process has ended.
    fn whole(&mut self) -> String {
        self.seen.extend(self.new.iter());
        self.seen.join("\n")
    }
}

/// Killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: Lines,
    printed: Lines,
    pub(crate) otlp_grpc: String,
    pub(crate) otlp_http: String,
    pub(crate) api: String,
}

impl Server {
    /// Serves on free ports, with everything else at its default.
    pub(crate) fn start(dir: &TempDir) -> Self {
        Self::spawn(fusebox(dir.path()).arg("serve").args(FREE_PORTS))
    }

    /// Serves on free ports, with `config` as its file.
    pub(crate) fn start_with(dir: &TempDir, config: &str) -> Self {
        std::fs::write(dir.path().join("fusebox.toml"), config).expect("written");
        Self::spawn(fusebox(dir.path()).args(["serve", "--config", "fusebox.toml"]).args(FREE_PORTS))
    }

    /// Runs a command that serves, and waits until it is ready.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let log = Lines::of(child.stderr.take().expect("piped"));
        let printed = Lines::of(child.stdout.take().expect("piped"));
        let mut server = Self { child, log, printed, otlp_grpc: String::new(), otlp_http: String::new(), api: String::new() };
        let ready = server.wait_for_log(" ready ");
        let url = |key: &str| {
            let address = ready.split_ascii_whitespace().find_map(|word| word.strip_prefix(key)).expect("the ready line has every address");
            format!("http://{address}")
        };
        server.otlp_grpc = url("otlp_grpc=");
        server.otlp_http = url("otlp_http=");
        server.api = url("api=");
        server
    }

    /// The first log line that contains `text`, now or later.
    pub(crate) fn wait_for_log(&mut self, text: &str) -> String {
        self.log.wait_for(text).unwrap_or_else(|| panic!("no {text:?} in the log:\n{}", self.log.seen.join("\n")))
    }

    /// The first line on standard output that contains `text`, now or later.
    pub(crate) fn wait_for_print(&mut self, text: &str) -> String {
        self.printed.wait_for(text).unwrap_or_else(|| panic!("{text:?} is not printed:\n{}", self.printed.seen.join("\n")))
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// The most bytes of memory it ever held.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux says it");
        line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024
    }

    /// How it ended, and what it logged.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = ended(&mut self.child);
        let _ = self.child.kill();
        let log = self.log.whole();
        (status.unwrap_or_else(|| panic!("the server does not end:\n{log}")), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
