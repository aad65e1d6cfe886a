//! Calls ask their breaker and requests their limiter; what those do is counted, logged and remembered as the truth.

use schemas::UnixNanos;

use super::{Request, World};
use crate::{
    failure::Failure,
    guard::{Adaptive, BreakerState, Change, Guards, Limiter, Machine, Sre, Ticket, Watched},
    logs,
    metrics::Mark,
    scenario::Caller,
    topology::{BREAKERS, Breaker, LIMITS, Library, Route, Service},
    truth::{BreakerIdentity, LimitTruth, TripTruth},
};

/// An adaptive breaker that refused nothing for so long has let go.
const QUIET_NS: i64 = 10_000_000_000;
const REMEMBERED_TRIPS: usize = 16;

/// A call that goes out, and who wants to know its end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pass {
    Unguarded,
    /// Position among the instance's state machines.
    Machine(usize, Ticket),
    /// Position among its adaptive breakers.
    Adaptive(usize),
}

impl World {
    /// Whether `instance` may call `route` at `at`; what it fails with when not.
    pub(super) fn ask_breaker(&mut self, instance: usize, route: &'static Route, at: UnixNanos) -> Result<Pass, Box<Failure>> {
        let guards = &self.instances[instance].guards;
        let guarding = |watched: &Watched| watched.machine.rule.operations.contains(&route.operation);
        match guards.machines.iter().position(guarding) {
            Some(position) => self.ask_machine(instance, position, at),
            None => self.ask_adaptive(instance, route, at),
        }
    }

    pub(super) fn tell_breaker(&mut self, instance: usize, pass: Pass, end: UnixNanos, failure: Option<&Failure>) {
        let guards = &mut self.instances[instance].guards;
        match pass {
            Pass::Unguarded => {}
            Pass::Machine(position, ticket) => {
                guards.machines[position].machine.tell(ticket, end, failure.is_some_and(Failure::is_server_fault));
            }
            // `errors.FromError(err).Code` is one of these three, for any error but Kratos' own 500.
            Pass::Adaptive(position) => {
                guards.adaptive[position].sre.tell(end, failure.is_some_and(|failure| matches!(failure.http, 500 | 503 | 504)));
            }
        }
    }

    /// The limiter in front of `route`, if it has one and lets nothing through.
    pub(super) fn ask_limiter(&mut self, instance: usize, route: &'static Route, request: &Request, at: UnixNanos) -> Option<Failure> {
        let me = &mut self.instances[instance];
        let limiter = me.guards.limiters.iter_mut().find(|limiter| limiter.rule.operation == route.operation)?;
        let (passes, rule) = (limiter.passes(at), limiter.rule);
        let block_type = if passes { "" } else { "BlockTypeFlowControl" };
        me.meter.mark(at, Mark::Handled { resource: rule.resource, block_type });
        if passes {
            return None;
        }
        self.truth.totals.refused += 1;
        self.truth.governance.limit(LimitTruth {
            service: me.service.name,
            framework: Library::SentinelGo.framework(),
            resource: rule.resource,
            pod: me.pod.clone(),
            refused: 1,
            refused_of_scraper: u64::from(request.caller == Caller::Scraper),
            first_refused: at,
            last_refused: at,
            scenario: self.schedule.at(at),
        });
        Some(Failure::of_flow_control())
    }

    /// Everything that ended before `before` is known: breakers judge it.
    pub(super) fn settle_breakers(&mut self, before: UnixNanos) {
        for instance in 0..self.instances.len() {
            for position in 0..self.instances[instance].guards.machines.len() {
                self.instances[instance].guards.machines[position].machine.settle(before);
                self.report(instance, position);
            }
            for adaptive in &mut self.instances[instance].guards.adaptive {
                adaptive.sre.settle(before);
                let Some((trip, last)) = adaptive.trip.filter(|(_, last)| before.0 - last.0 >= QUIET_NS) else { continue };
                adaptive.trip = None;
                if let Some(trip) = self.truth.governance.trip(trip) {
                    trip.closed = Some(last);
                    trip.changes.push((last, BreakerState::Closed));
                }
            }
        }
    }

    fn ask_machine(&mut self, instance: usize, position: usize, at: UnixNanos) -> Result<Pass, Box<Failure>> {
        let asked = self.instances[instance].guards.machines[position].machine.ask(at);
        self.report(instance, position);
        let me = &mut self.instances[instance];
        let watched = &me.guards.machines[position];
        let rule = watched.machine.rule;
        let refused = asked.is_err();
        match rule.library {
            Library::SentinelGo => {
                let block_type = if refused { "BlockTypeCircuitBreaking" } else { "" };
                me.meter.mark(at, Mark::Handled { resource: rule.name, block_type });
            }
            Library::Resilience4j if refused => me.meter.mark(at, Mark::NotPermitted { name: rule.name }),
            Library::Resilience4j | Library::Gobreaker | Library::HystrixGo => {}
        }
        let state = match asked {
            Ok(ticket) => return Ok(Pass::Machine(position, ticket)),
            Err(state) => state,
        };
        self.truth.totals.refused += 1;
        let trip = watched.trips.iter().rev().find(|(opened, _)| *opened <= at);
        if let Some(trip) = trip.and_then(|(_, id)| self.truth.governance.trip(*id)) {
            trip.refuse(at);
        }
        Err(Box::new(Failure::of_breaker(rule, me.service.stack, state)))
    }

    fn ask_adaptive(&mut self, instance: usize, route: &'static Route, at: UnixNanos) -> Result<Pass, Box<Failure>> {
        let me = &mut self.instances[instance];
        let stack = me.service.stack;
        let known = me.guards.adaptive.iter().position(|adaptive| adaptive.sre.operation == route.operation);
        let position = match known {
            Some(position) => position,
            None => {
                let Some(sre) = Sre::new(stack, route.operation) else { return Ok(Pass::Unguarded) };
                me.guards.adaptive.push(Adaptive { sre, trip: None });
                me.guards.adaptive.len() - 1
            }
        };
        let adaptive = &mut me.guards.adaptive[position];
        if adaptive.sre.ask(at, &mut self.rng) {
            return Ok(Pass::Adaptive(position));
        }
        self.truth.totals.refused += 1;
        let trip = match adaptive.trip {
            Some((trip, last)) => {
                adaptive.trip = Some((trip, last.max(at)));
                trip
            }
            None => {
                let name = format!("op:{}", route.operation);
                let scenario = self.schedule.behind_trip(&name, at);
                let breaker = BreakerIdentity { service: me.service.name, framework: "kratos", mechanism: "adaptive", name };
                let trip = self.truth.governance.begin_trip(TripTruth::new(breaker, (&me.pod, &me.id), at, scenario));
                adaptive.trip = Some((trip, at));
                trip
            }
        };
        if let Some(trip) = self.truth.governance.trip(trip) {
            trip.opened = trip.opened.min(at);
            trip.refuse(at);
        }
        Err(Box::new(Failure::of_kratos_breaker(stack)))
    }

    /// Says what a state machine did since it was last looked at.
    fn report(&mut self, instance: usize, position: usize) {
        for change in self.instances[instance].guards.machines[position].machine.take_news() {
            let me = &mut self.instances[instance];
            let rule = me.guards.machines[position].machine.rule;
            let Change { at, from, to } = change;
            match rule.library {
                Library::SentinelGo => me.meter.mark(at, Mark::SentinelChanged { resource: rule.name, from, to }),
                Library::Resilience4j => me.meter.mark(at, Mark::Resilience4jState { name: rule.name, state: to }),
                Library::Gobreaker | Library::HystrixGo => {}
            }
            if let Some(log) = logs::breaker_changed(me, rule, change) {
                me.write_log(at, log);
            }
            self.remember_change(instance, position, rule, change);
        }
    }

    fn remember_change(&mut self, instance: usize, position: usize, rule: &'static Breaker, change: Change) {
        let Change { at, from, to } = change;
        let me = &mut self.instances[instance];
        if from == BreakerState::Closed {
            let breaker = BreakerIdentity {
                service: me.service.name,
                framework: rule.library.framework(),
                mechanism: "breaker",
                name: rule.name.to_owned(),
            };
            let scenario = self.schedule.behind_trip(rule.name, at);
            let trip = self.truth.governance.begin_trip(TripTruth::new(breaker, (&me.pod, &me.id), at, scenario));
            let trips = &mut me.guards.machines[position].trips;
            if trips.len() == REMEMBERED_TRIPS {
                trips.remove(0);
            }
            trips.push((at, trip));
            return;
        }
        let last = me.guards.machines[position].trips.last();
        if let Some(trip) = last.and_then(|(_, id)| self.truth.governance.trip(*id)) {
            trip.changes.push((at, to));
            trip.closed = (to == BreakerState::Closed).then_some(at);
        }
    }
}

/// What guards a new instance of `service`.
pub(super) fn guards_of(service: &Service, requests_per_second: f64) -> Guards {
    let machines = BREAKERS.iter().filter(|breaker| breaker.caller == service.id);
    let limits = LIMITS.iter().filter(|limit| limit.service == service.id);
    Guards {
        machines: machines.map(|breaker| Watched { machine: Machine::new(breaker), trips: vec![] }).collect(),
        adaptive: vec![],
        limiters: limits.map(|limit| Limiter::new(limit, (limit.share_of_traffic * requests_per_second).ceil().max(2.0) as u64)).collect(),
    }
}
