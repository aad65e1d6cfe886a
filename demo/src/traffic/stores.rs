//! Statements to databases and caches, and messages to the broker with what they set off.

use rand::Rng;
use schemas::{SpanId, UnixNanos};

use super::{Caller, Done, STORE_KEY_FIRST, Trace, World, later};
use crate::{
    failure::{Failure, Stage, Trouble},
    ids,
    latency::Latency,
    spans::{self, Place, PublishSpan, QuerySpan},
    topology::{OnFailure, Publish, Query, Stack},
    weather::Condition,
};

/// From the append of a message until a consumer polls it.
const CONSUMER_LAG: Latency = Latency::of(14_000, 0.7);
/// An append to the broker, acknowledged by all replicas.
const BROKER: Latency = Latency::of(2_200, 0.5).tailed(0.01);
const STEADY: Condition = Condition { failing: 0.0, slowness: 1.0 };
/// HikariCP's `connectionTimeout`.
const POOL_TIMEOUT_NS: i64 = 1_000_000_000;

impl World {
    pub(super) fn query(&mut self, trace: &mut Trace, instance: usize, parent: SpanId, query: &'static Query, start: UnixNanos) -> Done {
        if !self.rng.random_bool(query.share) {
            return Done { end: start, failure: None };
        }
        let (store, stack) = (query.store, self.instances[instance].service.stack);
        let condition = self.stores[(store.key - STORE_KEY_FIRST) as usize].at(start);
        let mut duration_ns = self.draw(query.latency, start, condition);
        let trouble = self.rng.random_bool(condition.failing).then(|| Trouble::pick(&mut self.rng));
        let stage = trouble.map_or(Stage::Statement, |trouble| trouble.stage(store, stack));
        if trouble == Some(Trouble::Timeout) {
            duration_ns += self.rng.random_range(200_000_000..900_000_000);
        }
        if stage == Stage::Pool {
            duration_ns += POOL_TIMEOUT_NS;
        }
        let failure = trouble.map(|trouble| Failure::of_store(store, trouble, stack, duration_ns));
        let end = later(start, duration_ns);
        let place = Place { trace: trace.id, id: ids::span_id(&mut self.rng), parent: Some(parent), start, end };
        let rows = self.rng.random_range(0..25);
        let (me, request) = (&self.instances[instance], &trace.request);
        let facts = QuerySpan { place, query, me, request, failure: failure.as_ref(), stage, rows };
        if let Some(span) = spans::query(&facts) {
            self.end_span(trace, instance, end, span);
        }
        if stage == Stage::Statement {
            self.instances[instance].meter.queried(end);
        }
        match failure {
            Some(failure) if query.on_failure == OnFailure::GoOn => {
                self.warn(trace, instance, parent, end, "cache unavailable, reading through", &failure);
                Done { end, failure: None }
            }
            failure => Done { end, failure },
        }
    }

    pub(super) fn publish(
        &mut self,
        trace: &mut Trace,
        instance: usize,
        parent: SpanId,
        publish: &'static Publish,
        start: UnixNanos,
    ) -> Done {
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
}
