//! The examples of the specification and real captures, whole.

use prost::Message;
use schemas::{
    Signal,
    otlp::{DecodeLimits, json::to_protobuf},
};

use crate::{
    payload,
    rig::Rig,
    wire::{Call, Outcome, Wire, gzip, zstd},
};

const EXAMPLES: [(&str, Signal, usize); 4] = [
    ("trace.json", Signal::Traces, 1),
    ("logs.json", Signal::Logs, 1),
    ("events.json", Signal::Logs, 1),
    ("metrics.json", Signal::Metrics, 4),
];

#[tokio::test]
async fn the_examples_of_the_specification_are_stored_whole() {
    for (name, signal, records) in EXAMPLES {
        let path = testkit::captures::path(&format!("otlp-examples/{name}")).expect("it is in the repository");
        let json = std::fs::read(path).expect("readable");
        let protobuf = to_protobuf(signal, &json, &DecodeLimits::default()).expect("valid");
        for wire in Wire::ALL {
            let rig = Rig::start().await;
            let message = if wire == Wire::Json { json.clone() } else { protobuf.clone() };
            let call = Call::new(signal, wire, message.clone());
            for call in [call.clone(), call.clone().encoded("gzip", gzip(&message)), call.encoded("zstd", zstd(&message))] {
                let outcome = call.send(&rig).await.outcome(signal, wire);
                assert_eq!(outcome, Outcome::Stored, "{name} {wire:?} {:?}", call.encoding);
                assert_eq!(rig.rows(payload::table(signal)), records, "{name} {wire:?} {:?}", call.encoding);
            }
        }
    }
}

#[tokio::test]
async fn a_real_capture_is_stored_whole() {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    let requests = testkit::captures::requests(testkit::captures::OTEL_DEMO_SLICE).expect("it is in the repository");
    for wire in [Wire::Grpc, Wire::Protobuf] {
        let rig = Rig::start().await;
        let mut spans = 0;
        for request in &requests {
            let decoded = ExportTraceServiceRequest::decode(request.clone()).expect("a capture");
            spans += decoded.resource_spans.iter().flat_map(|r| &r.scope_spans).map(|s| s.spans.len()).sum::<usize>();
            let outcome = Call::new(Signal::Traces, wire, request.to_vec()).send(&rig).await.outcome(Signal::Traces, wire);
            assert_eq!(outcome, Outcome::Stored, "{wire:?}");
        }
        assert_eq!(rig.rows(schemas::Table::Spans), spans, "{wire:?}");
    }
}
