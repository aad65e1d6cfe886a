//! Whether the instances of a service share its calls as they should, which began anew, and which fell silent.

use std::collections::{BTreeMap, BTreeSet};

use storage::rollup::minute_of;

use super::{
    minutes::{Completeness, MINUTE_NS},
    red::{Grid, Red, RedSeries},
    services::Version,
};

/// An instance is silent when it is that many times its usual pause between spans. Of calls that come at random one pause of 22,000 is
/// as long.
const SILENT_PAUSES: f64 = 10.0;
const SILENT_NS_MIN: i64 = 30_000_000_000;

/// What one instance of one version did, in one place.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Presence {
    /// Empty: its spans do not say.
    pub instance: String,
    pub version: String,
    /// The pod, or else the host.
    pub place: String,
    /// What it declares as its share of calls beside others; more than 0.
    pub weight: Option<f64>,
    /// How many spans came; all else is adjusted by sampling weights.
    pub received: u64,
    pub spans: f64,
    /// When its first and last span began.
    pub first_ns: i64,
    pub last_ns: i64,
    /// Calls that came in, by bucket of time.
    pub calls: BTreeMap<usize, Red>,
}

/// What all instances of a service did.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Presences {
    pub each: Vec<Presence>,
    /// Calls that came in, by minute since 1970.
    pub calls_by_minute: BTreeMap<i64, f64>,
    pub completeness: Completeness,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    pub name: String,
    /// In the order in which they were first seen.
    pub versions: Vec<Version>,
    pub place: String,
    /// The last that it declared.
    pub weight: Option<f64>,
    pub received: u64,
    pub spans: f64,
    pub calls: Red,
    pub trend: RedSeries,
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
    fn new(name: &str, grid: Grid) -> Self {
        Self {
            name: name.to_owned(),
            versions: Vec::new(),
            place: String::new(),
            weight: None,
            received: 0,
            spans: 0.0,
            calls: Red::default(),
            trend: RedSeries::new(grid),
            first_ns: i64::MAX,
            last_ns: i64::MIN,
            expected_calls: 0.0,
            restarts: 0,
            silent_since_ns: None,
        }
    }

    fn add(&mut self, presence: &Presence) {
        if self.place.is_empty() {
            self.place.clone_from(&presence.place);
        }
        if presence.weight.is_some() && presence.last_ns >= self.last_ns {
            self.weight = presence.weight;
        }
        self.add_version(presence);
        self.received += presence.received;
        self.spans += presence.spans;
        for (bucket, red) in &presence.calls {
            self.calls.merge(red);
            if let Some(of_bucket) = self.trend.0.get_mut(*bucket) {
                of_bucket.merge(red);
            }
        }
        self.first_ns = self.first_ns.min(presence.first_ns);
        self.last_ns = self.last_ns.max(presence.last_ns);
    }

    fn add_version(&mut self, presence: &Presence) {
        let (first_minute_ns, last_minute_ns) = (minute_of(presence.first_ns), minute_of(presence.last_ns));
        match self.versions.iter_mut().find(|version| version.name == presence.version) {
            Some(known) => {
                known.spans += presence.spans;
                known.first_minute_ns = known.first_minute_ns.min(first_minute_ns);
                known.last_minute_ns = known.last_minute_ns.max(last_minute_ns);
            }
            None => {
                let name = presence.version.clone();
                self.versions.push(Version { name, spans: presence.spans, first_minute_ns, last_minute_ns });
            }
        }
    }

    /// Calls as a multiple of the expected ones; `None` where there was nothing to share.
    pub fn skew(&self) -> Option<f64> {
        (self.expected_calls > 0.0).then(|| self.calls.count / self.expected_calls)
    }
}

/// Most calls first; `grid` is of their trends, and of the presences.
pub fn instances(presences: &Presences, grid: Grid) -> Vec<Instance> {
    let mut by_name: BTreeMap<&str, Instance> = BTreeMap::new();
    for presence in &presences.each {
        by_name.entry(&presence.instance).or_insert_with(|| Instance::new(&presence.instance, grid)).add(presence);
    }
    let mut all: Vec<Instance> = by_name.into_values().collect();
    for instance in &mut all {
        instance.versions.sort_by(|a, b| (a.first_minute_ns, &a.name).cmp(&(b.first_minute_ns, &b.name)));
    }
    share_calls(&mut all, &presences.calls_by_minute);
    let last = all.iter().map(|instance| instance.last_ns).max().unwrap_or_default();
    let (restarts, replaced) = successions(&all);
    for (index, (instance, restarts)) in all.iter_mut().zip(restarts).enumerate() {
        instance.restarts = restarts;
        // Another took its place: it did not fall silent.
        instance.silent_since_ns = if replaced.contains(&index) { None } else { silent_since(instance, last) };
    }
    all.sort_by(|a, b| {
        let spans = || b.spans.total_cmp(&a.spans);
        b.calls.count.total_cmp(&a.calls.count).then_with(spans).then_with(|| a.name.cmp(&b.name))
    });
    all
}

/// An instance is there from its first span to its last, also in minutes in which nobody called it.
fn share_calls(all: &mut [Instance], calls_by_minute: &BTreeMap<i64, f64>) {
    let minutes = |instance: &Instance| instance.first_ns.div_euclid(MINUTE_NS)..=instance.last_ns.div_euclid(MINUTE_NS);
    let there: Vec<_> = all.iter().map(minutes).collect();
    for (minute, calls) in calls_by_minute {
        let is_there = |index: &usize| there[*index].contains(minute);
        let (mut count, mut by_weight, mut weights) = (0.0, true, 0.0);
        for index in (0..all.len()).filter(is_there) {
            count += 1.0;
            by_weight &= all[index].weight.is_some();
            weights += all[index].weight.unwrap_or_default();
        }
        let sum = if by_weight { weights } else { count };
        for index in (0..all.len()).filter(is_there) {
            let weight = all[index].weight.filter(|_| by_weight).unwrap_or(1.0);
            all[index].expected_calls += calls * weight / sum;
        }
    }
}

/// How many were in the place of each before it began, and which had somebody come after them.
fn successions(all: &[Instance]) -> (Vec<usize>, BTreeSet<usize>) {
    let mut by_place: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, instance) in all.iter().enumerate().filter(|(_, instance)| !instance.place.is_empty()) {
        by_place.entry(&instance.place).or_default().push(index);
    }
    let (mut restarts, mut replaced) = (vec![0; all.len()], BTreeSet::new());
    for mut of_place in by_place.into_values() {
        let mut ends: Vec<i64> = of_place.iter().map(|index| all[*index].last_ns).collect();
        ends.sort_unstable();
        let last_begin = of_place.iter().map(|index| all[*index].first_ns).max().unwrap_or(i64::MIN);
        for index in &of_place {
            restarts[*index] = ends.partition_point(|end| *end < all[*index].first_ns);
        }
        of_place.retain(|index| all[*index].last_ns < last_begin);
        replaced.extend(of_place);
    }
    (restarts, replaced)
}

fn silent_since(instance: &Instance, last_of_all_ns: i64) -> Option<i64> {
    let pauses = instance.received.saturating_sub(1).max(1) as f64;
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

    const GRID: Grid = Grid { t0_ns: 0, width_ns: MINUTE_NS, count: 4 };

    fn minute(instance: &str, place: &str, minute: i64, calls: u32) -> Presence {
        let (first_ns, last_ns) = (minute * MINUTE_NS, minute * MINUTE_NS + MINUTE_NS - 1);
        let mut red = Red::default();
        (0..calls).for_each(|_| red.add(7, false, 1.0));
        Presence {
            instance: instance.to_owned(),
            version: format!("1.{minute}"),
            place: place.to_owned(),
            weight: None,
            received: u64::from(calls) + 1,
            spans: f64::from(calls) + 1.0,
            first_ns,
            last_ns,
            calls: [(minute as usize, red)].into(),
        }
    }

    fn told(each: &[Presence]) -> Vec<Instance> {
        let mut calls_by_minute = BTreeMap::new();
        for presence in each {
            let calls: f64 = presence.calls.values().map(|red| red.count).sum();
            *calls_by_minute.entry(presence.first_ns.div_euclid(MINUTE_NS)).or_default() += calls;
        }
        instances(&Presences { each: each.to_vec(), calls_by_minute, completeness: Completeness::default() }, GRID)
    }

    #[test]
    fn declared_weights_are_what_is_expected() {
        let check = |weights: [Option<f64>; 3], expected: [f64; 3]| {
            let each: Vec<Presence> = ["a", "b", "c"]
                .iter()
                .zip(weights)
                .zip([60, 30, 10])
                .map(|((name, weight), calls)| Presence { weight, ..minute(name, "", 0, calls) })
                .collect();
            let found: Vec<f64> = told(&each).iter().map(|one| one.expected_calls).collect();
            assert_eq!(found, expected, "{weights:?}");
        };
        check([Some(6.0), Some(3.0), Some(1.0)], [60.0, 30.0, 10.0]);
        check([Some(1.0), Some(1.0), Some(2.0)], [25.0, 25.0, 50.0]);
        // One that declares none cannot be compared.
        check([Some(6.0), None, Some(1.0)], [100.0 / 3.0; 3]);
        // The newest counts, as long as it was there.
        let earlier = Presence { weight: Some(1.0), ..minute("a", "", 0, 10) };
        let later = Presence { weight: Some(3.0), ..minute("a", "", 1, 10) };
        assert_eq!(told(&[later, earlier])[0].weight, Some(3.0));
    }

    #[test]
    fn calls_are_told_over_time_and_versions_have_marks() {
        let [one] = &told(&[minute("a", "", 3, 5), minute("a", "", 1, 2)])[..] else { panic!("one instance") };
        assert_eq!((one.trend.counts(), one.calls.count, one.spans, one.received), (vec![0.0, 2.0, 0.0, 5.0], 7.0, 9.0, 9));
        let marks: Vec<(&str, i64, f64)> =
            one.versions.iter().map(|version| (&*version.name, version.first_minute_ns / MINUTE_NS, version.spans)).collect();
        assert_eq!(marks, [("1.1", 1, 3.0), ("1.3", 3, 6.0)]);
    }

    #[test]
    fn shares_are_of_the_time_an_instance_was_there() {
        // b comes a minute later, and gets three times as much as a then.
        let all = told(&[minute("a", "", 0, 10), minute("a", "", 1, 10), minute("b", "", 1, 30)]);
        let skews: Vec<(&str, Option<f64>)> = all.iter().map(|one| (&*one.name, one.skew())).collect();
        assert_eq!(skews, [("b", Some(1.5)), ("a", Some(20.0 / 30.0))]);
        let fair = |shares: &[u32]| {
            fairness(&told(&shares.iter().enumerate().map(|(at, calls)| minute(&at.to_string(), "", 0, *calls)).collect::<Vec<_>>()))
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
        let all = told(&minutes);
        let shown: Vec<(&str, usize, Option<i64>)> = all.iter().map(|one| (&*one.name, one.restarts, one.silent_since_ns)).collect();
        assert_eq!(shown, [("lost", 0, Some(2 * MINUTE_NS - 1)), ("new", 1, None), ("old", 0, None)]);
        // One that speaks twice an hour is not silent after two minutes.
        let rare = Presence { received: 2, first_ns: 0, ..minute("rare", "pod-3", 58, 1) };
        let all = told(&[rare, minute("busy", "pod-4", 60, 1000)]);
        assert!(all.iter().all(|one| one.silent_since_ns.is_none()));
    }
}
