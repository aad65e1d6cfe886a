//! Which operations, peers, error codes, versions and environments of a service have rows of their own, which of its calls, and which of
//! their combinations. Of each there are at most so many: a service that puts ids into its names must not make as many rows as spans.
//!
//! ```text
//! 1. each column alone     beyond `max` values the column is null
//! 2. what is left, whole   beyond `max` * ROWS_PER_VALUE combinations all columns are null: the row of all others
//! ```
//! So a minute of a service has at most as many rows as combinations, and those of all others by kind and status.
//!
//! Who came first stays, so that rows of different flushes agree: here is who did. [`limit`](super::limit) decides about those that come.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use ahash::RandomState;

use super::key::{
    BEYOND_ENVIRONMENTS, BEYOND_ERROR_CODES, BEYOND_OPERATIONS, BEYOND_PEERS, BEYOND_PROTOCOLS, BEYOND_ROWS, BEYOND_VERSIONS,
};

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
    pub(super) fn bit(self) -> i32 {
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

/// A value that has rows of its own. A service or namespace that is not said is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KnownValue {
    pub service: Arc<str>,
    pub namespace: Arc<str>,
    pub what: Limited,
    pub value: Value,
}

/// What it is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    Text(Arc<str>),
    /// A hash of a combination.
    Hash(u128),
}

impl Value {
    /// As the catalog has it.
    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Hash(hash) => Cow::Owned(format!("{hash:032x}")),
        }
    }

    /// `None`: no [`to_text`](Self::to_text) is so.
    pub(crate) fn of_text(what: Limited, text: &str) -> Option<Self> {
        match what {
            Limited::Row | Limited::EdgeRow => u128::from_str_radix(text, 16).ok().map(Self::Hash),
            _ => Some(Self::Text(text.into())),
        }
    }
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

/// With the day when it was last seen.
pub(super) type Values = HashMap<Value, i64, RandomState>;

/// The values that have rows of their own. A copy shares what is not changed: flushes learn beside questions that keep what they saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known(HashMap<Scope, Arc<Values>, RandomState>);

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

    /// Those of one service.
    pub(super) fn values(&self, service: Arc<str>, namespace: Arc<str>, what: Limited) -> Option<&Values> {
        self.0.get(&(service, namespace, what)).map(AsRef::as_ref)
    }

    /// What makes an empty one the same.
    pub fn changes(&self) -> Vec<Change> {
        let of_scope = |((service, namespace, what), values): (&Scope, &Arc<Values>)| {
            let seen = |(value, day): (&Value, &i64)| {
                let (service, namespace, value) = (Arc::clone(service), Arc::clone(namespace), value.clone());
                Change::Seen(KnownValue { service, namespace, what: *what, value }, *day)
            };
            values.iter().map(seen).collect::<Vec<Change>>()
        };
        self.0.iter().flat_map(of_scope).collect()
    }

    /// O(changes, and values of the services that they are of).
    pub fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            let (Change::Seen(of, _) | Change::Forgotten(of)) = change;
            let scope = (Arc::clone(&of.service), Arc::clone(&of.namespace), of.what);
            let values = Arc::make_mut(self.0.entry(scope).or_default());
            match change {
                Change::Seen(of, day) => values.insert(of.value.clone(), *day),
                Change::Forgotten(of) => values.remove(&of.value),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_gives_back_what_it_was_given() {
        for (what, value) in [
            (Limited::Operation, Value::Text("GET /".into())),
            (Limited::Peer, Value::Text("00000000000000000000000000000001".into())),
            (Limited::Row, Value::Hash(1)),
            (Limited::EdgeRow, Value::Hash(u128::MAX)),
        ] {
            assert_eq!(Value::of_text(what, &value.to_text()), Some(value));
        }
        assert_eq!(Value::of_text(Limited::Row, "no hash"), None);
    }

    #[test]
    fn a_copy_stays_as_it_was() {
        let seen = |service: &str, value: &str| {
            let value = Value::Text(value.into());
            Change::Seen(KnownValue { service: service.into(), namespace: "".into(), what: Limited::Operation, value }, 7)
        };
        let mut known = Known::default();
        known.apply(&[seen("cart", "a"), seen("pay", "b")]);
        let before = known.clone();
        known.apply(&[seen("pay", "c")]);
        let of = |known: &Known, service: &str| known.values(service.into(), "".into(), Limited::Operation).map(HashMap::len);
        assert_eq!((of(&before, "pay"), of(&known, "pay"), of(&known, "cart")), (Some(1), Some(2), Some(1)));
    }
}
