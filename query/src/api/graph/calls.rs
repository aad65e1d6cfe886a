//! `GET /api/v1/graph`: nodes and edges of the calls of a window.

use std::{sync::Arc, time::Instant};

use schemas::{Signal, UnixNanos};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    answer::{Cost, Meta, Time, to_json},
    breakers::{Folds, Guard},
    completeness::Completeness,
    problem::Problem,
    search::{Pairs, now, parse_time},
    services::{Durations, Loaded, Whose, minutes_in, per_second},
    sql::problem_in,
    window::{Window, unknown_parameter},
};
use crate::{
    analytics::{
        graph::{self, Edge, Graph, Node},
        services,
    },
    engine::{EdgesQuestion, Engine, edges},
};

const DEPTH_MAX: usize = 10;
const OPERATIONS_MAX: usize = 10;
const KNOWN: &str = "this route knows `start`, `end`, `range`, `environment`, `service`, `depth` and `at`";

/// Who calls whom within a window.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GraphAnswer {
    nodes: Vec<GraphNode>,
    edges: Vec<GraphEdge>,
    /// When breakers were in these states.
    #[schema(value_type = String)]
    at: Time,
    /// Calls of which nothing says whom they reach: their spans have no peer.
    unlinked: f64,
    /// Calls that came in, and whose caller has a span that is not there.
    orphans: f64,
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// A service, or somebody who sends nothing and is called.
#[derive(Debug, Serialize, ToSchema)]
struct GraphNode {
    /// Of this answer: kind and name.
    id: String,
    /// `service`, `database`, `queue`, `external`, or `other`: all those together that a caller has too many of.
    kind: &'static str,
    name: String,
    /// Of a database or queue, for instance `redis`.
    system: Option<String>,
    /// Calls away from `service`, where that was asked for.
    distance: Option<usize>,
    /// Its spans within the window.
    spans: u64,
    /// What came in; all spans of a service where nothing came in; what its callers saw where it sends none.
    calls: f64,
    calls_per_s: f64,
    errors: f64,
    error_share: f64,
    #[serde(flatten)]
    durations: Durations,
    /// Breakers of this service whose target is not known.
    breakers: Vec<GraphBreaker>,
}

/// Calls from one node to another, as the caller sees them: durations of its own spans, failures of either half.
#[derive(Debug, Serialize, ToSchema)]
struct GraphEdge {
    from: String,
    to: String,
    protocol: Option<String>,
    calls: f64,
    calls_per_s: f64,
    errors: f64,
    error_share: f64,
    #[serde(flatten)]
    durations: Durations,
    /// Calls of which only the caller's half is known.
    one_sided: f64,
    /// The commonest, at most ten.
    operations: Vec<EdgeOperation>,
    /// That guard these calls.
    breakers: Vec<GraphBreaker>,
}

/// An operation of an edge.
#[derive(Debug, Serialize, ToSchema)]
struct EdgeOperation {
    /// Null: all those together that the caller has too many of.
    name: Option<String>,
    calls: f64,
}

/// A breaker at an instant.
#[derive(Debug, Serialize, ToSchema)]
struct GraphBreaker {
    id: String,
    name: String,
    /// As in the list of breakers.
    state: &'static str,
    #[schema(value_type = String)]
    state_since: Time,
    /// Opened within the window.
    trips: usize,
    /// Calls within the window.
    refused: f64,
}

struct Request {
    window: Window,
    now: UnixNanos,
    at: UnixNanos,
    environment: Option<String>,
    /// The middle, and how far around it.
    ego: Option<(String, usize)>,
}

impl Request {
    fn parse(pairs: Pairs) -> Result<Self, Problem> {
        let now = now();
        let (window, others) = Window::parse(pairs, now)?;
        let (mut at, mut environment, mut service, mut depth) = (None, None, None, None);
        for (name, value) in others {
            match name.as_str() {
                "at" => at = Some(parse_time("at", &value, now)?),
                "environment" => environment = Some(value),
                "service" => service = Some(value),
                "depth" => depth = Some(parse_depth(&value)?),
                _ => return Err(unknown_parameter(&name, KNOWN)),
            }
        }
        let last = UnixNanos(window.end.0 - 1);
        let at = at.unwrap_or(last);
        if !(window.start..window.end).contains(&at) && at != window.end {
            return Err(Problem::invalid_parameter(
                "at",
                "it is not within `start` and `end`",
                "move the window, or leave `at` out: the end is meant then",
            ));
        }
        if depth.is_some() && service.is_none() {
            return Err(Problem::invalid_parameter("depth", "nothing says around which node", "say `service` too"));
        }
        Ok(Self { window, now, at: at.min(last), environment, ego: service.map(|service| (service, depth.unwrap_or(1))) })
    }
}

fn parse_depth(text: &str) -> Result<usize, Problem> {
    text.parse().ok().filter(|depth| *depth <= DEPTH_MAX).ok_or_else(|| {
        Problem::invalid_parameter(
            "depth",
            format!("{text:?} is not a number of calls"),
            format!("use 0 to {DEPTH_MAX}; it is 1 when left out"),
        )
    })
}

pub(super) async fn answer(folds: &Folds, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let started = Instant::now();
    let request = Request::parse(pairs)?;
    let mut cost = Cost::default();
    let environment = request.environment.as_deref();
    let calls = load(&folds.engine, request.window, environment, &mut cost);
    // Both take a while, and neither needs the other.
    let (calls, guards) = tokio::join!(calls, folds.guards_or_none(request.window, request.at, request.now));
    let (graph, completeness) = calls?;
    let (graph, distances) = match &request.ego {
        Some((service, depth)) => {
            let (graph, distances) = graph::ego(graph, service, *depth);
            (graph, Some(distances))
        }
        None => (graph, None),
    };
    cost.partial.extend(guards.cost.partial.iter().cloned());
    cost.warnings.extend(guards.cost.warnings.iter().cloned());
    let seconds = request.window.length_ns() as f64 / 1e9;
    let edges: Vec<GraphEdge> = graph.edges.iter().map(|edge| GraphEdge::of(&graph, edge, &guards.breakers, seconds)).collect();
    let placed: std::collections::BTreeSet<&str> = edges.iter().flat_map(|edge| &edge.breakers).map(|breaker| &*breaker.id).collect();
    let nodes = graph.nodes.iter().enumerate().map(|(place, node)| {
        let distance = distances.as_ref().and_then(|distances| distances.get(place)).copied();
        let own = guards.breakers.iter().filter(|guard| guard.service == node.name && node.kind == graph::NodeKind::Service);
        let left = own.map(GraphBreaker::of).filter(|breaker| !placed.contains(&*breaker.id));
        GraphNode::of(node, distance, left.collect(), seconds)
    });
    let nodes = nodes.collect();
    let body = GraphAnswer {
        nodes,
        at: Time(request.at),
        unlinked: graph.unlinked,
        orphans: graph.orphans,
        completeness: Completeness::of(
            completeness,
            folds.losses.dropped(&[Signal::Traces], request.ego.as_ref().map(|(service, _)| &**service)),
            &mut cost,
        ),
        meta: cost.meta(started),
        edges,
    };
    Ok(to_json(&body))
}

/// The calls of a window, of one environment or of all.
pub(in crate::api) async fn load(
    engine: &Engine,
    window: Window,
    environment: Option<&str>,
    cost: &mut Cost,
) -> Result<(Graph, crate::analytics::minutes::Completeness), Problem> {
    let snapshot = Arc::new(engine.snapshot());
    let grid = services::grid(window.start.0, window.end.0, 1);
    let whose = Whose { environment, ..Whose::default() };
    let Loaded { rows, mut completeness, cost: of_minutes } = minutes_in(engine, Arc::clone(&snapshot), window, grid, whose).await?;
    cost.merge(&of_minutes);
    let question = EdgesQuestion { start_ns: window.start.0, end_ns: window.end.0, environment: environment.map(str::to_owned) };
    let (calls, left_out, summary) = edges(engine, snapshot, question).await.map_err(|error| problem_in("start", error))?;
    cost.add(&summary);
    completeness.left_out += left_out;
    Ok((calls.graph(&services::services(&rows, grid)), completeness))
}

fn id(node: &Node) -> String {
    format!("{}:{}", node.kind.word(), node.name)
}

impl GraphNode {
    fn of(node: &Node, distance: Option<usize>, breakers: Vec<GraphBreaker>, seconds: f64) -> Self {
        let calls = &node.calls;
        Self {
            id: id(node),
            kind: node.kind.word(),
            name: node.name.clone(),
            system: Some(node.system.clone()).filter(|system| !system.is_empty()),
            distance,
            spans: node.spans,
            calls: calls.count,
            calls_per_s: per_second(calls.count, seconds),
            errors: calls.errors,
            error_share: calls.error_share(),
            durations: Durations::of(calls),
            breakers,
        }
    }
}

impl GraphEdge {
    fn of(graph: &Graph, edge: &Edge, breakers: &[Guard], seconds: f64) -> Self {
        let (from, to) = (&graph.nodes[edge.from], &graph.nodes[edge.to]);
        let operation = |(name, calls): &(Option<String>, f64)| EdgeOperation { name: name.clone(), calls: *calls };
        Self {
            from: id(from),
            to: id(to),
            protocol: Some(edge.protocol.clone()).filter(|protocol| !protocol.is_empty()),
            calls: edge.calls.count,
            calls_per_s: per_second(edge.calls.count, seconds),
            errors: edge.calls.errors,
            error_share: edge.calls.error_share(),
            durations: Durations::of(&edge.calls),
            one_sided: edge.one_sided,
            operations: edge.operations.iter().take(OPERATIONS_MAX).map(operation).collect(),
            breakers: breakers.iter().filter(|guard| guards(guard, from, to, edge)).map(GraphBreaker::of).collect(),
        }
    }
}

/// Whether a breaker of the caller is around these calls: by its target, or else by an operation of theirs.
fn guards(guard: &Guard, from: &Node, to: &Node, edge: &Edge) -> bool {
    if from.kind != graph::NodeKind::Service || guard.service != from.name {
        return false;
    }
    let is_target = guard.targets.contains(&to.name);
    let operation = || edge.operations.iter().any(|(name, _)| name.as_ref().is_some_and(|name| guard.operations.contains(name)));
    is_target || (guard.targets.is_empty() && operation())
}

impl GraphBreaker {
    fn of(guard: &Guard) -> Self {
        Self {
            id: guard.id.to_string(),
            name: guard.name.clone(),
            state: guard.state,
            state_since: Time(guard.state_since),
            trips: guard.trips,
            refused: guard.refused,
        }
    }
}
