//! Ways of codes through services.

use std::collections::BTreeMap;

use schemas::TraceId;

use super::traced::Traced;

/// Exemplars of a way.
const EXEMPLARS_MAX: usize = 5;

/// One way of a code through services, with how often it was taken.
#[derive(Debug, Clone, PartialEq)]
pub struct Way {
    /// Code and service of each step: the origin first.
    pub steps: Vec<(String, String)>,
    pub services: Vec<String>,
    pub count: f64,
    pub traces: Vec<TraceId>,
}

/// Codes, each with the service that says it, and the services on the way.
type WayKey = (Vec<(String, String)>, Vec<String>);

impl Traced<'_> {
    /// The ways that lead through a code, the most frequent first.
    pub fn ways(&self, code: &str) -> Vec<Way> {
        let mut ways: BTreeMap<WayKey, Way> = BTreeMap::new();
        let through = self.chains.iter().filter(|chain| chain.steps.iter().any(|&step| self.errors[step].hop.code == code));
        for chain in through {
            self.take(&mut ways, &chain.steps, chain.services.clone());
        }
        for &index in self.alone.iter().filter(|&&index| self.errors[index].hop.code == code) {
            self.take(&mut ways, &[index], vec![self.errors[index].hop.service.to_owned()]);
        }
        let mut all: Vec<Way> = ways.into_values().collect();
        all.sort_by(|a, b| b.count.total_cmp(&a.count).then_with(|| a.steps.cmp(&b.steps)));
        all
    }

    fn take(&self, ways: &mut BTreeMap<WayKey, Way>, steps: &[usize], services: Vec<String>) {
        let born = steps.first().map(|&step| &self.errors[step]);
        let hops = steps.iter().map(|&step| &self.errors[step].hop);
        let steps: Vec<(String, String)> = hops.map(|hop| (hop.code.to_owned(), hop.service.to_owned())).collect();
        let new = || Way { steps: steps.clone(), services: services.clone(), count: 0.0, traces: Vec::new() };
        let way = ways.entry((steps.clone(), services.clone())).or_insert_with(new);
        way.count += born.map_or(0.0, |error| error.weight);
        let trace = born.and_then(|error| error.trace);
        way.traces.extend(trace.filter(|trace| way.traces.len() < EXEMPLARS_MAX && !way.traces.contains(trace)));
    }
}
