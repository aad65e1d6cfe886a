//! `fusebox tail` against a server of our own making that speaks the contract of `/api/v1/stream/…`, and against the real one.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use crate::process::{FREE_PORTS, Server, fusebox, output, stderr};

/// What one connection is answered: bytes in these parts, then its end.
type Parts = Vec<&'static str>;

/// Answers the first connection with the first of `answers`, and so on; the request lines and headers are sent along.
fn serve(answers: Vec<Parts>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let (heads, asked) = channel();
    std::thread::spawn(move || {
        for (answer, stream) in answers.into_iter().zip(listener.incoming().map_while(Result::ok)) {
            let _ = heads.send(head(&stream));
            for part in answer {
                let _ = write_part(&stream, part);
            }
        }
        // Whoever comes now waits.
        let _waiting: Vec<TcpStream> = listener.incoming().map_while(Result::ok).collect();
    });
    (url, asked)
}

fn head(stream: &TcpStream) -> String {
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn write_part(mut stream: &TcpStream, part: &str) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(part.as_bytes())?;
    stream.flush()?;
    // So that parts arrive as parts.
    std::thread::sleep(Duration::from_millis(20));
    Ok(())
}

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

struct Tail {
    child: Child,
    lines: Receiver<String>,
    said: Receiver<String>,
}

impl Tail {
    fn start(url: &str, arguments: &[&str]) -> Self {
        let mut command: Command = fusebox(std::path::Path::new("/"));
        command.arg("tail").args(arguments).args(["--api", url]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let lines = self::lines(child.stdout.take().expect("piped"));
        let said = self::lines(child.stderr.take().expect("piped"));
        Self { child, lines, said }
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(Duration::from_secs(30)).expect("a line")
    }

    fn said(&self) -> String {
        self.said.recv_timeout(Duration::from_secs(30)).expect("talk")
    }
}

fn lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (lines, new) = channel();
    std::thread::spawn(move || BufReader::new(pipe).lines().map_while(Result::ok).for_each(|line| drop(lines.send(line))));
    new
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn records_are_printed_as_they_arrive_and_gaps_are_said() {
    let (url, asked) = serve(vec![vec![
        HEAD,
        ": welcome\n\nevent: log\nid: 7\ndata: {\"time\":\"2026-11-06T10:00:00Z\",\"severity_number\":17,\"service_na",
        "me\":\"pay\",\"body\":\"库存不足\"}\r\n\r",
        "\n: heartbeat\n\nevent: gap\ndata: {\"dropped\": 12, \"reason\": \"too slow\"}\n\n",
        "event: log\ndata: {\"time\":\"T\",\"body\":\"next\"}\n\n",
    ]]);
    let tail = Tail::start(&url, &["logs", "service:pay AND \"a b\"", "--backlog", "5"]);
    assert_eq!(tail.line(), "2026-11-06T10:00:00.000Z ERROR pay  库存不足");
    assert_eq!(tail.line(), "T -     -  next");
    assert_eq!(tail.said(), "12 records are missing here: too slow");
    let head = asked.recv().expect("asked");
    assert!(head.starts_with("GET /api/v1/stream/logs?q=service%3Apay%20AND%20%22a%20b%22&backlog=5 HTTP/1.1\n"), "{head}");
    assert!(head.contains("accept: text/event-stream"), "{head}");
}

#[test]
fn a_broken_stream_goes_on_behind_the_last_record() {
    let first = "event: span\r\nid: 4-2\r\ndata: {\"name\":\"a\",\"n\":1}\r\n\r\nevent: span\r\nid: 4-3\r\ndata: {\"cut";
    let (url, asked) = serve(vec![
        vec![HEAD, first],
        vec!["HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"],
        vec![HEAD, "retry: 10\n\nevent: span\nid: 4-3\ndata: {\"name\":\"b\"}\n\n"],
    ]);
    let tail = Tail::start(&url, &["spans", "-o", "json", "--backlog", "9"]);
    assert_eq!(tail.line(), "{\"name\":\"a\",\"n\":1}");
    assert_eq!(tail.line(), "{\"name\":\"b\"}", "what was cut off is sent again");
    let heads: Vec<String> = (0..3).map(|_| asked.recv().expect("asked")).collect();
    assert!(heads[0].contains("/stream/spans?backlog=9 ") && !heads[0].contains("last-event-id"), "{}", heads[0]);
    for head in &heads[1..] {
        assert!(head.contains("/stream/spans ") && head.contains("last-event-id: 4-2"), "{head}");
    }
    assert!(tail.said().contains("again in "));
}

#[test]
fn a_refusal_and_an_absent_server_end_it() {
    let check = |url: &str, code: i32, expected: &str| {
        let ended = output(fusebox(std::path::Path::new("/")).args(["tail", "logs", "service:", "--api", url]));
        assert_eq!(ended.status.code(), Some(code), "{}", stderr(&ended));
        assert!(stderr(&ended).contains(expected), "{}", stderr(&ended));
    };
    const PROBLEM: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 102\r\n\r\n{\"title\":\"t\",\"status\":400,\"detail\":\"no value\",\"code\":\"c\",\"errors\":[{\"param\":\"q\",\"line\":1,\"column\":9}]}";
    let (url, _asked) = serve(vec![vec![PROBLEM]]);
    check(&url, 1, "fusebox: no value\n1 | service:\n  |         ^");
    check("127.0.0.1:1", 69, "is the server running?");
}

/// Sends one log record and one span that say `word`.
fn send(server: &Server, word: &str) {
    let time = "1790000000000000000";
    let resource = r#"{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]}"#;
    let record = format!(r#"{{"timeUnixNano":"{time}","severityNumber":17,"body":{{"stringValue":"{word}"}}}}"#);
    let span = format!(
        r#"{{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"{word}","kind":2,"startTimeUnixNano":"{time}","endTimeUnixNano":"{time}"}}"#
    );
    for (path, body) in [
        ("logs", format!(r#"{{"resourceLogs":[{{"resource":{resource},"scopeLogs":[{{"logRecords":[{record}]}}]}}]}}"#)),
        ("traces", format!(r#"{{"resourceSpans":[{{"resource":{resource},"scopeSpans":[{{"spans":[{span}]}}]}}]}}"#)),
    ] {
        let mut stream = TcpStream::connect(server.otlp_http.trim_start_matches("http://")).expect("the receiver listens");
        let length = body.len();
        let request = format!(
            "POST /v1/{path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

/// What was there before is the backlog; once it is shown, the stream is open.
#[test]
fn a_real_server_is_followed_across_its_restart() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    send(&server, "before one");
    send(&server, "before two");
    let logs = Tail::start(&server.api, &["logs", "service:shop AND two", "--backlog", "9"]);
    let spans = Tail::start(&server.api, &["spans", "name:*three", "-o", "json", "--backlog", "9"]);
    assert!(logs.line().ends_with("ERROR shop  before two"));
    send(&server, "and three");
    assert!(spans.line().contains("\"name\":\"and three\""));
    send(&server, "number two");
    assert!(logs.line().ends_with("ERROR shop  number two"), "what is not asked for is left out");

    let api = server.api.trim_start_matches("http://").to_owned();
    server.signal("TERM");
    server.wait();
    let mut ports = FREE_PORTS;
    ports[5] = &api;
    let server = Server::spawn(fusebox(dir.path()).arg("serve").args(ports));
    send(&server, "again two");
    assert!(logs.line().ends_with("ERROR shop  again two"), "it goes on behind what it has shown");
    assert!(logs.said().contains("again in "));

    let wrong = output(fusebox(dir.path()).args(["tail", "logs", "service:", "--api", &server.api]));
    assert_eq!(wrong.status.code(), Some(1), "{}", stderr(&wrong));
    assert!(stderr(&wrong).contains("1 | service:\n  | ^"), "{}", stderr(&wrong));
}
