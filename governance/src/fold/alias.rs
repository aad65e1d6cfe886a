//! Which named breaker refused a call whose record names only the operation?

use std::collections::BTreeMap;

use super::{
    history::Built,
    parameters::{SECOND, SKEW},
    registry::Registry,
};

/// Openings this close are the same.
const TOGETHER: i64 = 5 * SECOND;
/// Times that two breakers must open together to be one.
const TIMES: usize = 3;

/// Entries of one service: those that refusals alone tell of, and those whose states are told.
#[derive(Default)]
struct OfService {
    nameless: Vec<usize>,
    named: Vec<usize>,
}

/// What becomes of nameless entries.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Aliases {
    /// (nameless entry, named entry): within one service, the only named breaker of a fitting framework that was open at each of the
    /// refusals, or that opened together with the nameless one three times.
    pub pairs: Vec<(usize, usize)>,
    /// Refusals that name neither breaker nor operation, of a service with breakers that tell their states: they are of one of these,
    /// nobody knows which, and no breaker of their own.
    pub nobodys: Vec<usize>,
}

pub(crate) fn aliases(registry: &Registry, built: &[Built]) -> Aliases {
    let mut services: BTreeMap<(&str, &str, &str), OfService> = BTreeMap::new();
    for (index, entry) in registry.entries.iter().enumerate() {
        let of_entry = || registry.slots.iter().zip(built).filter(move |(slot, _)| slot.entry == index);
        if of_entry().next().is_none() {
            continue;
        }
        let told = of_entry().any(|(_, built)| built.is_told);
        let key = &entry.key;
        let service = services.entry((&key.service, &key.namespace, &key.environment)).or_default();
        match (key.is_nameless(), told) {
            (true, false) => service.nameless.push(index),
            (false, true) => service.named.push(index),
            _ => {}
        }
    }
    let mut found = Aliases::default();
    for OfService { nameless, named } in services.values() {
        for from in nameless {
            let fitting: Vec<usize> = named.iter().copied().filter(|into| fits(registry, built, *from, *into)).collect();
            match fitting[..] {
                [only] => found.pairs.push((*from, only)),
                _ if registry.entries[*from].is_anonymous() && !named.is_empty() => found.nobodys.push(*from),
                _ => {}
            }
        }
    }
    found
}

fn fits(registry: &Registry, built: &[Built], from: usize, into: usize) -> bool {
    let (nameless, named) = (&registry.entries[from].key, &registry.entries[into].key);
    let families = nameless.family.is_empty() || named.family.is_empty() || nameless.family == named.family;
    if !families || nameless.mechanism != named.mechanism {
        return false;
    }
    let of = |entry: usize| registry.slots.iter().zip(built).filter(move |(slot, _)| slot.entry == entry);
    let (mut inside, mut together) = (true, 0);
    for (slot, built) in of(from) {
        let Some((_, named)) = of(into).find(|(other, _)| other.process == slot.process) else { return false };
        let named = &named.history.trips;
        let covers = |time: i64| {
            let next = named.partition_point(|trip| trip.opened.time.0 <= time + SKEW);
            next.checked_sub(1).is_some_and(|last| named[last].closed.is_none_or(|closed| time <= closed.hi.0 + SKEW))
        };
        inside &= !named.is_empty() && built.atoms.iter().all(|atom| covers(atom.until));
        let near = |time: i64| named.iter().any(|trip| (trip.opened.time.0 - time).abs() <= TOGETHER);
        together += built.history.trips.iter().filter(|trip| near(trip.opened.time.0)).count();
    }
    inside || together >= TIMES
}
