//! A running `fusebox serve`, and commands beside it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use tempfile::TempDir;

/// Long enough for the slowest machine; only a hang takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// `fusebox` with an environment that sets nothing.
pub(crate) fn fusebox(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fusebox"));
    command.current_dir(dir).env_clear().env("NO_COLOR", "1");
    command
}

/// What a command that ends by itself said. One that runs on is killed, so that the test fails instead of hanging.
pub(crate) fn output(command: &mut Command) -> Output {
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let id = child.id().to_string();
    let (ended, wait) = channel();
    std::thread::spawn(move || drop(ended.send(child.wait_with_output())));
    if let Ok(output) = wait.recv_timeout(PATIENCE) {
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

/// Killed when dropped.
pub(crate) struct Server {
    child: Child,
    log: Receiver<String>,
    seen: Vec<String>,
    pub(crate) otlp_grpc: String,
    pub(crate) otlp_http: String,
    pub(crate) api: String,
}

impl Server {
    /// Starts on free ports, with everything else at its default, and waits until it is ready.
    pub(crate) fn start(dir: &TempDir) -> Self {
        let mut command = fusebox(dir.path());
        command.args(["serve", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--api", "127.0.0.1:0"]);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the binary starts");
        let (lines, log) = channel();
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).for_each(|line| drop(lines.send(line))));
        let mut server = Self { child, log, seen: vec![], otlp_grpc: String::new(), otlp_http: String::new(), api: String::new() };
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
        if let Some(line) = self.seen.iter().find(|line| line.contains(text)) {
            return line.clone();
        }
        loop {
            let line = self.log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no {text:?} in the log:\n{}", self.seen.join("\n")));
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status().expect("kill is there");
        assert!(sent.success());
    }

    /// How it ended, and what it logged.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().expect("it is our child");
        self.seen.extend(self.log.iter());
        (status, self.seen.join("\n"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
