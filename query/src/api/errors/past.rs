//! What was seen of each code before the window: errors counted by hours, and hours that are over counted once.

use std::{collections::HashMap, sync::Arc};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use schemas::{Table, UnixNanos, columns as c};
use storage::Stretch;

use super::{
    super::{answer::Cost, breakers::internal, problem::Problem},
    asked::Asked,
    load::Folds,
};
use crate::engine::{Facts, Kept, TimeSpan};

const HOUR: i64 = 3_600_000_000_000;
/// How far is looked back: so many hours.
const REACH: i64 = 30 * 24;
/// Hours that are counted together.
const TOGETHER_MAX: usize = 24;
/// Codes of services that are told apart, in each of the hours that are counted together.
const ROWS_MAX: usize = 100_000;
/// All hours together: one with a hundred codes is reckoned to take 15 KB.
const BYTES_MAX: usize = 32 << 20;

/// Hours that are over, by number.
#[derive(Debug)]
pub(super) struct Hours(Kept<i64, Vec<Seen>>);

impl Default for Hours {
    fn default() -> Self {
        Self(Kept::new(BYTES_MAX))
    }
}

/// Errors of the thirty days before a full hour.
#[derive(Debug, Default)]
pub(super) struct Past {
    until: i64,
    /// The first of all; `None` when there is none.
    since: Option<i64>,
    codes: HashMap<String, HashMap<Place, Before>>,
    pub cost: Cost,
}

/// Service and environment.
type Place = (String, String);

/// Errors of one code at one place within an hour.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    code: String,
    place: Place,
    before: Before,
}

/// One code before the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Before {
    pub first: i64,
    pub last: i64,
    pub rows: f64,
}

impl Before {
    fn and(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), last: self.last.max(other.last), rows: self.rows + other.rows }
    }
}

impl Past {
    /// The full hour before `start`.
    pub(super) fn until(start: UnixNanos) -> UnixNanos {
        UnixNanos(start.0.div_euclid(HOUR) * HOUR)
    }

    pub(super) async fn load(folds: &Folds, until: UnixNanos) -> Result<Self, Problem> {
        let mut past = Self { until: until.0, ..Self::default() };
        let snapshot = Arc::new(folds.engine.snapshot());
        let end = until.0.div_euclid(HOUR);
        let numbers: Vec<i64> = (end.saturating_sub(REACH)..end).rev().collect();
        let starts: Vec<i64> = numbers.iter().map(|number| number.saturating_mul(HOUR)).collect();
        let stretches = snapshot.stretches(Table::Errors, &starts, HOUR, 0);
        let mut missing: Vec<(i64, Stretch)> = Vec::new();
        for (number, stretch) in numbers.into_iter().zip(stretches).filter(|(_, stretch)| stretch.rows > 0) {
            match stretch.version.and_then(|version| folds.hours.0.get(&number, version)) {
                Some(hour) => hour.iter().for_each(|seen| past.add(seen)),
                None => missing.push((number, stretch)),
            }
        }
        let near = |newest: &(i64, Stretch), other: &(i64, Stretch)| newest.0 - other.0 < TOGETHER_MAX as i64;
        while let Some(newest) = missing.first().copied() {
            let together: Vec<(i64, Stretch)> = missing.iter().take_while(|other| near(&newest, other)).copied().collect();
            missing.drain(..together.len());
            past.count(folds, &snapshot, &together).await?;
        }
        Ok(past)
    }

    /// Hours that are not known, the newest first.
    async fn count(&mut self, folds: &Folds, snapshot: &Arc<storage::Snapshot>, hours: &[(i64, Stretch)]) -> Result<(), Problem> {
        let edge = |number: i64| Some(UnixNanos(number.saturating_mul(HOUR)));
        let start = hours.last().and_then(|(first, _)| edge(*first));
        let time = TimeSpan { start, end: hours.first().and_then(|(last, _)| edge(*last + 1)) };
        let question = (Facts::ErrorTotals(time, HOUR), ROWS_MAX);
        let (batches, summary) = folds.rows_of(question, Some(Arc::clone(snapshot))).await?;
        self.cost.add(&summary);
        if summary.truncated.is_some() {
            let warning = format!("before the window there are more than {ROWS_MAX} codes in a day: some may be called new that are not");
            self.cost.warnings.push(warning);
        }
        let is_whole = summary.truncated.is_none() && summary.partial.is_empty();
        // An hour that is known already may be between those that are asked for.
        let mut by_hour: HashMap<i64, Vec<Seen>> = hours.iter().map(|(number, _)| (*number, Vec::new())).collect();
        for batch in &batches {
            let rows = rows(batch).map_err(|error| internal(&format!("totals of errors cannot be read: {error}")))?;
            for (hour, seen) in rows {
                if let Some(of_hour) = by_hour.get_mut(&hour) {
                    self.add(&seen);
                    of_hour.push(seen);
                }
            }
        }
        for (number, stretch) in hours {
            let seen = by_hour.remove(number).unwrap_or_default();
            if let Some(version) = stretch.version.filter(|_| is_whole) {
                let bytes = seen.iter().map(|seen| size_of::<Seen>() + seen.code.len() + seen.place.0.len() + seen.place.1.len()).sum();
                folds.hours.0.put(*number, version, Arc::new(seen), bytes);
            }
        }
        Ok(())
    }

    fn add(&mut self, seen: &Seen) {
        self.since = Some(self.since.map_or(seen.before.first, |since| since.min(seen.before.first)));
        if !self.codes.contains_key(&seen.code) {
            self.codes.insert(seen.code.clone(), HashMap::new());
        }
        let Some(places) = self.codes.get_mut(&seen.code) else { return };
        match places.get_mut(&seen.place) {
            Some(before) => *before = before.and(seen.before),
            None => drop(places.insert(seen.place.clone(), seen.before)),
        }
    }

    /// A guess, for the limit of the cache.
    pub(super) fn bytes(&self) -> usize {
        self.codes.values().map(|places| 100 + places.len() * 150).sum()
    }

    /// Whether anything is known of the time before.
    pub(super) fn is_known(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn of(&self, code: &str, asked: &Asked) -> Option<Before> {
        let is_of = |wanted: &str, own: &str| wanted.is_empty() || wanted == own;
        let places = self.codes.get(code)?.iter();
        let of = places.filter(|((service, environment), _)| is_of(&asked.service, service) && is_of(&asked.environment, environment));
        of.map(|(_, before)| *before).reduce(Before::and)
    }

    /// Rows that a stretch as long as the window usually has; `None` when less than that is known.
    pub(super) fn usual(&self, before: Option<Before>, asked: &Asked) -> Option<f64> {
        let known = (self.until - self.since?) as f64;
        let length = asked.window.length_ns() as f64;
        (known >= length).then(|| before.map_or(0.0, |before| before.rows) * length / known)
    }
}

/// Of [`Facts::ErrorTotals`], each with the number of its hour.
fn rows(batch: &RecordBatch) -> Result<Vec<(i64, Seen)>, ArrowError> {
    let column = |name: &str, kind: DataType| {
        let column = batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")))?;
        cast(column, &kind)
    };
    let [code, service, environment] = [c::CODE, c::SERVICE_NAME, c::DEPLOYMENT_ENVIRONMENT].map(|name| column(name, DataType::Utf8));
    let [stretch, rows, first, last] = ["stretch", "rows", "first", "last"].map(|name| column(name, DataType::Int64));
    let (code, service, environment) = (code?, service?, environment?);
    let (stretch, rows, first, last) = (stretch?, rows?, first?, last?);
    let text = |array: &dyn Array, row: usize| {
        if array.is_valid(row) { array.as_string::<i32>().value(row).to_owned() } else { String::new() }
    };
    let number = |array: &dyn Array, row: usize| array.as_primitive::<Int64Type>().value(row);
    let seen = |row: usize| {
        let before = Before { first: number(&first, row), last: number(&last, row), rows: number(&rows, row) as f64 };
        (number(&stretch, row), Seen { code: text(&code, row), place: (text(&service, row), text(&environment, row)), before })
    };
    Ok((0..batch.num_rows()).map(seen).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::window::Window;

    #[test]
    fn totals_of_services_and_what_is_usual() {
        let mut past = Past { until: 10 * HOUR, ..Past::default() };
        for (service, rows, first, last) in [("pay", 2.0, 5, HOUR), ("pay", 4.0, 2, 9 * HOUR), ("cart", 4.0, 0, HOUR)] {
            past.add(&Seen { code: "a".into(), place: (service.into(), String::new()), before: Before { first, last, rows } });
        }
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
