//! What the collector counts about itself, as an operator reads it.

use metrics_exporter_prometheus::PrometheusBuilder;
use schemas::Signal;

use crate::{
    payload,
    rig::Rig,
    wire::{Call, Wire},
};

// On one thread, so that the recorder of this test is the one the server counts with.
#[tokio::test(flavor = "current_thread")]
async fn requests_records_and_rejections_are_counted_with_a_reason() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let rig = Rig::start().await;
    let partial = payload::call(Signal::Traces, Wire::Grpc, 1, 7, 3);
    for call in [
        partial.clone(),
        partial,
        payload::call(Signal::Logs, Wire::Json, 1, 2, 0),
        Call::new(Signal::Metrics, Wire::Protobuf, b"?".to_vec()),
        Call::new(Signal::Metrics, Wire::Json, vec![]).encoded("br", vec![]),
    ] {
        call.send(&rig).await;
    }
    let text = handle.render();
    for line in [
        r#"fusebox_otlp_requests_total{signal="traces",transport="grpc",outcome="partial"} 2"#,
        r#"fusebox_otlp_requests_total{signal="logs",transport="http",outcome="ok"} 1"#,
        r#"fusebox_otlp_requests_total{signal="metrics",transport="http",outcome="undecodable"} 1"#,
        r#"fusebox_otlp_requests_total{signal="metrics",transport="http",outcome="content_encoding"} 1"#,
        r#"fusebox_accepted_records_total{signal="traces"} 7"#,
        r#"fusebox_accepted_records_total{signal="logs"} 2"#,
        r#"fusebox_rejected_records_total{signal="traces",reason="trace_id is all zeros"} 3"#,
        r#"fusebox_duplicate_requests_total{signal="traces"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}
