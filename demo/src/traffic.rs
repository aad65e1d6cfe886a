//! A request walks the topology: it is served, refused, calls, queries, waits, fails, is tried again, and everyone it meets
//! records it.
//!
//! ```text
//! traffic  the world, a trace, a service at work, its steps in order
//! calls    a call to another service, with its deadline and retries
//! stores   a statement to a database or cache, a message to the broker
//! ```

mod calls;
mod stores;

use rand::{Rng, SeedableRng, rngs::SmallRng};
use schemas::{SpanId, TraceId, UnixNanos};

use crate::{
    failure::Failure,
    ids,
    instance::Instance,
    latency::{Latency, load_of_day},
    logs,
    metrics::{Measurement, Outcome, Side},
    spans::{self, Peer, Place, ServeSpan},
    topology::{ENTRANCES, Route, SERVICES, Stack, Step},
    truth::{TraceTruth, Truth},
    weather::{Condition, Weather},
};

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
            Step::Refuse(refusal) => {
                let stack = self.instances[instance].service.stack;
                let failure = self.rng.random_bool(refusal.share).then(|| Failure::refused(refusal, stack));
                Done { end: start, failure }
            }
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

    /// The service itself is at fault.
    fn broken(&mut self, stack: Stack, condition: Condition) -> Option<Failure> {
        self.rng.random_bool(condition.failing / 2.0).then(|| Failure::of_bug(stack)).flatten()
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
        let outcome = Outcome::of(self.instances[instance].service.stack, side, route, failure);
        let Place { trace, id: span, end: at, .. } = place;
        let measurement = Measurement { at, side, route, duration_ns: place.duration_ns(), trace, span, outcome };
        self.instances[instance].meter.measure(measurement);
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
