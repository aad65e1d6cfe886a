//! Question: how much longer does an answer take while blocks are brought together?
//!
//! Data: the otel-demo capture with fresh ids, spread over six hours and flushed without compaction: many small blocks. Then the server is
//! started anew with compaction, and asked until nothing is left to compact, and after that. Units: milliseconds per answer over HTTP
//! (p50, p99); quotients of the medians.
//!
//! ```text
//! cargo build --release --bin fusebox
//! FUSEBOX_BIN=target/release/fusebox cargo bench -p benches --bench compaction -- [passes]
//! ```
//! The sender and who asks share all cores with the server: what compaction takes is missing elsewhere.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its figures are its product")]

use std::{
    env,
    path::PathBuf,
    time::{Duration, Instant},
};

use benches::{Client, Cores, Server, Times, sample_ids};
use serde_json::Value;

const OVER_SECONDS: &str = "21600";
/// Where the capture begins, and the six hours after it.
const ALL: &str = "start=2025-07-11T14:00:00Z&end=2025-07-11T21:00:00Z";
const HOUR: &str = "start=2025-07-11T16:00:00Z&end=2025-07-11T17:00:00Z";
const ROUNDS: usize = 40;
const IDS: usize = 500;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let Some(binary) = env::var_os("FUSEBOX_BIN").map(PathBuf::from) else {
        return eprintln!("SKIPPED: FUSEBOX_BIN does not name a release build of fusebox");
    };
    let Some(capture) = testkit::captures::path("otel-demo/traces.otlp.zst") else { return };
    let passes = arguments.first().map_or("600", String::as_str);
    let data_dir = tempfile::tempdir().expect("a temporary directory");
    let start = |compaction: &str| {
        let settings = [("FUSEBOX_STORAGE__COMPACTION", compaction)];
        Server::start_with(&binary, data_dir.path(), Cores::Shared, &settings)
    };

    let server = start("false");
    let sent = server.send(Cores::Shared, &capture, &["--loop", passes, "--over", OVER_SECONDS]);
    server.wait_until_flushed(Duration::from_secs(300));
    let ids = sample_ids(&data_dir.path().join("data"), IDS);
    let questions = questions(&ids.iter().map(ToString::to_string).collect::<Vec<_>>());
    println!("{} spans in {} blocks, {} to be compacted", sent["accepted"], blocks(&server), debt(&server));
    let before = ask(&server, &questions, |round| round < ROUNDS);
    drop(server);

    let server = start("true");
    let began = Instant::now();
    // The figure is told a little after the start.
    let mut seen = false;
    let during = ask(&server, &questions, |_| {
        let left = debt(&server) > 0;
        seen |= left;
        left || (!seen && began.elapsed() < Duration::from_secs(30))
    });
    println!(
        "compacted into {} blocks in {:.1} s, beside {} rounds of questions",
        blocks(&server),
        began.elapsed().as_secs_f64(),
        during[0].count()
    );
    let after = ask(&server, &questions, |round| round < ROUNDS);

    println!("{:<34} {:>17} {:>17} {:>17} {:>16}", "p50 / p99 ms", "before", "during", "after", "during / before");
    for (((question, before), during), after) in questions.iter().zip(&before).zip(&during).zip(&after) {
        let cell = |times: &Times| format!("{:.1} / {:.1}", times.quantile_ms(0.5), times.quantile_ms(0.99));
        let quotient = during.quantile_ms(0.5) / before.quantile_ms(0.5);
        println!("{:<34} {:>17} {:>17} {:>17} {quotient:>16.2}", question.name, cell(before), cell(during), cell(after));
    }
}

struct Question {
    name: &'static str,
    /// Asked one after the other, and again from the first.
    paths: Vec<String>,
}

fn questions(ids: &[String]) -> Vec<Question> {
    let question = |name, path: &str| Question { name, paths: vec![format!("/api/v1/{path}")] };
    vec![
        Question { name: "trace by id", paths: ids.iter().map(|id| format!("/api/v1/traces/{id}")).collect() },
        question("newest 20 error spans", &format!("spans?q=service:payment%20status:error&limit=20&{ALL}")),
        question("attribute, 1 h", &format!("spans?q=http.response.status_code:504&{HOUR}")),
        question("services, 6 h", &format!("services?{ALL}")),
        question("service map, 1 h", &format!("graph?{HOUR}")),
        question("histogram of errors, 6 h", &format!("spans/histogram?q=status:error&{ALL}")),
    ]
}

/// Round after round of all questions, each timed; the first round only warms caches up.
fn ask(server: &Server, questions: &[Question], mut goes_on: impl FnMut(usize) -> bool) -> Vec<Times> {
    let mut client = Client::connect(&server.api);
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); questions.len()];
    let mut round = 0;
    while round == 0 || goes_on(round) {
        for (question, times) in questions.iter().zip(&mut times) {
            let start = Instant::now();
            let (status, body) = client.get(&question.paths[round % question.paths.len()]);
            assert_eq!(status, 200, "{}: {}", question.name, String::from_utf8_lossy(&body));
            times.push(start.elapsed());
        }
        round += 1;
    }
    assert!(round > 1, "something is asked after the first round");
    times.into_iter().map(|times| Times::new(times[1..].to_vec())).collect()
}

fn blocks(server: &Server) -> u64 {
    server.tables().iter().filter_map(|table| table["blocks"].as_u64()).sum()
}

fn debt(server: &Server) -> u64 {
    let (_, body) = Client::connect(&server.api).get("/api/v1/status");
    let status: Value = serde_json::from_slice(&body).expect("JSON");
    status["storage"]["compaction"]["debt_blocks"].as_u64().expect("the status tells what is to be compacted")
}
