//! What went wrong and what broke: scenarios, trips of breakers, limits, codes and deployments as they were.

use std::collections::{BTreeMap, VecDeque};

use schemas::{TraceId, UnixNanos};

use crate::{
    guard::BreakerState,
    scenario::{ScenarioKind, ScenarioRun},
};

/// Entries of each kind that are remembered; the oldest are forgotten first.
const REMEMBERED_MAX: usize = 100_000;

/// Oldest first in every list.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GovernanceTruth {
    pub scenarios: VecDeque<ScenarioRun>,
    trips: BTreeMap<u64, TripTruth>,
    trips_begun: u64,
    pub codes: VecDeque<CodeTruth>,
    limits: BTreeMap<(String, &'static str, Option<u64>), LimitTruth>,
    pub deploys: VecDeque<DeployTruth>,
}

/// A breaker as its instances share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BreakerIdentity {
    pub service: &'static str,
    /// `kratos`, `gobreaker`, `hystrix-go`, `sentinel-go`, `resilience4j`.
    pub framework: &'static str,
    /// `breaker`: a state machine. `adaptive`: drops a share.
    pub mechanism: &'static str,
    /// As the library names it; `op:/pkg.Service/Method` where it has no name.
    pub name: String,
}

/// From the first change out of closed to the one back into it, of one instance.
///
/// An adaptive breaker has no states to change: its trip goes from its first refusal to its last before ten quiet seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TripTruth {
    pub breaker: BreakerIdentity,
    /// `k8s.pod.name` of the instance.
    pub pod: String,
    /// `service.instance.id`
    pub instance: String,
    pub opened: UnixNanos,
    /// `None`: still open.
    pub closed: Option<UnixNanos>,
    /// Every change with its new state, the opening first. Only the opening and the closing of an adaptive one.
    pub changes: Vec<(UnixNanos, BreakerState)>,
    pub refused: u64,
    pub first_refused: Option<UnixNanos>,
    pub last_refused: Option<UnixNanos>,
    /// The scenario behind it; `None`: the weather.
    pub scenario: Option<ScenarioRun>,
}

/// A code that came into the world, or one that a caller said instead of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeTruth {
    pub at: UnixNanos,
    pub service: &'static str,
    pub code: u32,
    /// The code it stands for.
    pub translated_from: Option<u32>,
    pub trace: TraceId,
    pub scenario: Option<ScenarioKind>,
}

/// Requests a limit of one instance refused, during one scenario or outside of any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitTruth {
    pub service: &'static str,
    pub framework: &'static str,
    pub resource: &'static str,
    pub pod: String,
    pub refused: u64,
    /// Of those, by the one caller who is behind the burst.
    pub refused_of_scraper: u64,
    pub first_refused: UnixNanos,
    pub last_refused: UnixNanos,
    pub scenario: Option<ScenarioRun>,
}

/// An instance that was replaced by one of another version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployTruth {
    pub at: UnixNanos,
    pub service: &'static str,
    pub from_version: String,
    pub to_version: String,
    pub from_pod: String,
    pub to_pod: String,
}

impl GovernanceTruth {
    /// In order of their beginning.
    pub fn trips(&self) -> impl Iterator<Item = &TripTruth> {
        self.trips.values()
    }

    pub fn limits(&self) -> impl Iterator<Item = &LimitTruth> {
        self.limits.values()
    }

    pub(crate) fn begin_trip(&mut self, trip: TripTruth) -> u64 {
        let id = self.trips_begun;
        self.trips_begun += 1;
        self.trips.insert(id, trip);
        if self.trips.len() > REMEMBERED_MAX {
            self.trips.pop_first();
        }
        id
    }

    pub(crate) fn trip(&mut self, id: u64) -> Option<&mut TripTruth> {
        self.trips.get_mut(&id)
    }

    pub(crate) fn play(&mut self, run: ScenarioRun) {
        remember(&mut self.scenarios, run);
    }

    pub(crate) fn say_code(&mut self, code: CodeTruth) {
        remember(&mut self.codes, code);
    }

    pub(crate) fn deploy(&mut self, deploy: DeployTruth) {
        remember(&mut self.deploys, deploy);
    }

    /// One more request refused; `refused` holds one.
    pub(crate) fn limit(&mut self, refused: LimitTruth) {
        let key = (refused.pod.clone(), refused.resource, refused.scenario.map(|run| run.ordinal));
        if let Some(known) = self.limits.get_mut(&key) {
            known.refused += refused.refused;
            known.refused_of_scraper += refused.refused_of_scraper;
            known.first_refused = known.first_refused.min(refused.first_refused);
            known.last_refused = known.last_refused.max(refused.last_refused);
            return;
        }
        self.limits.insert(key, refused);
        if self.limits.len() > REMEMBERED_MAX {
            self.limits.pop_first();
        }
    }
}

impl TripTruth {
    pub(crate) fn new(breaker: BreakerIdentity, (pod, instance): (&str, &str), opened: UnixNanos, scenario: Option<ScenarioRun>) -> Self {
        Self {
            breaker,
            pod: pod.to_owned(),
            instance: instance.to_owned(),
            opened,
            closed: None,
            changes: vec![(opened, BreakerState::Open)],
            refused: 0,
            first_refused: None,
            last_refused: None,
            scenario,
        }
    }

    pub(crate) fn refuse(&mut self, at: UnixNanos) {
        self.refused += 1;
        self.first_refused = Some(self.first_refused.map_or(at, |first| first.min(at)));
        self.last_refused = Some(self.last_refused.map_or(at, |last| last.max(at)));
    }
}

fn remember<T>(list: &mut VecDeque<T>, entry: T) {
    if list.len() == REMEMBERED_MAX {
        list.pop_front();
    }
    list.push_back(entry);
}
