//! The errors that count, each with what it is in its trace.

use std::collections::HashMap;

use schemas::{SpanId, TraceId};

use super::reported::Reported;
use crate::codes::{
    counted::{CountRule, rule_for},
    lineage::{Chain, Hop, Link, Role, chains, trace_roles},
};

/// Errors with what each is in its trace.
#[derive(Debug)]
pub struct Traced<'a> {
    pub errors: Vec<Reported<'a>>,
    /// In the order of `errors`; indexes in them are indexes of `errors`.
    pub roles: Vec<Role>,
    /// Of traces with several errors. One that is alone in its trace is a chain by itself, and is not here.
    pub chains: Vec<Chain>,
    /// Errors that are alone in their traces.
    pub alone: Vec<usize>,
    /// Known only of traces whose spans were given.
    pub swallowed: Vec<Swallowed>,
}

/// An error that the span above did not pass on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swallowed {
    /// Index of the error.
    pub error: usize,
    pub by: SpanId,
}

/// Tells errors of one trace apart as far as they differ.
fn order<'a>(error: &Reported<'a>) -> impl Ord + use<'a> {
    let hop = &error.hop;
    (hop.end, hop.start, hop.span, !hop.is_span, hop.service, hop.code, hop.reason, hop.message, error.environment)
}

impl<'a> Traced<'a> {
    /// Roles within each trace. Without `spans` of a trace only links between its errors are known. `home`: the service that a code
    /// belongs to.
    pub fn of<'h>(
        errors: impl IntoIterator<Item = Reported<'a>>,
        rules: &[CountRule],
        spans: &HashMap<TraceId, Vec<Link<'_>>>,
        home: impl Fn(&str) -> Option<&'h str>,
    ) -> Self {
        let fallback = CountRule::default();
        let counts = |error: &Reported<'_>| {
            let is_metric = error.source.is_metric();
            !is_metric && rule_for(rules, error.hop.service, &fallback).counts(error)
        };
        let errors: Vec<Reported<'a>> = errors.into_iter().filter(counts).collect();
        let traces = errors.iter().enumerate().filter_map(|(index, error)| Some((error.trace?, index)));
        let mut by_trace: Vec<(TraceId, usize)> = traces.collect();
        // Within a trace in an order of its own: the roles do not depend on that in which rows are read.
        by_trace.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| order(&errors[a.1]).cmp(&order(&errors[b.1]))).then(a.1.cmp(&b.1)));
        let roles = vec![Role::Origin; errors.len()];
        let mut traced = Self { errors, roles, chains: Vec::new(), alone: Vec::new(), swallowed: Vec::new() };
        for of_trace in by_trace.chunk_by(|a, b| a.0 == b.0) {
            let links = spans.get(&of_trace[0].0).map_or(&[][..], Vec::as_slice);
            match of_trace {
                [(_, index)] if links.is_empty() => traced.alone.push(*index),
                _ => traced.follow(of_trace, links, &home),
            }
        }
        traced
    }

    fn follow<'h>(&mut self, of_trace: &[(TraceId, usize)], links: &[Link<'_>], home: impl Fn(&str) -> Option<&'h str>) {
        let indexes: Vec<usize> = of_trace.iter().map(|(_, index)| *index).collect();
        let hops: Vec<Hop<'_>> = indexes.iter().map(|&index| self.errors[index].hop).collect();
        let found = trace_roles(&hops, links, home);
        for chain in chains(&hops, &found.roles) {
            let of_all = |places: Vec<usize>| places.into_iter().map(|at| indexes[at]).collect();
            self.chains.push(Chain { steps: of_all(chain.steps), hops: of_all(chain.hops), services: chain.services });
        }
        self.swallowed.extend(found.masked.iter().map(|masked| Swallowed { error: indexes[masked.error], by: masked.by }));
        for (at, role) in found.roles.into_iter().enumerate() {
            self.roles[indexes[at]] = role.at(&indexes);
        }
    }
}
