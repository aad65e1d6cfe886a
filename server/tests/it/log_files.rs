//! Log files that are followed by the binary, as `docs/log-files.md` tells, across kills and rotation.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{http::Http, pages::snippets, process::Server};

const PATIENCE: Duration = Duration::from_secs(60);
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("a log file");
    file.write_all(text.as_bytes()).expect("written");
}

/// Rows of a query, and whether all of the log is read again after a start.
fn asked(server: &Server, sql: &str) -> (Vec<Value>, bool) {
    let (status, body) = Http::connect(&server.api).post("/api/v1/sql", &json!({ "query": sql }));
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    let is_whole = answer["meta"]["partial"].as_array().is_some_and(Vec::is_empty);
    (answer["rows"].as_array().unwrap_or_else(|| panic!("{answer}")).clone(), is_whole)
}

fn rows(server: &Server, sql: &str) -> Vec<Value> {
    asked(server, sql).0
}

/// How often each body is stored, once there are so many different ones.
fn bodies(server: &Server, service: &str, different: usize) -> BTreeMap<String, i64> {
    let sql = format!("SELECT body, count(*) AS times FROM logs WHERE service_name = '{service}' GROUP BY body");
    let started = Instant::now();
    loop {
        let (rows, is_whole) = asked(server, &sql);
        if is_whole && rows.len() >= different || started.elapsed() > PATIENCE {
            let of = |row: &Value| (row[0].as_str().expect("a text").to_owned(), row[1].as_i64().expect("a count"));
            return rows.iter().map(of).collect();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The configuration of the page, on the files of `dir`.
fn config(dir: &TempDir) -> String {
    let [toml] = <[String; 1]>::try_from(snippets("log-files.md", "toml")).expect("the page has one");
    let logs = dir.path().join("logs");
    fs::create_dir_all(logs.join("pay")).and_then(|()| fs::create_dir_all(logs.join("sentinel"))).expect("created");
    toml.replace("/var/log", &logs.display().to_string())
}

#[test]
fn the_page_works_and_tells_what_it_does() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let config = config(&dir);
    let logs = dir.path().join("logs");
    append(
        &logs.join("pay/app.log"),
        &format!("{{\"level\":\"error\",\"ts\":1790000000.5,\"msg\":\"no stock\",\"trace_id\":\"{TRACE}\",\"code\":5001003}}\n"),
    );
    append(&logs.join("sentinel/shop-metrics.log.2026-09-21"), "1790000000000|2026-09-21 22:13:20|GET:/a|10|7|10|1|3|0|2|1\n");
    append(
        &logs.join("sentinel/sentinel-record.log"),
        "{\"timestamp\":\"2026-09-21 22:13:20.000\",\"caller\":\"a.go:1\",\"logLevel\":\"WARNING\",\"msg\":\"rules\"}\n",
    );
    let server = Server::start_with(&dir, &config);
    assert_eq!(bodies(&server, "pay", 1), BTreeMap::from([("no stock".to_owned(), 1)]));
    assert_eq!(bodies(&server, "shop", 2).len(), 2);
    let mut api = Http::connect(&server.api);
    let of_trace = api.json(&format!("/api/v1/traces/{TRACE}/logs")).to_string();
    assert!(of_trace.contains("no stock"), "{of_trace}");
    let refused = rows(&server, "SELECT count(*) AS n FROM rejections");
    assert!(refused[0].to_string().contains('1'), "Sentinel's metric file says that requests were blocked: {refused:?}");
    let times = rows(&server, "SELECT DISTINCT time FROM logs WHERE service_name = 'shop'");
    assert!(times.len() == 1 && times[0].to_string().contains("14:13:20"), "both mean the same moment: {times:?}");

    let status = api.json("/api/v1/status/ingest");
    let links = status["links"].as_array().expect("links");
    let pay = links.iter().find(|link| link["of"] == "pay").expect("the file of pay");
    assert_eq!((&pay["kind"], &pay["records"], &pay["lag_bytes"], &pay["is_up"]), (&json!("file"), &json!(1), &json!(0), &json!(true)));
    assert!(status["doors"].as_array().expect("doors").iter().any(|door| door["transport"] == "files" && door["records"] == 3), "{status}");
    let shown = api.json("/api/v1/config");
    let files = shown["settings"].as_array().expect("settings").iter().find(|setting| setting["key"] == "files").expect("files");
    assert_eq!((&files["origin"], &files["value"][0]["service"]), (&json!("file"), &json!("pay")));
}

#[test]
fn kills_and_rotations_lose_no_line_and_double_none() {
    const ROUNDS: usize = 6;
    const LINES: usize = 300;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let config = config(&dir);
    let path = dir.path().join("logs/pay/app.log");
    let mut server = Server::start_with(&dir, &config);
    for round in 0..ROUNDS {
        let line = |number: usize| format!("{{\"msg\":\"line {}\"}}\n", round * LINES + number);
        append(&path, &(0..LINES / 2).map(line).collect::<String>());
        // Somewhere between reading, sending and writing down what was sent.
        bodies(&server, "pay", round * LINES + 1);
        server.signal("KILL");
        server.wait();
        append(&path, &(LINES / 2..LINES).map(line).collect::<String>());
        let rotated = dir.path().join(format!("logs/pay/app-{round}.log"));
        fs::rename(&path, &rotated).expect("rotated");
        if round % 2 == 0 {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            let packed = encoder.write_all(&fs::read(&rotated).expect("there")).and_then(|()| encoder.finish()).expect("in memory");
            fs::write(format!("{}.gz", rotated.display()), packed).and_then(|()| fs::remove_file(&rotated)).expect("compressed");
        }
        server = Server::start_with(&dir, &config);
    }
    let found = bodies(&server, "pay", ROUNDS * LINES);
    assert_eq!(found.len(), ROUNDS * LINES);
    let doubled: Vec<_> = found.iter().filter(|(_, times)| **times != 1).collect();
    assert_eq!(doubled, Vec::new());
}

#[test]
fn mistakes_are_named() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let check = |config: &str, expected: &str| {
        fs::write(dir.path().join("fusebox.toml"), config).expect("written");
        let ended = crate::process::output(crate::process::fusebox(dir.path()).args(["check", "--config", "fusebox.toml"]));
        let said = crate::process::stderr(&ended);
        assert!(ended.status.code() == Some(78) && said.contains(expected), "{said}");
    };
    check("[[files]]\npaths = []\nservice = 'a'\n", "[[files]] number 1: paths is missing or empty");
    check("[[files]]\npaths = ['a']\nservice = 'a'\nfromat = 'json'\n", "unknown key `fromat`; did you mean `format`?");
    check("[[files]]\npaths = ['a']\n", "missing field `service`");
}
