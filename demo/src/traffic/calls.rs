//! A call to another service: over the network and back, cut off at its deadline, tried again, done without.

use rand::Rng;
use schemas::{SpanId, UnixNanos};

use super::{Caller, Done, Request, Trace, World, later};
use crate::{
    failure::Failure,
    ids,
    latency::Latency,
    logs,
    metrics::Side,
    spans::{self, CallSpan, Callee, Peer, Place},
    topology::{Call, OnFailure, Route},
};

/// One way through the cluster's network.
const NETWORK: Latency = Latency::of(160, 0.4);

impl World {
    pub(super) fn call(&mut self, trace: &mut Trace, instance: usize, parent: SpanId, call: &'static Call, start: UnixNanos) -> Done {
        let mut begin = start;
        for attempt in 1.. {
            let done = self.attempt(trace, instance, parent, call, attempt, begin);
            let Some(failure) = &done.failure else { return done };
            if failure.is_server_fault() && attempt < call.attempts {
                self.truth.totals.retries += 1;
                self.warn(trace, instance, parent, done.end, &logs::retry_text(call, attempt), failure);
                begin = later(done.end, self.rng.random_range(20_000_000..120_000_000) * i64::from(attempt));
                continue;
            }
            if call.on_failure == OnFailure::GoOn {
                self.warn(trace, instance, parent, done.end, &logs::without_text(call), failure);
                return Done { end: done.end, failure: None };
            }
            return done;
        }
        unreachable!("the last attempt returns")
    }

    fn attempt(&mut self, trace: &mut Trace, instance: usize, parent: SpanId, call: &'static Call, attempt: u32, start: UnixNanos) -> Done {
        let (id, route) = (ids::span_id(&mut self.rng), call.to);
        let condition = self.services[route.service as usize].at(start);
        let server = self.pick_instance_of(route);
        let (there, back) = (self.draw(NETWORK, start, condition), self.draw(NETWORK, start, condition));
        let connected = !self.rng.random_bool(condition.failing / 3.0);
        let mut done = if !connected {
            let failure = Failure::unreachable(&self.callee(instance, server, route, &trace.request));
            Done { end: later(start, there * 3), failure: Some(failure) }
        } else if route.is_outside() {
            let work_ns = self.draw(route.work, start, condition);
            Done {
                end: later(start, there + work_ns + back),
                failure: self.rng.random_bool(condition.failing / 2.0).then(Failure::of_acquirer),
            }
        } else {
            let caller = Caller { span: Some(id), instance: Some(instance), link: None };
            let served = self.serve(trace, route, server, caller, later(start, there));
            let callee = self.callee(instance, server, route, &trace.request);
            Done { end: later(served.end, back), failure: served.failure.map(|failure| failure.seen_from(&callee)) }
        };
        let deadline = later(start, i64::from(call.timeout_ms) * 1_000_000);
        if done.end > deadline {
            let failure = Failure::deadline(&self.callee(instance, server, route, &trace.request), call.timeout_ms);
            done = Done { end: deadline, failure: Some(failure) };
        }

        let place = Place { trace: trace.id, id, parent: Some(parent), start, end: done.end };
        let facts = CallSpan {
            place,
            to: self.callee(instance, server, route, &trace.request),
            failure: done.failure.as_ref(),
            attempt,
            connected,
        };
        let span = spans::call(&facts);
        self.end_span(trace, instance, done.end, span);
        self.measure(instance, Side::Client, route, place, done.failure.as_ref());
        done
    }

    fn callee<'a>(&'a self, client: usize, server: usize, route: &'static Route, request: &'a Request) -> Callee<'a> {
        let peer = if route.is_outside() { Peer::outside() } else { Peer::of(&self.instances[server]) };
        Callee { client: self.instances[client].service.stack, route, peer, request }
    }
}
