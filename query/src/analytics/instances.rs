//! Whether the instances of a service share its calls as they should, which began anew, and which fell silent.

use std::collections::{BTreeMap, BTreeSet};

const MINUTE_NS: i64 = 60_000_000_000;
/// An instance is silent when it is that many times its usual pause between spans. Of calls that come at random one pause of 22,000 is
/// as long.
const SILENT_PAUSES: f64 = 10.0;
const SILENT_NS_MIN: i64 = 30_000_000_000;

/// What one instance did in one minute.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Presence {
    /// Empty: its spans do not say.
    pub instance: String,
    pub version: String,
    /// The pod, or else the host.
    pub place: String,
    /// What it declares as its share of calls beside others; more than 0.
    pub weight: Option<f64>,
    /// Since 1970.
    pub minute: i64,
    pub spans: u64,
    /// Of these, calls that came in.
    pub calls: u64,
    pub failed: u64,
    /// Of the calls.
    pub sum_ns: i64,
    /// When its first and last span of the minute began.
    pub first_ns: i64,
    pub last_ns: i64,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Instance {
    pub name: String,
    pub versions: Vec<String>,
    pub place: String,
    /// The last that it declared.
    pub weight: Option<f64>,
    pub spans: u64,
    pub calls: u64,
    pub failed: u64,
    pub sum_ns: i64,
    pub first_ns: i64,
    pub last_ns: i64,
    /// Calls if those of every minute had been shared among the instances that were there: by their weights when all declare one, else
    /// evenly.
    pub expected_calls: f64,
    /// Instances that were in the same place before, and had ended.
    pub restarts: usize,
    /// Since when it says nothing, while others do; `None`: it still speaks, or all are quiet.
    pub silent_since_ns: Option<i64>,
}

impl Instance {
    /// Calls as a multiple of the expected ones; `None` where there was nothing to share.
    pub fn skew(&self) -> Option<f64> {
        (self.expected_calls > 0.0).then(|| self.calls as f64 / self.expected_calls)
    }
}

/// Most calls first.
pub fn instances(minutes: &[Presence]) -> Vec<Instance> {
    let mut by_name: BTreeMap<&str, Instance> = BTreeMap::new();
    let mut calls_by_minute: BTreeMap<i64, u64> = BTreeMap::new();
    for presence in minutes {
        let first = Instance { name: presence.instance.clone(), first_ns: i64::MAX, last_ns: i64::MIN, ..Instance::default() };
        let instance = by_name.entry(&presence.instance).or_insert(first);
        if !presence.version.is_empty() && !instance.versions.contains(&presence.version) {
            instance.versions.push(presence.version.clone());
        }
        if instance.place.is_empty() {
            instance.place.clone_from(&presence.place);
        }
        if presence.weight.is_some() && presence.last_ns >= instance.last_ns {
            instance.weight = presence.weight;
        }
        instance.spans += presence.spans;
        instance.calls += presence.calls;
        instance.failed += presence.failed;
        instance.sum_ns = instance.sum_ns.saturating_add(presence.sum_ns);
        instance.first_ns = instance.first_ns.min(presence.first_ns);
        instance.last_ns = instance.last_ns.max(presence.last_ns);
        *calls_by_minute.entry(presence.minute).or_default() += presence.calls;
    }
    let mut all: Vec<Instance> = by_name.into_values().collect();
    all.iter_mut().for_each(|instance| instance.versions.sort_unstable());
    share_calls(&mut all, &calls_by_minute);
    let last = all.iter().map(|instance| instance.last_ns).max().unwrap_or_default();
    let restarts: Vec<usize> = all.iter().map(|instance| restarts(instance, &all)).collect();
    let replaced: BTreeSet<usize> = (0..all.len()).filter(|one| all.iter().any(|other| replaces(other, &all[*one]))).collect();
    for (index, (instance, restarts)) in all.iter_mut().zip(restarts).enumerate() {
        instance.restarts = restarts;
        // Another took its place: it did not fall silent.
        instance.silent_since_ns = if replaced.contains(&index) { None } else { silent_since(instance, last) };
    }
    all.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| b.spans.cmp(&a.spans)).then_with(|| a.name.cmp(&b.name)));
    all
}

/// An instance is there from its first span to its last, also in minutes in which nobody called it.
fn share_calls(all: &mut [Instance], calls_by_minute: &BTreeMap<i64, u64>) {
    for (minute, calls) in calls_by_minute {
        let is_there =
            |instance: &Instance| (instance.first_ns.div_euclid(MINUTE_NS)..=instance.last_ns.div_euclid(MINUTE_NS)).contains(minute);
        let there = || all.iter().filter(|instance| is_there(instance));
        let weights: Option<Vec<f64>> = there().map(|instance| instance.weight).collect();
        let (by_weight, sum) = (weights.is_some(), weights.map_or(there().count() as f64, |weights| weights.iter().sum()));
        for instance in all.iter_mut().filter(|instance| is_there(instance)) {
            let weight = instance.weight.filter(|_| by_weight).unwrap_or(1.0);
            instance.expected_calls += *calls as f64 * weight / sum;
        }
    }
}

fn replaces(new: &Instance, old: &Instance) -> bool {
    !new.place.is_empty() && new.place == old.place && old.last_ns < new.first_ns
}

fn restarts(instance: &Instance, all: &[Instance]) -> usize {
    all.iter().filter(|other| replaces(instance, other)).count()
}

fn silent_since(instance: &Instance, last_of_all_ns: i64) -> Option<i64> {
    let pauses = instance.spans.saturating_sub(1).max(1) as f64;
    let usual = (instance.last_ns - instance.first_ns) as f64 / pauses;
    let pause = last_of_all_ns - instance.last_ns;
    (pause >= SILENT_NS_MIN && pause as f64 > usual * SILENT_PAUSES).then_some(instance.last_ns)
}

/// Jain's index of fairness over calls as multiples of the expected ones: 1 when each has its share, 1/n when one of n has all.
/// `None` without calls.
pub fn fairness(instances: &[Instance]) -> Option<f64> {
    let shares: Vec<f64> = instances.iter().filter_map(Instance::skew).collect();
    let (sum, squares) = (shares.iter().sum::<f64>(), shares.iter().map(|share| share * share).sum::<f64>());
    (squares > 0.0).then(|| sum * sum / (shares.len() as f64 * squares))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(instance: &str, place: &str, minute: i64, calls: u64) -> Presence {
        let (first_ns, last_ns) = (minute * MINUTE_NS, minute * MINUTE_NS + MINUTE_NS - 1);
        let (instance, place, version) = (instance.to_owned(), place.to_owned(), "1".to_owned());
        let (spans, sum_ns) = (calls + 1, 7 * calls as i64);
        Presence { instance, version, place, weight: None, minute, spans, calls, failed: 0, sum_ns, first_ns, last_ns }
    }

    #[test]
    fn declared_weights_are_what_is_expected() {
        let check = |weights: [Option<f64>; 3], expected: [f64; 3]| {
            let told: Vec<Presence> = ["a", "b", "c"]
                .iter()
                .zip(weights)
                .zip([60, 30, 10])
                .map(|((name, weight), calls)| Presence { weight, ..minute(name, "", 0, calls) })
                .collect();
            let found: Vec<f64> = instances(&told).iter().map(|one| one.expected_calls).collect();
            assert_eq!(found, expected, "{weights:?}");
        };
        check([Some(6.0), Some(3.0), Some(1.0)], [60.0, 30.0, 10.0]);
        check([Some(1.0), Some(1.0), Some(2.0)], [25.0, 25.0, 50.0]);
        // One that declares none cannot be compared.
        check([Some(6.0), None, Some(1.0)], [100.0 / 3.0; 3]);
        // The newest counts, as long as it was there.
        let earlier = Presence { weight: Some(1.0), ..minute("a", "", 0, 10) };
        let later = Presence { weight: Some(3.0), ..minute("a", "", 1, 10) };
        assert_eq!(instances(&[later, earlier])[0].weight, Some(3.0));
    }

    #[test]
    fn shares_are_of_the_time_an_instance_was_there() {
        // b comes a minute later, and gets three times as much as a then.
        let told = instances(&[minute("a", "", 0, 10), minute("a", "", 1, 10), minute("b", "", 1, 30)]);
        let skews: Vec<(&str, Option<f64>)> = told.iter().map(|one| (&*one.name, one.skew())).collect();
        assert_eq!(skews, [("b", Some(1.5)), ("a", Some(20.0 / 30.0))]);
        let fair = |shares: &[u64]| {
            fairness(&instances(&shares.iter().enumerate().map(|(at, calls)| minute(&at.to_string(), "", 0, *calls)).collect::<Vec<_>>()))
        };
        assert_eq!((fair(&[10, 10, 10]), fair(&[40, 0, 0, 0]), fair(&[0]), fair(&[])), (Some(1.0), Some(0.25), None, None));
    }

    #[test]
    fn who_took_a_place_began_anew_and_who_left_none_is_silent() {
        let minutes = [
            minute("old", "pod-1", 0, 100),
            minute("new", "pod-1", 2, 100),
            minute("new", "pod-1", 3, 100),
            minute("lost", "pod-2", 0, 100),
            minute("lost", "pod-2", 1, 100),
        ];
        let told = instances(&minutes);
        let shown: Vec<(&str, usize, Option<i64>)> = told.iter().map(|one| (&*one.name, one.restarts, one.silent_since_ns)).collect();
        assert_eq!(shown, [("lost", 0, Some(2 * MINUTE_NS - 1)), ("new", 1, None), ("old", 0, None)]);
        // One that speaks twice an hour is not silent after two minutes.
        let rare = Presence { spans: 2, first_ns: 0, ..minute("rare", "pod-3", 58, 1) };
        let told = instances(&[rare, minute("busy", "pod-4", 60, 1000)]);
        assert!(told.iter().all(|one| one.silent_since_ns.is_none()));
    }
}
