use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::join_all;
use metrics_exporter_prometheus::PrometheusBuilder;
use schemas::{
    Table, TableBatch,
    otlp::{DecodeError, DecodeLimits, Rejected, Request, decode},
};
use storage::io::RealIo;
use tempfile::TempDir;

use super::*;

const BODY: &[u8] = b"{}";
const LOG: &[u8] = br#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"text"}}]}]}]}"#;

fn ingest(
    decode: impl Fn(&Request<'_>, UnixNanos) -> Result<Decoded, DecodeError> + Send + Sync + 'static,
    change: impl FnOnce(&mut Config),
) -> (Arc<Ingest>, TempDir) {
    let dir = tempfile::tempdir().expect("temporary directory");
    let store = Store::open(storage::Config::new(dir.path()), Arc::new(RealIo), Arc::new(|_| Ok(vec![]))).expect("opens");
    let mut config = Config::default();
    change(&mut config);
    let mut ingest = Ingest::new(&config, store, SharedRules::default());
    ingest.rules.decode = Arc::new(decode);
    (Arc::new(ingest), dir)
}

async fn send(ingest: &Ingest, signal: Signal, format: Format, body: impl Into<Bytes>) -> Result<Stored, Refusal> {
    let (transport, encoding, rejected) = (Transport::Http, ContentEncoding::Identity, Rejected::default());
    let request = Arrived { transport, signal, format, encoding, body: body.into(), rejected };
    ingest.store(request, ingest.reservation()).await
}

/// What is in quarantine, sorted by name.
fn quarantined(dir: &TempDir) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(dir.path().join("quarantine")) else { return vec![] };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("readable")).collect()
}

#[tokio::test]
async fn a_panic_is_retryable_once_and_final_for_the_same_body_again_which_is_kept() {
    let large: &'static [u8] = [b"{".as_slice(), &[b' '; 100_000], b"}"].concat().leak();
    let (ingest, dir) = ingest(|_, _| panic!("a bug in decoding"), |_| ());
    for body in [BODY, large] {
        let before = quarantined(&dir);
        assert_eq!(send(&ingest, Signal::Traces, Format::Json, body).await, Err(Refusal::Panicked));
        assert_eq!(quarantined(&dir), before, "it may have been bad luck");
        for _again in 0..2 {
            assert_eq!(send(&ingest, Signal::Traces, Format::Json, body).await, Err(Refusal::Poison));
            let kept = quarantined(&dir);
            assert_eq!((kept.len(), kept.iter().filter(|kept| *kept == body).count()), (before.len() + 1, 1));
        }
    }
    let mut all = ingest.reservation();
    all.grow_to(u64::MAX).await.expect("a panic gives the bytes back");
}

#[tokio::test]
async fn a_body_that_cannot_be_kept_stays_with_its_sender() {
    let (ingest, dir) = ingest(|_, _| panic!("a bug in decoding"), |_| ());
    std::fs::write(dir.path().join("quarantine"), "in the way of the directory").expect("written");
    for _attempt in 0..3 {
        assert_eq!(send(&ingest, Signal::Traces, Format::Json, BODY).await, Err(Refusal::Panicked));
    }
    std::fs::remove_file(dir.path().join("quarantine")).expect("removed");
    assert_eq!(send(&ingest, Signal::Traces, Format::Json, BODY).await, Err(Refusal::Poison));
    assert_eq!(quarantined(&dir), [BODY]);
}

// `Store::append` checks what it is given in debug builds, and panics.
#[cfg(debug_assertions)]
#[tokio::test]
async fn a_panic_in_storage_is_not_held_against_the_request() {
    let of_another_table = |request: &Request<'_>, received_at: UnixNanos| {
        let mut decoded = request.decode(received_at)?;
        decoded.batches.iter_mut().for_each(|batch: &mut TableBatch| batch.table = Table::Spans);
        Ok(decoded)
    };
    let (ingest, dir) = ingest(of_another_table, |_| ());
    for _attempt in 0..3 {
        assert_eq!(send(&ingest, Signal::Logs, Format::Json, LOG).await, Err(Refusal::Panicked));
    }
    assert_eq!(quarantined(&dir), [[0_u8; 0]; 0]);
}

// On one thread, so that the recorder of this test is the one that counts.
#[tokio::test(flavor = "current_thread")]
async fn panics_are_counted() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let (ingest, _dir) = ingest(|_, _| panic!("a bug in decoding"), |_| ());
    for _attempt in 0..3 {
        let outcome = ingest.supervise(Signal::Logs, Transport::Http, send(&ingest, Signal::Logs, Format::Json, BODY)).await;
        assert!(outcome.is_err());
    }
    let text = recorder.handle().render();
    for line in [
        "fusebox_decode_panics_total 3",
        r#"fusebox_shed_total{stage="panic"} 1"#,
        r#"fusebox_otlp_requests_total{signal="logs",transport="http",outcome="panic"} 1"#,
        r#"fusebox_otlp_requests_total{signal="logs",transport="http",outcome="poison"} 2"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn requests_that_were_decoded_are_answered() {
    let (ingest, _dir) = ingest(|request, received_at| request.decode(received_at), |_| ());
    assert_eq!(send(&ingest, Signal::Traces, Format::Json, BODY).await, Ok(Stored::default()));
}

/// A log record with an attribute of control characters, which are one byte each in protobuf and six in the rows.
fn control_characters(count: usize, fill: u8) -> Vec<u8> {
    let text = schemas::otlp::json::to_protobuf(
        Signal::Logs,
        format!(
            r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"attributes":[{{"key":"k","value":{{"stringValue":"{}"}}}}]}}]}}]}}]}}"#,
            format!("\\u00{fill:02x}").repeat(count)
        )
        .as_bytes(),
        &DecodeLimits::default(),
    );
    text.expect("OTLP JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_needs_the_whole_budget_to_be_decoded_is_decoded_alone() {
    static RUNNING: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let counting = |request: &Request<'_>, received_at: UnixNanos| {
        MOST.fetch_max(RUNNING.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        let decoded = request.decode(received_at);
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        decoded
    };
    let (ingest, _dir) = ingest(counting, |config| {
        config.in_flight_bytes_max = 4 << 20;
        config.in_flight_wait_ms = 60_000;
    });
    // 200 KiB each, and 2.6 MiB while they are decoded.
    let requests = (1..=6).map(|fill| {
        let (ingest, body) = (ingest.clone(), control_characters(200 << 10, fill));
        tokio::spawn(async move { send(&ingest, Signal::Logs, Format::Protobuf, body).await })
    });
    for outcome in join_all(requests).await {
        assert_eq!(outcome.expect("no panic").map(|stored| stored.accepted()), Ok(1));
    }
    assert_eq!(MOST.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn rows_that_are_larger_than_their_estimate_are_paid_before_they_are_stored() {
    /// Rows of 512 KiB, whatever the request.
    fn many_rows(_: &Request<'_>, received_at: UnixNanos) -> Result<Decoded, DecodeError> {
        decode(Signal::Logs, Format::Protobuf, &control_characters(88_000, 1), received_at, &DecodeLimits::default())
    }
    let (ingest, _dir) = ingest(many_rows, |config| {
        config.in_flight_bytes_max = 1 << 20;
        config.in_flight_wait_ms = 50;
    });
    let mut others = ingest.reservation();
    others.grow_to(600 << 10).await.expect("free");
    assert!(matches!(send(&ingest, Signal::Logs, Format::Json, LOG).await, Err(Refusal::Budget(_))));
    drop(others);
    assert_eq!(send(&ingest, Signal::Logs, Format::Json, LOG).await.map(|stored| stored.accepted()), Ok(1));
}
