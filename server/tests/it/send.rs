//! `fusebox send` against receivers of our own making: what it sends, when, and how often.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::Output,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use serde_json::Value;
use testkit::captures;

use crate::{
    process::{fusebox, output, stderr, stdout},
    pty,
};

/// Answers each request with what `answers` says for its place, and keeps the bodies.
struct Receiver {
    url: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Receiver {
    fn start(answer: impl Fn(usize) -> &'static str + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let (answer, count) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        let bodies: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let kept = Arc::clone(&bodies);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answer, count, kept) = (Arc::clone(&answer), Arc::clone(&count), Arc::clone(&kept));
                std::thread::spawn(move || {
                    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
                    while let Some(body) = request(&mut reader) {
                        let head = answer(count.fetch_add(1, Ordering::SeqCst));
                        kept.lock().expect("no holder panics").push(body);
                        respond(&stream, head);
                    }
                });
            }
        });
        Self { url, bodies }
    }

    /// The spans of all requests, in the order in which they came.
    fn spans(&self) -> Vec<Span> {
        let bodies = self.bodies.lock().expect("no holder panics").clone();
        bodies.iter().flat_map(|body| spans(ExportTraceServiceRequest::decode(body.as_slice()).expect("OTLP"))).collect()
    }
}

/// The body of the next request; `None` when the connection ends.
fn request(reader: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(body)
}

fn respond(mut stream: &TcpStream, head: &str) {
    let _ = write!(stream, "HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n");
}

fn spans(request: ExportTraceServiceRequest) -> Vec<Span> {
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

fn file() -> String {
    captures::path(captures::OTEL_DEMO_SLICE).expect("it is in the repository").display().to_string()
}

fn send(receiver: &Receiver, arguments: &[&str]) -> (Output, Value) {
    let mut command = fusebox(Path::new("/"));
    let sent = output(command.args(["send", &file(), "--json", "--endpoint", &receiver.url]).args(arguments));
    let totals = serde_json::from_str(&stdout(&sent)).unwrap_or_else(|error| panic!("{error}: {}{}", stdout(&sent), stderr(&sent)));
    (sent, totals)
}

const STORED: &str = "200 OK";
const BUSY: &str = "503 Service Unavailable\r\nretry-after: 0";
const NEVER: &str = "400 Bad Request";

/// `[exit code, requests, retried, accepted, refused records, refused requests]`.
fn check_totals(answer: fn(usize) -> &'static str, arguments: &[&str], expected: [u64; 6]) {
    let (sent, totals) = send(&Receiver::start(answer), arguments);
    let count = |name: &str| totals[name].as_u64().expect("a number");
    let code = u64::try_from(sent.status.code().expect("no signal")).expect("a code");
    let seen = [code, count("requests"), count("retried"), count("accepted"), count("refused"), count("refused_requests")];
    assert_eq!(seen, expected, "{arguments:?}: {totals}");
}

#[test]
fn what_can_succeed_later_is_sent_again_and_counted() {
    check_totals(|_| STORED, &[], [0, 20, 0, 805, 0, 0]);
    check_totals(|place| if place < 3 { BUSY } else { STORED }, &["--concurrency", "1"], [0, 20, 3, 805, 0, 0]);
    check_totals(|place| if place.is_multiple_of(2) { BUSY } else { STORED }, &["--concurrency", "1"], [0, 20, 20, 805, 0, 0]);
    check_totals(|_| BUSY, &["--retry-for", "0"], [1, 20, 0, 0, 805, 20]);
    check_totals(|_| NEVER, &[], [1, 20, 0, 0, 805, 20]);
}

#[test]
fn a_retry_is_the_same_bytes() {
    let receiver = Receiver::start(|place| if place == 0 { BUSY } else { STORED });
    send(&receiver, &["--concurrency", "1"]);
    let bodies = receiver.bodies.lock().expect("no holder panics").clone();
    assert_eq!(bodies.len(), 21);
    assert!(bodies[0] == bodies[1], "or the receiver could not recognise it");
    assert!(bodies[1..] == captures::requests(captures::OTEL_DEMO_SLICE).expect("it is in the repository"));
}

#[test]
fn shifted_times_end_now_and_keep_their_distances() {
    let receiver = Receiver::start(|_| STORED);
    let now_ns = || SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_nanos() as u64;
    let before = now_ns();
    send(&receiver, &["--shift-to-now", "--concurrency", "1"]);
    let after = now_ns();

    let requests = captures::requests(captures::OTEL_DEMO_SLICE).expect("it is in the repository").into_iter();
    let original: Vec<Span> = requests.flat_map(|body| spans(ExportTraceServiceRequest::decode(body).expect("OTLP"))).collect();
    let shifted = receiver.spans();
    let times = |span: &Span| {
        let events: Vec<u64> = span.events.iter().map(|event| event.time_unix_nano).collect();
        [vec![span.start_time_unix_nano, span.end_time_unix_nano], events].concat()
    };
    let newest = shifted.iter().flat_map(times).max().expect("there are spans");
    assert!((before..=after).contains(&newest), "{newest} is not between {before} and {after}");
    let shift = newest - original.iter().flat_map(times).max().expect("there are spans");
    let expected: Vec<Vec<u64>> = original.iter().map(|span| times(span).iter().map(|time| time + shift).collect()).collect();
    assert!(shifted.iter().map(times).collect::<Vec<_>>() == expected, "every time moves by the same");
    let ids = |spans: &[Span]| spans.iter().map(|span| (span.trace_id.clone(), span.span_id.clone())).collect::<Vec<_>>();
    assert!(ids(&shifted) == ids(&original), "the first pass keeps its ids");
}

#[test]
fn a_rate_is_not_exceeded() {
    let (_, totals) = send(&Receiver::start(|_| STORED), &["--rate", "100"]);
    assert!(totals["seconds"].as_f64().expect("a number") >= 0.19, "20 requests are 19 gaps of 10 ms: {totals}");
    let (_, totals) = send(&Receiver::start(|_| STORED), &["--rate", "5000rec"]);
    // The last request of the slice has 4 records; everything before it takes its time.
    assert!(totals["seconds"].as_f64().expect("a number") >= 801.0 / 5_000.0, "{totals}");
}

#[test]
fn progress_is_for_terminals() {
    let shown = |more: &[&str]| {
        let receiver = Receiver::start(|_| STORED);
        let mut command = fusebox(Path::new("/"));
        command.args(["send", &file(), "--endpoint", &receiver.url, "--rate", "100"]).args(more);
        let (status, shown) = pty::run(command, &pty::Stream::Stderr, 100);
        assert_eq!(status.code(), Some(0), "{shown}");
        shown
    };
    assert!(shown(&[]).contains("/805 records"), "{:?}", shown(&[]));
    assert_eq!(shown(&["--no-progress"]), "");
    let (piped, _) = send(&Receiver::start(|_| STORED), &["--rate", "100"]);
    assert_eq!(stderr(&piped), "", "no terminal, no bar");
}
