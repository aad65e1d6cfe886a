//! What the collector counts about itself, as an operator reads it.

use metrics_exporter_prometheus::PrometheusBuilder;
use schemas::Signal;

use crate::{
    hog::Hog,
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

// On one thread, as above.
#[tokio::test(flavor = "current_thread")]
async fn repairs_and_refusals_that_pass_are_counted() {
    const BUDGET: u64 = 1 << 20;
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let rig = Rig::start_with(|config| {
        config.body_bytes_max = BUDGET;
        config.in_flight_bytes_max = BUDGET;
        config.in_flight_wait_ms = 50;
    })
    .await;
    let broken = |signal, wire| {
        let mut message = payload::request(signal, wire, 1, 2, 0);
        let service = message.windows(4).position(|window| window == b"shop").expect("the service name");
        message[service] = 0xff;
        Call::new(signal, wire, message)
    };
    for call in [broken(Signal::Traces, Wire::Grpc), broken(Signal::Logs, Wire::Json)] {
        call.send(&rig).await;
    }
    let hog = Hog::take_all(&rig, BUDGET).await;
    payload::call(Signal::Metrics, Wire::Protobuf, 1, 1, 0).send(&rig).await;
    drop(hog);
    let text = handle.render();
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name} is not in\n{text}"));
        line.trim().parse::<u64>().expect("a number")
    };
    assert_eq!(value("fusebox_repaired_strings_total"), 2);
    // The hog knows by a refusal that it has all, so there is at least one more.
    assert!(value(r#"fusebox_shed_total{stage="in_flight_bytes"}"#) >= 2);
    let refused = r#"fusebox_otlp_requests_total{signal="metrics",transport="http",outcome="in_flight_bytes"}"#;
    assert_eq!(value(refused), 1);
}
