//! What the routes of services may be asked.

use schemas::UnixNanos;

use super::super::{
    problem::Problem,
    search::{Limits, Pairs, now, parse_limit},
    window::{Window, unknown_parameter},
};

const BUCKETS: Limits = Limits { default: 60, max: 1000 };

/// `start`, `end`, `range`, `environment`, and the parameters of a route itself.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub window: Window,
    pub now: UnixNanos,
    pub environment: Option<String>,
    /// Of trends, at most.
    pub buckets: usize,
    pub limit: usize,
    own: Pairs,
}

impl Request {
    /// `known`, of which `own` are the names that the route reads itself, is what people are told.
    pub(super) fn parse(pairs: Pairs, limits: Limits, own: &[&str], known: &'static str) -> Result<Self, Problem> {
        let now = now();
        let (window, others) = Window::parse(pairs, now)?;
        let mut request = Self { window, now, environment: None, buckets: BUCKETS.default, limit: limits.default, own: Vec::new() };
        for (name, value) in others {
            match name.as_str() {
                "environment" => request.environment = Some(value),
                "buckets" => request.buckets = parse_buckets(&value)?,
                "limit" => request.limit = parse_limit(&value, limits)?,
                _ if own.contains(&name.as_str()) => request.own.push((name, value)),
                _ => return Err(unknown_parameter(&name, known)),
            }
        }
        Ok(request)
    }

    /// A parameter of the route itself.
    pub(super) fn own(&self, name: &str) -> Option<&str> {
        self.own.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn seconds(&self) -> f64 {
        self.window.length_ns() as f64 / 1e9
    }
}

fn parse_buckets(text: &str) -> Result<usize, Problem> {
    text.parse().ok().filter(|count| (1..=BUCKETS.max).contains(count)).ok_or_else(|| {
        let hint = format!("use a number from 1 to {}; it is {} when left out", BUCKETS.max, BUCKETS.default);
        Problem::invalid_parameter("buckets", format!("{text:?} is not a number of buckets that can be asked for"), hint)
    })
}
