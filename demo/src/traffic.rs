//! A request walks the topology: it is served, calls, queries, waits, fails, is tried again, and everyone it meets records it.

use rand::{Rng, SeedableRng, rngs::SmallRng};
use schemas::{SpanId, TraceId, UnixNanos};

use crate::{
    failure::{Failure, Origin, Trouble},
    ids,
    instance::Instance,
    latency::{Latency, load_of_day},
    logs,
    metrics::{Measurement, Side},
    spans::{self, CallSpan, Peer, Place, PublishSpan, QuerySpan, ServeSpan},
    topology::{Call, ENTRANCES, OnFailure, Protocol, Publish, Query, Route, SERVICES, Stack, Step},
    truth::{TraceTruth, Truth},
    weather::{Condition, Weather},
};

/// One way through the cluster's network.
const NETWORK: Latency = Latency::of(160, 0.4);
/// From the append of a message until a consumer polls it.
const CONSUMER_LAG: Latency = Latency::of(14_000, 0.7);
/// An append to the broker, acknowledged by all replicas.
const BROKER: Latency = Latency::of(2_200, 0.5).tailed(0.01);
const STEADY: Condition = Condition { failing: 0.0, slowness: 1.0 };
const STORE_KEY_FIRST: u64 = 101;
const STORES: u64 = 7;

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) instances: Vec<Instance>,
    pub(crate) truth: Truth,
    pub(crate) rng: SmallRng,
    services: Vec<Weather>,
    stores: Vec<Weather>,
    offset: i64,
}

/// What the customer asked for; the same all the way down.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Product or order.
    pub(crate) subject: u32,
    pub(crate) user: u32,
    pub(crate) client_ip: [u8; 4],
    pub(crate) user_agent: &'static str,
}

/// The trace a step belongs to, with what has been added to it so far.
struct Trace {
    id: TraceId,
    request: Request,
    spans: u32,
    error_spans: u32,
    logs: u32,
}

/// Who calls, as the called service sees it.
#[derive(Clone, Copy)]
struct Caller {
    span: Option<SpanId>,
    /// Position in `instances`; customers have none.
    instance: Option<usize>,
    link: Option<(TraceId, SpanId)>,
}

struct Done {
    end: UnixNanos,
    failure: Option<Failure>,
}

const USER_AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36",
    "HarborGoods/7.14.2 (iOS 18.5; iPhone16,2)",
];

impl World {
    pub(crate) fn new(seed: u64, remembered_traces_max: usize) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let copies = SERVICES.iter().flat_map(|service| (0..service.instances).map(move |_| service));
        let instances = copies.map(|service| Instance::start(service, seed, &mut rng)).collect();
        let services = (0..SERVICES.len() as u64).map(|id| Weather::new(seed, id)).collect();
        let stores = (0..STORES).map(|store| Weather::new(seed, STORE_KEY_FIRST + store)).collect();
        Self { instances, truth: Truth::new(remembered_traces_max), rng, services, stores, offset: 48_213_377 }
    }

    /// A customer's request arrives at `start`.
    pub(crate) fn request(&mut self, start: UnixNanos) {
        let route = self.entrance();
        let request = Request {
            subject: self.rng.random_range(10_000..99_999),
            user: self.rng.random_range(100_000..999_999),
            client_ip: self.rng.random(),
            user_agent: USER_AGENTS[self.rng.random_range(0..USER_AGENTS.len())],
        };
        let failed = self.trace(request, route, None, start);
        self.truth.totals.requests += 1;
        self.truth.totals.failed_requests += u64::from(failed);
    }

    fn entrance(&mut self) -> &'static Route {
        let total: u32 = ENTRANCES.iter().map(|entrance| entrance.weight).sum();
        let mut pick = self.rng.random_range(0..total);
        for entrance in &ENTRANCES {
            match pick.checked_sub(entrance.weight) {
                Some(rest) => pick = rest,
                None => return entrance.route,
            }
        }
        ENTRANCES[0].route
    }

    /// A whole trace that begins with `route`; true when its root failed.
    fn trace(&mut self, request: Request, route: &'static Route, link: Option<(TraceId, SpanId)>, start: UnixNanos) -> bool {
        let mut trace = Trace { id: ids::trace_id(&mut self.rng), request, spans: 0, error_spans: 0, logs: 0 };
        let instance = self.pick_instance_of(route);
        let done = self.serve(&mut trace, route, instance, Caller { span: None, instance: None, link }, start);
        let failed = done.failure.is_some_and(|failure| failure.is_server_fault());
        let Trace { id, spans, error_spans, logs, .. } = trace;
        self.truth.remember(id, TraceTruth { root: route.operation, start, spans, exported_spans: 0, error_spans, logs, failed });
        failed
    }

    /// `instance` works on `route` and records the server's or consumer's side of it.
    fn serve(&mut self, trace: &mut Trace, route: &'static Route, instance: usize, caller: Caller, start: UnixNanos) -> Done {
        let id = ids::span_id(&mut self.rng);
        let condition = self.services[route.service as usize].at(start);
        let work_ns = self.draw(route.work, start, condition);
        let mut done = Done { end: later(start, work_ns / 2), failure: self.broken(route.service.service().stack, condition) };
        for step in route.steps {
            if done.failure.is_some() {
                break;
            }
            done = self.step(trace, instance, id, step, done.end);
        }
        if done.failure.is_none() {
            let stack = route.service.service().stack;
            let refusal = route.refusals.iter().find(|refusal| self.rng.random_bool(refusal.share));
            done.failure = refusal.map(|refusal| Failure::refused(refusal, stack));
        }
        done.end = later(done.end, work_ns / 2);

        let place = Place { trace: trace.id, id, parent: caller.span, start, end: done.end };
        let peer = caller.instance.map(|position| Peer::of(&self.instances[position]));
        let facts = ServeSpan {
            place,
            route,
            me: &self.instances[instance],
            peer,
            request: &trace.request,
            failure: done.failure.as_ref(),
            link: caller.link,
        };
        let (span, log) = (spans::serve(&facts), logs::served(&facts));
        self.end_span(trace, instance, done.end, span);
        if let Some(log) = log {
            self.write_log(trace, instance, done.end, log);
        }
        self.measure(instance, Side::Server, route, place, done.failure.as_ref());
        done
    }

    fn step(&mut self, trace: &mut Trace, instance: usize, parent: SpanId, step: &'static Step, start: UnixNanos) -> Done {
        match step {
            Step::Call(call) => self.call(trace, instance, parent, call, start),
            Step::Query(query) => self.query(trace, instance, parent, query, start),
            Step::Publish(publish) => self.publish(trace, instance, parent, publish, start),
            Step::Together(steps) => {
                let mut together = Done { end: start, failure: None };
                for step in *steps {
                    let done = self.step(trace, instance, parent, step, start);
                    together.end = together.end.max(done.end);
                    together.failure = together.failure.or(done.failure);
                }
                together
            }
        }
    }

    fn call(&mut self, trace: &mut Trace, instance: usize, parent: SpanId, call: &'static Call, start: UnixNanos) -> Done {
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
        let origin = if route.protocol == Protocol::Grpc { Origin::Grpc } else { Origin::Http };
        let my_stack = self.instances[instance].service.stack;
        let condition = self.services[route.service as usize].at(start);
        let outside = route.operation.starts_with("https://");
        let callee = self.pick_instance_of(route);
        let (there, back) = (self.draw(NETWORK, start, condition), self.draw(NETWORK, start, condition));
        let mut done = if self.rng.random_bool(condition.failing / 3.0) {
            Done { end: later(start, there * 3), failure: Some(Failure::unreachable(origin, &self.address(callee, outside), my_stack)) }
        } else if outside {
            let work_ns = self.draw(route.work, start, condition);
            Done {
                end: later(start, there + work_ns + back),
                failure: self.rng.random_bool(condition.failing / 2.0).then(Failure::of_acquirer),
            }
        } else {
            let caller = Caller { span: Some(id), instance: Some(instance), link: None };
            let served = self.serve(trace, route, callee, caller, later(start, there));
            Done { end: later(served.end, back), failure: served.failure.map(|failure| failure.seen_from(origin, my_stack)) }
        };
        let deadline = later(start, i64::from(call.timeout_ms) * 1_000_000);
        if done.end > deadline {
            done = Done { end: deadline, failure: Some(Failure::deadline(origin, call.timeout_ms, my_stack)) };
        }

        let peer = if outside { Peer::outside() } else { Peer::of(&self.instances[callee]) };
        let place = Place { trace: trace.id, id, parent: Some(parent), start, end: done.end };
        let facts = CallSpan {
            place,
            route,
            me: &self.instances[instance],
            peer,
            request: &trace.request,
            failure: done.failure.as_ref(),
            attempt,
        };
        let span = spans::call(&facts);
        self.end_span(trace, instance, done.end, span);
        self.measure(instance, Side::Client, route, place, done.failure.as_ref());
        done
    }

    fn query(&mut self, trace: &mut Trace, instance: usize, parent: SpanId, query: &'static Query, start: UnixNanos) -> Done {
        if !self.rng.random_bool(query.share) {
            return Done { end: start, failure: None };
        }
        let (store, stack) = (query.store, self.instances[instance].service.stack);
        let condition = self.stores[(store.key - STORE_KEY_FIRST) as usize].at(start);
        let mut duration_ns = self.draw(query.latency, start, condition);
        let failure = self.rng.random_bool(condition.failing).then(|| {
            let trouble = Trouble::pick(&mut self.rng);
            if trouble == Trouble::Timeout {
                duration_ns += self.rng.random_range(200_000_000..900_000_000);
            }
            Failure::of_store(store, trouble, stack)
        });
        let end = later(start, duration_ns);
        let place = Place { trace: trace.id, id: ids::span_id(&mut self.rng), parent: Some(parent), start, end };
        let rows = self.rng.random_range(0..25);
        let facts = QuerySpan { place, query, me: &self.instances[instance], request: &trace.request, failure: failure.as_ref(), rows };
        let span = spans::query(&facts);
        self.end_span(trace, instance, end, span);
        self.instances[instance].meter.queried();
        match failure {
            Some(failure) if query.on_failure == OnFailure::GoOn => {
                self.warn(trace, instance, parent, end, "cache unavailable, reading through", &failure);
                Done { end, failure: None }
            }
            failure => Done { end, failure },
        }
    }

    fn publish(&mut self, trace: &mut Trace, instance: usize, parent: SpanId, publish: &'static Publish, start: UnixNanos) -> Done {
        let id = ids::span_id(&mut self.rng);
        let end = later(start, self.draw(BROKER, start, STEADY));
        self.offset += 1;
        let place = Place { trace: trace.id, id, parent: Some(parent), start, end };
        let facts =
            PublishSpan { place, topic: publish.topic, me: &self.instances[instance], request: &trace.request, offset: self.offset };
        let span = spans::publish(&facts);
        self.end_span(trace, instance, end, span);
        for route in publish.consumers {
            let polled = later(end, self.draw(CONSUMER_LAG, end, STEADY));
            let consumer = self.pick_instance_of(route);
            if route.service.service().stack == Stack::Spring {
                self.trace(trace.request.clone(), route, Some((trace.id, id)), polled);
            } else {
                let caller = Caller { span: Some(id), instance: Some(instance), link: None };
                self.serve(trace, route, consumer, caller, polled);
            }
        }
        Done { end, failure: None }
    }

    /// A failure of the service itself: a panic, a nil map, a bad configuration.
    fn broken(&mut self, stack: Stack, condition: Condition) -> Option<Failure> {
        if !self.rng.random_bool(condition.failing / 2.0) {
            return None;
        }
        let (exception, message) = match stack {
            Stack::Gin => ("*errors.errorString", "runtime error: invalid memory address or nil pointer dereference"),
            Stack::KratosV2 | Stack::KratosV3 => ("*errors.Error", "unknown request error"),
            Stack::Spring => (
                "java.lang.NullPointerException",
                "Cannot invoke \"com.harborgoods.payment.acquirer.Authorization.reference()\" because \"authorization\" is null",
            ),
            Stack::Python => ("IndexError", "list index out of range"),
            Stack::Envoy => return None,
        };
        Some(Failure { http: 500, reason: "UNKNOWN", message: message.to_owned(), exception, origin: Origin::Local })
    }

    fn warn(&mut self, trace: &mut Trace, instance: usize, span: SpanId, at: UnixNanos, message: &str, failure: &Failure) {
        let log = logs::warning(&self.instances[instance], trace.id, span, at, message, failure);
        self.write_log(trace, instance, at, log);
    }

    fn end_span(&mut self, trace: &mut Trace, instance: usize, end: UnixNanos, span: spans::Shaped) {
        trace.spans += 1;
        trace.error_spans += u32::from(spans::is_error(&span.1));
        self.instances[instance].end_span(end, trace.id, span);
    }

    fn write_log(&mut self, trace: &mut Trace, instance: usize, at: UnixNanos, log: logs::Shaped) {
        trace.logs += u32::from(!log.1.trace_id.is_empty());
        self.instances[instance].write_log(at, log);
    }

    fn measure(&mut self, instance: usize, side: Side, route: &'static Route, place: Place, failure: Option<&Failure>) {
        let measurement = Measurement {
            at: place.end,
            side,
            route,
            duration_ns: place.duration_ns(),
            trace: place.trace,
            span: place.id,
            outcome: failure.into(),
        };
        self.instances[instance].meter.measure(measurement);
    }

    fn address(&self, callee: usize, outside: bool) -> String {
        if outside { Peer::outside().address() } else { Peer::of(&self.instances[callee]).address() }
    }

    fn draw(&mut self, latency: Latency, at: UnixNanos, condition: Condition) -> i64 {
        latency.draw_ns(&mut self.rng, load_of_day(at) * condition.slowness)
    }

    fn pick_instance_of(&mut self, route: &Route) -> usize {
        let before: usize = SERVICES.iter().take(route.service as usize).map(|service| service.instances).sum();
        before + self.rng.random_range(0..route.service.service().instances)
    }
}

fn later(time: UnixNanos, nanos: i64) -> UnixNanos {
    UnixNanos(time.0 + nanos)
}
