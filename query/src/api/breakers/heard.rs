//! Is who opened a breaker still there? A process that ended while its breaker was open says nothing more, and its trip would last for as
//! long as facts are looked at.
//!
//! Processes that send metrics are known by these. Of others with a trip that lasts it is looked up when they sent anything at all: first
//! in the last minutes, and only of those that are not in them, further back.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Int64Type},
    error::ArrowError,
};
use governance::fold::{Ended, Folded, Presence, SHARED, SILENCE};
use schemas::{Table, UnixNanos, columns as c};

use super::{
    super::{answer::Cost, problem::Problem},
    load::{Folds, internal},
};
use crate::engine::{Facts, TimeSpan};

/// Who still sends is in there, even when it sends once a minute.
const RECENT_NS: i64 = 2 * SILENCE;
/// How far it is looked back, one after the other.
const REACHES_NS: [i64; 3] = [RECENT_NS, 3_600_000_000_000, 24 * 3_600_000_000_000];
/// Instances that are looked up, those whose trips are the oldest.
const INSTANCES_MAX: usize = 100;
const SOURCES: [Table; 3] = [Table::Spans, Table::Logs, Table::Metrics];

/// What was found out stays true for about so long: of a time so near, and until what is late may have come.
const KNOWN_FOR: Duration = Duration::from_secs(30);
const KNOWN_MAX: usize = 10_000;

/// Service and instance.
type Who = (String, String);

/// What was found out of late: as of when, and when those were heard of last that are gone.
#[derive(Debug, Default)]
pub(super) struct KnownHeard(Mutex<HashMap<Who, Known>>);

#[derive(Debug)]
struct Known {
    until: UnixNanos,
    last: Option<UnixNanos>,
    at: Instant,
}

impl KnownHeard {
    fn get(&self, who: &Who, until: UnixNanos) -> Option<Option<UnixNanos>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_near = |of: UnixNanos| u128::from(of.0.abs_diff(until.0)) <= KNOWN_FOR.as_nanos();
        known.get(who).filter(|known| is_near(known.until) && known.at.elapsed() <= KNOWN_FOR).map(|known| known.last)
    }

    fn put(&self, who: Who, until: UnixNanos, last: Option<UnixNanos>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        known.insert(who, Known { until, last, at: Instant::now() });
    }
}

/// Those with a trip that lasts at `until` of which nothing is heard any more.
pub(super) async fn gone(folds: &Folds, folded: &Folded, until: UnixNanos, cost: &mut Cost) -> Result<Vec<Presence>, Problem> {
    let mut missing = lasting(folded, until);
    let mut gone = Vec::new();
    let presence =
        |(service, instance): Who, first: UnixNanos, last: UnixNanos| Presence { service, instance, first: first.min(last), last };
    missing.retain(|who, opened| match folds.heard.get(who, until) {
        Some(last) => {
            gone.extend(last.map(|last| presence(who.clone(), *opened, last)));
            false
        }
        None => true,
    });
    let mut end = until;
    for reach in REACHES_NS {
        if missing.is_empty() {
            return Ok(gone);
        }
        let start = UnixNanos(until.0.saturating_sub(reach));
        for (who, last) in heard(folds, &missing, (start, end), cost).await? {
            if let Some(opened) = missing.remove(&who) {
                let last = Some(last).filter(|_| reach > RECENT_NS);
                folds.heard.put(who.clone(), until, last);
                gone.extend(last.map(|last| presence(who, opened, last)));
            }
        }
        end = start;
    }
    // Of the others only facts are kept: nobody knows.
    missing.into_keys().for_each(|who| folds.heard.put(who, until, None));
    Ok(gone)
}

/// Who has a trip that lasts and did not begin just now, and when it began.
fn lasting(folded: &Folded, until: UnixNanos) -> BTreeMap<Who, UnixNanos> {
    let mut found: Vec<(UnixNanos, Who)> = Vec::new();
    for breaker in &folded.breakers {
        for history in breaker.instances.iter().filter(|history| history.instance != SHARED) {
            let last = history.trips.last().filter(|trip| trip.ended_by == Ended::Ongoing);
            let opened = last.map(|trip| trip.opened.time).filter(|opened| opened.0 < until.0.saturating_sub(SILENCE));
            found.extend(opened.map(|opened| (opened, (breaker.key.service.clone(), history.instance.clone()))));
        }
    }
    found.sort();
    found.truncate(INSTANCES_MAX);
    // Of several trips the first one.
    found.into_iter().rev().map(|(opened, who)| (who, opened)).collect()
}

/// When each of `who` was last heard of within a time; those that were not are left out.
async fn heard(
    folds: &Folds,
    who: &BTreeMap<Who, UnixNanos>,
    (start, end): (UnixNanos, UnixNanos),
    cost: &mut Cost,
) -> Result<BTreeMap<Who, UnixNanos>, Problem> {
    let time = TimeSpan { start: Some(start), end: Some(end) };
    let texts = |of: fn(&Who) -> &String| who.keys().map(of).cloned().collect::<BTreeSet<String>>().into_iter().collect();
    let (services, instances): (Vec<String>, Vec<String>) = (texts(|who| &who.0), texts(|who| &who.1));
    let mut last: BTreeMap<Who, UnixNanos> = BTreeMap::new();
    for table in SOURCES {
        let which = Facts::LastOf { table, time, services: services.clone(), instances: instances.clone() };
        for batch in folds.rows(which, cost).await?.0 {
            let rows = rows(&batch).map_err(|error| internal(&format!("rows cannot be read: {error}")))?;
            for (of, time) in rows.into_iter().filter(|(of, _)| who.contains_key(of)) {
                let known = last.entry(of).or_insert(time);
                *known = time.max(*known);
            }
        }
    }
    Ok(last)
}

/// Of [`Facts::LastOf`].
fn rows(batch: &RecordBatch) -> Result<Vec<(Who, UnixNanos)>, ArrowError> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
    let text = |name: &str| cast(column(name)?, &DataType::Utf8);
    let (service, instance) = (text(c::SERVICE_NAME)?, text(c::SERVICE_INSTANCE_ID)?);
    let last = cast(column("last")?, &DataType::Int64)?;
    let (service, instance, last) = (service.as_string::<i32>(), instance.as_string::<i32>(), last.as_primitive::<Int64Type>());
    let row = |row: usize| {
        let is_there = service.is_valid(row) && instance.is_valid(row) && last.is_valid(row);
        is_there.then(|| ((service.value(row).to_owned(), instance.value(row).to_owned()), UnixNanos(last.value(row))))
    };
    Ok((0..batch.num_rows()).filter_map(row).collect())
}
