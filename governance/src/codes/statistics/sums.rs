//! Errors of a stretch of time, added up by code and by who reports them: small, and what is kept of a time that is over.
//!
//! Sums of stretches that follow each other add up to those of all the time, see [`super::Totals`]: every error is in the stretch in which
//! its time lies. What it is in its trace is told by errors around it, which have to be read a little beyond both ends.

use std::{collections::HashMap, mem::size_of, sync::Arc};

use schemas::TraceId;

use super::{
    appearances::{self, Appearance, Traces},
    count::CODES_MAX,
    reported::Reported,
    tally::{Sum, Tally},
    texts::Texts,
    traced::Traced,
};
use crate::codes::{counted::CountRule, lineage::Link};

/// From when to when, in nanoseconds, the end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub start: i64,
    pub end: i64,
    /// As in [`super::Count`].
    pub grain_ns: i64,
}

/// What the errors of a stretch add up to.
#[derive(Debug, Default)]
pub struct Sums {
    pub(super) codes: Vec<OfCode>,
    /// Errors of further codes.
    pub(super) left_out: Vec<LeftOut>,
    bytes: usize,
}

#[derive(Debug)]
pub(super) struct OfCode {
    pub code: Arc<str>,
    pub places: Vec<OfPlace>,
    pub traces: Box<[Traces]>,
}

/// Of one service in one environment.
#[derive(Debug)]
pub(super) struct OfPlace {
    pub service: Arc<str>,
    pub environment: Arc<str>,
    /// Records, whether they count or not.
    pub rows: u64,
    pub born: Option<Box<Sum>>,
    /// Of those that were born elsewhere.
    pub passed: Option<Box<Sum>>,
}

#[derive(Debug)]
pub(super) struct LeftOut {
    pub service: Arc<str>,
    pub environment: Arc<str>,
    pub born: f64,
    pub passed: f64,
}

impl Sums {
    /// Of the errors within the stretch; `errors` are these and those around it, in any order, `spans` those of traces in which errors
    /// alone do not tell enough ([`super::unlinked`]).
    pub fn fold<'a>(
        errors: impl Iterator<Item = Reported<'a>> + Clone,
        spans: &HashMap<TraceId, Vec<Link<'_>>>,
        rules: &[CountRule],
        stretch: Stretch,
    ) -> Self {
        let traced = Traced::of(errors.clone(), rules, spans, |_| None);
        let mut counting = Counting::of(&traced, stretch);
        for error in errors.filter(|error| stretch.has(error.time())) {
            counting.row(&error);
        }
        counting.finish()
    }

    /// So too, when it is known already what each is in its trace. Knows nothing of records that do not count.
    pub(super) fn of(traced: &Traced<'_>, stretch: Stretch) -> Self {
        Counting::of(traced, stretch).finish()
    }

    /// About what it takes in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Stretch {
    fn has(&self, time: i64) -> bool {
        (self.start..self.end).contains(&time)
    }
}

/// While they are added up.
#[derive(Default)]
struct Counting<'a> {
    codes: HashMap<&'a str, CodeTally<'a>>,
    left_out: HashMap<(&'a str, &'a str), (f64, f64)>,
}

#[derive(Default)]
struct CodeTally<'a> {
    places: HashMap<(&'a str, &'a str), PlaceTally<'a>>,
    appearances: Vec<Appearance<'a>>,
}

#[derive(Default)]
struct PlaceTally<'a> {
    rows: u64,
    born: Option<Box<Tally<'a>>>,
    passed: Option<Box<Tally<'a>>>,
}

impl<'a> Counting<'a> {
    fn of(traced: &'a Traced<'_>, stretch: Stretch) -> Self {
        let mut ways: Vec<Option<usize>> = vec![None; traced.errors.len()];
        for (way, chain) in traced.chains.iter().enumerate() {
            chain.hops.iter().for_each(|&hop| ways[hop] = Some(way));
        }
        let mut counting = Self::default();
        for ((error, role), way) in traced.errors.iter().zip(&traced.roles).zip(ways) {
            if !role.is_hop() || error.time() >= stretch.end {
                continue;
            }
            let (is_born, is_inside) = (role.is_born_here(), stretch.has(error.time()));
            if is_inside && !counting.has_room(error.hop.code) {
                let (born, passed) = counting.left_out.entry((error.hop.service, error.environment)).or_default();
                *(if is_born { born } else { passed }) += error.weight;
                continue;
            }
            if !is_inside && error.trace.is_none() {
                continue;
            }
            let Some(code) = counting.code(error.hop.code) else { continue };
            let appearance = |trace| Appearance { trace, service: error.hop.service, environment: error.environment, is_born, is_inside };
            code.appearances.extend(error.trace.map(appearance));
            if is_inside {
                let place = code.places.entry((error.hop.service, error.environment)).or_default();
                let tally = if is_born { &mut place.born } else { &mut place.passed }.get_or_insert_default();
                tally.add(error, stretch.grain_ns);
                tally.reach(way.into_iter().flat_map(|way| traced.chains[way].services.iter().map(String::as_str)));
            }
        }
        counting
    }

    fn has_room(&self, code: &str) -> bool {
        self.codes.len() < CODES_MAX || self.codes.contains_key(code)
    }

    fn code(&mut self, code: &'a str) -> Option<&mut CodeTally<'a>> {
        self.has_room(code).then(|| self.codes.entry(code).or_default())
    }

    fn row(&mut self, error: &Reported<'a>) {
        if let Some(code) = self.code(error.hop.code) {
            code.places.entry((error.hop.service, error.environment)).or_default().rows += 1;
        }
    }

    fn finish(self) -> Sums {
        let mut texts = Texts::default();
        let mut codes = Vec::with_capacity(self.codes.len());
        let mut bytes = 0;
        for (code, tally) in self.codes.into_iter().filter(|(_, tally)| !tally.places.is_empty()) {
            let mut places = Vec::with_capacity(tally.places.len());
            for ((service, environment), place) in tally.places {
                let mut finish = |tally: Option<Box<Tally<'a>>>| tally.map(|tally| Box::new(tally.finish(&mut texts)));
                let (born, passed) = (finish(place.born), finish(place.passed));
                bytes += size_of::<OfPlace>() + [&born, &passed].into_iter().flatten().map(|sum| sum.bytes()).sum::<usize>();
                places.push(OfPlace { service: texts.get(service), environment: texts.get(environment), rows: place.rows, born, passed });
            }
            let traces = appearances::count(tally.appearances, &mut texts);
            bytes += size_of::<OfCode>() + traces.len() * size_of::<Traces>();
            codes.push(OfCode { code: texts.get(code), places, traces });
        }
        let left_out = self.left_out.into_iter().map(|((service, environment), (born, passed))| LeftOut {
            service: texts.get(service),
            environment: texts.get(environment),
            born,
            passed,
        });
        let left_out: Vec<LeftOut> = left_out.collect();
        bytes += texts.bytes + left_out.len() * size_of::<LeftOut>();
        Sums { codes, left_out, bytes }
    }
}
