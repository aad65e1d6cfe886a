//! Spans, errors and breakers of a window --> what coverage asks of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::array::RecordBatch;
use governance::{
    analytics::{
        coverage::{Codes as Unknown, Edge, Errors, Guard, Seen},
        headroom::Adaptive,
    },
    codes::statistics::{Count, Reported, Traced},
    fold::Parameters,
    tables::{ReportedRows, RowError},
};
use schemas::{TraceId, UnixNanos};

use super::{
    super::{
        answer::Cost,
        breakers::{AllRefusing, Refusing, internal, unreadable},
        errors::{is_made, kind_of_made, main_service},
        graph::{Within, spans},
        problem::Problem,
        window::Window,
    },
    routes::Room,
};
use crate::{
    analytics::{
        graph::{CallsOf, Fault, Faults, Spans, by_operation},
        minutes::Completeness,
    },
    codes::Known,
    engine::{Facts, TimeSpan},
};

/// Traces shown of one finding, the newest.
const TRACES_MAX: usize = 3;
/// Errors of this status and above are the fault of whoever was called.
const SERVER_FAULT: i64 = 500;
/// So are these of gRPC; others say that the call was wrong.
const SERVER_FAULTS: [&str; 6] = ["UNKNOWN", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub window: Window,
    pub now: UnixNanos,
    /// `None`: any.
    pub environment: Option<String>,
}

pub(super) struct Loaded {
    pub seen: Seen,
    /// That sent anything.
    pub services: BTreeSet<String>,
    pub completeness: Completeness,
    pub cost: Cost,
}

pub(super) async fn load(room: &Room, asked: Asked) -> Result<Loaded, Problem> {
    let Asked { window, now, environment } = asked;
    let mut cost = Cost::default();
    let within = Within { window, now, environment: environment.clone() };
    let spans = spans(&room.folds.engine, within, Spans::detailed(window.start.0, window.end.0), &mut cost).await?;
    let time = TimeSpan { start: Some(window.start), end: Some(window.end) };
    let (errors, whole) = room.folds.rows(Facts::Reported(time), &mut cost).await?;
    if !whole {
        cost.warnings.push("not all errors were looked at; ask for a shorter window".to_owned());
    }
    let refusing = match room.folds.refusing(window, now).await {
        Ok(refusing) => refusing,
        Err(problem) => {
            cost.warnings.push(format!("breakers are not known, so calls seem unguarded: {}", problem.detail()));
            AllRefusing::default()
        }
    };
    cost.merge(&refusing.cost);
    let known = room.codes.known();
    let completeness = spans.completeness;
    let environment = environment.unwrap_or_default();
    let parameters = room.folds.engine.fold_parameters();
    let look = move || look(&spans, &errors, refusing, (&known, &parameters), (window, &environment));
    let looked = tokio::task::spawn_blocking(look).await.map_err(|_| internal("a bug ended the look at calls"))?;
    let (seen, services) = looked.map_err(unreadable)?;
    Ok(Loaded { seen, services, completeness, cost })
}

fn look(
    spans: &Spans,
    errors: &[RecordBatch],
    refusing: AllRefusing,
    (known, parameters): (&Known, &Parameters),
    (window, environment): (Window, &str),
) -> Result<(Seen, BTreeSet<String>), RowError> {
    let of_environment = |other: &str| environment.is_empty() || environment == other;
    let rows: Vec<ReportedRows> = errors.iter().map(ReportedRows::of).collect::<Result<_, _>>()?;
    let mut reported: Vec<Reported<'_>> = Vec::with_capacity(rows.iter().map(ReportedRows::len).sum());
    for (rows, row) in rows.iter().flat_map(|rows| (0..rows.len()).map(move |row| (rows, row))) {
        let error = rows.get(row)?;
        if of_environment(error.environment) {
            reported.push(error);
        }
    }
    let mut faults = Faults::default();
    for error in &reported {
        if let (Some(trace), Some(span), true) = (error.trace, error.hop.span, error.hop.is_span) {
            faults.add(trace, span, fault(error));
        }
    }
    let mut services: BTreeSet<String> = spans.services().map(str::to_owned).collect();
    services.extend(reported.iter().map(|error| error.hop.service.to_owned()));
    let breakers: Vec<Refusing> = refusing.breakers.into_iter().filter(|breaker| of_environment(&breaker.environment)).collect();
    services.extend(breakers.iter().map(|breaker| breaker.service.clone()));
    let mut versions: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    for breaker in &breakers {
        versions.entry(&breaker.service).or_default().insert(&breaker.framework);
    }
    let adaptive = |service: &str, scope: &str| {
        // Scopes tell the library, refusals perhaps its version.
        let version = versions.get(service).into_iter().flatten().rfind(|version| version.starts_with(scope) && !scope.is_empty());
        Adaptive::of(version.unwrap_or(&scope), parameters)
    };
    let calls = by_operation(spans, &faults, |service, scope| adaptive(service, scope).map(|adaptive| adaptive.window_s));
    let edges = calls.into_iter().map(|calls| edge(adaptive(&calls.caller, &calls.scope), calls, &breakers, &refusing.limited)).collect();
    let seen = Seen {
        edges,
        guards: breakers.into_iter().filter(|breaker| breaker.refused > 0.0 || !breaker.others_refused).map(guard).collect(),
        errors: untyped(&reported),
        codes: unknown(reported, known, window),
    };
    Ok((seen, services))
}

/// Whether a breaker around the call counts it.
fn fault(error: &Reported<'_>) -> Fault {
    let says = |status: &str| error.grpc_status == status;
    let failed = match error.http_status {
        Some(status) => status >= SERVER_FAULT,
        None if error.grpc_status.is_empty() => error.span_failed,
        None => SERVER_FAULTS.into_iter().any(says),
    };
    let late = error.http_status == Some(504) || says("DEADLINE_EXCEEDED") || error.hop.reason == "TIMEOUT";
    Fault { failed: failed && !error.is_rejection, timed_out: late }
}

fn edge(adaptive: Option<Adaptive>, calls: CallsOf, breakers: &[Refusing], limited: &BTreeSet<(String, String)>) -> Edge {
    let is_limited = |service: &str| limited.contains(&(service.to_owned(), calls.operation.clone()));
    let guarded = calls.refused > 0.0
        || breakers.iter().any(|breaker| guards(breaker, &calls))
        || is_limited(&calls.caller)
        || is_limited(&calls.called);
    Edge {
        // One that showed can trip.
        adaptive: adaptive.filter(|_| !guarded),
        guarded,
        calls: calls.calls,
        failed: calls.failed,
        timed_out: calls.timed_out,
        calls_at_once: calls.at_once,
        unanswered: calls.unanswered,
        failed_in: calls.failed_in,
        unanswered_in: calls.unanswered_in,
        seen_in: calls.seen_in,
        caller: calls.caller,
        called: calls.called,
        operation: calls.operation,
    }
}

/// Whether a breaker is around these calls, as far as records say: by operation, by target, or else by its name.
fn guards(breaker: &Refusing, calls: &CallsOf) -> bool {
    if breaker.service != calls.caller {
        return false;
    }
    let by_operation = breaker.name.strip_prefix("op:").is_some_and(|operation| operation == calls.operation);
    let operation = by_operation || breaker.operations.contains(&calls.operation);
    let target = breaker.targets.contains(&calls.called);
    let name = breaker.name.to_lowercase();
    let called = calls.called.to_lowercase();
    let by_name =
        || !name.is_empty() && !called.is_empty() && !name.starts_with("op:") && (called.contains(&name) || name.contains(&called));
    operation || target || by_name()
}

fn guard(breaker: Refusing) -> Guard {
    let operation = match breaker.name.strip_prefix("op:") {
        Some(operation) => operation.to_owned(),
        None => breaker.operations.first().cloned().unwrap_or_default(),
    };
    Guard {
        service: breaker.service,
        name: breaker.name,
        operation,
        refused: breaker.refused,
        refused_spans: breaker.refused_spans,
        open_ns: breaker.open_ns,
        seen_in: breaker.seen_in,
    }
}

/// Failed spans by service. Lines of logs are no errors with a type in most libraries.
fn untyped(reported: &[Reported<'_>]) -> Vec<Errors> {
    /// With when and in which traces they were.
    type Seen = (Errors, Vec<(i64, TraceId)>);
    let mut by_service: BTreeMap<&str, Seen> = BTreeMap::new();
    for error in reported.iter().filter(|error| error.hop.is_span && error.span_failed) {
        let (errors, traces) = by_service.entry(error.hop.service).or_default();
        errors.errors += error.weight;
        let has_status = error.http_status.is_some() || !error.grpc_status.is_empty();
        if kind_of_made(error.hop.code) == Some("msg") && error.hop.reason.is_empty() && !has_status {
            errors.untyped += error.weight;
            traces.extend(error.trace.map(|trace| (error.hop.end, trace)));
        }
    }
    let told = by_service.into_iter().map(|(service, (errors, mut traces))| {
        traces.sort_unstable_by(|a, b| b.cmp(a));
        traces.dedup_by_key(|(_, trace)| *trace);
        let seen_in = traces.into_iter().take(TRACES_MAX).map(|(_, trace)| trace).collect();
        Errors { service: service.to_owned(), seen_in, ..errors }
    });
    told.collect()
}

/// Codes that no catalogue knows, by the service where they are born.
fn unknown(reported: Vec<Reported<'_>>, known: &Known, window: Window) -> Vec<Unknown> {
    let traced = Traced::of(reported, &known.count, &HashMap::new(), |_| None);
    let count = Count {
        every_hop: false,
        service: "",
        environment: "",
        start: window.start.0,
        end: window.end.0,
        buckets: 1,
        grain_ns: window.length_ns().max(1),
    };
    let mut by_service: BTreeMap<String, Unknown> = BTreeMap::new();
    // Most frequent first, and so they stay.
    for code in traced.by_code(count).codes {
        let service = main_service(&code);
        // What a library says when it refuses is no code of the service.
        let is_refusal = code.rejections >= code.count;
        if is_refusal || is_made(&code.code) || known.catalogue.get(&code.code, service).is_some() {
            continue;
        }
        let of = by_service.entry(service.to_owned()).or_default();
        if of.seen_in.len() < TRACES_MAX {
            of.seen_in.extend(code.newest_trace);
        }
        of.codes.push((code.code, code.count));
    }
    by_service.into_iter().map(|(service, of)| Unknown { service, ..of }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_calls_a_breaker_guards() {
        let breaker = |name: &str, operations: &[&str], targets: &[&str]| Refusing {
            service: "order".into(),
            environment: String::new(),
            framework: String::new(),
            name: name.into(),
            operations: operations.iter().map(|one| (*one).to_owned()).collect(),
            targets: targets.iter().map(|one| (*one).to_owned()).collect(),
            refused: 0.0,
            refused_spans: 0.0,
            open_ns: 0,
            others_refused: false,
            seen_in: vec![],
        };
        let check = |breaker: &Refusing, caller: &str, called: &str, operation: &str, expected: bool| {
            let calls = CallsOf { caller: caller.into(), called: called.into(), operation: operation.into(), ..CallsOf::default() };
            assert_eq!(guards(breaker, &calls), expected, "{breaker:?} {caller} {called} {operation}");
        };
        check(&breaker("op:/v2/charges", &[], &[]), "order", "payment", "/v2/charges", true);
        check(&breaker("op:/v2/charges", &[], &[]), "order", "payment", "/v2/refunds", false);
        check(&breaker("op:/v2/charges", &[], &[]), "cart", "payment", "/v2/charges", false);
        check(&breaker("bank", &["/v2/charges"], &[]), "order", "payment", "/v2/charges", true);
        check(&breaker("bank", &[], &["payment"]), "order", "payment", "/v2/charges", true);
        check(&breaker("Payment", &[], &[]), "order", "payment", "/v2/charges", true);
        check(&breaker("acquirer", &[], &[]), "order", "api.acquirer-gateway.com", "POST", true);
        check(&breaker("bank", &[], &[]), "order", "payment", "/v2/charges", false);
    }
}
