//! A client that holds the whole byte budget.

use std::time::Duration;

use bytes::Bytes;
use schemas::Signal;
use tokio::{sync::mpsc::UnboundedSender, task::JoinHandle};

use crate::{
    payload,
    rig::Rig,
    wire::{Answer, Call, Outcome, Parts, Wire, http1},
};

/// Announces a body as large as the budget and sends all but its last byte. The budget is free again some time after this is dropped.
pub struct Hog {
    request: JoinHandle<Answer>,
    _body: UnboundedSender<Bytes>,
}

impl Hog {
    /// Returns once other requests are refused. `budget` is the budget of `rig` and also its largest body.
    pub async fn take_all(rig: &Rig, budget: u64) -> Self {
        loop {
            let (body, parts) = Parts::new();
            body.send(Bytes::from(vec![0; budget as usize - 1])).expect("open");
            let call = Call::new(Signal::Metrics, Wire::Protobuf, vec![]).header("content-length", budget.to_string());
            let hog = Self { request: tokio::spawn(http1(rig.http, call.request(parts))), _body: body };
            while !hog.request.is_finished() {
                let probe = Call::new(Signal::Logs, Wire::Json, "{}").send(rig).await;
                if probe.outcome(Signal::Logs, Wire::Json) != Outcome::Stored {
                    return hog;
                }
            }
        }
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        self.request.abort();
    }
}

/// Sends until the answer is not "come back later".
pub async fn send_until_taken(call: &Call, rig: &Rig) -> Outcome {
    let taken = async {
        loop {
            let outcome = call.send(rig).await.outcome(call.signal, call.wire);
            if !matches!(outcome, Outcome::Refused { retry: Some(_), .. }) {
                return outcome;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), taken).await.expect("the trouble passed")
}

/// Sends until it is stored and checks that its `records` are there once.
pub async fn retried_until_stored_once(call: &Call, rig: &Rig, before: usize, records: usize) {
    assert_eq!(send_until_taken(call, rig).await, Outcome::Stored);
    assert_eq!(rig.rows(payload::table(call.signal)), before + records, "{} {:?}", call.signal, call.wire);
}
