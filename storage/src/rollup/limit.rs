//! Who gets rows of its own of those that come together, and who becomes one of all others.
//!
//! ```text
//! groups --(each column)--> distinct values of a service -----------+
//!                                                                   +--admit--> those beyond the limit lose it, and are added up
//! groups --(no minute)----> distinct combinations of a service -----+
//! ```
//!
//! Those that are [`Known`] first, then the most frequent. What was not seen for [`KEPT_DAYS`] makes room when room is needed: by then
//! its rows are gone too.
//!
//! All is done once for each distinct value and combination, as numbers; a flush has few of them. Names are made of new ones only.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

use ahash::RandomState;
use xxhash_rust::xxh3::xxh3_128;

use super::{
    groups::Groups,
    key::BEYOND_ROWS,
    known::{Change, Known, KnownValue, Limited, Value, Values},
    measures::Measures,
    texts::{NULL, Texts},
};

const DAY_NS: i64 = 24 * 3600 * 1_000_000_000;
/// As long as rows stay by default.
const KEPT_DAYS: i64 = 30;

/// A key of which some texts are limited.
pub(super) trait LimitedKey: Copy + Eq + Hash {
    /// What is limited, and its place among the texts.
    const LIMITED: &'static [(Limited, usize)];
    /// What a combination of all texts is.
    const WHOLE: Limited;

    /// As numbers; the first two are service and namespace.
    fn texts(&self) -> &[u32];

    /// Forgets the text at `place`, which `bit` stands for.
    fn leave_out(&mut self, place: usize, bit: i32);

    fn beyond_limit(&self) -> i32;

    /// The same of no minute.
    fn combination(&self) -> Self;

    /// What tells combinations apart beside texts: it must mean the same in every version.
    fn number(&self) -> i32;

    /// Becomes the key of all others: of the same minute and service, and few more.
    fn leave_all_out(&mut self);
}

/// How often a value is counted, and the day of its newest arrival.
#[derive(Debug, Clone, Copy, Default)]
struct Use {
    count: f64,
    day: i64,
}

impl Use {
    fn add(&mut self, measures: &Measures) {
        self.count += measures.count;
        self.day = self.day.max(measures.received_at.div_euclid(DAY_NS));
    }
}

/// Numbers of a service and its namespace.
type Service = (u32, u32);

fn service_of<K: LimitedKey>(key: &K) -> Service {
    (key.texts()[0], key.texts()[1])
}

/// Leaves values beyond `max` for each service out of the keys of `groups`, then combinations beyond their limit, and adds up what has the
/// same key then. Returns what is to be remembered. O(groups).
pub(super) fn limit<K: LimitedKey>(groups: &mut Groups<K>, texts: &Texts, known: &Known, max: usize) -> Vec<Change> {
    let mut admission = Admission { texts, known, changes: Vec::new() };
    limit_values(groups, &mut admission, max);
    limit_combinations(groups, &mut admission, max);
    admission.changes
}

fn limit_values<K: LimitedKey>(groups: &mut Groups<K>, admission: &mut Admission<'_>, max: usize) {
    let mut beyond: HashSet<(usize, Service, u32), RandomState> = HashSet::default();
    for (what, place) in K::LIMITED {
        let mut uses: HashMap<(Service, u32), Use, RandomState> = HashMap::default();
        for (key, measures) in groups.iter() {
            let value = key.texts()[*place];
            if value != NULL {
                uses.entry((service_of(key), value)).or_default().add(measures);
            }
        }
        let texts = admission.texts;
        let values = uses.into_iter().map(|((service, value), used)| (service, value, used)).collect();
        let left_out = admission.admit(*what, values, max, |value| Value::Text(texts.shared(*value)));
        beyond.extend(left_out.into_iter().map(|(service, value)| (*place, service, value)));
    }
    if !beyond.is_empty() {
        groups.regroup(|key| {
            let mut limited = *key;
            for (what, place) in K::LIMITED {
                if beyond.contains(&(*place, service_of(key), key.texts()[*place])) {
                    limited.leave_out(*place, what.bit());
                }
            }
            limited
        });
    }
}

fn limit_combinations<K: LimitedKey>(groups: &mut Groups<K>, admission: &mut Admission<'_>, max: usize) {
    let mut uses: HashMap<K, Use, RandomState> = HashMap::default();
    for (key, measures) in groups.iter().filter(|(key, _)| key.beyond_limit() & BEYOND_ROWS == 0) {
        uses.entry(key.combination()).or_default().add(measures);
    }
    let mut name = Name { texts: admission.texts, bytes: Vec::new() };
    let combinations = uses.into_iter().map(|(key, used)| (service_of(&key), key, used)).collect();
    let beyond = admission.admit(K::WHOLE, combinations, K::WHOLE.most(max), |key| Value::Hash(name.of(key)));
    let beyond: HashSet<K, RandomState> = beyond.into_iter().map(|(_, key)| key).collect();
    if !beyond.is_empty() {
        groups.regroup(|key| {
            let mut limited = *key;
            if beyond.contains(&key.combination()) {
                limited.leave_all_out();
            }
            limited
        });
    }
}

/// Names of combinations, which mean the same in every version.
struct Name<'a> {
    texts: &'a Texts,
    /// Of one combination.
    bytes: Vec<u8>,
}

impl Name<'_> {
    fn of<K: LimitedKey>(&mut self, key: &K) -> u128 {
        self.bytes.clear();
        self.bytes.extend(key.number().to_le_bytes());
        self.bytes.extend(key.beyond_limit().to_le_bytes());
        for text in key.texts().iter().skip(2).map(|number| self.texts.get(*number)) {
            // Its length first, or texts could meet. No text is not an empty one.
            self.bytes.extend(text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
            self.bytes.extend(text.unwrap_or_default().as_bytes());
        }
        xxh3_128(&self.bytes)
    }
}

/// Decides, and notes what is to be remembered.
struct Admission<'a> {
    texts: &'a Texts,
    known: &'a Known,
    changes: Vec<Change>,
}

impl Admission<'_> {
    /// Returns those of `values` that are beyond the `max` of their service.
    fn admit<V>(
        &mut self,
        what: Limited,
        mut values: Vec<(Service, V, Use)>,
        max: usize,
        mut name: impl FnMut(&V) -> Value,
    ) -> Vec<(Service, V)> {
        values.sort_unstable_by_key(|(service, ..)| *service);
        let mut beyond = Vec::new();
        let mut left = values.into_iter().peekable();
        while let Some((service, ..)) = left.peek() {
            let service = *service;
            let of_service = std::iter::from_fn(|| left.next_if(|(other, ..)| *other == service));
            let named = of_service.map(|(_, value, used)| (name(&value), value, used));
            let left_out = self.admit_of_service(service, what, named, max);
            beyond.extend(left_out.into_iter().map(|value| (service, value)));
        }
        beyond
    }

    fn admit_of_service<V>(
        &mut self,
        (service, namespace): Service,
        what: Limited,
        values: impl Iterator<Item = (Value, V, Use)>,
        max: usize,
    ) -> Vec<V> {
        let (service, namespace) = (self.texts.shared(service), self.texts.shared(namespace));
        let of_value = |value| KnownValue { service: service.clone(), namespace: namespace.clone(), what, value };
        let nothing = Values::default();
        let known = self.known.values(service.clone(), namespace.clone(), what).unwrap_or(&nothing);
        let (mut new, mut seen) = (Vec::new(), HashSet::<Value, RandomState>::default());
        for (name, value, used) in values {
            match known.get(&name) {
                None => new.push((name, value, used)),
                Some(day) => {
                    if *day < used.day {
                        self.changes.push(Change::Seen(of_value(name.clone()), used.day));
                    }
                    seen.insert(name);
                }
            }
        }
        new.sort_unstable_by(|(a, _, of_a), (b, _, of_b)| of_b.count.total_cmp(&of_a.count).then_with(|| a.cmp(b)));
        let mut room = max.saturating_sub(known.len());
        if new.len() > room {
            let today = new.iter().map(|(_, _, used)| used.day).max().unwrap_or_default();
            let old = known.iter().filter(|(value, day)| **day < today - KEPT_DAYS && !seen.contains(*value));
            let forgotten: Vec<Change> = old.map(|(value, _)| Change::Forgotten(of_value(value.clone()))).collect();
            room += forgotten.len();
            self.changes.extend(forgotten);
        }
        let beyond = new.split_off(room.min(new.len()));
        self.changes.extend(new.into_iter().map(|(name, _, used)| Change::Seen(of_value(name), used.day)));
        beyond.into_iter().map(|(_, value, _)| value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollup::key::{EdgeKey, Key};

    /// Else combinations of a catalog that an earlier version wrote take room and are never seen again.
    #[test]
    fn names_of_combinations_stay() {
        let mut texts = Texts::default();
        let [service, operation, empty] = ["cart", "GET /", ""].map(|text| texts.number(text));
        let mut name = Name { texts: &texts, bytes: Vec::new() };
        let key =
            Key { minute: 7, span_kind: 2, beyond_limit: 0, texts: [service, NULL, NULL, NULL, operation, empty, NULL, NULL, NULL, NULL] };
        assert_eq!(format!("{:032x}", name.of(&key)), "95d401289f29b2510dce67a6c8182cf2");
        let key = EdgeKey { minute: 7, one_sided: true, beyond_limit: 4, texts: [service, NULL, NULL, NULL, NULL, operation, empty, NULL] };
        assert_eq!(format!("{:032x}", name.of(&key)), "d5c5840ec8222e87deba2baa42789e20");
    }
}
