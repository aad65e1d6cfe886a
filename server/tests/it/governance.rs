//! Breakers in the terminal, reloads beside trips, and stored rows that get new meanings: the binary as a user runs it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Command,
    sync::Arc,
    thread::JoinHandle,
    time::{SystemTime, UNIX_EPOCH},
};

use schemas::{
    RequestHash, Signal, TableBatch, TenantId, UnixNanos,
    otlp::{ContentEncoding, DecodeLimits, Format, decode},
};
use serde_json::{Value, json};
use storage::{RawRequest, Store, io::RealIo};

use crate::{
    http::Http,
    process::{Server, fusebox, output, stderr, stdout},
    pty,
};

const HOUR_NS: i64 = 3_600_000_000_000;

fn now_ns() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos()).expect("before 2262")
}

/// A call of `order` that Kratos' breaker refuses.
fn refused(number: u8, at_ns: i64) -> Value {
    let text = "error: code = 503 reason = CIRCUITBREAKER message = request failed due to circuit breaker triggered metadata = map[] cause = <nil>";
    json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "order"}}]},
        "scopeSpans": [{"scope": {"name": "kratos"}, "spans": [{
            "traceId": format!("{number:02x}").repeat(16), "spanId": format!("{number:02x}").repeat(8), "name": "/user.v1.User/Get", "kind": 3,
            "startTimeUnixNano": at_ns.to_string(), "endTimeUnixNano": (at_ns + 40_000).to_string(), "status": {"code": 2, "message": text},
        }]}],
    }]})
}

fn run(command: &mut Command) -> (String, String) {
    let ended = output(command);
    let (out, err) = (stdout(&ended), stderr(&ended));
    assert_eq!(ended.status.code(), Some(0), "{out}{err}");
    (out, err)
}

#[test]
fn reloads_stand_beside_the_trips_that_follow() {
    let dir = tempfile::tempdir().unwrap();
    let (rules, codes) = (dir.path().join("mine.toml"), dir.path().join("mine.csv"));
    std::fs::write(&rules, "").unwrap();
    std::fs::write(&codes, "code,title\n1000,one\n").unwrap();
    let config = "[governance]\nrules = ['mine.toml']\n[errors]\nfiles = ['mine.csv']\n[retention]\nenabled = false\n";
    let mut server = Server::start_with(&dir, config);
    std::fs::write(&rules, "[[rule]]\nid = \"breaker.gauge\"\non = [\"gauge\"]\nenabled = false\n").unwrap();
    std::fs::write(&codes, "code,title\n1000,one\n2000,two\n").unwrap();
    server.signal("HUP");
    server.wait_for_log("rules reloaded");
    server.wait_for_log("error codes reloaded");
    let mut api = Http::connect(&server.api);
    let sql = json!({"query": "SELECT count(*) FROM breaker_signals WHERE signal = 'config_reload'"});
    let mut stored = || {
        let (status, body) = api.post("/api/v1/sql", &sql);
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(status, 200, "{answer}");
        answer["rows"][0][0] == 2
    };
    assert!((0..20_000).any(|_| stored()), "both are records of our own");

    let mut receiver = Http::connect(&server.otlp_http);
    for number in 1..=3 {
        let (status, _) = receiver.post("/v1/traces", &refused(number, now_ns()));
        assert_eq!(status, 200);
    }
    let row = api.json("/api/v1/breakers?range=15m")["breakers"][0].clone();
    let (id, opened) = (row["id"].as_str().unwrap(), row["last_trip"]["opened"]["time"].as_str().unwrap());
    let trip = api.json(&format!("/api/v1/breakers/{id}/trips/{opened}"));
    let changes: Vec<&Value> = trip["changes"].as_array().unwrap().iter().collect();
    let told = |file: &str| {
        let of_file = |change: &&&Value| change["what"].as_str().is_some_and(|what| what.contains(file));
        changes.iter().find(of_file).map(|change| (change["kind"].as_str().unwrap(), change["service"].as_str().unwrap()))
    };
    assert_eq!((told("mine.toml"), told("mine.csv")), (Some(("config_reload", "fusebox")), Some(("config_reload", "fusebox"))), "{trip}");

    let breakers = |more: &[&str]| run(fusebox(dir.path()).args(["breakers", "--range", "15m", "--api", &server.api]).args(more));
    let (out, err) = breakers(&[]);
    let [head, lane] = out.lines().collect::<Vec<_>>()[..] else { panic!("a head and a breaker: {out}") };
    assert!(["BREAKER", "STATE", "TRIPS", "OPEN", "REFUSED"].iter().all(|word| head.contains(word)), "{out}");
    assert!(["order", "op:/user.v1.User/Get", "shedding"].iter().all(|word| lane.contains(word)) && lane.ends_with('▓'), "{out}");
    assert_eq!(err.trim_end(), "1 breakers; 1 trips (0 before), 3 calls refused");
    let answer: Value = serde_json::from_str(&breakers(&["--json"]).0).expect("what the API says");
    assert_eq!(answer["breakers"][0]["id"], id);
}

/// Spans that came at these times, in blocks, without what they mean.
fn stored_at(dir: &Path, arrivals: &[i64]) {
    let derive = |request: &RawRequest| -> Result<Vec<TableBatch>, String> {
        let decoded = decode(request.signal, request.format, &request.body, request.received_at, &DecodeLimits::NONE);
        decoded.map(|decoded| decoded.batches).map_err(|error| error.to_string())
    };
    let store = Store::open(storage::Config::new(dir), Arc::new(RealIo), Arc::new(derive)).expect("an empty store opens");
    for (number, at_ns) in (1..).zip(arrivals) {
        let body = refused(number, *at_ns).to_string();
        let request = RawRequest {
            tenant: TenantId::DEFAULT,
            signal: Signal::Traces,
            format: Format::Json,
            encoding: ContentEncoding::Identity,
            received_at: UnixNanos(*at_ns),
            hash: RequestHash(u128::from(number)),
            body: body.into(),
        };
        let batches = derive(&request).expect("OTLP");
        store.append(request, batches, Box::new(())).expect("open").wait().expect("durable");
        store.flush().expect("a working disk");
    }
    store.close();
}

/// Answers one request as the server behind it does, and is gone.
fn one_answer(api: &str) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut behind = Http::connect(api);
    let answering = std::thread::spawn(move || {
        let (client, _) = listener.accept().unwrap();
        drop(listener);
        answer(&client, &mut behind);
    });
    (format!("http://{address}"), answering)
}

fn answer(mut client: &TcpStream, behind: &mut Http) {
    let mut request = BufReader::new(client);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        request.read_line(&mut line).unwrap();
        if line.trim_end().is_empty() {
            break;
        }
        head.push(line);
    }
    let path = head[0].split(' ').nth(1).expect("a path");
    let length = head.iter().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    request.read_exact(&mut vec![0; length]).unwrap();
    let (status, body) = behind.post(path, &json!({}));
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    write!(client, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len()).unwrap();
    client.write_all(&body).unwrap();
}

#[test]
fn reclassifying_goes_on_where_it_was_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let hour = now_ns().div_euclid(HOUR_NS) * HOUR_NS;
    // The last two in one hour.
    stored_at(&dir.path().join("data"), &[hour - 3 * HOUR_NS, hour - HOUR_NS, hour - HOUR_NS / 2]);
    let config = "data_dir = 'data'\n[retention]\nenabled = false\n";
    let server = Server::start_with(&dir, config);
    let facts = |server: &Server| {
        let (status, body) = Http::connect(&server.api).post("/api/v1/sql", &json!({"query": "SELECT count(*) FROM rejections"}));
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        serde_json::from_slice::<Value>(&body).expect("JSON")["rows"][0][0].clone()
    };
    assert_eq!(facts(&server), 0);

    // The server goes after the first hour.
    let (api, answering) = one_answer(&server.api);
    let ended = output(fusebox(dir.path()).args(["reclassify", "--from", "now-6h", "--no-progress", "--api", &api]));
    answering.join().expect("answered");
    let told = stderr(&ended);
    assert_eq!(ended.status.code(), Some(69), "{told}");
    let go_on = told.lines().find_map(|line| line.strip_prefix("go on with ")).unwrap_or_else(|| panic!("{told}"));
    assert_eq!(facts(&server), 1, "an hour is done as a whole");
    server.signal("KILL");
    server.wait();

    let server = Server::start_with(&dir, config);
    assert_eq!(facts(&server), 1, "for good");
    let (out, _) =
        run(fusebox(dir.path()).arg("reclassify").args(go_on.split(' ')).args(["--json", "--no-progress", "--api", &server.api]));
    let done: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&done["rows"], &done["derived"]["rejections"]), (&json!(2), &json!({"rows_before": 0, "rows": 2})), "{done}");
    assert_eq!(facts(&server), 3);

    // All of it again changes nothing, and a terminal sees how far it is.
    let mut command = fusebox(dir.path());
    command.args(["reclassify", "--from", "now-6h", "--api", &server.api]);
    let (status, shown) = pty::run(command, &pty::Stream::Stderr, 120);
    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(shown.contains("1 rows, up to"), "{shown:?}");
    assert_eq!(facts(&server), 3);
}
