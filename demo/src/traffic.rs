//! A request walks the topology: it is served, refused, calls, queries, waits, fails, is tried again, and everyone it meets
//! records it.
//!
//! ```text
//! traffic  the world, a trace, a service at work, its steps in order
//! guards   breakers and limiters are asked, and what they do is remembered
//! calls    a call to another service, with its deadline and retries
//! refusals business answers with their codes
//! rollouts instances are replaced by the next version
//! stores   a statement to a database or cache, a message to the broker
//! ```

mod calls;
mod guards;
mod refusals;
mod rollouts;
mod stores;

use rand::{Rng, SeedableRng, rngs::SmallRng};
use schemas::{SpanId, TraceId, UnixNanos};

use crate::{
    Config,
    failure::Failure,
    ids,
    instance::Instance,
    latency::{Latency, load_of_day, traffic_of_day},
    logs,
    metrics::{Measurement, Outcome, Side},
    scenario::{Caller as Customer, Crowd, Schedule, Target},
    spans::{self, Peer, Place, ServeSpan},
    topology::{ENTRANCES, Protocol, Route, SERVICES, Stack, Step},
    truth::{TraceTruth, Truth},
    weather::{Condition, Weather},
};
use rollouts::Rollouts;

const STORE_KEY_FIRST: u64 = 101;
const STORES: u64 = 7;
const OUTSIDE_KEY: u64 = 201;

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) instances: Vec<Instance>,
    pub(crate) truth: Truth,
    pub(crate) rng: SmallRng,
    /// Replaced by another version, not yet gone.
    pub(crate) retiring: Vec<Instance>,
    config: Config,
    schedule: Schedule,
    rollouts: Rollouts,
    services: Vec<Weather>,
    outside: Weather,
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
    pub(crate) caller: Customer,
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

const SCRAPER: &str = "python-requests/2.32.3";
const SCRAPER_USER: u32 = 777_001;
/// The first octet is the provider's, as of all customers.
const SCRAPER_IP: [u8; 4] = [84, 17, 46, 91];

impl World {
    pub(crate) fn new(config: &Config) -> Self {
        let Config { seed, remembered_traces_max, requests_per_second, .. } = *config;
        let mut rng = SmallRng::seed_from_u64(seed);
        let copies = SERVICES.iter().flat_map(|service| (0..service.instances).map(move |_| service));
        let instances = copies.map(|service| {
            let mut instance = Instance::start(service, service.version, seed, &mut rng);
            instance.guards = guards::guards_of(service, requests_per_second);
            instance
        });
        let instances = instances.collect();
        let services = (0..SERVICES.len() as u64).map(|id| Weather::new(seed, id)).collect();
        let stores = (0..STORES).map(|store| Weather::new(seed, STORE_KEY_FIRST + store)).collect();
        Self {
            instances,
            truth: Truth::new(remembered_traces_max),
            rng,
            retiring: vec![],
            config: config.clone(),
            schedule: Schedule::new(config.scenarios, config.scenario_every, seed, UnixNanos(0)),
            rollouts: Rollouts::default(),
            services,
            outside: Weather::new(seed, OUTSIDE_KEY),
            stores,
            offset: 48_213_377,
        }
    }

    /// The shop opens: its scenarios count from now.
    pub(crate) fn open(&mut self, now: UnixNanos) {
        self.schedule = Schedule::new(self.config.scenarios, self.config.scenario_every, self.config.seed, now);
        self.instances.iter_mut().for_each(|instance| instance.meter.open(now));
    }

    /// Mean arrivals of customers at `now`, the crowd of a scenario among them.
    pub(crate) fn requests_per_second(&mut self, now: UnixNanos) -> f64 {
        let crowd = self.schedule.at(now).and_then(|run| run.crowd(now)).map_or(0.0, |crowd| crowd.factor);
        self.config.requests_per_second * (traffic_of_day(now) + crowd)
    }

    /// Everything before `before` has happened: breakers judge it, and versions were rolled out.
    pub(crate) fn settle(&mut self, before: UnixNanos) {
        self.roll_out(before);
        self.settle_breakers(before);
    }

    /// A customer's request arrives at `start`.
    pub(crate) fn request(&mut self, start: UnixNanos) {
        self.settle(start);
        let crowd = self.schedule.at(start).and_then(|run| run.crowd(start));
        let crowd = crowd.filter(|crowd| self.rng.random_bool(crowd.factor / (crowd.factor + traffic_of_day(start))));
        let route = crowd.and_then(|crowd| entrance_of(&crowd)).unwrap_or_else(|| self.entrance());
        let mut request = Request {
            subject: self.rng.random_range(10_000..99_999),
            user: self.rng.random_range(100_000..999_999),
            client_ip: self.rng.random(),
            user_agent: USER_AGENTS[self.rng.random_range(0..USER_AGENTS.len())],
            caller: Customer::Anyone,
        };
        if crowd.is_some_and(|crowd| crowd.caller == Customer::Scraper) {
            request = Request { user: SCRAPER_USER, client_ip: SCRAPER_IP, user_agent: SCRAPER, caller: Customer::Scraper, ..request };
        }
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
        let condition = self.condition(Target::Service(route.service), start);
        let limited = self.ask_limiter(instance, route, &trace.request, start);
        // What a limiter refuses costs nothing but the answer.
        let work_ns = if limited.is_some() { self.rng.random_range(40_000..110_000) } else { self.draw(route.work, start, condition) };
        let failure = limited.or_else(|| self.broken(route.service.service().stack, condition));
        let mut done = Done { end: later(start, work_ns / 2), failure };
        for step in route.steps {
            if done.failure.is_some() {
                break;
            }
            done = self.step(trace, instance, (route, id), step, done.end);
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

    fn step(
        &mut self,
        trace: &mut Trace,
        instance: usize,
        (route, parent): (&'static Route, SpanId),
        step: &'static Step,
        start: UnixNanos,
    ) -> Done {
        match step {
            Step::Call(call) => self.call(trace, instance, parent, call, start),
            Step::Query(query) => self.query(trace, instance, parent, query, start),
            Step::Publish(publish) => self.publish(trace, instance, parent, publish, start),
            Step::Refuse(refusal) => self.refuse(trace, instance, route, refusal, start),
            Step::Together(steps) => {
                let mut together = Done { end: start, failure: None };
                for step in *steps {
                    let done = self.step(trace, instance, (route, parent), step, start);
                    together.end = together.end.max(done.end);
                    together.failure = together.failure.or(done.failure);
                }
                together
            }
        }
    }

    /// The service itself is at fault.
    fn broken(&mut self, stack: Stack, condition: Condition) -> Option<Failure> {
        self.rng.random_bool((condition.failing / 2.0).min(1.0)).then(|| Failure::of_bug(stack)).flatten()
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

/// The gateway's route a crowd comes in by.
fn entrance_of(crowd: &Crowd) -> Option<&'static Route> {
    let (method, path) = crowd.entrance;
    let is_entrance = |route: &&Route| route.protocol == Protocol::Http(method) && route.operation == path;
    ENTRANCES.iter().map(|entrance| entrance.route).find(is_entrance)
}

fn later(time: UnixNanos, nanos: i64) -> UnixNanos {
    UnixNanos(time.0 + nanos)
}
