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
    scenario::Target,
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
            if failure.is_server_fault() && !failure.is_refusal() && attempt < call.attempts {
                self.truth.totals.retries += 1;
                self.warn(trace, instance, parent, done.end, &logs::retry_text(call, attempt), failure);
                begin = later(done.end, self.rng.random_range(20_000_000..120_000_000) * i64::from(attempt));
                continue;
            }
            if call.on_failure == OnFailure::GoOn {
                self.warn(trace, instance, parent, done.end, &logs::without_text(call), failure);
                return Done { end: done.end, failure: None };
            }
            return self.translate(trace, instance, done);
        }
        unreachable!("the last attempt returns")
    }

    fn attempt(&mut self, trace: &mut Trace, instance: usize, parent: SpanId, call: &'static Call, attempt: u32, start: UnixNanos) -> Done {
        let (id, route) = (ids::span_id(&mut self.rng), call.to);
        let pass = match self.ask_breaker(instance, route, start) {
            Ok(pass) => pass,
            Err(failure) => return self.refused_call(trace, instance, parent, call, attempt, (start, *failure)),
        };
        let target = if route.is_outside() { Target::Outside } else { Target::Service(route.service) };
        let condition = self.condition(target, start);
        let server = self.pick_instance_of(route);
        let (there, back) = (self.draw(NETWORK, start, condition), self.draw(NETWORK, start, condition));
        let connected = !self.rng.random_bool((condition.failing / 3.0).min(1.0));
        let mut done = if !connected {
            let failure = Failure::unreachable(&self.callee(instance, server, route, &trace.request));
            Done { end: later(start, there * 3), failure: Some(failure) }
        } else if route.is_outside() {
            let work_ns = self.draw(route.work, start, condition);
            Done {
                end: later(start, there + work_ns + back),
                failure: self.rng.random_bool((condition.failing / 2.0).min(1.0)).then(Failure::of_acquirer),
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

        self.tell_breaker(instance, pass, done.end, done.failure.as_ref());
        let place = Place { trace: trace.id, id, parent: Some(parent), start, end: done.end };
        self.record_call(trace, instance, (route, server), place, done.failure.as_ref(), (attempt, connected));
        done
    }

    /// A breaker let nothing out. Kratos traces, counts and logs around its breakers; the other clients' instrumentation is beneath
    /// them, and shows nothing.
    fn refused_call(
        &mut self,
        trace: &mut Trace,
        instance: usize,
        parent: SpanId,
        call: &'static Call,
        attempt: u32,
        (start, failure): (UnixNanos, Failure),
    ) -> Done {
        let end = later(start, self.rng.random_range(18_000..70_000));
        if self.instances[instance].service.stack.is_kratos() {
            let place = Place { trace: trace.id, id: ids::span_id(&mut self.rng), parent: Some(parent), start, end };
            // Nobody was picked: the address is that of the first.
            let server = self.pick_instance_of(call.to);
            self.record_call(trace, instance, (call.to, server), place, Some(&failure), (attempt, false));
        }
        Done { end, failure: Some(failure) }
    }

    fn record_call(
        &mut self,
        trace: &mut Trace,
        instance: usize,
        (route, server): (&'static Route, usize),
        place: Place,
        failure: Option<&Failure>,
        (attempt, connected): (u32, bool),
    ) {
        let facts = CallSpan { place, to: self.callee(instance, server, route, &trace.request), failure, attempt, connected };
        let span = spans::call(&facts);
        let log = logs::called(&self.instances[instance], &facts);
        self.end_span(trace, instance, place.end, span);
        if let Some(log) = log {
            self.write_log(trace, instance, place.end, log);
        }
        self.measure(instance, Side::Client, route, place, failure);
    }

    fn callee<'a>(&'a self, client: usize, server: usize, route: &'static Route, request: &'a Request) -> Callee<'a> {
        let peer = if route.is_outside() { Peer::outside() } else { Peer::of(&self.instances[server]) };
        Callee { client: self.instances[client].service.stack, route, peer, request }
    }
}
