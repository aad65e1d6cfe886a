//! The fold, from facts to breakers.

use std::collections::{HashMap, HashSet};

use super::{
    Breaker, Folded, History, Input, Notice, Scope, Verdict,
    alias::{Aliases, Share, aliases},
    atoms::Origin,
    half_open::half_open,
    hash::Plain,
    history::{Built, Context, build},
    parameters::FUTURE,
    process::Processes,
    registry::{Entry, Registry},
    roll_up::{segments, service_trips},
    series::{Prepared, prepare},
    sort::Sorted,
    upstream::Upstream,
};

/// Transitions and trips of all breakers that `input` tells of. Time grows with the number of facts (n log n).
pub fn fold(input: &Input<'_>) -> Folded {
    let until = input.until.0;
    let sorted = Sorted::of(input, until.saturating_add(FUTURE));
    let mut processes = Processes::default();
    let mut registry = Registry::of(&sorted, &mut processes);
    hear(input, &sorted, &mut processes);

    let mut built = histories(input, &sorted, &registry, &mut processes, Unchanged::default());
    let aliases = aliases(&registry, &built);
    let half_open = half_open(&registry, &built, &aliases, &sorted, (&input.parameters.half_open, &mut processes));
    if aliases != Aliases::default() || !half_open.is_empty() {
        let unchanged = unchanged(&registry, built, &aliases, &half_open);
        registry.share(&aliases.shared);
        registry.share(&half_open);
        aliases.pairs.iter().for_each(|(from, into)| registry.merge(*from, *into));
        registry.forget(&aliases.nobodys);
        built = histories(input, &sorted, &registry, &mut processes, unchanged);
    }
    let mut notices: Vec<Notice> = built.iter_mut().flat_map(|built| std::mem::take(&mut built.notices)).collect();
    if sorted.future > 0 {
        notices.push(Notice::Future { records: sorted.future });
    }
    assemble(input, &sorted, &registry, built, notices)
}

/// Of breakers whose facts stay theirs, by entry and process.
type Unchanged = HashMap<(usize, usize), Built, Plain>;

/// What is built of processes in which nothing goes to another breaker: what one of a process is told may tell of the others.
fn unchanged(registry: &Registry, built: Vec<Built>, aliases: &Aliases, half_open: &[Share]) -> Unchanged {
    let entries: HashSet<usize> =
        aliases.pairs.iter().flat_map(|(from, into)| [*from, *into]).chain(aliases.nobodys.iter().copied()).collect();
    let of_entries = registry.slots.iter().filter(|slot| entries.contains(&slot.entry)).map(|slot| slot.process);
    let changed: HashSet<usize> = of_entries.chain(aliases.shared.iter().chain(half_open).map(|share| share.process)).collect();
    let of_slots = registry.slots.iter().zip(built).filter(|(slot, _)| !changed.contains(&slot.process));
    of_slots.map(|(slot, built)| ((slot.entry, slot.process), built)).collect()
}

fn hear(input: &Input<'_>, sorted: &Sorted<'_>, processes: &mut Processes) {
    let mut bytes = Vec::new();
    for presence in input.presence {
        let of_rejections = sorted.kinds().iter().map(|rejection| &rejection.emitter);
        let mut emitters = of_rejections.chain(sorted.signals.iter().map(|signal| &signal.emitter));
        let emitter = emitters.find(|emitter| emitter.service == presence.service && emitter.instance == presence.instance);
        if let Some(emitter) = emitter {
            let process = processes.index_of(&mut bytes, emitter);
            processes.heard(process, presence);
        }
    }
}

fn histories(
    input: &Input<'_>,
    sorted: &Sorted<'_>,
    registry: &Registry,
    processes: &mut Processes,
    mut unchanged: Unchanged,
) -> Vec<Built> {
    processes.forget_resets();
    let mut prepared: Vec<Prepared> = registry.slots.iter().map(|slot| prepare(slot, sorted, processes)).collect();
    processes.sort();
    let mut upstream = Upstream::of(sorted);
    prepared.iter().flat_map(|prepared| &prepared.refusals).for_each(|series| upstream.count(sorted, series));
    upstream.sort();
    prepared.iter_mut().flat_map(|prepared| &mut prepared.refusals).for_each(|series| upstream.subtract(sorted, series));

    // What servers passed on is shared among the clients of all processes.
    if !upstream.is_empty() {
        unchanged.clear();
    }
    let context = Context { sorted, since: input.since.0, until: input.until.0 };
    let built = registry.slots.iter().zip(&prepared).map(|(slot, prepared)| {
        unchanged.remove(&(slot.entry, slot.process)).unwrap_or_else(|| {
            let entry = &registry.entries[slot.entry];
            let rule = input.parameters.of(entry.framework());
            build(&context, (slot, entry), processes.get(slot.process), prepared, &rule)
        })
    });
    built.collect()
}

fn assemble(input: &Input<'_>, sorted: &Sorted<'_>, registry: &Registry, built: Vec<Built>, mut notices: Vec<Notice>) -> Folded {
    let mut order: Vec<usize> = (0..registry.entries.len()).collect();
    order.retain(|entry| registry.slots.iter().any(|slot| slot.entry == *entry));
    order.sort_by(|a, b| registry.entries[*a].key.cmp(&registry.entries[*b].key));
    let mut place = vec![usize::MAX; registry.entries.len()];
    order.iter().enumerate().for_each(|(index, entry)| place[*entry] = index);

    let mut kept: Vec<Verdict> =
        sorted.briefs.iter().map(|brief| Verdict { scope: brief.scope, duplicate: false, breaker: None }).collect();
    let mut instances: Vec<Vec<History>> = order.iter().map(|_| Vec::new()).collect();
    for (slot, built) in registry.slots.iter().zip(built) {
        let breaker = place[slot.entry];
        slot.rejections.iter().for_each(|index| kept[*index as usize].breaker = Some(breaker));
        for atom in built.atoms.iter().filter(|atom| atom.is_point() && !atom.counted) {
            if let Origin::Rejection(index) = atom.origin {
                kept[index as usize].duplicate = true;
            }
        }
        instances[breaker].push(built.history);
    }
    let given = input.rejections.len() + input.refused.iter().map(|calls| calls.len()).sum::<usize>();
    let mut verdicts = vec![Verdict { scope: Scope::Unknown, duplicate: false, breaker: None }; given];
    for (brief, verdict) in sorted.briefs.iter().zip(&kept) {
        verdicts[brief.place as usize] = *verdict;
    }
    for (index, of) in &sorted.repeats {
        verdicts[*index as usize] = Verdict { duplicate: true, ..kept[*of as usize] };
    }
    let breakers = order.iter().zip(instances).map(|(entry, instances)| breaker(input, &registry.entries[*entry], instances)).collect();
    notices.sort_by_key(|notice| match notice {
        Notice::NeedsMapping { breaker, .. } => (0, breaker.0),
        Notice::SeveralBreakers { breaker, .. } => (1, breaker.0),
        Notice::Future { .. } => (2, 0),
    });
    Folded { breakers, verdicts, notices }
}

fn breaker(input: &Input<'_>, entry: &Entry, mut instances: Vec<History>) -> Breaker {
    instances.sort_by(|a, b| a.instance.cmp(&b.instance));
    let gap = input.parameters.of(entry.framework()).close_gap_ns;
    let segments = segments(&instances, input.since.0);
    let trips = service_trips(&instances, &segments, gap, input.until.0);
    let mut aliases = entry.aliases.clone();
    aliases.sort();
    Breaker {
        id: entry.key.id(),
        key: entry.key.clone(),
        framework: entry.framework.clone(),
        operations: entry.operations(),
        targets: entry.targets(),
        aliases,
        instances,
        trips,
        segments,
    }
}
