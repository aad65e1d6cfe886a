//! Requests that no retry helps are kept as they arrived, whole or not at all, and not without end.

use std::sync::Arc;

use bytes::Bytes;
use schemas::{
    RequestHash, Signal,
    otlp::{ContentEncoding, Format},
};
use storage::{RawRequest, io::RealIo};
use testkit::fault_io::{Fault, FaultIo, Lasting, Op};

use crate::rows::{Row, config, open, request};

/// As sent with `body`; `hash` tells requests apart.
fn poison(hash: u128, body: impl Into<Bytes>) -> RawRequest {
    RawRequest { hash: RequestHash(hash), body: body.into(), ..request(&[Row::span(1, 1, 1)], 1) }
}

#[test]
fn a_request_is_kept_once_under_a_name_that_tells_how_to_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    for (format, encoding, name) in [
        (Format::Protobuf, ContentEncoding::Identity, "poison-000000000000000000000000000000ff.logs.pb"),
        (Format::Protobuf, ContentEncoding::Zstd, "poison-000000000000000000000000000000ff.logs.pb.zst"),
        (Format::Json, ContentEncoding::Gzip, "poison-000000000000000000000000000000ff.logs.json.gz"),
    ] {
        let request = RawRequest { signal: Signal::Logs, format, encoding, ..poison(0xff, "as it arrived") };
        for _again in 0..2 {
            let place = store.quarantine(&request).unwrap().expect("there is room");
            assert_eq!(place, dir.path().join("quarantine").join(name));
            assert_eq!(std::fs::read(place).unwrap(), b"as it arrived");
        }
    }
    assert_eq!(std::fs::read_dir(dir.path().join("quarantine")).unwrap().count(), 3);
}

#[test]
fn their_number_and_their_bytes_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    let kept = |hash| store.quarantine(&poison(hash, "x")).unwrap().is_some();
    assert!(kept(0));
    let others = std::fs::File::create(dir.path().join("quarantine/poison-of-an-earlier-run")).unwrap();
    others.set_len((256 << 20) - 2).unwrap();
    assert_eq!([kept(1), kept(2), kept(1)], [true, false, true], "not a byte more; what is kept stays kept");

    let dir = tempfile::tempdir().unwrap();
    let store = open(config(dir.path()), Arc::new(RealIo));
    std::fs::create_dir_all(dir.path().join("quarantine")).unwrap();
    std::fs::write(dir.path().join("quarantine/damaged.wal"), "of another kind, which does not count").unwrap();
    assert_eq!((0..200).filter(|hash| store.quarantine(&poison(*hash, "x")).unwrap().is_some()).count(), 100);
}

#[test]
fn a_failing_disk_leaves_no_half_of_it() {
    for (op, fault) in [(Op::Create, Fault::Io), (Op::Write, Fault::ShortWrite), (Op::Sync, Fault::Io), (Op::Rename, Fault::Io)] {
        let dir = tempfile::tempdir().unwrap();
        let io = FaultIo::new(Arc::new(RealIo));
        let store = open(config(dir.path()), Arc::new(io.clone()));
        io.fail(op, 1, fault, Lasting::Sticky);
        assert!(store.quarantine(&poison(1, "as it arrived")).is_err(), "{op:?}");
        io.heal();
        let place = store.quarantine(&poison(1, "as it arrived")).unwrap().expect("there is room");
        assert_eq!(std::fs::read(place).unwrap(), b"as it arrived", "{op:?}");
        assert_eq!(std::fs::read_dir(dir.path().join("quarantine")).unwrap().count(), 1, "{op:?}");
    }
}
