//! Failed calls of a stretch of time, those that are alike together: what of them came before a trip is asked again and again.

use std::collections::{BTreeMap, HashMap};

use arrow::array::RecordBatch;
use schemas::UnixNanos;
use xxhash_rust::xxh3::xxh3_64;

use super::codes::{BASELINE, Failed, Failure, PrecedingCode, counted, preceding_codes, run_up_ns};
use crate::{
    fold::{Breaker, hash::Plain},
    tables::{FailedRow, FailedRows, RowError},
};

/// What failed calls have in common.
#[derive(Debug)]
struct Alike {
    service: String,
    operation: String,
    http_status: Option<i64>,
    grpc_status: String,
    is_span: bool,
    /// What they are called.
    name: String,
    /// When, and how many each stands for; in order once it is settled.
    calls: Vec<(i64, f64)>,
}

/// Failed calls, in any order of batches. Memory: 16 bytes a call.
#[derive(Debug, Default)]
pub struct Failures {
    alike: Vec<Alike>,
    places: HashMap<u64, u32, Plain>,
}

impl Alike {
    fn of(row: &FailedRow<'_>) -> Self {
        let FailedRow { service, failed, named, .. } = row;
        Self {
            service: (*service).to_owned(),
            operation: failed.operation.to_owned(),
            http_status: failed.http_status,
            grpc_status: failed.grpc_status.to_owned(),
            is_span: failed.is_span,
            name: named.name(),
            calls: Vec::new(),
        }
    }

    fn failed(&self) -> Failed<'_> {
        Failed { operation: &self.operation, http_status: self.http_status, grpc_status: &self.grpc_status, is_span: self.is_span }
    }

    /// Those of `[start, end]`.
    fn within(&self, start: i64, end: i64) -> &[(i64, f64)] {
        let before = |time: i64| self.calls.partition_point(|(at, _)| *at < time);
        &self.calls[before(start)..before(end.saturating_add(1))]
    }
}

impl Failures {
    /// Of rows of `errors`, those of each stretch of `width_ns` (counted from 1970) that is in `stretches`, by its number.
    ///
    /// # Errors
    /// When a column of [`crate::tables::FAILED_COLUMNS`] is missing, has another type or holds an unknown word.
    pub fn push(stretches: &mut BTreeMap<i64, Self>, width_ns: i64, batch: &RecordBatch) -> Result<(), RowError> {
        let rows = FailedRows::of(batch)?;
        for row in 0..rows.len() {
            if let Some(row) = rows.get(row)?
                && let Some(failures) = stretches.get_mut(&row.time.div_euclid(width_ns))
            {
                failures.add(&row);
            }
        }
        Ok(())
    }

    fn add(&mut self, row: &FailedRow<'_>) {
        let next = self.alike.len() as u32;
        let place = *self.places.entry(hash(row)).or_insert(next);
        if place == next {
            self.alike.push(Alike::of(row));
        }
        self.alike[place as usize].calls.push((row.time, row.count));
    }

    /// All are there.
    #[must_use]
    pub fn settle(mut self) -> Self {
        for alike in &mut self.alike {
            alike.calls.sort_unstable_by_key(|(time, _)| *time);
            alike.calls.shrink_to_fit();
        }
        self.places = HashMap::default();
        self
    }

    /// A guess at the memory they take.
    pub fn bytes(&self) -> usize {
        const TEXTS: usize = 150;
        self.alike.iter().map(|alike| size_of::<Alike>() + TEXTS + alike.calls.capacity() * size_of::<(i64, f64)>()).sum()
    }
}

/// Since when failed calls are looked at for the codes before a trip.
pub fn looked_at_since(opened: UnixNanos, window_ns: i64) -> UnixNanos {
    UnixNanos(opened.0.saturating_sub(run_up_ns(window_ns)).saturating_sub(BASELINE))
}

/// Which codes came before the breaker opened, out of the stretches of time that [`looked_at_since`] reaches.
pub fn codes_before<'a>(
    breaker: &Breaker,
    opened: UnixNanos,
    window_ns: i64,
    stretches: impl IntoIterator<Item = &'a Failures>,
) -> Vec<PrecedingCode> {
    let since = looked_at_since(opened, window_ns);
    let of_service = stretches.into_iter().flat_map(|failures| &failures.alike).filter(|alike| alike.service == breaker.key.service);
    let near = of_service.map(|alike| (alike, alike.within(since.0, opened.0))).filter(|(_, calls)| !calls.is_empty());
    let counted = counted(breaker, near, |(alike, _)| alike.failed());
    let failure = |(alike, calls): &(&'a Alike, &'a [(i64, f64)])| {
        let code = alike.name.as_str();
        calls.iter().map(move |(time, count)| Failure { time: UnixNanos(*time), code, count: *count }).collect::<Vec<_>>()
    };
    preceding_codes(&counted.iter().flat_map(failure).collect::<Vec<_>>(), opened, window_ns)
}

fn hash(row: &FailedRow<'_>) -> u64 {
    let FailedRow { service, failed, named, .. } = row;
    let [code, reason, exception, grpc] = named.texts.map(|text| xxh3_64(text.as_bytes()));
    let fingerprint = if named.is_nameless() { named.fingerprint } else { 0 };
    let status = failed.http_status.map_or(u64::MAX, |status| status as u64);
    let of = [xxh3_64(service.as_bytes()), xxh3_64(failed.operation.as_bytes()), code, reason, exception, grpc, status, fingerprint];
    let mut bytes = [0; 65];
    for (place, part) in of.iter().enumerate() {
        bytes[place * 8..][..8].copy_from_slice(&part.to_le_bytes());
    }
    bytes[64] = u8::from(failed.is_span);
    xxh3_64(&bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        analytics::codes::{before, failures_of},
        facts::{Amount, CodeSource, Emitter, Error, Evidence, Mechanism, Source, SpanKind},
        fold::BreakerKey,
        tables,
    };

    const SECOND: i64 = 1_000_000_000;

    fn error() -> impl Strategy<Value = Error> {
        let texts = ("[ab]?", "[ab]?", prop::sample::select(vec!["", "UNAVAILABLE", "CANCELLED", "NOT_FOUND"]));
        let source = prop::sample::select(vec![Source::Span, Source::Span, Source::Log]);
        let status = prop::option::of(prop::sample::select(vec![404_i64, 500, 503]));
        (0..4000_i64, texts, status, source, prop::bool::weighted(0.1), 0..3_u64).prop_map(
            |(time, (code, reason, grpc_status), http_status, source, is_rejection, nth)| Error {
                time: UnixNanos(time * SECOND),
                emitter: Emitter { service: ["order", "cart"][(nth % 2) as usize].into(), ..Emitter::default() },
                operation: ["/Get", "/Put"][usize::from(time % 3 == 0)].into(),
                span_kind: Some(SpanKind::Client),
                code,
                reason,
                domain: String::new(),
                message: format!("at {time}"),
                solution: String::new(),
                http_status,
                grpc_status: grpc_status.into(),
                exception_type: String::new(),
                framework: String::new(),
                is_rejection,
                fingerprint: nth,
                amount: Amount::Count(1.0 + nth as f64),
                code_source: CodeSource::Status,
                span_failed: true,
                duration_ns: None,
                evidence: Evidence { source, rule: String::new(), confidence: 90, trace_id: None, span_id: None, parent_span_id: None },
            },
        )
    }

    fn breaker(operations: &[&str]) -> Breaker {
        let emitter = Emitter { service: "order".into(), ..Emitter::default() };
        let key = BreakerKey::new(&emitter, "kratos", Mechanism::Adaptive, "");
        let operations = operations.iter().map(|operation| (*operation).to_owned()).collect();
        let (targets, aliases, instances, trips, segments) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Breaker { id: key.id(), key, framework: String::new(), operations, targets, aliases, instances, trips, segments }
    }

    proptest! {
        /// The same as of the errors themselves.
        #[test]
        fn alike_or_one_by_one(errors in prop::collection::vec(error(), 0..200), opened in 0..4000_i64, guarded in any::<bool>()) {
            let (breaker, opened) = (&breaker(if guarded { &["/Get"] } else { &[] }), UnixNanos(opened * SECOND));
            let mut stretches: BTreeMap<i64, Failures> = (0..4).map(|number| (number, Failures::default())).collect();
            for half in [&errors[errors.len() / 2..], &errors[..errors.len() / 2]] {
                Failures::push(&mut stretches, 1000 * SECOND, &tables::errors::write(half, UnixNanos(0)).batch).expect("rows");
            }
            let stretches: Vec<Failures> = stretches.into_values().map(Failures::settle).collect();
            let since = looked_at_since(opened, 3 * SECOND);
            let near = errors.iter().filter(|error| error.emitter.service == "order" && (since..=opened).contains(&error.time));
            let expected = before(&failures_of(breaker, near), opened, 3 * SECOND);
            prop_assert_eq!(codes_before(breaker, opened, 3 * SECOND, &stretches), expected);
        }
    }
}
