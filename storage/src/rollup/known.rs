//! Which operations, peers and error codes of a service have rows of their own, and which operations and peers of its calls. Of each there are at most so many: a service that puts
//! ids into its names must not make as many rows as spans.
//!
//! Who came first stays, so that rows of different flushes agree; of those that come together the most frequent are first. What was not
//! seen for [`KEPT_DAYS`] makes room when room is needed: by then its rows are gone too.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use super::{
    groups::Groups,
    key::{BEYOND_ERROR_CODES, BEYOND_OPERATIONS, BEYOND_PEERS},
    texts::{NULL, Texts},
};

const DAY_NS: i64 = 24 * 3600 * 1_000_000_000;
/// As long as rows stay by default.
const KEPT_DAYS: i64 = 30;

/// What there is a limit of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limited {
    Operation,
    Peer,
    ErrorCode,
    EdgeOperation,
    EdgePeer,
}

impl Limited {
    pub const ALL: [Self; 5] = [Self::Operation, Self::Peer, Self::ErrorCode, Self::EdgeOperation, Self::EdgePeer];

    /// In the catalog.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Peer => "peer",
            Self::ErrorCode => "error_code",
            Self::EdgeOperation => "edge_operation",
            Self::EdgePeer => "edge_peer",
        }
    }

    /// Its bit in `beyond_limit`.
    fn bit(self) -> i32 {
        match self {
            Self::Operation | Self::EdgeOperation => BEYOND_OPERATIONS,
            Self::Peer | Self::EdgePeer => BEYOND_PEERS,
            Self::ErrorCode => BEYOND_ERROR_CODES,
        }
    }
}

/// A key of which some texts are limited.
pub(super) trait LimitedKey: Copy + Eq + Hash {
    /// What is limited, and its place among the texts.
    const LIMITED: &'static [(Limited, usize)];

    /// As numbers; the first two are service and namespace.
    fn texts(&self) -> &[u32];

    /// Forgets the text at `place`, which `bit` stands for.
    fn leave_out(&mut self, place: usize, bit: i32);
}

/// A value that has rows of its own. A service or namespace that is not said is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KnownValue {
    pub service: Arc<str>,
    pub namespace: Arc<str>,
    pub what: Limited,
    pub value: Arc<str>,
}

/// How many values of one kind a service has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCount {
    pub service: Arc<str>,
    pub namespace: Arc<str>,
    pub what: Limited,
    pub values: usize,
}

/// What a flush has to remember.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Known from now on, or seen again: in days since 1970, by arrival.
    Seen(KnownValue, i64),
    Forgotten(KnownValue),
}

/// By service and what it is.
type Scope = (Arc<str>, Arc<str>, Limited);

/// The values that have rows of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(HashMap<Scope, HashMap<Arc<str>, i64>>);

impl Known {
    /// How many values have rows of their own, by service, namespace and what it is; in no order.
    pub fn counts(&self) -> impl Iterator<Item = KnownCount> {
        self.0.iter().map(|((service, namespace, what), values)| KnownCount {
            service: Arc::clone(service),
            namespace: Arc::clone(namespace),
            what: *what,
            values: values.len(),
        })
    }

    /// What makes an empty one the same.
    pub fn changes(&self) -> Vec<Change> {
        let of_scope = |((service, namespace, what), values): (&Scope, &HashMap<Arc<str>, i64>)| {
            let seen = |(value, day): (&Arc<str>, &i64)| {
                let (service, namespace, value) = (Arc::clone(service), Arc::clone(namespace), Arc::clone(value));
                Change::Seen(KnownValue { service, namespace, what: *what, value }, *day)
            };
            values.iter().map(seen).collect::<Vec<Change>>()
        };
        self.0.iter().flat_map(of_scope).collect()
    }

    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Seen(KnownValue { service, namespace, what, value }, day) => {
                    let scope = (Arc::clone(service), Arc::clone(namespace), *what);
                    self.0.entry(scope).or_default().insert(Arc::clone(value), *day);
                }
                Change::Forgotten(KnownValue { service, namespace, what, value }) => {
                    if let Some(values) = self.0.get_mut(&(Arc::clone(service), Arc::clone(namespace), *what)) {
                        values.remove(value);
                    }
                }
            }
        }
    }
}

/// Texts of a scope by number.
type NumberedScope = (u32, u32, Limited);

/// How often a value is counted, and the day of its newest arrival.
#[derive(Debug, Clone, Copy, Default)]
struct Use {
    count: f64,
    day: i64,
}

/// Leaves values beyond `max` for each service out of the keys of `groups`, and adds up what has the same key then. Returns what is to be
/// remembered. O(groups).
pub(super) fn limit<K: LimitedKey>(groups: &mut Groups<K>, texts: &Texts, known: &Known, max: usize) -> Vec<Change> {
    let scope = |key: &K, what| (key.texts()[0], key.texts()[1], what);
    let mut uses: HashMap<NumberedScope, HashMap<u32, Use>> = HashMap::new();
    for (key, measures) in groups.iter() {
        for (what, place) in K::LIMITED {
            let value = key.texts()[*place];
            if value != NULL {
                let seen = uses.entry(scope(key, *what)).or_default().entry(value).or_default();
                seen.count += measures.count;
                seen.day = seen.day.max(measures.received_at.div_euclid(DAY_NS));
            }
        }
    }
    let mut changes = Vec::new();
    let mut beyond: HashSet<(NumberedScope, u32)> = HashSet::new();
    for (scope, values) in uses {
        let left_out = admit(scope, values, texts, known, max, &mut changes);
        beyond.extend(left_out.into_iter().map(|value| (scope, value)));
    }
    if !beyond.is_empty() {
        groups.regroup(|key| {
            let mut limited = *key;
            for (what, place) in K::LIMITED {
                if beyond.contains(&(scope(key, *what), key.texts()[*place])) {
                    limited.leave_out(*place, what.bit());
                }
            }
            limited
        });
    }
    changes
}

/// Decides about the values of one scope; returns those that are beyond the limit.
fn admit(
    (service, namespace, what): NumberedScope,
    values: HashMap<u32, Use>,
    texts: &Texts,
    known: &Known,
    max: usize,
    changes: &mut Vec<Change>,
) -> Vec<u32> {
    let text = |number: u32| texts.shared(number);
    let of_value = |value: Arc<str>| KnownValue { service: text(service), namespace: text(namespace), what, value };
    let nothing = HashMap::new();
    let known = known.0.get(&(text(service), text(namespace), what)).unwrap_or(&nothing);
    let mut new: Vec<(u32, Use)> = Vec::new();
    for (value, used) in &values {
        match known.get(&text(*value)) {
            Some(day) if *day >= used.day => {}
            Some(_) => changes.push(Change::Seen(of_value(text(*value)), used.day)),
            None => new.push((*value, *used)),
        }
    }
    new.sort_unstable_by(|(a, of_a), (b, of_b)| of_b.count.total_cmp(&of_a.count).then_with(|| text(*a).cmp(&text(*b))));
    let mut room = max.saturating_sub(known.len());
    if new.len() > room {
        let today = new.iter().map(|(_, used)| used.day).max().unwrap_or_default();
        let seen: HashSet<Arc<str>> = values.keys().map(|value| text(*value)).collect();
        let old = known.iter().filter(|(value, day)| **day < today - KEPT_DAYS && !seen.contains(*value));
        let forgotten: Vec<Change> = old.map(|(value, _)| Change::Forgotten(of_value(Arc::clone(value)))).collect();
        room += forgotten.len();
        changes.extend(forgotten);
    }
    let beyond = new.split_off(room.min(new.len()));
    changes.extend(new.into_iter().map(|(value, used)| Change::Seen(of_value(text(value)), used.day)));
    beyond.into_iter().map(|(value, _)| value).collect()
}
