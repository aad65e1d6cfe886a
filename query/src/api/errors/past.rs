//! What was seen of each code before the window.

use std::collections::HashMap;

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use schemas::{UnixNanos, columns as c};

use super::{
    super::{answer::Cost, breakers::internal, problem::Problem},
    asked::Asked,
    load::Folds,
};
use crate::engine::{Facts, TimeSpan};

const HOUR: i64 = 3_600_000_000_000;
/// How far is looked back.
const REACH: i64 = 30 * 24 * HOUR;
/// Codes of services that are told apart.
const ROWS_MAX: usize = 100_000;

/// Errors of the thirty days before a full hour.
#[derive(Debug, Default)]
pub(super) struct Past {
    until: i64,
    /// The first of all; `None` when there is none.
    since: Option<i64>,
    codes: HashMap<String, Vec<Seen>>,
    pub cost: Cost,
}

#[derive(Debug)]
struct Seen {
    service: String,
    environment: String,
    rows: f64,
    first: i64,
    last: i64,
}

/// One code before the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Before {
    pub first: i64,
    pub last: i64,
    pub rows: f64,
}

impl Past {
    /// The full hour before `start`.
    pub(super) fn until(start: UnixNanos) -> UnixNanos {
        UnixNanos(start.0.div_euclid(HOUR) * HOUR)
    }

    pub(super) async fn load(folds: &Folds, until: UnixNanos) -> Result<Self, Problem> {
        let mut past = Self { until: until.0, ..Self::default() };
        let time = TimeSpan { start: Some(UnixNanos(until.0.saturating_sub(REACH))), end: Some(until) };
        let (batches, whole) = folds.rows(Facts::ErrorTotals(time), ROWS_MAX, &mut past.cost).await?;
        if !whole {
            past.cost.warnings.push(format!("before the window there are more than {ROWS_MAX} codes: some may be called new that are not"));
        }
        for batch in &batches {
            past.add(batch).map_err(|error| internal(&format!("totals of errors cannot be read: {error}")))?;
        }
        Ok(past)
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let column = |name: &str, kind: DataType| {
            let column = batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")))?;
            cast(column, &kind)
        };
        let [code, service, environment] = [c::CODE, c::SERVICE_NAME, c::DEPLOYMENT_ENVIRONMENT].map(|name| column(name, DataType::Utf8));
        let [rows, first, last] = ["rows", "first", "last"].map(|name| column(name, DataType::Int64));
        let (code, service, environment, rows, first, last) = (code?, service?, environment?, rows?, first?, last?);
        let text = |array: &dyn Array, row: usize| {
            if array.is_valid(row) { array.as_string::<i32>().value(row).to_owned() } else { String::new() }
        };
        let number = |array: &dyn Array, row: usize| array.as_primitive::<Int64Type>().value(row);
        for row in 0..batch.num_rows() {
            let seen = Seen {
                service: text(&service, row),
                environment: text(&environment, row),
                rows: number(&rows, row) as f64,
                first: number(&first, row),
                last: number(&last, row),
            };
            self.since = Some(self.since.map_or(seen.first, |since| since.min(seen.first)));
            self.codes.entry(text(&code, row)).or_default().push(seen);
        }
        Ok(())
    }

    /// A guess, for the limit of the cache.
    pub(super) fn bytes(&self) -> usize {
        self.codes.values().map(|seen| 100 + seen.len() * 120).sum()
    }

    /// Whether anything is known of the time before.
    pub(super) fn is_known(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn of(&self, code: &str, asked: &Asked) -> Option<Before> {
        let is_of = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        let seen = self.codes.get(code)?.iter();
        let mut seen = seen.filter(|seen| is_of(&asked.service, &seen.service) && is_of(&asked.environment, &seen.environment));
        let first = seen.next()?;
        let start = Before { first: first.first, last: first.last, rows: first.rows };
        Some(seen.fold(start, |all, one| Before {
            first: all.first.min(one.first),
            last: all.last.max(one.last),
            rows: all.rows + one.rows,
        }))
    }

    /// Rows that a stretch as long as the window usually has; `None` when less than that is known.
    pub(super) fn usual(&self, before: Option<Before>, asked: &Asked) -> Option<f64> {
        let known = (self.until - self.since?) as f64;
        let length = asked.window.length_ns() as f64;
        (known >= length).then(|| before.map_or(0.0, |before| before.rows) * length / known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::window::Window;

    #[test]
    fn totals_of_services_and_what_is_usual() {
        let seen = |service: &str, rows: f64, first: i64, last: i64| Seen {
            service: service.to_owned(),
            environment: String::new(),
            rows,
            first,
            last,
        };
        let codes = HashMap::from([("a".to_owned(), vec![seen("pay", 6.0, 2, 9 * HOUR), seen("cart", 4.0, 0, HOUR)])]);
        let past = Past { until: 10 * HOUR, since: Some(0), codes, cost: Cost::default() };
        let asked = |service: &str, hours: i64| Asked {
            window: Window { start: UnixNanos(10 * HOUR), end: UnixNanos((10 + hours) * HOUR) },
            service: service.to_owned(),
            environment: String::new(),
            every_hop: false,
        };
        let check = |service: &str, hours: i64, before: Option<(i64, i64, f64)>, usual: Option<f64>| {
            let asked = asked(service, hours);
            let found = past.of("a", &asked);
            assert_eq!(found.map(|found| (found.first, found.last, found.rows)), before, "{service}");
            assert_eq!(past.usual(found, &asked), usual, "{service} {hours}");
        };
        check("", 1, Some((0, 9 * HOUR, 10.0)), Some(1.0));
        check("pay", 5, Some((2, 9 * HOUR, 6.0)), Some(3.0));
        check("order", 1, None, Some(0.0));
        check("", 11, Some((0, 9 * HOUR, 10.0)), None);
        assert_eq!(Past::until(UnixNanos(HOUR * 3 / 2)), UnixNanos(HOUR));
    }
}
