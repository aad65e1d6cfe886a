//! A predicate as a flat list of simple ones.

use std::ops::Bound;

use crate::search::{Comparison, Pattern, Predicate, Regex, Value, Wildcard};

/// One thing asked of a value that is there.
#[derive(Debug, Clone, Copy)]
pub(super) enum Atom<'a> {
    /// That it is there.
    Exists,
    Compare(Comparison, &'a Value),
    Like(&'a Wildcard),
    Matches(&'a Regex),
    MatchesNot(&'a Regex),
}

/// How many of the list have to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    Any,
    All,
}

/// Never empty.
pub(super) fn atoms(predicate: &Predicate) -> (Join, Vec<Atom<'_>>) {
    match predicate {
        Predicate::Exists => (Join::All, vec![Atom::Exists]),
        Predicate::Is(pattern) => (Join::All, vec![one(pattern)]),
        Predicate::AnyOf(patterns) => (Join::Any, patterns.iter().map(one).collect()),
        Predicate::Compare(comparison, value) => (Join::All, vec![Atom::Compare(*comparison, value)]),
        Predicate::Between(from, to) => (Join::All, from_bound(from).into_iter().chain(to_bound(to)).collect()),
        Predicate::Matches(regex) => (Join::All, vec![Atom::Matches(regex)]),
        Predicate::MatchesNot(regex) => (Join::All, vec![Atom::MatchesNot(regex)]),
    }
}

fn one(pattern: &Pattern) -> Atom<'_> {
    match pattern {
        Pattern::Value(value) => Atom::Compare(Comparison::Equal, value),
        Pattern::Wildcard(wildcard) => Atom::Like(wildcard),
    }
}

fn from_bound(bound: &Bound<Value>) -> Option<Atom<'_>> {
    match bound {
        Bound::Included(value) => Some(Atom::Compare(Comparison::GreaterOrEqual, value)),
        Bound::Excluded(value) => Some(Atom::Compare(Comparison::Greater, value)),
        Bound::Unbounded => None,
    }
}

fn to_bound(bound: &Bound<Value>) -> Option<Atom<'_>> {
    match bound {
        Bound::Included(value) => Some(Atom::Compare(Comparison::LessOrEqual, value)),
        Bound::Excluded(value) => Some(Atom::Compare(Comparison::Less, value)),
        Bound::Unbounded => None,
    }
}
