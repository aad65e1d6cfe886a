use std::{
    future::pending,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use testkit::{
    FaultIo,
    fault_io::{Fault, Lasting, Op},
};

use super::*;
use crate::config::{Config, DATA_DIR};

fn on_free_ports(dir: &tempfile::TempDir) -> Config {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut config = Config { data_dir: dir.path().join(DATA_DIR), ..Config::default() };
    (config.collector.otlp_grpc, config.collector.otlp_http, config.api.listen) = (any, any, any);
    config
}

/// The whole answer to a request on a connection of its own.
fn ask(address: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer
}

/// The one test that starts a node in this process, whose metrics recorder can be set only once.
#[test]
fn a_dead_thread_of_the_store_ends_the_server() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let io = FaultIo::new(Arc::new(RealIo));
    let mut node =
        Node::start_on(&Loaded::of(on_free_ports(&dir)), Arc::new(io.clone())).map_err(|failure| failure.to_string()).expect("it starts");
    let Addresses { otlp_http, api, .. } = node.addresses();
    let body =
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1544712660000000000","body":{"stringValue":"BODY"}}]}]}]}"#;
    let answer = ask(otlp_http, "POST /v1/logs", &body.replace("BODY", "before"));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    io.fail(Op::Write, 1, Fault::Panic, Lasting::Once);
    let answer = ask(otlp_http, "POST /v1/logs", &body.replace("BODY", "lost, and said so"));
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: "), "{answer}");
    let waited = node.wait(pending());
    let answer = ask(api, "GET /readyz", "");
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("wal-sync"), "questions are still answered: {answer}");
    let failure = node.stop(waited).expect_err("not in order");
    assert_eq!(format!("{:?}", failure.exit_code()), format!("{:?}", std::process::ExitCode::from(1)));
    assert!(failure.to_string().contains("wal-sync"), "{failure}");
    assert!(TcpStream::connect(otlp_http).is_err(), "nobody listens any more");
}
