//! Obligations over gRPC.

use bytes::Bytes;
use futures::future::join_all;
use http::Request;
use http_body_util::{BodyExt, Full};
use schemas::Signal;
use tonic::Code;

use super::c_common::field;
use crate::{
    payload,
    rig::Rig,
    wire::{Answer, Call, Outcome, Wire, everywhere, frame, gzip, http2, http2_connection, never, zstd},
};

/// 64 MiB, as OTLP recommends, without moving so many bytes through a debug build for every case.
const SMALL_LIMIT: u64 = 256 << 10;

#[tokio::test]
async fn g1_h5_requests_over_the_limit_are_final_before_and_after_decompression() {
    let rig = Rig::start_with(|config| config.body_bytes_max = SMALL_LIMIT).await;
    let too_large = never(Code::ResourceExhausted, 413);
    for (signal, wire) in everywhere() {
        let fits = payload::padded(signal, wire, SMALL_LIMIT as usize);
        let exceeds = payload::padded(signal, wire, SMALL_LIMIT as usize + 1);
        for (message, expected) in [(fits, Outcome::Stored), (exceeds, too_large(wire))] {
            let call = Call::new(signal, wire, message.clone());
            assert_eq!(call.send(&rig).await.outcome(signal, wire), expected, "{signal} {wire:?} {}", message.len());
            let calls = [call.clone().encoded("gzip", gzip(&message)), call.encoded("zstd", zstd(&message))];
            for call in calls {
                let outcome = call.send(&rig).await.outcome(signal, wire);
                assert_eq!(outcome, expected, "{signal} {wire:?} {:?} {}", call.encoding, message.len());
            }
        }
    }
}

#[tokio::test]
async fn g1_h5_the_default_limit_is_64_mib() {
    let rig = Rig::start().await;
    let too_large = never(Code::ResourceExhausted, 413);
    for wire in Wire::ALL {
        let fits = payload::padded(Signal::Traces, wire, (64 << 20) - 1);
        let outcome = Call::new(Signal::Traces, wire, fits).send(&rig).await.outcome(Signal::Traces, wire);
        assert_eq!(outcome, Outcome::Stored, "{wire:?}");
        let exceeds = Call::new(Signal::Traces, wire, payload::padded(Signal::Traces, wire, (64 << 20) + 1));
        assert_eq!(exceeds.send(&rig).await.outcome(Signal::Traces, wire), too_large(wire), "{wire:?}");
    }
}

#[tokio::test]
async fn g2_h6_diagnostics_stay_small() {
    let rig = Rig::start().await;
    for wire in Wire::ALL {
        let answer = payload::call(Signal::Traces, wire, 1, 0, 20_000).gzipped().send(&rig).await;
        let outcome = answer.outcome(Signal::Traces, wire);
        assert!(matches!(outcome, Outcome::Partial { rejected: 20_000, .. }), "{outcome:?}");
        assert!(answer.body.len() < 5 << 10, "{}", answer.body.len());
    }
}

#[tokio::test]
async fn g4_h8_undecodable_requests_are_final() {
    let rig = Rig::start().await;
    let bad = never(Code::InvalidArgument, 400);
    for signal in Signal::ALL {
        let valid = payload::request(signal, Wire::Protobuf, 1, 2, 0);
        let garbage: [Vec<u8>; 7] = [
            valid[..valid.len() - 1].to_vec(),
            vec![0xff; 64],
            vec![0x0a],
            vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            b"{\"resourceSpans\":[]}".to_vec(),
            vec![0x0b, 0x0a],
            too_deep(signal),
        ];
        for message in garbage {
            for wire in [Wire::Grpc, Wire::Protobuf] {
                let outcome = Call::new(signal, wire, message.clone()).send(&rig).await.outcome(signal, wire);
                assert_eq!(outcome, bad(wire), "{signal} {wire:?} {:?}", &message[..message.len().min(40)]);
            }
        }
    }
    assert_eq!(rig.all_rows(), 0);
}

/// A request whose first resource has an attribute of lists nested 10,000 levels deep.
fn too_deep(signal: Signal) -> Vec<u8> {
    let mut value = Vec::new();
    for _ in 0..10_000 {
        value = field(5, &field(1, &value));
    }
    let attribute = [field(1, b"deep"), field(2, &value)].concat();
    let _ = signal;
    field(1, &field(1, &field(1, &attribute)))
}

#[tokio::test]
async fn g4_broken_frames_are_final() {
    let rig = Rig::start().await;
    let message = payload::request(Signal::Traces, Wire::Grpc, 1, 1, 0);
    let whole = frame(false, &message);
    let check = async |body: Vec<u8>, what: &str| {
        let request = Call::new(Signal::Traces, Wire::Grpc, vec![]).request(Full::new(Bytes::from(body)));
        let outcome = http2(rig.grpc, request).await.outcome(Signal::Traces, Wire::Grpc);
        assert_eq!(outcome, never(Code::InvalidArgument, 200)(Wire::Grpc), "{what}");
    };
    check(vec![], "no message").await;
    check(whole[..4].to_vec(), "half a prefix").await;
    check(whole[..whole.len() - 1].to_vec(), "half a message").await;
    check([whole.clone(), whole.clone()].concat(), "two messages").await;
    check([&[2][..], &whole[1..]].concat(), "an unknown flag").await;
    check(frame(true, &message).to_vec(), "compressed without grpc-encoding").await;
    assert_eq!(rig.all_rows(), 0);
}

#[tokio::test]
async fn g5_unknown_services_and_methods_are_unimplemented() {
    let rig = Rig::start().await;
    for path in [
        "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Import",
        "/",
    ] {
        let request = Request::post(format!("http://localhost{path}")).header("content-type", "application/grpc").header("te", "trailers");
        let answer = http2(rig.grpc, request.body(Full::new(frame(false, b""))).expect("valid")).await;
        assert_eq!(answer.grpc_status().code(), Code::Unimplemented, "{path}");
    }
}

#[tokio::test]
async fn g5_health_is_answered_beside_the_export_calls() {
    let rig = Rig::start().await;
    for service in ["", "opentelemetry.proto.collector.trace.v1.TraceService", "opentelemetry.proto.collector.logs.v1.LogsService"] {
        let request = Request::post("http://localhost/grpc.health.v1.Health/Check")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(frame(false, &field(1, service.as_bytes()))))
            .expect("valid");
        let answer = http2(rig.grpc, request).await;
        assert_eq!(answer.grpc_status().code(), Code::Ok, "{service}");
        assert_eq!(&answer.body[5..], [8, 1], "{service} serves");
    }
}

#[tokio::test]
async fn g7_200_calls_at_once_on_one_connection_are_all_answered() {
    let rig = Rig::start().await;
    let sender = http2_connection(rig.grpc).await;
    let calls = (0..200_u8).map(|seed| {
        let mut sender = sender.clone();
        let signal = Signal::ALL[usize::from(seed) % 3];
        let call = payload::call(signal, Wire::Grpc, seed, 1, 0);
        async move {
            let response = sender.send_request(call.request(Full::new(call.body()).boxed())).await.expect("answered");
            Answer::read(response).await.outcome(signal, Wire::Grpc)
        }
    });
    assert_eq!(join_all(calls).await, vec![Outcome::Stored; 200]);
    assert_eq!(rig.all_rows(), 200);
}
