//! A deployment replaces instances one after another: a new pod with the next version, new series, empty breakers.

use std::collections::VecDeque;

use schemas::UnixNanos;

use super::{World, guards};
use crate::{instance::Instance, topology::SERVICES, truth::DeployTruth};

/// How long a pod that was told to stop still finishes what it began.
const GRACE_NS: i64 = 5_000_000_000;

/// Replacements to come.
#[derive(Debug, Default)]
pub(super) struct Rollouts {
    /// Slots of the schedule that have been looked at.
    slots_seen: u64,
    /// When which instance, in order of time.
    due: VecDeque<(UnixNanos, usize)>,
}

impl World {
    /// Does what the scenarios wanted done before `before`.
    pub(super) fn roll_out(&mut self, before: UnixNanos) {
        let slots = self.schedule.slots_before(before);
        while self.rollouts.slots_seen < slots {
            let Some(run) = self.schedule.run(self.rollouts.slots_seen) else { break };
            self.rollouts.slots_seen += 1;
            self.truth.governance.play(run);
            let services = SERVICES.iter().flat_map(|service| (0..service.instances).map(move |nth| (service.id, nth)));
            let wanted = services.enumerate().filter_map(|(position, (id, nth))| Some((run.rollout(id, nth)?, position)));
            self.rollouts.due.extend(wanted);
        }
        while let Some((at, position)) = self.rollouts.due.pop_front_if(|(at, _)| *at < before) {
            self.replace(position, at);
        }
    }

    fn replace(&mut self, position: usize, at: UnixNanos) {
        let old = &self.instances[position];
        let (service, generation) = (old.service, old.generation + 1);
        let version = version_of(service.version, generation);
        let mut new = Instance::start(service, &version, self.config.seed, &mut self.rng);
        new.guards = guards::guards_of(service, self.config.requests_per_second);
        (new.generation, new.deployed) = (generation, Some(at));
        new.meter.open(at);
        self.truth.governance.deploy(DeployTruth {
            at,
            service: service.name,
            from_version: old.version.clone(),
            to_version: version,
            from_pod: old.pod.clone(),
            to_pod: new.pod.clone(),
        });
        let mut old = std::mem::replace(&mut self.instances[position], new);
        old.stop(UnixNanos(at.0 + GRACE_NS));
        self.retiring.push(old);
    }
}

/// The `generation`th version after `first`: its minor number grows, its patch number starts anew.
fn version_of(first: &str, generation: u32) -> String {
    let mut parts = first.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    if generation == 0 { first.to_owned() } else { format!("{major}.{}.0", minor + generation) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up() {
        assert_eq!([0, 1, 2].map(|generation| version_of("1.18.3", generation)), ["1.18.3", "1.19.0", "1.20.0"]);
    }
}
