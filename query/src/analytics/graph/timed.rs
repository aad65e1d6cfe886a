//! Spans of calls with when and how they ended: what tells retries and callers that gave up.

use std::collections::{HashMap, HashSet};

use arrow::{
    array::RecordBatch,
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
};
use governance::analytics::attempts::Ending;
use schemas::{TraceId, columns as c, sampling::adjusted_count};
use xxhash_rust::xxh3::xxh3_64;

use super::spans::{Spans, key};
use crate::trace::{BytesColumn, NumberColumn, TextColumn, UnexpectedType};

const ERROR: i32 = 2;
const SERVER: i32 = 2;
const CLIENT: i32 = 3;
/// gRPC's number of DEADLINE_EXCEEDED, and its word.
const DEADLINE_EXCEEDED: i64 = 4;
const DEADLINE_EXCEEDED_WORD: &str = "DEADLINE_EXCEEDED";
/// Codes of gRPC that sending again does not mend, with their words: the call itself was wrong, or nobody wants it any more.
const FOR_GOOD: [(i64, &str); 9] = [
    (1, "CANCELLED"),
    (3, "INVALID_ARGUMENT"),
    (5, "NOT_FOUND"),
    (6, "ALREADY_EXISTS"),
    (7, "PERMISSION_DENIED"),
    (9, "FAILED_PRECONDITION"),
    (11, "OUT_OF_RANGE"),
    (12, "UNIMPLEMENTED"),
    (16, "UNAUTHENTICATED"),
];
/// Statuses from 400 to 499 that are worth another try.
const WORTH_ANOTHER: [i64; 3] = [408, 425, 429];
const GATEWAY_TIMEOUT: i64 = 504;
/// What texts of errors say when time ran out, in lowercase.
const LATE_WORDS: [&str; 6] = ["deadline exceeded", "deadlineexceeded", "deadline_exceeded", "timed out", "timeout", "time-out"];

/// Columns of spans that [`Timed::add`] reads, beside [`super::COLUMNS`] and [`super::PEER_COLUMNS`].
pub const TIMED_COLUMNS: [&str; 10] = [
    c::STATUS_MESSAGE,
    c::HTTP_RESPONSE_STATUS_CODE,
    c::RPC_GRPC_STATUS_CODE,
    c::RPC_STATUS_CODE,
    c::ERROR_TYPE,
    c::EXCEPTION_TYPE,
    c::ERROR_CODE,
    c::ERROR_REASON,
    c::REJECTION_KIND,
    c::URL_FULL,
];

/// When a call or the serving of one began and ended, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    pub trace: TraceId,
    pub start_ns: i64,
    pub end_ns: i64,
    /// Hash of the address that is asked; 0: nothing tells.
    pub asks: u64,
    pub ending: Ending,
    pub says_timeout: bool,
    /// A breaker or limiter refused it: it was not sent.
    pub refused: bool,
    /// Spans that it stands for, itself included.
    pub weight: f64,
}

/// Spans of a window and of its edges; of those that call and wait, and that serve, also their times: some 70 bytes more.
#[derive(Debug)]
pub struct Timed {
    pub spans: Spans,
    pub(super) timings: HashMap<u64, Timing>,
    /// Whose records say that they were sent before.
    pub(super) resent: HashSet<u64>,
}

impl Timed {
    /// Those that begin from `start_ns` to before `end_ns` count.
    pub fn new(start_ns: i64, end_ns: i64) -> Self {
        Self { spans: Spans::new(start_ns, end_ns), timings: HashMap::new(), resent: HashSet::new() }
    }

    /// Adds the spans of a batch that has [`super::COLUMNS`], [`super::PEER_COLUMNS`] and [`TIMED_COLUMNS`].
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), UnexpectedType> {
        self.spans.add(batch)?;
        let [trace, span] = [BytesColumn::of(batch, c::TRACE_ID)?, BytesColumn::of(batch, c::SPAN_ID)?];
        let kind = NumberColumn::<Int32Type>::of(batch, c::KIND)?;
        let (start, duration) =
            (NumberColumn::<TimestampNanosecondType>::of(batch, c::START_TIME)?, NumberColumn::<Int64Type>::of(batch, c::DURATION_NS)?);
        let said = Said::of(batch)?;
        let text = |name| TextColumn::of(batch, name);
        let [refused, url, trace_state] = [text(c::REJECTION_KIND)?, text(c::URL_FULL)?, text(c::TRACE_STATE)?];
        for row in 0..batch.num_rows() {
            let (Some(CLIENT | SERVER), Some(trace), Some(span), Some(start)) =
                (kind.get(row), trace.get(row), span.get(row), start.get(row))
            else {
                continue;
            };
            let (key, Ok(trace)) = (key(trace, span), trace.try_into().map(TraceId)) else { continue };
            // Left out there is left out here.
            if !self.spans.spans.contains_key(&key) {
                continue;
            }
            let (ending, says_timeout) = said.ending(row);
            let timing = Timing {
                trace,
                start_ns: start,
                end_ns: start.saturating_add(duration.get(row).unwrap_or_default().max(0)),
                asks: url.get(row).filter(|url| !url.is_empty()).map_or(0, |url| xxh3_64(url.as_bytes()).max(1)),
                ending,
                says_timeout,
                refused: refused.get(row).is_some_and(|kind| !kind.starts_with("unknown")),
                weight: adjusted_count(trace_state.get(row)),
            };
            self.timings.insert(key, timing);
        }
        Ok(())
    }

    /// Of a batch with the ids of spans whose records say that they were sent before.
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add_resent(&mut self, batch: &RecordBatch) -> Result<(), UnexpectedType> {
        let [trace, span] = [BytesColumn::of(batch, c::TRACE_ID)?, BytesColumn::of(batch, c::SPAN_ID)?];
        let keys = (0..batch.num_rows()).filter_map(|row| Some(key(trace.get(row)?, span.get(row)?)));
        self.resent.extend(keys.filter(|key| self.timings.contains_key(key)));
        Ok(())
    }
}

/// What spans say of how they ended.
struct Said<'a> {
    status: NumberColumn<'a, Int32Type>,
    http: NumberColumn<'a, Int64Type>,
    grpc: NumberColumn<'a, Int64Type>,
    grpc_word: TextColumn<'a>,
    code: TextColumn<'a>,
    reason: TextColumn<'a>,
    texts: [TextColumn<'a>; 3],
}

impl<'a> Said<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        let text = |name| TextColumn::of(batch, name);
        Ok(Self {
            status: NumberColumn::of(batch, c::STATUS_CODE)?,
            http: NumberColumn::of(batch, c::HTTP_RESPONSE_STATUS_CODE)?,
            grpc: NumberColumn::of(batch, c::RPC_GRPC_STATUS_CODE)?,
            grpc_word: text(c::RPC_STATUS_CODE)?,
            code: text(c::ERROR_CODE)?,
            reason: text(c::ERROR_REASON)?,
            texts: [text(c::ERROR_TYPE)?, text(c::EXCEPTION_TYPE)?, text(c::STATUS_MESSAGE)?],
        })
    }

    /// And whether time ran out.
    fn ending(&self, row: usize) -> (Ending, bool) {
        let (http, grpc, word) = (self.http.get(row), self.grpc.get(row), self.grpc_word.get(row).unwrap_or_default());
        let failed = self.status.get(row) == Some(ERROR) || http.is_some_and(|http| http >= 500 || WORTH_ANOTHER.contains(&http));
        if !failed {
            let ending = if http.is_some_and(|http| (300..400).contains(&http)) { Ending::Redirected } else { Ending::Well };
            return (ending, false);
        }
        // Frameworks that say no status say it as the code of their error.
        let status = http.or_else(|| self.code.get(row).filter(|code| code.len() == 3).and_then(|code| code.parse().ok()));
        let says_timeout = status == Some(GATEWAY_TIMEOUT)
            || grpc == Some(DEADLINE_EXCEEDED)
            || word == DEADLINE_EXCEEDED_WORD
            || self.reason.get(row) == Some("TIMEOUT")
            || self.texts.iter().filter_map(|texts| texts.get(row)).any(is_late);
        let mistake = status.is_some_and(|status| (400..500).contains(&status) && !WORTH_ANOTHER.contains(&status))
            || FOR_GOOD.iter().any(|(number, name)| grpc == Some(*number) || word == *name);
        (if mistake && !says_timeout { Ending::FailedForGood } else { Ending::Failed }, says_timeout)
    }
}

fn is_late(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    LATE_WORDS.iter().any(|words| text.contains(words))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int32Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn how_calls_end() {
        type Columns<'a> = &'a [(&'static str, &'a str)];
        let check = |columns: Columns<'_>, expected: (Ending, bool)| {
            let array = |(name, value): &(&'static str, &str)| {
                let number = || value.parse::<i64>().expect("a number");
                let array: ArrayRef = match *name {
                    c::STATUS_CODE => Arc::new(Int32Array::from(vec![number() as i32])),
                    c::HTTP_RESPONSE_STATUS_CODE | c::RPC_GRPC_STATUS_CODE => Arc::new(Int64Array::from(vec![number()])),
                    _ => Arc::new(StringArray::from(vec![*value])),
                };
                (*name, array)
            };
            let batch = RecordBatch::try_from_iter(columns.iter().map(array)).expect("columns");
            assert_eq!(Said::of(&batch).expect("its types").ending(0), expected, "{columns:?}");
        };
        let (http, grpc, status) = (c::HTTP_RESPONSE_STATUS_CODE, c::RPC_GRPC_STATUS_CODE, c::STATUS_CODE);
        check(&[(status, "0"), (http, "200")], (Ending::Well, false));
        check(&[(status, "0"), (http, "302")], (Ending::Redirected, false));
        check(&[(status, "0"), (http, "503")], (Ending::Failed, false));
        check(&[(status, "2"), (http, "429")], (Ending::Failed, false));
        check(&[(status, "2"), (http, "404")], (Ending::FailedForGood, false));
        check(&[(status, "2"), (http, "504")], (Ending::Failed, true));
        check(&[(status, "2"), (grpc, "5")], (Ending::FailedForGood, false));
        check(&[(status, "2"), (grpc, "4")], (Ending::Failed, true));
        check(&[(status, "2"), (c::RPC_STATUS_CODE, "DEADLINE_EXCEEDED")], (Ending::Failed, true));
        check(&[(status, "2"), (c::RPC_STATUS_CODE, "NOT_FOUND")], (Ending::FailedForGood, false));
        check(&[(status, "2"), (c::ERROR_CODE, "400")], (Ending::FailedForGood, false));
        check(&[(status, "2"), (c::ERROR_CODE, "5001003")], (Ending::Failed, false));
        check(&[(status, "2"), (c::ERROR_REASON, "TIMEOUT")], (Ending::Failed, true));
        check(&[(status, "2"), (c::ERROR_TYPE, "java.net.http.HttpTimeoutException")], (Ending::Failed, true));
        // Cancelled since time ran out: gRPC for Go says it so.
        check(&[(status, "2"), (grpc, "1"), (c::STATUS_MESSAGE, "context Deadline Exceeded")], (Ending::Failed, true));
        check(&[(status, "2"), (c::STATUS_MESSAGE, "connection refused")], (Ending::Failed, false));
    }
}
