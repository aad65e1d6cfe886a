//! How often breakers opened in the same hours of earlier days.
//!
//! A fold of each of these hours takes a while, so they are worked out behind the answers, one after the other, and known from then on as
//! long as the rows that it read, of the hour and its look-back, are those of the same blocks, and libraries are judged alike.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use governance::fold::BreakerId;
use schemas::UnixNanos;
use storage::stretches_within;

use super::{
    super::window::Window,
    list::row,
    load::{Folds, LOOK_BACK, TOO_EXPENSIVE, Told},
    top_codes::TopCodes,
};
use crate::engine::{EndOnDrop, HOUR_NS, Kept, stretches_of_facts};

/// Hours of a day that are looked at; of longer windows nothing is told.
const HOURS_MAX: usize = 4;
/// An hour, and its look-back.
const HOURS_READ: i64 = LOOK_BACK / HOUR_NS + 1;
/// All hours together: one with a hundred trips is reckoned to take 5 KB.
const BYTES_MAX: usize = 4 << 20;

/// By breaker; `None`: an hour that cannot be folded.
type OfHour = Option<HashMap<BreakerId, usize>>;

/// Hours by when they begin.
pub(super) struct PastTrips {
    known: Kept<i64, OfHour>,
    work: Mutex<Option<Work>>,
}

/// Hours that are being worked out: until nobody holds `going` any more, also when the work panicked.
struct Work {
    going: Weak<()>,
    _task: EndOnDrop,
}

impl Default for PastTrips {
    fn default() -> Self {
        Self { known: Kept::new(BYTES_MAX), work: Mutex::default() }
    }
}

/// Of one day.
#[derive(Debug)]
pub(in crate::api) struct TripsOfDay(HashMap<BreakerId, f64>);

impl TripsOfDay {
    /// How often it opened, in as long a time as the window is.
    pub(in crate::api) fn of(&self, breaker: BreakerId) -> f64 {
        self.0.get(&breaker).copied().unwrap_or_default()
    }
}

impl Folds {
    /// For each of these windows, of earlier days, by whole hours; without those that cannot be folded. `None` until all are known, which is
    /// seen to.
    pub(in crate::api) fn past_trips(&self, windows: &[Window]) -> Option<Vec<Option<TripsOfDay>>> {
        let of_windows: Vec<Vec<i64>> = windows.iter().map(hours).collect::<Option<_>>()?;
        let snapshot = self.engine.snapshot();
        let parameters = {
            let mut hash = DefaultHasher::new();
            // Numbers among them are floating-point ones, which have no hash.
            format!("{:?}", self.engine.fold_parameters()).hash(&mut hash);
            hash.finish()
        };
        // Of each hour those before it that its fold reads, and itself.
        let starts = of_windows.concat();
        let read = |start: &i64| (0..HOURS_READ).rev().map(|before| start.saturating_sub(before * HOUR_NS)).collect::<Vec<_>>();
        let stretches = stretches_of_facts(&snapshot, &starts.iter().flat_map(read).collect::<Vec<_>>(), HOUR_NS);
        let (mut missing, mut is_changing) = (Vec::new(), false);
        let mut of_hours: HashMap<i64, Arc<OfHour>> = HashMap::new();
        for (start, stretches) in starts.into_iter().zip(stretches.chunks(HOURS_READ as usize)) {
            let version = stretches.iter().try_fold(parameters, |hash, stretch| Some(hash.rotate_left(7) ^ stretch.version?));
            let known = match (stretches.last().map_or(0, |stretch| stretch.rows), version) {
                (0, _) => Some(Arc::new(Some(HashMap::new()))),
                (_, Some(version)) => self.past_trips.known.get(&start, version).or_else(|| {
                    missing.push((start, version));
                    None
                }),
                (_, None) => {
                    is_changing = true;
                    None
                }
            };
            of_hours.extend(known.map(|known| (start, known)));
        }
        if !missing.is_empty() {
            self.work_out(missing);
            return None;
        }
        let of_day = |(window, hours): (&Window, &Vec<i64>)| {
            let known = hours.iter().map(|start| of_hours.get(start)?.as_ref().as_ref()).collect::<Option<Vec<_>>>()?;
            let times = window.length_ns() as f64 / (hours.len() as i64 * HOUR_NS) as f64;
            let mut trips: HashMap<BreakerId, f64> = HashMap::new();
            known.into_iter().flatten().for_each(|(id, count)| *trips.entry(*id).or_default() += *count as f64 * times);
            Some(TripsOfDay(trips))
        };
        (!is_changing).then(|| windows.iter().zip(&of_windows).map(of_day).collect())
    }

    /// Unless others are being worked out. What fails in passing is tried again when somebody asks again.
    fn work_out(&self, hours: Vec<(i64, u64)>) {
        let mut work = self.past_trips.work.lock().unwrap_or_else(PoisonError::into_inner);
        if work.as_ref().is_some_and(|work| work.going.strong_count() > 0) {
            return;
        }
        let (folds, going) = (self.clone(), Arc::new(()));
        let is_going = Arc::downgrade(&going);
        let task = self.engine.spawn(async move {
            let _going = going;
            for (start, version) in hours {
                let hour = Window { start: UnixNanos(start), end: UnixNanos(start.saturating_add(HOUR_NS)) };
                let trips = match folds.told_once(hour).await {
                    Ok(told) if told.cost.partial.is_empty() => Some(trips(&told, hour)),
                    Err(problem) if problem.code() == TOO_EXPENSIVE => None,
                    Ok(_) | Err(_) => continue,
                };
                let bytes = trips.as_ref().map_or(0, |trips| trips.len() * 48) + 100;
                folds.past_trips.known.put(start, version, Arc::new(trips), bytes);
            }
        });
        *work = Some(Work { going: is_going, _task: task });
    }
}

/// Those that a window touches; `None` of one that is too long.
fn hours(window: &Window) -> Option<Vec<i64>> {
    let starts: Vec<i64> = stretches_within(window.start.0, window.end.0, HOUR_NS).take(HOURS_MAX + 1).collect();
    (starts.len() <= HOURS_MAX).then_some(starts)
}

fn trips(told: &Told, hour: Window) -> HashMap<BreakerId, usize> {
    let of = |breaker| {
        let trips = row(breaker, hour, &TopCodes::new()).trips();
        (trips > 0).then_some((breaker.id, trips))
    };
    told.folded.breakers.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_that_a_window_touches() {
        let check = |start: i64, end: i64, expected: Option<&[i64]>| {
            let window = Window { start: UnixNanos(start * HOUR_NS / 4), end: UnixNanos(end * HOUR_NS / 4) };
            let expected = expected.map(|hours| hours.iter().map(|hour| hour * HOUR_NS).collect::<Vec<_>>());
            assert_eq!(hours(&window), expected, "{start} to {end} quarters");
        };
        check(0, 4, Some(&[0]));
        check(1, 5, Some(&[0, 1]));
        check(5, 6, Some(&[1]));
        check(1, 17, None);
        check(0, 16, Some(&[0, 1, 2, 3]));
    }
}
