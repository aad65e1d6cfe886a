//! Which series there are: the rows of table `metrics`, told apart by their ids and types.

use std::collections::{HashMap, hash_map::Entry};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    datatypes::{DataType, Int32Type, TimestampNanosecondType, UInt64Type},
    error::ArrowError,
};
use schemas::columns as c;

use super::{
    frame::{Kind, column},
    labels::{IDENTITY, Labels},
    selector::Selector,
};

/// A series, and what its points say in passing.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    pub metric: String,
    pub labels: Labels,
    pub kind: Kind,
    pub unit: Option<String>,
    pub description: Option<String>,
    /// Time of its last point.
    pub last: i64,
    pub points: u64,
}

/// Every series that is met, up to a limit.
#[derive(Debug)]
pub struct Directory {
    /// Others are passed over.
    selector: Option<Selector>,
    /// Series with a place of their own.
    series_max: usize,
    known: HashMap<(u64, Kind), Option<u32>>,
    series: Vec<Described>,
    /// Some series found no place.
    full: bool,
}

impl Directory {
    /// Columns that tell series apart.
    pub const COLUMNS: [&str; 6] = [c::SERIES_ID, c::TIME, c::METRIC_NAME, c::METRIC_TYPE, c::TEMPORALITY, c::MONOTONIC];

    pub fn new(selector: Option<Selector>, series_max: usize) -> Self {
        Self { selector, series_max, known: HashMap::new(), series: Vec::new(), full: false }
    }

    /// Adds the series of these rows. Columns besides [`Self::COLUMNS`] that are missing are taken as null.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.owners(batch).map(drop)
    }

    /// As [`Self::add`]; for each row the position of its series, if it has one.
    pub(super) fn owners(&mut self, batch: &RecordBatch) -> Result<Vec<Option<u32>>, ArrowError> {
        let columns = Columns::of(batch)?;
        let mut owners = Vec::with_capacity(batch.num_rows());
        let mut before: Option<((u64, Kind), Option<u32>)> = None;
        for row in 0..batch.num_rows() {
            if row > 0 && columns.are_alike(row - 1, row) {
                let owner = owners.last().copied().flatten();
                self.note(owner, columns.times.value(row));
                owners.push(owner);
                continue;
            }
            // A type that nobody knows has no series.
            let Some(kind) = columns.kind(row) else {
                owners.push(None);
                continue;
            };
            let key = (columns.ids.value(row), kind);
            let owner = match before {
                // Rows of a series mostly follow each other.
                Some((known, owner)) if known == key => owner,
                _ => self.owner(key, &columns, row),
            };
            before = Some((key, owner));
            self.note(owner, columns.times.value(row));
            owners.push(owner);
        }
        Ok(owners)
    }

    fn note(&mut self, owner: Option<u32>, time: i64) {
        if let Some(series) = owner.and_then(|owner| self.series.get_mut(owner as usize)) {
            series.last = series.last.max(time);
            series.points += 1;
        }
    }

    fn owner(&mut self, key: (u64, Kind), columns: &Columns, row: usize) -> Option<u32> {
        let Entry::Vacant(place) = self.known.entry(key) else { return self.known[&key] };
        let metric = columns.text(&columns.metric, row).unwrap_or_default();
        let labels = columns.labels(row);
        if self.selector.as_ref().is_some_and(|selector| !selector.matches(metric, &labels)) {
            return *place.insert(None);
        }
        if self.series.len() >= self.series_max {
            self.full = true;
            return None;
        }
        let owner = u32::try_from(self.series.len()).ok();
        self.series.push(Described {
            metric: metric.to_owned(),
            labels,
            kind: key.1,
            unit: columns.optional(&columns.unit, row),
            description: columns.optional(&columns.description, row),
            last: i64::MIN,
            points: 0,
        });
        *place.insert(owner)
    }

    /// In the order in which they were met.
    pub fn series(&self) -> &[Described] {
        &self.series
    }

    pub fn into_series(self) -> Vec<Described> {
        self.series
    }

    /// Whether some series found no place.
    pub fn is_full(&self) -> bool {
        self.full
    }
}

/// Of one batch.
struct Columns {
    ids: arrow::array::UInt64Array,
    times: arrow::array::TimestampNanosecondArray,
    metric: ArrayRef,
    types: ArrayRef,
    temporalities: arrow::array::Int32Array,
    monotonic: ArrayRef,
    unit: Option<ArrayRef>,
    description: Option<ArrayRef>,
    attributes: Option<ArrayRef>,
    identity: Vec<(&'static str, ArrayRef)>,
}

impl Columns {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let wrong = |name: &str| ArrowError::SchemaError(format!("column {name} of points is missing or of another type"));
        let is_text = |array: &ArrayRef| match array.data_type() {
            DataType::Dictionary(key, value) => (&**key, &**value) == (&DataType::Int32, &DataType::Utf8),
            other => other == &DataType::Utf8,
        };
        let text = |name: &str| match batch.column_by_name(name) {
            Some(array) if is_text(array) => Ok(Some(array.clone())),
            Some(_) => Err(wrong(name)),
            None => Ok(None),
        };
        let monotonic = batch.column_by_name(c::MONOTONIC).filter(|array| array.data_type() == &DataType::Boolean);
        let mut identity = Vec::new();
        for name in IDENTITY {
            identity.extend(text(name)?.map(|array| (name, array)));
        }
        Ok(Self {
            ids: column::<UInt64Type>(batch, c::SERIES_ID)?,
            times: column::<TimestampNanosecondType>(batch, c::TIME)?,
            metric: text(c::METRIC_NAME)?.ok_or_else(|| wrong(c::METRIC_NAME))?,
            types: text(c::METRIC_TYPE)?.ok_or_else(|| wrong(c::METRIC_TYPE))?,
            temporalities: column::<Int32Type>(batch, c::TEMPORALITY)?,
            monotonic: monotonic.ok_or_else(|| wrong(c::MONOTONIC))?.clone(),
            unit: text(c::UNIT)?,
            description: text(c::METRIC_DESCRIPTION)?,
            attributes: text(c::ATTRIBUTES)?,
            identity,
        })
    }

    /// Whether two rows are of the same series for sure, without a look at their texts.
    fn are_alike(&self, one: usize, other: usize) -> bool {
        let Some(types) = self.types.as_dictionary_opt::<Int32Type>() else { return false };
        let monotonic = self.monotonic.as_boolean();
        let of = |row: usize| {
            let temporality = self.temporalities.is_valid(row).then(|| self.temporalities.value(row));
            (self.ids.value(row), types.key(row), temporality, monotonic.is_valid(row) && monotonic.value(row))
        };
        of(one) == of(other)
    }

    fn kind(&self, row: usize) -> Option<Kind> {
        let temporality = self.temporalities.is_valid(row).then(|| self.temporalities.value(row));
        let monotonic = self.monotonic.as_boolean();
        Kind::of(self.text(&self.types, row)?, temporality, monotonic.is_valid(row) && monotonic.value(row))
    }

    fn labels(&self, row: usize) -> Labels {
        let identity = self.identity.iter().filter_map(|(name, array)| Some((*name, self.text(array, row)?)));
        Labels::of_series(identity, self.attributes.as_ref().and_then(|array| self.text(array, row)))
    }

    fn optional(&self, array: &Option<ArrayRef>, row: usize) -> Option<String> {
        self.text(array.as_ref()?, row).map(str::to_owned)
    }

    fn text<'a>(&self, array: &'a ArrayRef, row: usize) -> Option<&'a str> {
        if !array.is_valid(row) {
            return None;
        }
        match array.as_dictionary_opt::<Int32Type>() {
            Some(dictionary) => dictionary.key(row).map(|key| dictionary.values().as_string::<i32>().value(key)),
            None => array.as_string_opt::<i32>().map(|texts| texts.value(row)),
        }
    }
}
