//! Which operations, peers, error codes, versions and environments of a service have rows of their own, which of its calls, and which of
//! their combinations. Of each there are at most so many: a service that puts ids into its names must not make as many rows as spans.
//!
//! ```text
//! 1. each column alone     beyond `max` values the column is null
//! 2. what is left, whole   beyond `max` * ROWS_PER_VALUE combinations all columns are null: the row of all others
//! ```
//! So a minute of a service has at most as many rows as combinations, and those of all others by kind and status.
//!
//! Who came first stays, so that rows of different flushes agree; of those that come together the most frequent are first. What was not
//! seen for [`KEPT_DAYS`] makes room when room is needed: by then its rows are gone too.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use xxhash_rust::xxh3::Xxh3;

use super::{
    groups::Groups,
    key::{BEYOND_ENVIRONMENTS, BEYOND_ERROR_CODES, BEYOND_OPERATIONS, BEYOND_PEERS, BEYOND_PROTOCOLS, BEYOND_ROWS, BEYOND_VERSIONS},
    measures::Measures,
    texts::{NULL, Texts},
};

const DAY_NS: i64 = 24 * 3600 * 1_000_000_000;
/// As long as rows stay by default.
const KEPT_DAYS: i64 = 30;
/// Combinations of a service that have rows of their own, for each value that a column may have.
pub const ROWS_PER_VALUE: usize = 10;

/// What there is a limit of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limited {
    Operation,
    Peer,
    ErrorCode,
    Version,
    Environment,
    EdgeOperation,
    EdgePeer,
    EdgeProtocol,
    EdgeEnvironment,
    /// Combinations of all columns.
    Row,
    EdgeRow,
}

impl Limited {
    pub const ALL: [Self; 11] = [
        Self::Operation,
        Self::Peer,
        Self::ErrorCode,
        Self::Version,
        Self::Environment,
        Self::EdgeOperation,
        Self::EdgePeer,
        Self::EdgeProtocol,
        Self::EdgeEnvironment,
        Self::Row,
        Self::EdgeRow,
    ];

    /// In the catalog.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::Peer => "peer",
            Self::ErrorCode => "error_code",
            Self::Version => "version",
            Self::Environment => "environment",
            Self::EdgeOperation => "edge_operation",
            Self::EdgePeer => "edge_peer",
            Self::EdgeProtocol => "edge_protocol",
            Self::EdgeEnvironment => "edge_environment",
            Self::Row => "row",
            Self::EdgeRow => "edge_row",
        }
    }

    /// How many there may be where a column may have `values_max`.
    pub fn most(self, values_max: usize) -> usize {
        match self {
            Self::Row | Self::EdgeRow => values_max.saturating_mul(ROWS_PER_VALUE),
            _ => values_max,
        }
    }

    /// Its bit in `beyond_limit`.
    fn bit(self) -> i32 {
        match self {
            Self::Operation | Self::EdgeOperation => BEYOND_OPERATIONS,
            Self::Peer | Self::EdgePeer => BEYOND_PEERS,
            Self::ErrorCode => BEYOND_ERROR_CODES,
            Self::Version => BEYOND_VERSIONS,
            Self::Environment | Self::EdgeEnvironment => BEYOND_ENVIRONMENTS,
            Self::EdgeProtocol => BEYOND_PROTOCOLS,
            Self::Row | Self::EdgeRow => BEYOND_ROWS,
        }
    }
}

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

impl Use {
    fn add(&mut self, measures: &Measures) {
        self.count += measures.count;
        self.day = self.day.max(measures.received_at.div_euclid(DAY_NS));
    }
}

/// Leaves values beyond `max` for each service out of the keys of `groups`, then combinations beyond their limit, and adds up what has the
/// same key then. Returns what is to be remembered. O(groups).
pub(super) fn limit<K: LimitedKey>(groups: &mut Groups<K>, texts: &Texts, known: &Known, max: usize) -> Vec<Change> {
    let mut changes = Vec::new();
    limit_values(groups, texts, known, max, &mut changes);
    limit_combinations(groups, texts, known, max, &mut changes);
    changes
}

fn limit_values<K: LimitedKey>(groups: &mut Groups<K>, texts: &Texts, known: &Known, max: usize, changes: &mut Vec<Change>) {
    let scope = |key: &K, what| (key.texts()[0], key.texts()[1], what);
    let mut uses: HashMap<NumberedScope, HashMap<u32, Use>> = HashMap::new();
    for (key, measures) in groups.iter() {
        for (what, place) in K::LIMITED {
            let value = key.texts()[*place];
            if value != NULL {
                uses.entry(scope(key, *what)).or_default().entry(value).or_default().add(measures);
            }
        }
    }
    let mut beyond: HashSet<(NumberedScope, u32)> = HashSet::new();
    for (scope, values) in uses {
        let values = values.into_iter().map(|(value, used)| (value, texts.shared(value), used)).collect();
        let left_out = admit(scope, values, texts, known, max, changes);
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
}

fn limit_combinations<K: LimitedKey>(groups: &mut Groups<K>, texts: &Texts, known: &Known, max: usize, changes: &mut Vec<Change>) {
    let mut uses: HashMap<(u32, u32), HashMap<K, Use>> = HashMap::new();
    for (key, measures) in groups.iter().filter(|(key, _)| key.beyond_limit() & BEYOND_ROWS == 0) {
        let of_service = uses.entry((key.texts()[0], key.texts()[1])).or_default();
        of_service.entry(key.combination()).or_default().add(measures);
    }
    let mut beyond: HashSet<K> = HashSet::new();
    for ((service, namespace), combinations) in uses {
        let combinations = combinations.into_iter().map(|(key, used)| (key, name_of(&key, texts), used)).collect();
        let scope = (service, namespace, K::WHOLE);
        beyond.extend(admit(scope, combinations, texts, known, K::WHOLE.most(max), changes));
    }
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

/// How the catalog calls a combination: a hash of 128 bits.
fn name_of<K: LimitedKey>(key: &K, texts: &Texts) -> Arc<str> {
    let mut hash = Xxh3::new();
    hash.update(&key.number().to_le_bytes());
    hash.update(&key.beyond_limit().to_le_bytes());
    for text in key.texts().iter().skip(2).map(|number| texts.get(*number)) {
        // Its length first, or texts could meet. No text is not an empty one.
        hash.update(&text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
        hash.update(text.unwrap_or_default().as_bytes());
    }
    format!("{:032x}", hash.digest128()).into()
}

/// Decides about the values of one scope, each with its text; returns those that are beyond the limit.
fn admit<V>(
    (service, namespace, what): NumberedScope,
    values: Vec<(V, Arc<str>, Use)>,
    texts: &Texts,
    known: &Known,
    max: usize,
    changes: &mut Vec<Change>,
) -> Vec<V> {
    let of_value = |value: &Arc<str>| KnownValue {
        service: texts.shared(service),
        namespace: texts.shared(namespace),
        what,
        value: Arc::clone(value),
    };
    let nothing = HashMap::new();
    let known = known.0.get(&(texts.shared(service), texts.shared(namespace), what)).unwrap_or(&nothing);
    let (mut new, mut seen) = (Vec::new(), HashSet::new());
    for (value, text, used) in values {
        match known.get(&text) {
            Some(day) if *day >= used.day => {}
            Some(_) => changes.push(Change::Seen(of_value(&text), used.day)),
            None => {
                new.push((value, text, used));
                continue;
            }
        }
        seen.insert(text);
    }
    new.sort_unstable_by(|(_, a, of_a), (_, b, of_b)| of_b.count.total_cmp(&of_a.count).then_with(|| a.cmp(b)));
    let mut room = max.saturating_sub(known.len());
    if new.len() > room {
        let today = new.iter().map(|(_, _, used)| used.day).max().unwrap_or_default();
        let old = known.iter().filter(|(value, day)| **day < today - KEPT_DAYS && !seen.contains(*value));
        let forgotten: Vec<Change> = old.map(|(value, _)| Change::Forgotten(of_value(value))).collect();
        room += forgotten.len();
        changes.extend(forgotten);
    }
    let beyond = new.split_off(room.min(new.len()));
    changes.extend(new.into_iter().map(|(_, text, used)| Change::Seen(of_value(&text), used.day)));
    beyond.into_iter().map(|(value, _, _)| value).collect()
}
