//! How the process ends.

use crate::process::{Server, fusebox, output, stderr};

#[test]
fn sigterm_and_sigint_drain_and_exit_with_0() {
    for signal in ["TERM", "INT"] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let server = Server::start(&dir);
        server.signal(signal);
        let (status, log) = server.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        let steps = ["receivers refuse and drain", "write-ahead log synced", "api ends", "stopped"];
        let places: Vec<_> = steps.iter().map(|step| log.find(step)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {log}");
    }
}

#[test]
fn an_empty_directory_without_configuration_is_enough() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let server = Server::start(&dir);
    server.signal("TERM");
    let (_, log) = server.wait();
    assert!(log.contains("durability=\"fsync\""), "the durability mode is in the log: {log}");
}

#[test]
fn a_port_in_use_is_unavailable() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let refused =
        output(fusebox(dir.path()).args(["serve", "--api", &address, "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0"]));
    assert_eq!(refused.status.code(), Some(69));
    assert!(stderr(&refused).contains(&address), "{}", stderr(&refused));
}
