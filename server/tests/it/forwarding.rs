//! Forwarding as `docs/forwarding.md` tells: to a second server that is killed and comes back, and to one that misbehaves.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    http::Http,
    pages::snippets,
    process::{Server, fusebox},
};

const PATIENCE: Duration = Duration::from_secs(60);

fn send(server: &Server, number: usize) {
    let mut otlp = Http::connect(&server.otlp_http);
    let body = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": format!("record {number}")}}]}]}]});
    let (status, answer) = otlp.post("/v1/logs", &body);
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
}

/// Different records and all of them, once there are so many.
fn records(server: &Server, wanted: u64) -> (u64, u64) {
    let started = Instant::now();
    loop {
        let query = json!({"query": "SELECT count(DISTINCT body), count(*) FROM logs"});
        let (status, body) = Http::connect(&server.api).post("/api/v1/sql", &query);
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        let count = |place: usize| answer["rows"][0][place].as_u64().expect("a count");
        let is_whole = answer["meta"]["partial"].as_array().is_some_and(Vec::is_empty);
        if is_whole && count(0) >= wanted || started.elapsed() > PATIENCE {
            return (count(0), count(1));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn forward_of(server: &Server) -> Value {
    let status = Http::connect(&server.api).json("/api/v1/status/ingest");
    let links = status["links"].as_array().expect("links");
    links.iter().find(|link| link["kind"] == "forward").expect("it is configured").clone()
}

/// What the server says of its forward, once it is so.
fn wait_for(server: &Server, is_so: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let forward = forward_of(server);
        if is_so(&forward) || started.elapsed() > PATIENCE {
            return forward;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn config(endpoint: &str) -> String {
    let [toml] = <[String; 1]>::try_from(snippets("forwarding.md", "toml")).expect("the page has one");
    toml.replace("http://127.0.0.1:14318", endpoint)
}

#[test]
fn nothing_is_lost_while_either_end_is_killed() {
    let dirs = [tempfile::tempdir().expect("a temporary directory"), tempfile::tempdir().expect("a temporary directory")];
    let other = Server::start(&dirs[0]);
    let port = other.otlp_http.clone();
    let mut server = Server::start_with(&dirs[1], &config(&port));
    (0..20).for_each(|number| send(&server, number));
    assert_eq!(records(&other, 20), (20, 20));

    other.signal("KILL");
    other.wait();
    (20..60).for_each(|number| send(&server, number));
    let waiting = wait_for(&server, |forward| forward["lag_bytes"].as_u64() > Some(0) && forward["is_up"] == json!(false));
    assert!(waiting["last_error"]["message"].as_str().is_some_and(|message| message.contains("connect")), "{waiting}");
    server.signal("TERM");
    server.wait();
    server = Server::start_with(&dirs[1], &config(&port));
    (60..70).for_each(|number| send(&server, number));

    let address = port.trim_start_matches("http://").to_owned();
    let arguments = ["serve", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", &address, "--api", "127.0.0.1:0"];
    let other = Server::spawn(fusebox(dirs[0].path()).args(arguments));
    assert_eq!(records(&other, 70), (70, 70));
    let done = wait_for(&server, |forward| forward["lag_bytes"] == json!(0));
    assert_eq!((&done["is_up"], &done["dropped"]), (&json!(true), &json!([])), "{done}");
    let shown = Http::connect(&server.api).json("/api/v1/config").to_string();
    assert!(shown.contains("lightstep-access-token") && !shown.contains("secret"), "{shown}");
}

/// Answers each request with the next of `answers`, then with 200, and remembers one header and whether it came in gzip.
fn misbehaving(answers: &[&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let (answers, seen) = (Arc::new(Mutex::new(answers.iter().copied().collect::<VecDeque<_>>())), Arc::new(Mutex::new(Vec::new())));
    let told = Arc::clone(&seen);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (answers, told) = (Arc::clone(&answers), Arc::clone(&told));
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
                let mut writer = stream;
                loop {
                    let (mut length, mut headers) = (0, Vec::new());
                    loop {
                        let mut line = String::new();
                        if reader.read_line(&mut line).unwrap_or(0) == 0 {
                            return;
                        }
                        let line = line.trim().to_ascii_lowercase();
                        if line.is_empty() {
                            break;
                        }
                        if let Some(value) = line.strip_prefix("content-length: ") {
                            length = value.parse().expect("a number");
                        }
                        if line.starts_with("lightstep-access-token") || line.starts_with("content-encoding") {
                            headers.push(line);
                        }
                    }
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).expect("whole");
                    headers.sort();
                    told.lock().expect("not poisoned").push(headers.join(", "));
                    let answer = answers.lock().expect("not poisoned").pop_front().unwrap_or("200 OK\r\ncontent-length: 0");
                    let text = format!("HTTP/1.1 {answer}\r\n\r\n");
                    writer.write_all(text.as_bytes()).expect("written");
                }
            });
        }
    });
    (url, seen)
}

#[test]
fn answers_are_taken_by_the_rules_of_otlp() {
    let busy = "503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0";
    let limited = "429 Too Many Requests\r\nretry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\ncontent-length: 0";
    let wrong = "400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nno";
    let (url, seen) = misbehaving(&[busy, limited, "502 Bad Gateway\r\nretry-after: 0\r\ncontent-length: 0"]);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start_with(&dir, &config(&url));
    send(&server, 1);
    let done = wait_for(&server, |forward| forward["records"] == json!(1) && forward["lag_bytes"] == json!(0));
    assert_eq!((&done["is_up"], &done["dropped"]), (&json!(true), &json!([])), "{done}");
    let asked = seen.lock().expect("not poisoned").clone();
    assert_eq!(asked, vec!["content-encoding: gzip, lightstep-access-token: secret"; 4]);

    let (url, seen) = misbehaving(&[wrong]);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start_with(&dir, &config(&url));
    send(&server, 1);
    let done = wait_for(&server, |forward| forward["dropped"] != json!([]));
    assert_eq!(done["dropped"], json!([{"reason": "refused", "records": 1}]), "{done}");
    assert!(done["last_error"]["message"].as_str().is_some_and(|message| message.contains("HTTP 400 Bad Request: no")), "{done}");
    assert_eq!(seen.lock().expect("not poisoned").len(), 1, "a refusal is final");
}
