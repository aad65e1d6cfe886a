//! Which series there are: told apart by their ids and types.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    ops::Range,
};

use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, RecordBatch, TimestampNanosecondArray, UInt64Array},
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
    /// There are points of a type that nobody knows.
    has_unknown: bool,
}

impl Directory {
    /// Columns of points that tell their series.
    pub(super) const KEYS: [&str; 4] = [c::SERIES_ID, c::METRIC_TYPE, c::TEMPORALITY, c::MONOTONIC];

    pub fn new(selector: Option<Selector>, series_max: usize) -> Self {
        Self { selector, series_max, known: HashMap::new(), series: Vec::new(), full: false, has_unknown: false }
    }

    /// Adds series as a snapshot lists them: `time` is that of the last of `count` points.
    ///
    /// # Errors
    /// When a column is missing or of another type.
    pub fn add(&mut self, listed: &RecordBatch) -> Result<(), ArrowError> {
        let (keys, texts) = (Keys::of(listed)?, Texts::of(listed)?);
        let times: TimestampNanosecondArray = column::<TimestampNanosecondType>(listed, c::TIME)?;
        let points: UInt64Array = column::<UInt64Type>(listed, c::COUNT)?;
        for row in 0..listed.num_rows() {
            // A type that nobody knows has no series.
            let Some(key) = keys.key(row) else {
                self.has_unknown = true;
                continue;
            };
            let owner = self.owner(key, &texts, row);
            if let Some(series) = owner.and_then(|owner| self.series.get_mut(owner as usize)) {
                series.last = series.last.max(times.value(row));
                series.points += points.value(row);
            }
        }
        Ok(())
    }

    /// Calls `each` with the position of a series and rows of it that stand side by side, for all rows of series that have a place here.
    /// `points` has the columns of [`Self::KEYS`].
    pub(super) fn runs(&self, points: &RecordBatch, mut each: impl FnMut(u32, Range<usize>)) -> Result<(), ArrowError> {
        let keys = Keys::of(points)?;
        let mut begin = 0;
        for row in 1..=points.num_rows() {
            if row < points.num_rows() && keys.are_alike(row - 1, row) {
                continue;
            }
            if let Some(owner) = keys.key(begin).and_then(|key| self.known.get(&key).copied().flatten()) {
                each(owner, begin..row);
            }
            begin = row;
        }
        Ok(())
    }

    /// Positions of series by their ids, where no two have the same: then ids alone tell whose a point is.
    pub(super) fn by_id(&self) -> Option<HashMap<u64, u32>> {
        let ids: HashSet<u64> = self.known.keys().map(|(id, _)| *id).collect();
        let owners = self.known.iter().filter_map(|((id, _), owner)| Some((*id, (*owner)?)));
        (ids.len() == self.known.len() && !self.has_unknown).then(|| owners.collect())
    }

    fn owner(&mut self, key: (u64, Kind), texts: &Texts, row: usize) -> Option<u32> {
        let Entry::Vacant(place) = self.known.entry(key) else { return self.known[&key] };
        let metric = texts.metric(row);
        let labels = texts.labels(row);
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
            unit: optional(&texts.unit, row),
            description: optional(&texts.description, row),
            last: i64::MIN,
            points: 0,
        });
        *place.insert(owner)
    }

    /// In the order in which they were met.
    pub fn series(&self) -> &[Described] {
        &self.series
    }

    /// Of the series that have a place, ascending.
    pub fn ids(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self.known.iter().filter(|(_, owner)| owner.is_some()).map(|((id, _), _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    pub fn into_series(self) -> Vec<Described> {
        self.series
    }

    /// Whether some series found no place.
    pub fn is_full(&self) -> bool {
        self.full
    }
}

/// Columns that tell series apart.
struct Keys {
    ids: UInt64Array,
    types: DictionaryArray<Int32Type>,
    temporalities: Int32Array,
    monotonic: BooleanArray,
}

impl Keys {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        let types = batch.column_by_name(c::METRIC_TYPE).and_then(|types| types.as_dictionary_opt()).cloned();
        let types = types.filter(|types: &DictionaryArray<Int32Type>| types.values().data_type() == &DataType::Utf8);
        let monotonic = batch.column_by_name(c::MONOTONIC).and_then(|monotonic| monotonic.as_boolean_opt()).cloned();
        Ok(Self {
            ids: column::<UInt64Type>(batch, c::SERIES_ID)?,
            types: types.ok_or_else(|| wrong(c::METRIC_TYPE))?,
            temporalities: column::<Int32Type>(batch, c::TEMPORALITY)?,
            monotonic: monotonic.ok_or_else(|| wrong(c::MONOTONIC))?,
        })
    }

    /// Whether two rows are of the same series for sure, without a look at their texts.
    fn are_alike(&self, one: usize, other: usize) -> bool {
        let of = |row: usize| (self.ids.values()[row], self.types.keys().values()[row], self.temporality(row), self.is_monotonic(row));
        of(one) == of(other)
    }

    fn key(&self, row: usize) -> Option<(u64, Kind)> {
        let named = self.types.values().as_string::<i32>().value(self.types.key(row)?);
        Some((self.ids.value(row), Kind::of(named, self.temporality(row), self.is_monotonic(row))?))
    }

    fn temporality(&self, row: usize) -> Option<i32> {
        self.temporalities.is_valid(row).then(|| self.temporalities.values()[row])
    }

    fn is_monotonic(&self, row: usize) -> bool {
        self.monotonic.is_valid(row) && self.monotonic.value(row)
    }
}

/// What names series.
struct Texts {
    metric: ArrayRef,
    unit: ArrayRef,
    description: ArrayRef,
    attributes: ArrayRef,
    identity: Vec<(&'static str, ArrayRef)>,
}

impl Texts {
    fn of(batch: &RecordBatch) -> Result<Self, ArrowError> {
        Ok(Self {
            metric: texts(batch, c::METRIC_NAME)?,
            unit: texts(batch, c::UNIT)?,
            description: texts(batch, c::METRIC_DESCRIPTION)?,
            attributes: texts(batch, c::ATTRIBUTES)?,
            identity: IDENTITY.into_iter().map(|name| Ok((name, texts(batch, name)?))).collect::<Result<_, ArrowError>>()?,
        })
    }

    fn metric(&self, row: usize) -> &str {
        text(&self.metric, row).unwrap_or_default()
    }

    fn labels(&self, row: usize) -> Labels {
        let identity = self.identity.iter().filter_map(|(name, array)| Some((*name, text(array, row)?)));
        Labels::of_series(identity, text(&self.attributes, row))
    }
}

fn texts(batch: &RecordBatch, name: &str) -> Result<ArrayRef, ArrowError> {
    let is_text = |array: &&ArrayRef| match array.data_type() {
        DataType::Dictionary(key, value) => (&**key, &**value) == (&DataType::Int32, &DataType::Utf8),
        other => other == &DataType::Utf8,
    };
    batch.column_by_name(name).filter(is_text).cloned().ok_or_else(|| wrong(name))
}

fn wrong(name: &str) -> ArrowError {
    ArrowError::SchemaError(format!("column {name} of points is missing or of another type"))
}

fn optional(array: &ArrayRef, row: usize) -> Option<String> {
    text(array, row).map(str::to_owned)
}

fn text(array: &ArrayRef, row: usize) -> Option<&str> {
    if !array.is_valid(row) {
        return None;
    }
    match array.as_dictionary_opt::<Int32Type>() {
        Some(dictionary) => dictionary.key(row).map(|key| dictionary.values().as_string::<i32>().value(key)),
        None => array.as_string_opt::<i32>().map(|texts| texts.value(row)),
    }
}
