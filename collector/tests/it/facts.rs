//! What a record says is stored with it: the refusal of a Kratos client becomes a row of `rejections`.

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::InstrumentationScope,
    trace::v1::{ResourceSpans, ScopeSpans, Span, Status},
};
use prost::Message;
use schemas::{Signal, Table};

use crate::{
    rig::Rig,
    wire::{Call, Wire},
};

fn span(message: &str) -> Vec<u8> {
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: "/user.v1.User/Get".to_owned(),
        kind: 3,
        status: Some(Status { message: message.to_owned(), code: 2 }),
        ..Default::default()
    };
    let scope = Some(InstrumentationScope { name: "kratos".to_owned(), ..Default::default() });
    let scope_spans = vec![ScopeSpans { scope, spans: vec![span], ..Default::default() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..Default::default() }] }.encode_to_vec()
}

#[tokio::test]
async fn a_refusal_is_stored_beside_its_span() {
    let rig = Rig::start().await;
    let refused = "error: code = 503 reason = CIRCUITBREAKER message = x metadata = map[] cause = <nil>";
    for (message, rejections) in [("error: code = 500 reason = DB message = x metadata = map[] cause = <nil>", 0), (refused, 1)] {
        let answer = Call::new(Signal::Traces, Wire::Protobuf, span(message)).send(&rig).await;
        assert_eq!(answer.status.as_u16(), 200, "{message}");
        assert_eq!(rig.rows(Table::Rejections), rejections, "{message}");
    }
    assert_eq!(rig.rows(Table::Spans), 2);
    rig.flush().await;
    assert_eq!((rig.rows(Table::Spans), rig.rows(Table::Rejections)), (2, 1), "in blocks");
}
