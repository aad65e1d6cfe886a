//! Trouble of our own that passes: the sender is told to come back, and its retry is stored once.

use std::sync::Arc;

use http_body_util::Full;

use schemas::Signal;
use storage::io::RealIo;
use testkit::fault_io::{Fault, FaultIo, Lasting, Op};

use crate::{
    gate::GateIo,
    hog::{Hog, retried_until_stored_once},
    payload,
    rig::Rig,
    wire::{Call, Outcome, Wire, assert_retryable, everywhere, http1, http2},
};

#[tokio::test]
async fn g3_h9_a_spent_budget_asks_to_come_back_and_the_retry_is_stored() {
    const BUDGET: u64 = 1 << 20;
    let rig = Rig::start_with(|config| {
        config.body_bytes_max = BUDGET;
        config.in_flight_bytes_max = BUDGET;
        config.in_flight_wait_ms = 100;
    })
    .await;
    for (seed, (signal, wire)) in (1..).zip(everywhere()) {
        let before = rig.rows(payload::table(signal));
        let call = payload::call(signal, wire, seed, 2, 0);
        let hog = Hog::take_all(&rig, BUDGET).await;
        assert_retryable(&call.send(&rig).await.outcome(signal, wire), wire);
        drop(hog);
        retried_until_stored_once(&call, &rig, before, 2).await;
    }
}

#[tokio::test]
async fn c6_a_failing_log_refuses_the_whole_request_and_never_a_part() {
    for (op, fault) in [(Op::Sync, Fault::Io), (Op::Write, Fault::Io), (Op::Write, Fault::NoSpace), (Op::Write, Fault::ShortWrite)] {
        for (signal, wire) in [(Signal::Traces, Wire::Grpc), (Signal::Logs, Wire::Protobuf), (Signal::Metrics, Wire::Json)] {
            let io = FaultIo::new(Arc::new(RealIo));
            let rig = Rig::start_on(Arc::new(io.clone()), |_| ()).await;
            let call = payload::call(signal, wire, 1, 7, 3);
            io.fail(op, 1, fault, Lasting::Sticky);
            let outcome = call.send(&rig).await.outcome(signal, wire);
            assert!(io.fired() > 0, "{op:?} was not asked for");
            assert_retryable(&outcome, wire);
            io.heal();
            let retried = crate::hog::send_until_taken(&call, &rig).await;
            assert!(matches!(retried, Outcome::Partial { rejected: 3, .. }), "{signal} {wire:?} {op:?} {fault:?}: {retried:?}");
            assert_eq!(rig.rows(payload::table(signal)), 7, "{signal} {wire:?} {op:?} {fault:?}");
        }
    }
}

/// Sends `call` and checks that it is refused for a while, and for the reason that has `words`.
async fn refused_for_now(call: &Call, rig: &Rig, words: &str) {
    let answer = call.send(rig).await;
    assert_retryable(&answer.outcome(call.signal, call.wire), call.wire);
    let message = answer.message(call.wire);
    assert!(message.contains(words), "{} {:?}: {message}", call.signal, call.wire);
}

#[tokio::test]
async fn g3_h9_a_sync_that_takes_too_long_asks_to_come_back_and_the_retry_is_stored_once() {
    let gate = GateIo::default();
    let rig = Rig::start_on(Arc::new(gate.clone()), |config| config.ack_timeout_ms = 100).await;
    for (seed, (signal, wire)) in (1..).zip(everywhere()) {
        let before = rig.rows(payload::table(signal));
        let call = payload::call(signal, wire, seed, 2, 0);
        gate.close();
        refused_for_now(&call, &rig, "did not confirm in time").await;
        assert_eq!(rig.rows(payload::table(signal)), before, "{signal} {wire:?}: not durable, not visible");
        gate.open();
        retried_until_stored_once(&call, &rig, before, 2).await;
    }
}

#[tokio::test]
async fn g3_h9_a_log_that_does_not_keep_up_asks_to_come_back_and_the_retry_is_stored_once() {
    let gate = GateIo::default();
    let rig = Rig::start_stored(Arc::new(gate.clone()), |config| config.wal.queue_bytes_max = 1, |_| ()).await;
    for (seed, (signal, wire)) in (1..).zip(everywhere()) {
        let before = rig.rows(payload::table(signal));
        gate.close();
        let (first, http, grpc) = (payload::call(signal, wire, 100 + seed, 3, 0), rig.http, rig.grpc);
        let waiting = tokio::spawn(async move {
            let request = first.request(Full::new(first.body()));
            let answer = if first.wire == Wire::Grpc { http2(grpc, request).await } else { http1(http, request).await };
            answer.outcome(first.signal, first.wire)
        });
        gate.somebody_waits().await;
        let call = payload::call(signal, wire, seed, 2, 0);
        refused_for_now(&call, &rig, "wait for the write-ahead log").await;
        gate.open();
        assert_eq!(waiting.await.expect("no panic"), Outcome::Stored, "{signal} {wire:?}");
        retried_until_stored_once(&call, &rig, before + 3, 2).await;
    }
}

#[tokio::test]
async fn g3_h9_rows_that_wait_for_a_flush_ask_to_come_back_and_the_retry_is_stored_once() {
    let rig = Rig::start_stored(Arc::new(RealIo), |config| config.unflushed_bytes_max = 1, |_| ()).await;
    for (seed, (signal, wire)) in (1..).zip(everywhere()) {
        rig.flush().await;
        let before = rig.rows(payload::table(signal));
        let fills = payload::call(signal, wire, 100 + seed, 3, 0);
        assert_eq!(fills.send(&rig).await.outcome(signal, wire), Outcome::Stored, "{signal} {wire:?}");
        let call = payload::call(signal, wire, seed, 2, 0);
        refused_for_now(&call, &rig, "of rows wait to be flushed").await;
        rig.flush().await;
        retried_until_stored_once(&call, &rig, before + 3, 2).await;
    }
}

#[tokio::test]
async fn g3_h9_a_full_log_asks_to_come_back_and_the_retry_is_stored_once() {
    let small = |config: &mut storage::Config| {
        config.wal.segment_bytes = 64 << 10;
        config.wal.bytes_max = 128 << 10;
    };
    let rig = Rig::start_stored(Arc::new(RealIo), small, |_| ()).await;
    for (signal, wire) in [(Signal::Traces, Wire::Grpc), (Signal::Logs, Wire::Protobuf), (Signal::Metrics, Wire::Json)] {
        rig.flush().await;
        let mut stored = rig.rows(payload::table(signal));
        let mut calls = (1..).map(|seed| payload::call(signal, wire, seed, 500, 0));
        let refused = loop {
            let call = calls.next().expect("endless");
            if call.send(&rig).await.outcome(signal, wire) != Outcome::Stored {
                break call;
            }
            stored += 500;
        };
        refused_for_now(&refused, &rig, "the write-ahead log holds").await;
        rig.flush().await;
        retried_until_stored_once(&refused, &rig, stored, 500).await;
    }
}
