//! Obligations of both transports.

use prost::{
    Message,
    encoding::{WireType, encode_key, encode_varint},
};
use schemas::Signal;
use tonic::Code;

use crate::{
    payload,
    rig::Rig,
    wire::{Call, Outcome, Wire, everywhere, gzip, never, zstd},
};

#[tokio::test]
async fn c1_none_gzip_and_zstd() {
    let rig = Rig::start().await;
    for (seed, (signal, wire)) in (1..).zip(everywhere()) {
        let before = rig.rows(payload::table(signal));
        let plain = payload::request(signal, wire, seed, 5, 0);
        let (first, second) = plain.split_at(plain.len() / 2);
        let multi_member = [gzip(first), gzip(second)].concat();
        let multi_frame = [zstd(first), zstd(second)].concat();
        let identical =
            [("gzip", gzip(&plain)), ("gzip", multi_member), ("zstd", zstd(&plain)), ("zstd", multi_frame), ("identity", plain.clone())];
        for (encoding, body) in identical {
            let call = Call::new(signal, wire, plain.clone()).encoded(encoding, body);
            assert_eq!(call.send(&rig).await.outcome(signal, wire), Outcome::Stored, "{signal} {wire:?} {encoding}");
            // The decompressed bodies are equal, so all but the first are retries of the same request.
            assert_eq!(rig.rows(payload::table(signal)), before + 5, "{signal} {wire:?} {encoding}");
        }
        let call = Call::new(signal, wire, plain);
        assert_eq!(call.send(&rig).await.outcome(signal, wire), Outcome::Stored, "{signal} {wire:?}");
        assert_eq!(rig.rows(payload::table(signal)), before + 5);
    }
}

#[tokio::test]
async fn c1_broken_compression_is_final() {
    let rig = Rig::start().await;
    let bad = never(Code::InvalidArgument, 400);
    for (signal, wire) in everywhere() {
        let plain = payload::request(signal, wire, 1, 50, 0);
        for (encoding, whole) in [("gzip", gzip(&plain)), ("zstd", zstd(&plain))] {
            let broken = [
                whole[..whole.len() - 5].to_vec(),
                whole[..10].to_vec(),
                b"not compressed at all".to_vec(),
                [whole.clone(), b"tail".to_vec()].concat(),
            ];
            for body in broken {
                let call = Call::new(signal, wire, vec![]).encoded(encoding, body);
                assert_eq!(call.send(&rig).await.outcome(signal, wire), bad(wire), "{signal} {wire:?} {encoding} {:?}", call.message);
            }
        }
    }
    assert_eq!(rig.all_rows(), 0);
}

#[tokio::test]
async fn c1_unknown_encodings_name_the_known_ones() {
    let rig = Rig::start().await;
    for (signal, wire) in everywhere() {
        for encoding in ["br", "deflate", "snappy", "gzip, gzip"] {
            let answer = payload::call(signal, wire, 1, 1, 0).encoded(encoding, vec![1, 2, 3]).send(&rig).await;
            assert_eq!(answer.outcome(signal, wire), never(Code::Unimplemented, 415)(wire), "{encoding}");
            let name = if wire == Wire::Grpc { "grpc-accept-encoding" } else { "accept-encoding" };
            assert_eq!(answer.header(name), Some("identity,gzip,zstd"));
        }
    }
}

#[tokio::test]
async fn c2_an_empty_request_is_a_success() {
    let rig = Rig::start().await;
    for (signal, wire) in everywhere() {
        for message in payload::empty(signal, wire) {
            let call = Call::new(signal, wire, message);
            assert_eq!(call.send(&rig).await.outcome(signal, wire), Outcome::Stored, "{signal} {wire:?} {:?}", call.message);
            assert_eq!(call.gzipped().send(&rig).await.outcome(signal, wire), Outcome::Stored, "{signal} {wire:?}, gzip");
        }
    }
}

#[tokio::test]
async fn c3_success_leaves_partial_success_unset() {
    let rig = Rig::start().await;
    for (signal, wire) in everywhere() {
        let answer = payload::call(signal, wire, 1, 3, 0).send(&rig).await;
        let expected: &[u8] = match wire {
            Wire::Grpc => &[0, 0, 0, 0, 0],
            Wire::Protobuf => b"",
            Wire::Json => b"{}",
        };
        assert_eq!(&answer.body[..], expected, "{signal} {wire:?}");
    }
}

#[tokio::test]
async fn c4_invalid_records_are_rejected_alone() {
    let rig = Rig::start().await;
    for (seed, (signal, wire)) in (1..).zip(everywhere()) {
        let before = rig.rows(payload::table(signal));
        let outcome = payload::call(signal, wire, seed, 7, 3).send(&rig).await.outcome(signal, wire);
        let Outcome::Partial { rejected: 3, message } = outcome else { panic!("{signal} {wire:?}: {outcome:?}") };
        assert!(message.starts_with("3 rejected: "), "{message}");
        assert_eq!(rig.rows(payload::table(signal)), before + 7, "{signal} {wire:?}");
    }
}

#[tokio::test]
async fn c5_a_warning_has_no_rejections_and_a_message() {
    let rig = Rig::start().await;
    for (seed, (signal, wire)) in (1..).zip(everywhere()) {
        let mut message = payload::request(signal, wire, seed, 2, 0);
        let service = message.windows(4).position(|window| window == b"shop").expect("the service name");
        message[service] = 0xff;
        let before = rig.rows(payload::table(signal));
        let outcome = Call::new(signal, wire, message).send(&rig).await.outcome(signal, wire);
        let Outcome::Partial { rejected: 0, message } = outcome else { panic!("{signal} {wire:?}: {outcome:?}") };
        assert!(message.contains("UTF-8"), "{message}");
        assert_eq!(rig.rows(payload::table(signal)), before + 2, "{signal} {wire:?}");
    }
}

#[tokio::test]
async fn c7_empty_envelopes_are_ignored() {
    let rig = Rig::start().await;
    for (signal, wire) in everywhere() {
        let key = payload::resources_key(signal);
        let message = match wire {
            Wire::Json => format!("{{\"{key}\":[{{}},{{\"resource\":{{}}}}]}}").into_bytes(),
            Wire::Grpc | Wire::Protobuf => [field(1, &[]), field(1, &field(1, &[]))].concat(),
        };
        assert_eq!(Call::new(signal, wire, message).send(&rig).await.outcome(signal, wire), Outcome::Stored, "{signal} {wire:?}");
    }
    assert_eq!(rig.all_rows(), 0);
}

#[tokio::test]
async fn c8_unknown_fields_of_every_wire_type_are_ignored_at_every_level() {
    let rig = Rig::start().await;
    for (seed, signal) in (1..).zip(Signal::ALL) {
        let message = with_unknown_fields(&payload::request(signal, Wire::Protobuf, seed, 3, 0), 0);
        for wire in [Wire::Grpc, Wire::Protobuf] {
            let outcome = Call::new(signal, wire, message.clone()).send(&rig).await.outcome(signal, wire);
            assert_eq!(outcome, Outcome::Stored, "{signal} {wire:?}");
        }
        assert_eq!(rig.rows(payload::table(signal)), 3, "{signal}");
    }
}

/// A length-delimited field.
pub fn field(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode_key(number, WireType::LengthDelimited, &mut out);
    encode_varint(bytes.len() as u64, &mut out);
    out.extend(bytes);
    out
}

/// Adds unknown fields to a request, its resources (field 1), their scopes (2) and their records (2).
fn with_unknown_fields(message: &[u8], level: usize) -> Vec<u8> {
    #[derive(Clone, PartialEq, Message)]
    struct Envelope {
        #[prost(bytes = "vec", repeated, tag = "1")]
        first: Vec<Vec<u8>>,
        #[prost(bytes = "vec", repeated, tag = "2")]
        second: Vec<Vec<u8>>,
    }
    let mut out = unknown_fields();
    if level == 3 {
        out.extend(message);
    } else {
        let envelope = Envelope::decode(message).expect("an envelope");
        let (kept, nested) = if level == 0 { (vec![], envelope.first) } else { (envelope.first, envelope.second) };
        out.extend(kept.iter().flat_map(|bytes| field(1, bytes)));
        let nested_field = if level == 0 { 1 } else { 2 };
        out.extend(nested.iter().flat_map(|bytes| field(nested_field, &with_unknown_fields(bytes, level + 1))));
    }
    out.extend(unknown_fields());
    out
}

fn unknown_fields() -> Vec<u8> {
    let mut out = field(1_001, b"from a later version");
    encode_key(1_002, WireType::Varint, &mut out);
    encode_varint(u64::MAX, &mut out);
    encode_key(1_003, WireType::SixtyFourBit, &mut out);
    out.extend([1; 8]);
    encode_key(1_004, WireType::ThirtyTwoBit, &mut out);
    out.extend([1; 4]);
    encode_key(1_005, WireType::StartGroup, &mut out);
    out.extend(field(1, b"inside a group"));
    encode_key(1_006, WireType::StartGroup, &mut out);
    encode_key(1_006, WireType::EndGroup, &mut out);
    encode_key(1_005, WireType::EndGroup, &mut out);
    out
}
