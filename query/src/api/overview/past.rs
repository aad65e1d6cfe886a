//! Error codes of half hours of earlier days. One whose rows are those of the same blocks is counted once.

use std::{collections::BTreeMap, sync::Arc};

use schemas::Table;

use super::{
    super::{answer::Cost, problem::Problem, services::codes, window::Window},
    load::{HALF_HOUR_NS, of},
};
use crate::{
    analytics::overview::Codes,
    engine::{CodesBy, CodesQuestion, Engine, Kept},
};

/// A half hour with a hundred codes is reckoned to take 20 KB; a page looks at some twenty.
const BYTES_MAX: usize = 16 << 20;

/// By when it begins, and of which environment.
#[derive(Debug)]
pub(super) struct PastCodes(Kept<(i64, Option<String>), Codes>);

impl Default for PastCodes {
    fn default() -> Self {
        Self(Kept::new(BYTES_MAX))
    }
}

impl PastCodes {
    /// Of windows that begin and end with half hours.
    pub(super) async fn codes(
        &self,
        engine: &Engine,
        windows: &[Window],
        environment: Option<&str>,
        cost: &mut Cost,
    ) -> Result<Vec<Codes>, Problem> {
        let halves = |window: &Window| (window.start.0..window.end.0).step_by(HALF_HOUR_NS as usize);
        let starts: Vec<i64> = windows.iter().flat_map(halves).collect();
        let stretches = engine.snapshot().stretches(Table::Errors, &starts, HALF_HOUR_NS, 0);
        let versions: BTreeMap<i64, Option<u64>> = starts.into_iter().zip(stretches.into_iter().map(|stretch| stretch.version)).collect();
        let mut all = Vec::with_capacity(windows.len());
        for window in windows {
            let key = |start: i64| (start, environment.map(str::to_owned));
            let known = |start: i64| versions.get(&start).copied().flatten().and_then(|version| self.0.get(&key(start), version));
            let of_halves: Option<Vec<Arc<Codes>>> = halves(window).map(known).collect();
            let of_halves = match of_halves {
                Some(known) => known,
                None => {
                    let missing = cost.partial.len();
                    let read = read(engine, *window, environment, cost).await?;
                    let is_whole = cost.partial.len() == missing;
                    let keep = |(start, codes): (i64, Codes)| {
                        let codes = Arc::new(codes);
                        if let Some(version) = versions.get(&start).copied().flatten().filter(|_| is_whole) {
                            self.0.put(key(start), version, Arc::clone(&codes), bytes(&codes));
                        }
                        codes
                    };
                    read.into_iter().map(keep).collect()
                }
            };
            all.push(sum(&of_halves));
        }
        Ok(all)
    }
}

/// The half hours of a window, by when each begins.
async fn read(
    engine: &Engine,
    Window { start, end }: Window,
    environment: Option<&str>,
    cost: &mut Cost,
) -> Result<BTreeMap<i64, Codes>, Problem> {
    let (width_ns, by, environment) = (HALF_HOUR_NS, CodesBy::Service, environment.map(str::to_owned));
    let counts = codes(engine, CodesQuestion { start, end, width_ns, by, service: None, environment }, cost).await?;
    let halves = (start.0..end.0).step_by(HALF_HOUR_NS as usize).enumerate();
    Ok(halves.map(|(nth, start)| (start, of(counts.iter().filter(|one| one.bucket == nth as i64)))).collect())
}

fn sum(halves: &[Arc<Codes>]) -> Codes {
    let mut sum = Codes::new();
    for (key, seen) in halves.iter().flat_map(|codes| codes.iter()) {
        let of = sum.entry(key.clone()).or_default();
        of.count += seen.count;
        of.newest_ns = of.newest_ns.max(seen.newest_ns);
    }
    sum
}

fn bytes(codes: &Codes) -> usize {
    codes.keys().map(|(service, code)| 120 + service.len() + code.len()).sum()
}
