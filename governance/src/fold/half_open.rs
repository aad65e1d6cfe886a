//! Whose are refusals that a half open breaker of some library writes, and many a limiter too? Rules say which (`half_open_of`).

use std::collections::BTreeMap;

use super::{
    History, Scope,
    alias::{Aliases, Share, is_open},
    history::Built,
    identity::family,
    parameters::SKEW,
    process::Processes,
    registry::{Entry, Registry},
    sort::{Brief, Sorted},
};
use crate::facts::{Mechanism, Rejection, RejectionKind, State};

/// Such a refusal is believed to be of a breaker
///
/// 1. in the same process, of that library or of one that nothing tells,
/// 2. that guards the operation or the target, or of which nobody knows what it guards,
/// 3. that was half open then; of the library itself open will do, for its states may be told coarsely,
///
/// if only one is so. Of all others it stays unknown who refused.
pub(crate) fn half_open(
    registry: &Registry,
    built: &[Built],
    aliases: &Aliases,
    sorted: &Sorted<'_>,
    (rules, processes): (&BTreeMap<String, String>, &mut Processes),
) -> Vec<Share> {
    let mut shares = Vec::new();
    let mut bytes = Vec::new();
    let is_wanted = |brief: &Brief| brief.kind == RejectionKind::Unknown429 && !brief.source.is_metric() && brief.scope == Scope::Local;
    for (index, brief) in sorted.briefs.iter().enumerate().filter(|(_, brief)| is_wanted(brief)) {
        let (time, rejection) = (brief.time, sorted.kinds()[brief.of as usize]);
        let Some(library) = rules.get(&rejection.evidence.rule).map(|library| family(library)) else { continue };
        let process = processes.index_of(&mut bytes, &rejection.emitter);
        let of_process = registry.slots.iter().zip(built).filter(|(slot, _)| slot.process == process);
        let may_be = |entry: usize, history: &History| {
            let of = &registry.entries[entry].key;
            let known = of.family == library;
            (known || of.family.is_empty() && !of.is_nameless())
                && of.mechanism == Mechanism::Breaker
                && if known { is_open(history, time) } else { was_half_open(history, time) }
        };
        let candidates = of_process.filter(|(slot, built)| built.is_told && may_be(slot.entry, &built.history));
        let candidates: Vec<usize> = candidates.map(|(slot, _)| slot.entry).collect();
        let guards: Vec<Option<bool>> = candidates.iter().map(|entry| guards(registry, aliases, *entry, rejection)).collect();
        let of =
            |wanted: Option<bool>| candidates.iter().zip(&guards).filter(move |(_, guards)| **guards == wanted).map(|(entry, _)| *entry);
        let best: Vec<usize> = if guards.contains(&Some(true)) { of(Some(true)).collect() } else { of(None).collect() };
        if let [into] = best[..] {
            shares.push(Share { rejection: index as u32, process, into });
        }
    }
    shares
}

/// Whether the breaker is around such calls; `None`: nobody knows around which.
fn guards(registry: &Registry, aliases: &Aliases, entry: usize, rejection: &Rejection) -> Option<bool> {
    let nameless = aliases.pairs.iter().filter(|(_, into)| *into == entry).map(|(from, _)| *from);
    let entries: Vec<&Entry> = nameless.chain([entry]).map(|entry| &registry.entries[entry]).collect();
    let mut operations = entries.iter().flat_map(|entry| entry.operations()).peekable();
    let mut targets = entries.iter().flat_map(|entry| entry.targets()).peekable();
    if operations.peek().is_none() && targets.peek().is_none() {
        return None;
    }
    Some(operations.any(|operation| operation == rejection.operation) || targets.any(|target| target == rejection.target))
}

/// As far as anybody can tell: from the earliest that it can have gone half open to the latest that it can have left.
fn was_half_open(history: &History, time: i64) -> bool {
    history.transitions.iter().enumerate().filter(|(_, transition)| transition.to == State::HalfOpen).any(|(place, transition)| {
        let entered = transition.at.lo.unwrap_or(transition.at.time);
        let left = history.transitions.get(place + 1).map(|next| next.at.hi);
        entered.0 <= time.saturating_add(SKEW) && left.is_none_or(|left| time <= left.0.saturating_add(SKEW))
    })
}
