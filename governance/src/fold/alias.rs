//! Which named breaker refused a call whose record names only the operation?

use std::collections::BTreeMap;

use super::{
    History,
    atoms::Origin,
    history::Built,
    parameters::{SECOND, SKEW},
    registry::{Registry, Slot},
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
    /// Names that refusals alone tell of.
    untold: Vec<usize>,
    /// Those whose states are told by who names no breaker.
    unnamed: Vec<usize>,
}

/// What becomes of nameless entries.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Aliases {
    /// (nameless entry, named entry): within one service, the only named breaker of a fitting framework that was open at each of the
    /// refusals, or that opened together with the nameless one three times. And an entry that tells states without a name, with the only
    /// name of its library whose refusals all came while it was open.
    pub pairs: Vec<(usize, usize)>,
    /// Refusals of a service with breakers that tell their states, that are of these: they name neither breaker nor operation, or now
    /// one and now another was open. They are no breaker of their own.
    pub nobodys: Vec<usize>,
    /// Of such refusals, those at which only one of the breakers was open.
    pub shared: Vec<Share>,
}

/// A refusal, as the index of its fact, and the breaker that was open in that process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    pub rejection: u32,
    pub process: usize,
    pub into: usize,
}

pub(crate) fn aliases(registry: &Registry, built: &[Built]) -> Aliases {
    let known = Known::of(registry, built);
    let mut services: BTreeMap<(&str, &str, &str), OfService> = BTreeMap::new();
    for (index, entry) in registry.entries.iter().enumerate() {
        if known.slots[index].is_empty() {
            continue;
        }
        let told = known.slots_of(index).any(|(_, built)| built.is_told);
        let key = &entry.key;
        let service = services.entry((&key.service, &key.namespace, &key.environment)).or_default();
        match (key.is_nameless(), told) {
            (true, false) => service.nameless.push(index),
            (false, true) => service.named.push(index),
            (false, false) => service.untold.push(index),
            (true, true) if key.name.is_empty() => service.unnamed.push(index),
            (true, true) => {}
        }
    }
    let mut found = Aliases::default();
    for OfService { nameless, named, untold, unnamed } in services.values_mut() {
        let baptized: Vec<(usize, usize)> = unnamed.iter().filter_map(|from| Some((*from, known.name_of(*from, untold)?))).collect();
        let name_of = |entry: usize| baptized.iter().find(|(from, _)| *from == entry).map_or(entry, |(_, name)| *name);
        named.extend(baptized.iter().map(|(from, _)| *from));
        found.pairs.extend(&baptized);
        for from in nameless {
            match known.owner(*from, named) {
                Owner::One(into) => found.pairs.push((*from, name_of(into))),
                Owner::Several(candidates) => {
                    found.shared.extend(known.shares(*from, &candidates));
                    found.nobodys.push(*from);
                }
                Owner::Itself if registry.entries[*from].is_anonymous() && !named.is_empty() => found.nobodys.push(*from),
                Owner::Itself => {}
            }
        }
    }
    found
}

/// Whose refusals those of a nameless entry are.
enum Owner {
    One(usize),
    Several(Vec<usize>),
    Itself,
}

struct Known<'a> {
    registry: &'a Registry,
    built: &'a [Built],
    /// For each entry, its slots.
    slots: Vec<Vec<usize>>,
}

impl<'a> Known<'a> {
    fn of(registry: &'a Registry, built: &'a [Built]) -> Self {
        let mut slots = vec![Vec::new(); registry.entries.len()];
        registry.slots.iter().enumerate().for_each(|(index, slot)| slots[slot.entry].push(index));
        Self { registry, built, slots }
    }
}

impl Known<'_> {
    fn slots_of(&self, entry: usize) -> impl Iterator<Item = (&Slot, &Built)> {
        self.slots[entry].iter().map(|slot| (&self.registry.slots[*slot], &self.built[*slot]))
    }

    fn history(&self, entry: usize, process: usize) -> Option<&History> {
        self.slots_of(entry).find(|(slot, _)| slot.process == process).map(|(_, built)| &built.history)
    }

    /// Several breakers of a service open together when they guard calls of the same dependency. Then the library tells them apart,
    /// and within one library the operation or the target.
    fn owner(&self, from: usize, named: &[usize]) -> Owner {
        let nameless = &self.registry.entries[from];
        let key = |entry: usize| &self.registry.entries[entry].key;
        let may_be = |into: &usize| {
            let (from, into) = (&nameless.key, key(*into));
            let families = from.family.is_empty() || into.family.is_empty() || from.family == into.family;
            families && from.mechanism == into.mechanism
        };
        let candidates: Vec<usize> = named.iter().copied().filter(may_be).collect();
        let fitting: Vec<usize> = candidates.iter().copied().filter(|into| self.fits(from, *into)).collect();
        let same_family = narrow(fitting, |into| key(into).family == nameless.key.family);
        let same_place = narrow(same_family, |into| nameless.shares_place(&self.registry.entries[into]));
        match same_place[..] {
            [only] => Owner::One(only),
            [] if !self.is_covered(from, &candidates) => Owner::Itself,
            _ => Owner::Several(narrow(candidates, |into| key(into).family == nameless.key.family)),
        }
    }

    /// Of names that refusals alone tell of, the only one of the same library all of whose refusals came while `unnamed` was open.
    fn name_of(&self, unnamed: usize, untold: &[usize]) -> Option<usize> {
        let key = |entry: usize| &self.registry.entries[entry].key;
        let same = |name: usize| key(name).family == key(unnamed).family && key(name).mechanism == key(unnamed).mechanism;
        let mut names = untold.iter().copied().filter(|name| same(*name) && self.fits(*name, unnamed));
        names.next().filter(|_| names.next().is_none())
    }

    /// The refusals at which exactly one of `candidates` was open.
    fn shares(&self, from: usize, candidates: &[usize]) -> Vec<Share> {
        let mut shares = Vec::new();
        for (slot, built) in self.slots_of(from) {
            let of_process = |into: &usize| Some((*into, self.history(*into, slot.process)?));
            let named: Vec<(usize, &History)> = candidates.iter().filter_map(of_process).collect();
            for atom in &built.atoms {
                let Origin::Rejection(rejection) = atom.origin else { continue };
                let mut open = named.iter().filter(|(_, history)| is_open(history, atom.until)).map(|(into, _)| *into);
                if let (Some(into), None) = (open.next(), open.next()) {
                    shares.push(Share { rejection, process: slot.process, into });
                }
            }
        }
        shares
    }

    fn fits(&self, from: usize, into: usize) -> bool {
        let (mut inside, mut together) = (true, 0);
        for (slot, built) in self.slots_of(from) {
            let Some(named) = self.history(into, slot.process) else { return false };
            inside &= !named.trips.is_empty() && built.atoms.iter().all(|atom| is_open(named, atom.until));
            let near = |time: i64| named.trips.iter().any(|trip| (trip.opened.time.0 - time).abs() <= TOGETHER);
            together += built.history.trips.iter().filter(|trip| near(trip.opened.time.0)).count();
        }
        inside || together >= TIMES
    }

    /// At each refusal, one or another of `candidates` was open in that process.
    fn is_covered(&self, from: usize, candidates: &[usize]) -> bool {
        !candidates.is_empty()
            && self.slots_of(from).all(|(slot, built)| {
                let named: Vec<&History> = candidates.iter().filter_map(|into| self.history(*into, slot.process)).collect();
                built.atoms.iter().all(|atom| named.iter().any(|history| is_open(history, atom.until)))
            })
    }
}

/// Those of which `is_better` holds, or all when it holds of none.
fn narrow(entries: Vec<usize>, is_better: impl Fn(usize) -> bool) -> Vec<usize> {
    let better: Vec<usize> = entries.iter().copied().filter(|entry| is_better(*entry)).collect();
    if better.is_empty() { entries } else { better }
}

/// As far as anybody can tell: from the earliest that it can have opened to the latest that it can have closed.
pub(crate) fn is_open(history: &History, time: i64) -> bool {
    history.trips.iter().any(|trip| {
        let opened = trip.opened.lo.unwrap_or(trip.opened.time);
        opened.0 <= time + SKEW && trip.closed.is_none_or(|closed| time <= closed.hi.0 + SKEW)
    })
}
