//! What changed shortly before a trip.

use schemas::UnixNanos;

use super::SECOND;

/// Changes before a trip that are told.
const BEFORE: i64 = 60 * 60 * SECOND;
/// After that time a change counts for 1/e.
const FADES: f64 = 15.0 * 60.0;
/// Trips so soon after a change count for its kind.
const SOON: i64 = 30 * 60 * SECOND;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// A version that was not seen before.
    Version,
    ConfigReload,
    Restart,
}

impl ChangeKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::ConfigReload => "config_reload",
            Self::Restart => "restart",
        }
    }

    /// How often such a change is to blame, by experience.
    fn weight(self) -> f64 {
        match self {
            Self::Version => 1.0,
            Self::ConfigReload => 0.9,
            Self::Restart => 0.4,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub time: UnixNanos,
    pub kind: ChangeKind,
    pub service: String,
    /// The new version, the name of the rule; may be empty.
    pub what: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// Index of the change.
    pub change: usize,
    pub before_ns: i64,
    /// `exp(-dt / 15 min)`, times a weight of its kind, times `lift`.
    pub score: f64,
    /// Trips within half an hour after changes of that kind, against those to be expected if they were spread evenly.
    pub lift: f64,
}

/// Changes of `services` (the owner, the target) in the hour before `opened`, most suspect first. `trips`: openings in the window
/// `[start, end)`, from which the lift is learned.
pub fn suspects(
    changes: &[Change],
    services: &[&str],
    opened: UnixNanos,
    trips: &[UnixNanos],
    (start, end): (UnixNanos, UnixNanos),
) -> Vec<Suspect> {
    let near = |change: &Change| services.contains(&change.service.as_str());
    let mut found: Vec<Suspect> = changes
        .iter()
        .enumerate()
        .filter(|(_, change)| near(change) && change.time <= opened && opened.0 - change.time.0 <= BEFORE)
        .map(|(index, change)| {
            let before_ns = opened.0 - change.time.0;
            let same = changes.iter().filter(|other| other.kind == change.kind && near(other)).map(|other| other.time);
            let lift = lift(same, trips, (start, end));
            let fades = (-(before_ns as f64 / 1e9) / FADES).exp();
            Suspect { change: index, before_ns, score: fades * change.kind.weight() * lift, lift }
        })
        .collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.before_ns.cmp(&b.before_ns)).then(a.change.cmp(&b.change)));
    found
}

fn lift(changes: impl Iterator<Item = UnixNanos>, trips: &[UnixNanos], (start, end): (UnixNanos, UnixNanos)) -> f64 {
    let mut spans: Vec<(i64, i64)> = changes.map(|time| (time.0.max(start.0), time.0.saturating_add(SOON).min(end.0))).collect();
    spans.sort_unstable();
    let (mut covered, mut after, mut last) = (0, 0, i64::MIN);
    for (from, to) in spans {
        let from = from.max(last);
        if to > from {
            covered += to - from;
            after += trips.iter().filter(|trip| (from..to).contains(&trip.0)).count();
            last = to;
        }
    }
    let expected = trips.len() as f64 * covered as f64 / (end.0 - start.0).max(1) as f64;
    ((after as f64 + 0.5) / (expected + 0.5)).max(0.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_version_just_before_is_the_first_suspect() {
        let at = |minutes: i64| UnixNanos(minutes * 60 * SECOND);
        let change = |minutes, kind, service: &str| Change { time: at(minutes), kind, service: service.into(), what: String::new() };
        let changes = [
            change(40, ChangeKind::Restart, "pay"),
            change(99, ChangeKind::Version, "pay"),
            change(99, ChangeKind::Version, "search"),
            change(101, ChangeKind::Version, "pay"),
            change(95, ChangeKind::Restart, "order"),
        ];
        let found = suspects(&changes, &["pay", "order"], at(100), &[at(100)], (at(0), at(1440)));
        assert_eq!(found.iter().map(|suspect| suspect.change).collect::<Vec<_>>(), [1, 4, 0]);
        assert!(found[0].score > 2.0 * found[1].score && found[0].lift > 2.0);
    }
}
