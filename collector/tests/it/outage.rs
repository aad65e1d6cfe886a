//! Trouble of our own that passes: the sender is told to come back, and its retry is stored once.

use std::sync::Arc;

use schemas::Signal;
use storage::io::RealIo;
use testkit::fault_io::{Fault, FaultIo, Lasting, Op};

use crate::{
    hog::{Hog, retried_until_stored_once},
    payload,
    rig::Rig,
    wire::{Outcome, Wire, assert_retryable, everywhere},
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
