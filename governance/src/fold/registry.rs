//! Which breaker and which instance a fact is about.

use std::collections::{BTreeMap, HashMap};

use super::{
    BreakerKey, Scope,
    alias::Share,
    hash::Plain,
    identity::{family, hash_of},
    parameters::SECOND,
    process::{Processes, SHARED},
    sort::{Brief, Sorted},
};
use crate::facts::{BreakerSignal, Evidence, Rejection, RejectionKind, Signal, Source};

/// The name that rules give what concerns all breakers of a process.
const OF_ALL: &str = "*";
/// Operations and targets told of one breaker.
const TALLY_MAX: usize = 16;

/// A breaker, as its facts name it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub key: BreakerKey,
    pub framework: String,
    operations: Vec<(String, u64)>,
    targets: Vec<(String, u64)>,
    pub aliases: Vec<String>,
}

/// One breaker in one instance, with the indices of its facts in the sorted ones, in their order.
#[derive(Debug)]
pub(crate) struct Slot {
    pub entry: usize,
    pub instance: String,
    pub process: usize,
    pub signals: Vec<u32>,
    pub rejections: Vec<u32>,
}

#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub entries: Vec<Entry>,
    pub slots: Vec<Slot>,
}

impl Registry {
    pub fn of(sorted: &Sorted<'_>, processes: &mut Processes) -> Self {
        let mut found = Found::default();
        let shed = load_shed(sorted);
        let mut alike: Vec<Option<OfAlike>> = sorted.kinds().iter().map(|_| None).collect();
        // In the order in which they are seen first, whatever the order of arrival.
        let mut seen: Vec<u32> = Vec::new();
        let mut of_breakers: Vec<u32> = Vec::new();
        for (index, brief) in sorted.briefs.iter().enumerate() {
            let rejection = sorted.kinds()[brief.of as usize];
            let of = alike[brief.of as usize].get_or_insert_with(|| {
                seen.push(brief.of);
                OfAlike { process: processes.index_of(&mut found.bytes, &rejection.emitter), entry: None, slot: None, more: 0 }
            });
            processes.saw(of.process, brief.time, brief.source, &rejection.evidence.rule);
            if brief.scope == Scope::Local && opens_breakers(brief, rejection, &shed) {
                of.count(&mut found, rejection);
                of_breakers.push(index as u32);
            }
        }
        for kind in seen {
            if let Some(of) = &alike[kind as usize] {
                found.tally(of, sorted.kinds()[kind as usize]);
            }
        }
        let mut of_signals = Vec::with_capacity(sorted.signals.len());
        // Samples of a series are of one fact.
        let mut of_series: HashMap<*const BreakerSignal, (usize, usize), Plain> = HashMap::default();
        for signal in &sorted.signals {
            let known = of_series.get(&std::ptr::from_ref(signal.of)).copied();
            let process = known.map_or_else(|| processes.index_of(&mut found.bytes, &signal.emitter), |(process, _)| process);
            processes.saw(process, signal.time.0, signal.evidence.source, &signal.evidence.rule);
            if signal.signal == Signal::ConfigReload && matches!(signal.name.trim(), "" | OF_ALL) {
                let key = BreakerKey::new(&signal.emitter, &signal.framework, signal.mechanism, "");
                processes.get_mut(process).reloads.push((signal.time.0, key.family));
                of_signals.push(None);
                continue;
            }
            let entry = known.map_or_else(|| found.entry_of_signal(signal), |(_, entry)| entry);
            if signal.evidence.source.is_metric() {
                of_series.insert(std::ptr::from_ref(signal.of), (process, entry));
            }
            of_signals.push(Some((entry, process)));
        }
        processes.sort();
        let same = found.same_breakers();
        let mut registry = Self { entries: found.entries, slots: Vec::new() };
        registry.adopt(&same);
        let mut slots: HashMap<(usize, usize), usize, Plain> = HashMap::default();
        for index in of_breakers {
            let kind = sorted.briefs[index as usize].of as usize;
            let Some(of) = alike[kind].as_mut() else { continue };
            let (Some(entry), process) = (of.entry, of.process) else { continue };
            let instance = || &sorted.kinds()[kind].emitter.instance;
            let slot = *of.slot.get_or_insert_with(|| registry.slot(&mut slots, same[entry], process, instance));
            registry.slots[slot].rejections.push(index);
        }
        for (index, of) in of_signals.into_iter().enumerate() {
            let Some((entry, process)) = of else { continue };
            let slot = registry.slot(&mut slots, same[entry], process, || &sorted.signals[index].emitter.instance);
            registry.slots[slot].signals.push(index as u32);
        }
        registry
    }

    fn slot<'a>(
        &mut self,
        slots: &mut HashMap<(usize, usize), usize, Plain>,
        entry: usize,
        process: usize,
        instance: impl FnOnce() -> &'a String,
    ) -> usize {
        *slots.entry((entry, process)).or_insert_with(|| {
            let instance = instance();
            let instance = if instance.is_empty() { SHARED } else { instance.as_str() }.to_owned();
            self.slots.push(Slot { entry, instance, process, signals: Vec::new(), rejections: Vec::new() });
            self.slots.len() - 1
        })
    }

    /// What entries know that are the same breaker as another goes to that one.
    fn adopt(&mut self, same: &[usize]) {
        for (index, into) in same.iter().enumerate() {
            if index != *into {
                self.give(index, *into);
            }
        }
    }

    fn give(&mut self, from: usize, into: usize) {
        let operations = std::mem::take(&mut self.entries[from].operations);
        let targets = std::mem::take(&mut self.entries[from].targets);
        let framework = self.entries[from].framework.clone();
        let entry = &mut self.entries[into];
        entry.name_framework(&framework);
        operations.iter().for_each(|(name, count)| tally(&mut entry.operations, name, *count));
        targets.iter().for_each(|(name, count)| tally(&mut entry.targets, name, *count));
    }

    /// The facts of these are of no breaker from now on; they still count as refused calls.
    pub fn forget(&mut self, entries: &[usize]) {
        self.slots.retain(|slot| !entries.contains(&slot.entry));
    }

    /// These refusals are of the breakers that they are shared out to.
    pub fn share(&mut self, shares: &[Share]) {
        for Share { rejection, process, into } in shares {
            if let Some(slot) = self.slots.iter_mut().find(|slot| slot.entry == *into && slot.process == *process) {
                slot.rejections.push(*rejection);
            }
        }
        if !shares.is_empty() {
            self.slots.iter_mut().for_each(|slot| slot.rejections.sort_unstable());
        }
    }

    /// Facts of the breaker `from`, which has no name of its own, are from now on those of `into`.
    pub fn merge(&mut self, from: usize, into: usize) {
        let alias = self.entries[from].key.name.clone();
        self.entries[into].aliases.extend(Some(alias).filter(|alias| !alias.is_empty()));
        self.give(from, into);
        let (moved, mut kept): (Vec<Slot>, Vec<Slot>) = std::mem::take(&mut self.slots).into_iter().partition(|slot| slot.entry == from);
        for slot in moved {
            match kept.iter_mut().find(|other| other.entry == into && other.process == slot.process) {
                Some(other) => {
                    other.rejections.extend(slot.rejections);
                    other.rejections.sort_unstable();
                    other.signals.extend(slot.signals);
                    other.signals.sort_unstable();
                }
                None => kept.push(Slot { entry: into, ..slot }),
            }
        }
        self.slots = kept;
    }
}

impl Entry {
    /// As exact as it is known.
    pub fn framework(&self) -> &str {
        if self.framework.is_empty() { &self.key.family } else { &self.framework }
    }

    /// The more exact name stays, with the version: whatever the order of facts.
    fn name_framework(&mut self, framework: &str) {
        let is_more_exact = (framework.len(), framework) > (self.framework.len(), self.framework.as_str());
        if is_more_exact && (self.framework.is_empty() || family(framework) == family(&self.framework)) {
            framework.clone_into(&mut self.framework);
        }
    }

    /// Nothing says which breaker, operation or target.
    pub fn is_anonymous(&self) -> bool {
        self.key.name.is_empty() && self.operations.is_empty() && self.targets.is_empty()
    }

    /// Both tell of the same operation or the same target.
    pub fn shares_place(&self, other: &Self) -> bool {
        let common = |a: &[(String, u64)], b: &[(String, u64)]| a.iter().any(|(name, _)| b.iter().any(|(other, _)| other == name));
        common(&self.operations, &other.operations) || common(&self.targets, &other.targets)
    }

    pub fn operations(&self) -> Vec<String> {
        commonest(&self.operations)
    }

    pub fn targets(&self) -> Vec<String> {
        commonest(&self.targets)
    }
}

#[derive(Default)]
struct Found {
    entries: Vec<Entry>,
    by_hash: HashMap<u64, usize, Plain>,
    /// Room to write keys in.
    bytes: Vec<u8>,
}

/// What rejections that are alike have in common, found out once.
struct OfAlike {
    process: usize,
    /// Of those that a breaker refused.
    entry: Option<usize>,
    slot: Option<usize>,
    /// After the first one of a breaker.
    more: u64,
}

impl OfAlike {
    /// One more that a breaker refused.
    fn count(&mut self, found: &mut Found, rejection: &Rejection) {
        self.more += u64::from(self.entry.is_some());
        self.entry.get_or_insert_with(|| found.entry_of_rejection(rejection));
    }
}

impl Found {
    fn entry_of_rejection(&mut self, rejection: &Rejection) -> usize {
        let Rejection { emitter, framework, mechanism, name, operation, target, evidence, .. } = rejection;
        let hash = hash_of(&mut self.bytes, emitter, framework, *mechanism, name);
        let key = || BreakerKey::new(emitter, framework, *mechanism, name);
        self.entry(hash, key, framework, (operation, target, weight(evidence)))
    }

    /// Those that came after the first of their kind.
    fn tally(&mut self, of: &OfAlike, rejection: &Rejection) {
        if let Some(entry) = of.entry.filter(|_| of.more > 0) {
            let more = of.more * weight(&rejection.evidence);
            tally(&mut self.entries[entry].operations, &rejection.operation, more);
            tally(&mut self.entries[entry].targets, &rejection.target, more);
        }
    }

    fn entry_of_signal(&mut self, signal: &BreakerSignal) -> usize {
        let BreakerSignal { emitter, framework, mechanism, name, operation, target, evidence, .. } = signal;
        let hash = hash_of(&mut self.bytes, emitter, framework, *mechanism, name);
        let key = || BreakerKey::new(emitter, framework, *mechanism, name);
        self.entry(hash, key, framework, (operation, target, weight(evidence)))
    }

    fn entry(
        &mut self,
        hash: u64,
        key: impl FnOnce() -> BreakerKey,
        framework: &str,
        (operation, target, weight): (&str, &str, u64),
    ) -> usize {
        let index = *self.by_hash.entry(hash).or_insert_with(|| {
            let (operations, targets, aliases) = (Vec::new(), Vec::new(), Vec::new());
            self.entries.push(Entry { key: key(), framework: framework.to_owned(), operations, targets, aliases });
            self.entries.len() - 1
        });
        let entry = &mut self.entries[index];
        entry.name_framework(framework);
        tally(&mut entry.operations, operation, weight);
        tally(&mut entry.targets, target, weight);
        index
    }

    /// For each entry, the one whose breaker it is: itself, the only one of the same name whose framework is known when its own is
    /// not, or, for Hystrix, the one whose name a statsd client wrote with `-`.
    fn same_breakers(&self) -> Vec<usize> {
        let mut named: BTreeMap<(&str, &str, &str, u8, String), Vec<usize>> = BTreeMap::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let BreakerKey { service, namespace, environment, mechanism, name, family } = &entry.key;
            let name = if family.starts_with("hystrix") { name.replace(['/', ':', '.'], "-") } else { name.clone() };
            named.entry((service, namespace, environment, *mechanism as u8, name)).or_default().push(index);
        }
        let mut same: Vec<usize> = (0..self.entries.len()).collect();
        for of_name in named.values() {
            let mut families: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for index in of_name {
                families.entry(&self.entries[*index].key.family).or_default().push(*index);
            }
            let special = |index: &usize| {
                let name = &self.entries[*index].key.name;
                (std::cmp::Reverse(name.matches(['/', ':', '.']).count()), name)
            };
            for of_family in families.values() {
                let Some(whole) = of_family.iter().min_by_key(|index| special(index)) else { continue };
                of_family.iter().for_each(|index| same[*index] = *whole);
            }
            let known: Vec<usize> = families.iter().filter(|(family, _)| !family.is_empty()).map(|(_, of)| same[of[0]]).collect();
            if let ([known], Some(unknown)) = (&known[..], families.get("")) {
                unknown.iter().for_each(|index| same[*index] = *known);
            }
        }
        same
    }
}

/// A metric that is read each 15 s says no more of what a breaker guards than one that is read each minute.
fn weight(evidence: &Evidence) -> u64 {
    u64::from(!evidence.source.is_metric())
}

fn tally(counts: &mut Vec<(String, u64)>, name: &str, more: u64) {
    if name.is_empty() {
        return;
    }
    let full = counts.len() >= TALLY_MAX;
    match counts.iter_mut().find(|(known, _)| known == name) {
        Some((_, count)) => *count += more,
        None if full => {}
        None => counts.push((name.to_owned(), more)),
    }
}

fn commonest(counts: &[(String, u64)]) -> Vec<String> {
    let mut sorted: Vec<&(String, u64)> = counts.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    sorted.into_iter().map(|(name, _)| name.clone()).collect()
}

fn opens_breakers(brief: &Brief, rejection: &Rejection, shed: &HashMap<(&str, &str), Vec<i64>>) -> bool {
    match brief.kind {
        RejectionKind::BreakerOpen | RejectionKind::HalfOpenLimit | RejectionKind::ConcurrencyCap => true,
        // go-zero's breaker and its shedder write the same line; the shedder writes another one before.
        RejectionKind::Unknown503 if is_gozero_drop(rejection) => {
            let times = shed.get(&(rejection.emitter.service.as_str(), rejection.emitter.instance.as_str()));
            let near = |times: &Vec<i64>| {
                let from = times.partition_point(|time| *time < brief.time - SECOND);
                times.get(from).is_some_and(|time| *time <= brief.time + SECOND)
            };
            !times.is_some_and(near)
        }
        _ => false,
    }
}

pub(crate) fn is_gozero_drop(rejection: &Rejection) -> bool {
    rejection.kind == RejectionKind::Unknown503 && rejection.framework == "go-zero" && rejection.evidence.source == Source::Log
}

fn load_shed<'a>(sorted: &Sorted<'a>) -> HashMap<(&'a str, &'a str), Vec<i64>> {
    let mut shed: HashMap<(&str, &str), Vec<i64>> = HashMap::new();
    for brief in sorted.briefs.iter().filter(|brief| brief.kind == RejectionKind::LoadShed) {
        let rejection = sorted.kinds()[brief.of as usize];
        if rejection.framework == "go-zero" {
            shed.entry((&rejection.emitter.service, &rejection.emitter.instance)).or_default().push(brief.time);
        }
    }
    shed
}
