//! Arbitrary OTLP in, equal OTLP out: through protobuf and through JSON.

use proptest::prelude::*;
use schemas::otlp::{Format, json};
use testkit::arbitrary;

use crate::request::{Request, assert_same_records, decode, export};

fn check_protobuf<R: Request>(request: &R) {
    let decoded = decode(R::SIGNAL, Format::Protobuf, &request.encode_to_vec()).expect("a valid request");
    assert_eq!((decoded.accepted, decoded.rejected.count), (request.record_count(), 0), "{:?}", decoded.rejected);
    assert_eq!((decoded.repaired_strings, decoded.ignored_strindex), (0, 0));
    assert_same_records(request.records(), export::<R>(&decoded).records());
}

fn check_json<R: Request>(request: &R) {
    let protobuf = request.encode_to_vec();
    let text = json::from_protobuf(R::SIGNAL, &protobuf).expect("a valid request");
    serde_json::from_str::<serde::de::IgnoredAny>(&text).expect("what is written is JSON");
    let decoded = decode(R::SIGNAL, Format::Json, text.as_bytes()).expect("a valid request");
    assert_same_records(request.records(), export::<R>(&decoded).records());
    let from_protobuf = decode(R::SIGNAL, Format::Protobuf, &protobuf).expect("a valid request");
    assert!(decoded == from_protobuf, "the rows of {text} are not those of the protobuf it was written from");
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn traces_through_protobuf(request in arbitrary::traces()) {
        check_protobuf(&request);
    }

    #[test]
    fn logs_through_protobuf(request in arbitrary::logs()) {
        check_protobuf(&request);
    }

    #[test]
    fn metrics_through_protobuf(request in arbitrary::metrics()) {
        check_protobuf(&request);
    }

    #[test]
    fn traces_through_json(request in arbitrary::traces()) {
        check_json(&request);
    }

    #[test]
    fn logs_through_json(request in arbitrary::logs()) {
        check_json(&request);
    }

    #[test]
    fn metrics_through_json(request in arbitrary::metrics()) {
        check_json(&request);
    }
}
