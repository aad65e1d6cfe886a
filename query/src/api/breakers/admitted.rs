//! Requests that limiters let through, by second, route and caller: what their limits and the shares of callers are learned from.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use governance::analytics::ledger::{LetThrough, Rejected};
use schemas::{SpanId, TraceId, UnixNanos, columns as c};

use super::{
    super::{answer::Cost, problem::Problem, window::Window},
    cost::{self, Callers, unreadable},
    load::Folds,
};
use crate::engine::{Facts, TimeSpan};

const SECOND: i64 = 1_000_000_000;
/// Services whose requests are looked at.
const SERVICES_MAX: usize = 20;
/// Requests of one service whose callers are looked for: the shares of traffic are theirs.
const SAMPLE: usize = 1000;
/// Around rejections, requests are told by the second; elsewhere they only count.
const AROUND: i64 = 60 * SECOND;

/// What was let through, of services that rejected.
#[derive(Debug, Default)]
pub(super) struct Admitted {
    services: BTreeMap<String, OfService>,
}

#[derive(Debug, Default)]
struct OfService {
    /// By name of the span and second.
    calls: BTreeMap<String, BTreeMap<i64, f64>>,
    /// Shares of callers by name of the span; an empty caller is not known.
    shares: HashMap<String, Vec<(String, f64)>>,
}

impl Admitted {
    /// Reads what services of `rejected` let through in `window`, on the routes that they rejected.
    pub(super) async fn read(folds: &Folds, rejected: &[Rejected<'_>], window: Window, cost: &mut Cost) -> Result<Self, Problem> {
        let mut routes: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for call in rejected {
            routes.entry(call.service).or_default().extend(span_names(call.route));
        }
        let mut admitted = Self::default();
        let time = TimeSpan { start: Some(window.start), end: Some(window.end) };
        for (service, names) in routes.into_iter().take(SERVICES_MAX) {
            let (service, operations) = (service.to_owned(), names.into_iter().collect::<Vec<String>>());
            if operations.is_empty() {
                continue;
            }
            let mut of = OfService::default();
            let taken = Facts::Taken { time, service: service.clone(), operations: operations.clone() };
            for batch in folds.rows(taken, cost).await?.0 {
                of.add(&batch).map_err(unreadable)?;
            }
            if !of.calls.is_empty() {
                let sample = Facts::TakenSample { time, service: service.clone(), operations, rows: SAMPLE };
                let mut nodes: Vec<(String, (TraceId, SpanId))> = Vec::new();
                for batch in folds.rows(sample, cost).await?.0 {
                    nodes.extend(named_spans(&batch).map_err(unreadable)?);
                }
                let ids: Vec<(TraceId, SpanId)> = nodes.iter().map(|(_, node)| *node).collect();
                of.shares = shares(&nodes, &cost::callers(folds, &ids, cost).await?);
            }
            admitted.services.insert(service, of);
        }
        Ok(admitted)
    }

    /// As the ledger takes it: by the second near rejections, elsewhere in one piece.
    pub(super) fn let_through<'a>(&'a self, rejected: &[Rejected<'a>], window: Window) -> Vec<LetThrough<'a>> {
        let mut near: BTreeMap<(&str, &str), (i64, i64)> = BTreeMap::new();
        for call in rejected {
            let (first, last) = near.entry((call.service, call.route)).or_insert((i64::MAX, i64::MIN));
            (*first, *last) = (call.time.0.min(*first), call.time.0.max(*last));
        }
        let mut through = Vec::new();
        for ((service, route), (first, last)) in near {
            let Some((service, of)) = self.services.get_key_value(service) else { continue };
            for name in span_names(route) {
                let Some(seconds) = of.calls.get(&name) else { continue };
                let shares = of.shares.get(&name).map_or(&[][..], Vec::as_slice);
                let mut elsewhere = 0.0;
                let mut add = |time: i64, width_ns: i64, count: f64| {
                    if shares.is_empty() {
                        through.push(LetThrough { time: UnixNanos(time), width_ns, count, service, route, caller: "" });
                    }
                    for (caller, share) in shares {
                        let count = count * share;
                        through.push(LetThrough { time: UnixNanos(time), width_ns, count, service, route, caller });
                    }
                };
                for (second, count) in seconds {
                    let time = second * SECOND;
                    if (first - AROUND..=last + AROUND).contains(&time) || time >= window.end.0 - AROUND {
                        add(time, SECOND, *count);
                    } else {
                        elsewhere += count;
                    }
                }
                if elsewhere > 0.0 {
                    add(window.start.0, window.length_ns().max(SECOND + 1), elsewhere);
                }
            }
        }
        through
    }
}

impl OfService {
    fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let column = |name: &str| batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
        let (names, second, calls) = (
            cast(column(c::NAME)?, &DataType::Utf8)?,
            cast(column("second")?, &DataType::Int64)?,
            cast(column("calls")?, &DataType::Int64)?,
        );
        let (names, second, calls) = (names.as_string::<i32>(), second.as_primitive::<Int64Type>(), calls.as_primitive::<Int64Type>());
        for row in (0..batch.num_rows()).filter(|row| names.is_valid(*row)) {
            let seconds = self.calls.entry(names.value(row).to_owned()).or_default();
            *seconds.entry(second.value(row)).or_default() += calls.value(row) as f64;
        }
        Ok(())
    }
}

/// A span and its name.
type Named = (String, (TraceId, SpanId));

fn named_spans(batch: &RecordBatch) -> Result<Vec<Named>, ArrowError> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
    let names = cast(column(c::NAME)?, &DataType::Utf8)?;
    let names = names.as_string::<i32>();
    let (traces, spans) = (column(c::TRACE_ID)?.as_fixed_size_binary(), column(c::SPAN_ID)?.as_fixed_size_binary());
    let row = |row: usize| {
        let node = TraceId::from_slice(traces.value(row)).zip(SpanId::from_slice(spans.value(row)))?;
        Some((names.value(row).to_owned(), node))
    };
    Ok((0..batch.num_rows()).filter_map(row).collect())
}

/// Of the requests of each name, the part of each caller, the most first.
fn shares(nodes: &[Named], callers: &Callers) -> HashMap<String, Vec<(String, f64)>> {
    let mut counts: HashMap<&str, BTreeMap<&str, f64>> = HashMap::new();
    for (name, node) in nodes {
        let caller = callers.get(node).map_or("", String::as_str);
        *counts.entry(name).or_default().entry(caller).or_default() += 1.0;
    }
    let of = |(name, counts): (&str, BTreeMap<&str, f64>)| {
        let all: f64 = counts.values().sum();
        let mut shares: Vec<(String, f64)> = counts.into_iter().map(|(caller, count)| (caller.to_owned(), count / all)).collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        (name.to_owned(), shares)
    };
    counts.into_iter().map(of).collect()
}

/// Names that spans of a route may have: the route itself and, of Sentinel's `GET:/orders`, the name of a server span.
fn span_names(route: &str) -> impl Iterator<Item = String> {
    let verb = |verb: &str| !verb.is_empty() && verb.bytes().all(|byte| byte.is_ascii_uppercase());
    let of_sentinel = route.split_once(":/").filter(|(method, _)| verb(method)).map(|(method, path)| format!("{method} /{path}"));
    let own = (!route.is_empty()).then(|| route.to_owned());
    own.into_iter().chain(of_sentinel)
}

#[cfg(test)]
mod tests {
    use governance::facts::RejectionKind;

    use super::*;

    #[test]
    fn names_of_a_route() {
        let check = |route: &str, expected: &[&str]| assert_eq!(span_names(route).collect::<Vec<_>>(), expected, "{route}");
        check("GET:/api/v1/products", &["GET:/api/v1/products", "GET /api/v1/products"]);
        check("/order.v1.Order/Create", &["/order.v1.Order/Create"]);
        check("dubbo:/x", &["dubbo:/x"]);
        check("", &[]);
    }

    #[test]
    fn requests_are_shared_among_callers_and_gathered_far_from_rejections() {
        let window = Window { start: UnixNanos(0), end: UnixNanos(10_000 * SECOND) };
        let seconds = BTreeMap::from([(10, 4.0), (11, 6.0), (5_000, 10.0), (5_001, 20.0), (9_990, 1.0)]);
        let shares = HashMap::from([("GET /a".to_owned(), vec![("web".to_owned(), 0.75), (String::new(), 0.25)])]);
        let of = OfService { calls: BTreeMap::from([("GET /a".to_owned(), seconds)]), shares };
        let admitted = Admitted { services: BTreeMap::from([("shop".to_owned(), of)]) };
        let rejected = Rejected {
            time: UnixNanos(5_000 * SECOND),
            count: 1.0,
            kind: RejectionKind::RateLimit,
            rule: "r",
            service: "shop",
            route: "GET:/a",
            caller: "",
        };
        let through = admitted.let_through(&[rejected], window);
        let by_second: Vec<(i64, &str, f64)> =
            through.iter().filter(|call| call.width_ns == SECOND).map(|call| (call.time.0 / SECOND, call.caller, call.count)).collect();
        let expected =
            [(5_000, "web", 7.5), (5_000, "", 2.5), (5_001, "web", 15.0), (5_001, "", 5.0), (9_990, "web", 0.75), (9_990, "", 0.25)];
        assert_eq!(by_second, expected);
        let elsewhere: f64 = through.iter().filter(|call| call.width_ns > SECOND).map(|call| call.count).sum();
        assert_eq!(elsewhere, 10.0);
    }
}
