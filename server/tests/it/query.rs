//! `fusebox query` against a running server: what is asked, in which format, and what is said when it fails.

use std::{
    io::Write,
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;
use testkit::captures;

use crate::{
    http::Http,
    process::{Server, ended, fusebox, output, signal, stderr, stdout},
    pty,
};

struct Shop {
    dir: TempDir,
    server: Server,
}

impl Shop {
    /// 805 spans.
    fn open() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let server = Server::start(&dir);
        let file = captures::path(captures::OTEL_DEMO_SLICE).expect("it is in the repository");
        let sent = output(fusebox(dir.path()).arg("send").arg(file).args(["--endpoint", &server.otlp_http]));
        assert_eq!(sent.status.code(), Some(0), "{}", stderr(&sent));
        Self { dir, server }
    }

    fn query(&self, arguments: &[&str]) -> Output {
        output(fusebox(self.dir.path()).arg("query").args(arguments).env("FUSEBOX_API", &self.server.api))
    }

    /// What a success prints.
    fn prints(&self, arguments: &[&str]) -> String {
        let ended = self.query(arguments);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {}", stderr(&ended));
        stdout(&ended)
    }
}

#[test]
fn answers_in_every_format() {
    let shop = Shop::open();
    const COUNT: &str = "SELECT count(*) AS spans, 'ab' AS t FROM spans";
    assert_eq!(shop.prints(&[COUNT, "-o", "table"]), "spans  t\n─────  ──\n  805  ab\n");
    assert_eq!(shop.prints(&[COUNT]), "{\"spans\":805,\"t\":\"ab\"}\n", "ndjson in a pipe, and the line about the answer is no data");
    assert_eq!(shop.prints(&[COUNT, "-o", "csv"]), "spans,t\r\n805,ab\r\n");
    let json: Value = serde_json::from_str(&shop.prints(&[COUNT, "-o", "json"])).expect("JSON");
    assert_eq!((&json["rows"][0][0], json["meta"].is_object()), (&805.into(), true));
    assert!(shop.query(&[COUNT, "-o", "parquet"]).stdout.starts_with(b"PAR1"));
    assert!(shop.query(&[COUNT, "-o", "arrow"]).stdout.starts_with(&[0xff; 4]));
    assert_eq!(shop.prints(&["SELECT $1 + 1 AS n, $2 AS t", "--param", "41", "--param", "x"]), "{\"n\":42,\"t\":\"x\"}\n");
}

#[test]
fn searches_find_spans_logs_and_traces() {
    let shop = Shop::open();
    let lines =
        |arguments: &[&str]| shop.prints(arguments).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>();
    let spans = lines(&["service:frontend", "--limit", "3"]);
    assert_eq!(spans.len(), 3);
    assert!(spans.iter().all(|span| span["service_name"] == "frontend" && span["resource_attributes"].is_object()), "{spans:?}");
    assert_eq!(lines(&["", "--table", "logs"]).len(), 0);
    let traces = lines(&["service:frontend", "--table", "traces", "--sort", "spans", "--limit", "2"]);
    assert!(traces.len() == 2 && traces[0]["spans"].as_u64() >= traces[1]["spans"].as_u64(), "{traces:?}");
    let table = shop.prints(&["service:frontend", "--limit", "2", "-o", "table"]);
    assert!(table.starts_with("start_time ") && table.lines().count() == 4, "{table}");
    let listed = shop.prints(&["", "--table", "traces", "-o", "table", "--limit", "1"]);
    assert!(listed.starts_with("start_time ") && listed.contains("root service"), "{listed}");
}

#[test]
fn a_query_comes_from_standard_input() {
    let shop = Shop::open();
    let mut command = fusebox(shop.dir.path());
    command.args(["query", "-", "-o", "csv", "--api", &shop.server.api]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
    child.stdin.take().expect("piped").write_all(b"SELECT\n  1 AS one\n").expect("read");
    let ended = child.wait_with_output().expect("our child");
    assert_eq!(stdout(&ended), "one\r\n1\r\n");
}

#[test]
fn mistakes_are_shown_in_the_query() {
    let shop = Shop::open();
    let check = |arguments: &[&str], code: i32, expected: &[&str]| {
        let ended = shop.query(arguments);
        let said = stderr(&ended);
        assert_eq!((ended.status.code(), stdout(&ended)), (Some(code), String::new()), "{arguments:?}: {said}");
        expected.iter().for_each(|part| assert!(said.contains(part), "{said:?} does not contain {part:?}"));
    };
    check(
        &["SELECT servce_name FROM spans"],
        1,
        &["fusebox: there is no column", "1 | SELECT servce_name FROM spans\n  |        ^\n", "hint: did you mean service_name"],
    );
    check(&["service:"], 1, &["1 | service:\n  | ^\nhint: give one"]);
    check(&["DELETE FROM spans", "--sql"], 1, &["only reads"]);
    check(&["SELECT 1", "--range", "1h"], 2, &["--range is for a search"]);
    check(&["service:pay", "--limit", "0"], 1, &["limit", "hint: "]);
    check(&["", "--table", "traces", "-o", "parquet"], 2, &["ask in SQL"]);
    let nobody = output(fusebox(shop.dir.path()).args(["query", "SELECT 1", "--api", "127.0.0.1:1"]));
    assert_eq!(nobody.status.code(), Some(69), "{}", stderr(&nobody));
    assert!(stderr(&nobody).contains("is the server running?"), "{}", stderr(&nobody));
}

#[test]
fn a_terminal_gets_a_table_of_its_width_and_no_binary() {
    let shop = Shop::open();
    let run = |arguments: &[&str], columns| {
        let mut command = fusebox(shop.dir.path());
        command.arg("query").args(arguments).args(["--api", &shop.server.api]);
        pty::run(command, &pty::Stream::Stdout, columns)
    };
    let wide = format!("SELECT '{}' AS a, '{}' AS b, 7 AS n", "库存".repeat(40), "b".repeat(90));
    let (status, shown) = run(&[&wide], 60);
    assert_eq!(status.code(), Some(0), "{shown}");
    let row = shown.lines().nth(2).expect("a row");
    // Wide characters take two columns.
    let columns: usize = row.trim_end().chars().map(|character| if character > '\u{2e80}' { 2 } else { 1 }).sum();
    assert!((58..=60).contains(&columns) && row.trim_end().ends_with("…  7"), "{columns}: {shown}");
    let (status, shown) = run(&[&wide, "-o", "parquet"], 60);
    assert_eq!((status.code(), shown.as_str()), (Some(2), ""));
}

#[test]
fn who_interrupts_the_question_ends_it() {
    let shop = Shop::open();
    const LONG: &str = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r";
    let mut command = fusebox(shop.dir.path());
    command.args(["query", LONG, "--api", &shop.server.api]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the binary starts");
    let until = |running: usize| {
        let asked = Instant::now();
        // The server lets go of a connection that is silent for as long as the end of the command may take.
        let mut api = Http::connect(&shop.server.api);
        while api.json("/api/v1/queries")["queries"].as_array().map(Vec::len) != Some(running) {
            assert!(asked.elapsed() < Duration::from_secs(25), "{running} questions should run");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    until(1);
    signal(&child, "INT");
    ended(&mut child).expect("it ends");
    until(0);
}

#[test]
fn the_address_is_a_url_or_host_and_port() {
    let shop = Shop::open();
    for form in [shop.server.api.clone(), shop.server.api.replace("http://", ""), format!("{}/", shop.server.api)] {
        let ended = output(fusebox(shop.dir.path()).args(["query", "SELECT 1 AS n"]).env("FUSEBOX_API", &form));
        assert_eq!(stdout(&ended), "{\"n\":1}\n", "{form}: {}", stderr(&ended));
    }
}
