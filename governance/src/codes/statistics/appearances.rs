//! How many traces have a code: the one count that does not add up by itself, since a trace may reach from one stretch into the next, and
//! have the code at several places.

use std::{collections::BTreeMap, sync::Arc};

use schemas::TraceId;

use super::texts::Texts;

/// An error of the code that belongs to a trace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Appearance<'a> {
    pub trace: TraceId,
    pub service: &'a str,
    pub environment: &'a str,
    pub is_born: bool,
    /// Within the stretch; else shortly before it.
    pub is_inside: bool,
}

/// Errors of which places are looked at; `None`: any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Whose<T> {
    pub service: Option<T>,
    pub environment: Option<T>,
    pub every_hop: bool,
}

/// Traces with the code at some places.
#[derive(Debug)]
pub(super) struct Traces {
    pub whose: Whose<Arc<str>>,
    /// Within the stretch.
    pub all: u64,
    /// Of these, those that had it already shortly before the stretch.
    pub continued: u64,
}

/// For every choice of places that any trace is in.
pub(super) fn count<'a>(mut appearances: Vec<Appearance<'a>>, texts: &mut Texts<'a>) -> Box<[Traces]> {
    appearances.sort_unstable_by_key(|appearance| appearance.trace);
    let mut counts: BTreeMap<Whose<&'a str>, (u64, u64)> = BTreeMap::new();
    let (mut inside, mut before) = (Vec::new(), Vec::new());
    for of_trace in appearances.chunk_by(|a, b| a.trace == b.trace) {
        inside.clear();
        before.clear();
        for appearance in of_trace {
            let into = if appearance.is_inside { &mut inside } else { &mut before };
            into.extend(appearance.choices());
        }
        inside.sort_unstable();
        inside.dedup();
        for whose in &inside {
            let (all, continued) = counts.entry(*whose).or_default();
            *all += 1;
            *continued += u64::from(before.contains(whose));
        }
    }
    let own = |(whose, (all, continued)): (Whose<&'a str>, (u64, u64))| Traces {
        whose: Whose {
            service: whose.service.map(|service| texts.get(service)),
            environment: whose.environment.map(|environment| texts.get(environment)),
            every_hop: whose.every_hop,
        },
        all,
        continued,
    };
    counts.into_iter().map(own).collect()
}

impl<'a> Appearance<'a> {
    /// That it belongs to.
    fn choices(&self) -> impl Iterator<Item = Whose<&'a str>> + use<'a> {
        let Self { service, environment, is_born, .. } = *self;
        let hops = if is_born { &[false, true][..] } else { &[true][..] };
        let of_hops = move |&every_hop: &bool| {
            let whose = move |service, environment| Whose { service, environment, every_hop };
            [whose(None, None), whose(None, Some(environment)), whose(Some(service), None), whose(Some(service), Some(environment))]
        };
        hops.iter().flat_map(of_hops)
    }
}
