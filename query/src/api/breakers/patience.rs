//! Whether callers waited for as long as refusals told them to: the refusals' spans and log lines, and later calls of whoever was refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use arrow::{
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
    record_batch::RecordBatch,
};
use governance::{
    analytics::patience::{Patience, ToldToWait},
    facts::RejectionKind,
    fold::Refusal,
};
use schemas::{SpanId, TraceId, UnixNanos, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{answer::Cost, problem::Problem},
    cost::Callers,
    limits::caller_of,
    load::{Folds, internal},
    retry_after::retry_after,
};
use crate::{
    engine::{FACTS_MAX, Facts, TimeSpan},
    trace::{BytesColumn, NumberColumn, TextColumn, UnexpectedType},
};

/// Traces of refusals that are looked at, the newest.
const TRACES_MAX: usize = 1000;
const CLIENT: i32 = 3;

/// Refusals that said when to come back (`Retry-After`, RetryInfo), of the last thousand with a trace, whose wait is over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RetryAfter {
    told: u64,
    /// After which the same instance of the caller did not ask for the same route before that time.
    honoured: u64,
    /// `honoured` of `told`.
    share: f64,
}

impl RetryAfter {
    pub(super) fn of(patience: Patience) -> Option<Self> {
        Some(Self { told: patience.told, honoured: patience.honoured, share: patience.share()? })
    }
}

/// By limiter (service, rule, kind) and caller; an empty caller is not known.
#[derive(Debug, Default)]
pub(super) struct Judged(BTreeMap<(String, String, RejectionKind), BTreeMap<String, Patience>>);

impl Judged {
    fn callers(&self, service: &str, rule: &str, kind: RejectionKind) -> Option<&BTreeMap<String, Patience>> {
        self.0.get(&(service.to_owned(), rule.to_owned(), kind))
    }

    pub(super) fn of_rule(&self, service: &str, rule: &str, kind: RejectionKind) -> Option<Patience> {
        let mut all = Patience::default();
        self.callers(service, rule, kind)?.values().for_each(|patience| all.merge(*patience));
        Some(all)
    }

    pub(super) fn of_client(&self, service: &str, rule: &str, kind: RejectionKind, caller: &str) -> Option<Patience> {
        self.callers(service, rule, kind)?.get(caller).copied()
    }
}

/// Who asks for what: calls that are alike have it in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Asker {
    service: String,
    instance: String,
    name: String,
    /// Host and path, as far as the span says.
    place: String,
}

/// A span that was refused or failed.
#[derive(Debug, Clone)]
struct Refused {
    parent: Option<SpanId>,
    is_call: bool,
    asker: Asker,
    end: UnixNanos,
    wait_ns: Option<i64>,
}

/// A refusal that said when to come back.
struct Told<'a> {
    rejection: Refusal<'a>,
    asker: Asker,
    told: ToldToWait,
}

/// `refusals` are single calls in order of time; `now`: what is known ends there.
pub(super) async fn judge(
    folds: &Folds,
    refusals: &[Refusal<'_>],
    callers: &Callers,
    now: UnixNanos,
    cost: &mut Cost,
) -> Result<Judged, Problem> {
    let traces = refusals.iter().rev().filter(|rejection| rejection.span_id.is_some());
    let traces: BTreeSet<TraceId> = traces.filter_map(|rejection| rejection.trace_id).take(TRACES_MAX).collect();
    if traces.is_empty() {
        return Ok(Judged::default());
    }
    let traces: Vec<TraceId> = traces.into_iter().collect();
    let (batches, _) = folds.rows(Facts::Refusals(traces.clone()), cost).await?;
    let mut spans = HashMap::new();
    for batch in &batches {
        add_refused(batch, &mut spans).map_err(unreadable)?;
    }
    let (lines, _) = folds.rows(Facts::RetryLines(traces), cost).await?;
    for batch in &lines {
        add_lines(batch, &mut spans).map_err(unreadable)?;
    }
    let told: Vec<Told<'_>> = refusals.iter().filter_map(|rejection| told(*rejection, &spans)).collect();
    let Some(calls) = calls(folds, &told, cost).await? else { return Ok(Judged::default()) };
    let mut judged = Judged::default();
    for Told { rejection, asker, told } in told {
        let begins = calls.get(&asker).map_or(&[][..], Vec::as_slice);
        let Some(honoured) = told.honoured(begins, now) else { continue };
        let key = (rejection.emitter.service.clone(), rejection.name.clone(), rejection.kind);
        let caller = caller_of(&rejection, callers).to_owned();
        judged.0.entry(key).or_default().entry(caller).or_default().add(honoured);
    }
    Ok(judged)
}

/// By the span itself, or the one above it; whoever calls is the one to wait.
fn told<'a>(rejection: Refusal<'a>, spans: &HashMap<(TraceId, SpanId), Refused>) -> Option<Told<'a>> {
    let (trace, span) = rejection.trace_id.zip(rejection.span_id)?;
    let own = spans.get(&(trace, span))?;
    let above = || own.parent.and_then(|parent| spans.get(&(trace, parent))).filter(|above| above.is_call);
    let call = if own.is_call { own } else { above()? };
    let wait_ns = own.wait_ns.or(call.wait_ns)?;
    Some(Told { rejection, asker: call.asker.clone(), told: ToldToWait { at: call.end, wait_ns } })
}

/// When askers began calls, in order, from the first refusal to the end of the last wait. `None`: there are too many.
async fn calls(folds: &Folds, told: &[Told<'_>], cost: &mut Cost) -> Result<Option<HashMap<Asker, Vec<i64>>>, Problem> {
    let (Some(first), Some(last)) =
        (told.iter().map(|one| one.told.at).min(), told.iter().map(|one| one.told.at.0.saturating_add(one.told.wait_ns)).max())
    else {
        return Ok(Some(HashMap::new()));
    };
    let distinct = |of: fn(&Asker) -> &String| told.iter().map(|one| of(&one.asker).clone()).collect::<BTreeSet<String>>();
    let time = TimeSpan { start: Some(first), end: Some(UnixNanos(last.saturating_add(1))) };
    let services = distinct(|asker| &asker.service).into_iter().collect();
    let operations = distinct(|asker| &asker.name).into_iter().collect();
    let (batches, whole) = folds.rows(Facts::CallStarts { time, services, operations }, cost).await?;
    if !whole {
        cost.warnings.push(format!("whether Retry-After was honoured is not told: its callers made more than {FACTS_MAX} calls"));
        return Ok(None);
    }
    let mut calls: HashMap<Asker, Vec<i64>> = HashMap::new();
    for batch in &batches {
        let places = Places::of(batch).map_err(unreadable)?;
        for row in 0..batch.num_rows() {
            if let Some((asker, _, start)) = places.get(row) {
                calls.entry(asker).or_default().push(start);
            }
        }
    }
    calls.values_mut().for_each(|begins| begins.sort_unstable());
    Ok(Some(calls))
}

fn add_refused(batch: &RecordBatch, spans: &mut HashMap<(TraceId, SpanId), Refused>) -> Result<(), UnexpectedType> {
    let id = |name| BytesColumn::of(batch, name);
    let [trace, span, parent] = [id(c::TRACE_ID)?, id(c::SPAN_ID)?, id(c::PARENT_SPAN_ID)?];
    let duration = NumberColumn::<Int64Type>::of(batch, c::DURATION_NS)?;
    let [attributes, message] = [TextColumn::of(batch, c::ATTRIBUTES)?, TextColumn::of(batch, c::STATUS_MESSAGE)?];
    let places = Places::of(batch)?;
    for row in 0..batch.num_rows() {
        let ids = trace.get(row).and_then(TraceId::from_slice).zip(span.get(row).and_then(SpanId::from_slice));
        let (Some(ids), Some((asker, is_call, start))) = (ids, places.get(row)) else { continue };
        let end = UnixNanos(start.saturating_add(duration.get(row).unwrap_or_default().max(0)));
        let wait_ns = retry_after(attributes.get(row).unwrap_or_default(), message.get(row).unwrap_or_default(), end);
        let parent = parent.get(row).and_then(SpanId::from_slice);
        spans.insert(ids, Refused { parent, is_call, asker, end, wait_ns });
    }
    Ok(())
}

/// What log lines of a span say counts where the span itself says nothing.
fn add_lines(batch: &RecordBatch, spans: &mut HashMap<(TraceId, SpanId), Refused>) -> Result<(), UnexpectedType> {
    let [trace, span] = [BytesColumn::of(batch, c::TRACE_ID)?, BytesColumn::of(batch, c::SPAN_ID)?];
    let [attributes, body] = [TextColumn::of(batch, c::ATTRIBUTES)?, TextColumn::of(batch, c::BODY)?];
    let time = NumberColumn::<TimestampNanosecondType>::of(batch, c::TIME)?;
    for row in 0..batch.num_rows() {
        let ids = trace.get(row).and_then(TraceId::from_slice).zip(span.get(row).and_then(SpanId::from_slice));
        let Some(refused) = ids.and_then(|ids| spans.get_mut(&ids)).filter(|refused| refused.wait_ns.is_none()) else { continue };
        let at = time.get(row).map_or(refused.end, UnixNanos);
        refused.wait_ns = retry_after(attributes.get(row).unwrap_or_default(), body.get(row).unwrap_or_default(), at);
    }
    Ok(())
}

/// Who calls whom, of a batch.
struct Places<'a> {
    texts: [TextColumn<'a>; 6],
    kind: NumberColumn<'a, Int32Type>,
    start: NumberColumn<'a, TimestampNanosecondType>,
}

impl<'a> Places<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        let text = |name| TextColumn::of(batch, name);
        Ok(Self {
            texts: [
                text(c::SERVICE_NAME)?,
                text(c::SERVICE_INSTANCE_ID)?,
                text(c::NAME)?,
                text(c::PEER_SERVICE)?,
                text(c::SERVER_ADDRESS)?,
                text(c::URL_FULL)?,
            ],
            kind: NumberColumn::of(batch, c::KIND)?,
            start: NumberColumn::of(batch, c::START_TIME)?,
        })
    }

    /// The asker, whether it calls, and when it begins.
    fn get(&self, row: usize) -> Option<(Asker, bool, i64)> {
        let [service, instance, name, peer, address, url] = self.texts.map(|texts| texts.get(row).unwrap_or_default());
        let host = if peer.is_empty() { address } else { peer };
        let asker = Asker {
            service: service.to_owned(),
            instance: instance.to_owned(),
            name: name.to_owned(),
            place: if url.is_empty() { host.to_owned() } else { route_of(url) },
        };
        Some((asker, self.kind.get(row) == Some(CLIENT), self.start.get(row)?))
    }
}

/// An address without what differs from call to call: query, fragment, and parts of the path with a digit.
fn route_of(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let (scheme, rest) = path.split_once("://").unwrap_or(("", path));
    let mut parts = rest.split('/');
    let host = parts.next().unwrap_or_default();
    let masked = parts.map(|part| if part.bytes().any(|byte| byte.is_ascii_digit()) && !is_version(part) { "*" } else { part });
    std::iter::once(if scheme.is_empty() { host.to_owned() } else { format!("{scheme}://{host}") })
        .chain(masked.map(str::to_owned))
        .collect::<Vec<String>>()
        .join("/")
}

/// `v1`.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|number| !number.is_empty() && number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn unreadable(error: UnexpectedType) -> Problem {
    internal(&format!("spans cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_route() {
        let check = |url: &str, expected: &str| assert_eq!(route_of(url), expected, "{url}");
        check("http://pay:8080/v1/orders/17?user=3", "http://pay:8080/v1/orders/*");
        check("http://pay/a/b#c", "http://pay/a/b");
        check("http://pay", "http://pay");
        check("/orders/9f3c/items", "/orders/*/items");
        check("", "");
    }
}
