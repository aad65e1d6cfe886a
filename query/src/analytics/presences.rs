//! Spans of one service to what each of its instances did, by column. Resources are read once for each different one.

use std::collections::{BTreeMap, HashMap, btree_map::Entry};

use arrow::{
    array::RecordBatch,
    datatypes::{Int32Type, Int64Type, TimestampNanosecondType},
};
use schemas::{attribute::AttributeKey, columns as c, sampling::adjusted_count};

use super::{
    instances::{Presence, Presences},
    minutes::{Completeness, LATE_NS, MINUTE_NS, Numbered, Texts},
    red::{Grid, Red},
};
use crate::trace::{NumberColumn, TextColumn, UnexpectedType};

/// Columns of spans that [`Gathering::add`] reads.
pub const COLUMNS: [&str; 11] = [
    c::SERVICE_INSTANCE_ID,
    c::SERVICE_VERSION,
    c::K8S_POD_NAME,
    c::HOST_NAME,
    c::RESOURCE_ATTRIBUTES,
    c::START_TIME,
    c::DURATION_NS,
    c::KIND,
    c::STATUS_CODE,
    c::TRACE_STATE,
    c::RECEIVED_AT,
];

/// Resource attributes with the weight of an instance, the first that is a number: load balancers know it from their registry, and an
/// instance that tells it says so in its resource. The second is Kratos' name for it in a registry.
const WEIGHTS: [&str; 2] = ["service.weight", "weight"];
const ERROR: i32 = 2;
/// Different resources that are told apart, and buckets of time in which one of them was called. Spans that need more are left out, and
/// counted.
const RESOURCES_MAX: usize = 20_000;
const SUMS_MAX: usize = 300_000;

/// Takes memory for resources, their buckets of time and minutes, not for spans.
#[derive(Debug)]
pub struct Gathering {
    grid: Grid,
    texts: Texts,
    weights: Weights,
    /// By the numbers of [`Resource::numbers`].
    places: HashMap<[u32; 5], usize>,
    each: Vec<Presence>,
    sums: usize,
    calls_by_minute: BTreeMap<i64, f64>,
    completeness: Completeness,
}

impl Gathering {
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            texts: Texts::default(),
            weights: Weights::default(),
            places: HashMap::new(),
            each: Vec::new(),
            sums: 0,
            calls_by_minute: BTreeMap::new(),
            completeness: Completeness::default(),
        }
    }

    /// Adds the spans of a batch that has [`COLUMNS`]; those outside of the grid count at its ends.
    ///
    /// # Errors
    /// When a column has another type than its table says.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), UnexpectedType> {
        let mut resource = Resource::of(batch)?;
        let start = NumberColumn::<TimestampNanosecondType>::of(batch, c::START_TIME)?;
        let received_at = NumberColumn::<TimestampNanosecondType>::of(batch, c::RECEIVED_AT)?;
        let duration = NumberColumn::<Int64Type>::of(batch, c::DURATION_NS)?;
        let [kind, status] = [c::KIND, c::STATUS_CODE].map(|name| NumberColumn::<Int32Type>::of(batch, name));
        let (kind, status) = (kind?, status?);
        let trace_state = TextColumn::of(batch, c::TRACE_STATE)?;
        for row in 0..batch.num_rows() {
            let (Some(start_ns), Some(duration_ns)) = (start.get(row), duration.get(row)) else { continue };
            let complete = &mut self.completeness;
            let received_at = received_at.get(row);
            complete.watermark_ns = complete.watermark_ns.max(received_at);
            let late = received_at.is_some_and(|at| at.saturating_sub(start_ns.saturating_add(duration_ns)) > LATE_NS);
            complete.late += u64::from(late);
            let span = Span {
                start_ns,
                duration_ns,
                failed: status.get(row) == Some(ERROR),
                is_call: matches!(kind.get(row), Some(2 | 5)),
                count: adjusted_count(trace_state.get(row)),
            };
            let numbers = resource.numbers(row, &mut self.texts);
            let place = self.place(numbers);
            if place.is_none_or(|place| !self.add_span(place, span)) {
                self.completeness.left_out += 1;
            } else {
                self.completeness.sampled_out += span.count - 1.0;
            }
        }
        Ok(())
    }

    /// Of a resource among `each`; `None` when there are too many.
    fn place(&mut self, numbers: [u32; 5]) -> Option<usize> {
        if let Some(place) = self.places.get(&numbers) {
            return Some(*place);
        }
        let next = self.each.len();
        if next >= RESOURCES_MAX {
            return None;
        }
        let [instance, version, pod, host, attributes] = numbers;
        let [instance, version, pod, host] = [instance, version, pod, host].map(|number| self.texts.get(number).to_string());
        self.each.push(Presence {
            instance,
            version,
            place: if pod.is_empty() { host } else { pod },
            weight: self.weights.of(&self.texts.get(attributes)),
            received: 0,
            spans: 0.0,
            first_ns: i64::MAX,
            last_ns: i64::MIN,
            calls: BTreeMap::new(),
        });
        self.places.insert(numbers, next);
        Some(next)
    }

    /// Whether there was room.
    fn add_span(&mut self, place: usize, span: Span) -> bool {
        let presence = &mut self.each[place];
        if span.is_call {
            let from_ns = self.grid.start_of(span.start_ns);
            let bucket = self.grid.place(from_ns).unwrap_or_default();
            let red = match presence.calls.entry(bucket) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(_) if self.sums >= SUMS_MAX => return false,
                Entry::Vacant(new) => {
                    self.sums += 1;
                    new.insert(Red::default())
                }
            };
            red.add(span.duration_ns, span.failed, span.count);
            *self.calls_by_minute.entry(span.start_ns.div_euclid(MINUTE_NS)).or_default() += span.count;
        }
        presence.received += 1;
        presence.spans += span.count;
        presence.first_ns = presence.first_ns.min(span.start_ns);
        presence.last_ns = presence.last_ns.max(span.start_ns);
        true
    }

    pub fn into_presences(self) -> Presences {
        // Those of which no span had room.
        let each = self.each.into_iter().filter(|presence| presence.received > 0).collect();
        Presences { each, calls_by_minute: self.calls_by_minute, completeness: self.completeness }
    }
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start_ns: i64,
    duration_ns: i64,
    failed: bool,
    /// Whether it came in.
    is_call: bool,
    /// How many spans it stands for.
    count: f64,
}

/// What tells resources of a batch apart.
struct Resource<'a>([Numbered<'a>; 5]);

impl<'a> Resource<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, UnexpectedType> {
        let text = |name| Ok::<_, UnexpectedType>(Numbered::new(TextColumn::of(batch, name)?));
        let [instance, version, pod] = [text(c::SERVICE_INSTANCE_ID)?, text(c::SERVICE_VERSION)?, text(c::K8S_POD_NAME)?];
        Ok(Self([instance, version, pod, text(c::HOST_NAME)?, text(c::RESOURCE_ATTRIBUTES)?]))
    }

    fn numbers(&mut self, row: usize, texts: &mut Texts) -> [u32; 5] {
        self.0.each_mut().map(|column| column.get(row, texts))
    }
}

/// Reads weights out of resources.
#[derive(Debug)]
struct Weights([AttributeKey; WEIGHTS.len()]);

impl Default for Weights {
    fn default() -> Self {
        Self(WEIGHTS.map(AttributeKey::new))
    }
}

impl Weights {
    fn of(&self, resource_attributes: &str) -> Option<f64> {
        let number = |key: &AttributeKey| key.find(resource_attributes)?.number();
        self.0.iter().find_map(number).filter(|weight| *weight > 0.0 && weight.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_first_that_is_a_number() {
        for (attributes, expected) in [
            ("", None),
            (r#"{"service.weight":3}"#, Some(3.0)),
            (r#"{"weight":"2.5"}"#, Some(2.5)),
            (r#"{"weight":1,"service.weight":4}"#, Some(4.0)),
            (r#"{"weight":1,"service.weight":"heavy"}"#, Some(1.0)),
            (r#"{"service.weight":0}"#, None),
            (r#"{"service.weight":-1}"#, None),
            (r#"{"service.weight":{"$double":"NaN"}}"#, None),
        ] {
            assert_eq!(Weights::default().of(attributes), expected, "{attributes}");
        }
    }
}
