//! What is counted in three windows.

use schemas::UnixNanos;

use super::{
    super::{
        answer::Cost,
        breakers::{Folds, RECENT_NS},
        problem::Problem,
        services::{CodeCount, Loaded, Whose, codes, minutes, minutes_of},
        window::Window,
    },
    past::PastCodes,
};
use crate::{
    analytics::{
        minutes::{Completeness, MINUTE_NS},
        overview::{Codes, Day, Seen},
        red::Grid,
        services::{self, Service},
    },
    engine::{CodesBy, CodesQuestion},
};

const DAY_NS: i64 = 24 * 60 * MINUTE_NS;
/// Of which the same hours are compared: yesterday, exactly, and the others by half hours, which are kept added up.
const DAYS: i64 = 7;
pub(super) const HALF_HOUR_NS: i64 = 30 * MINUTE_NS;

/// One window: its services, and its codes.
pub(super) struct Counted {
    pub services: Vec<Service>,
    pub codes: Codes,
}

/// All windows of an overview.
pub(super) struct Loads {
    pub now: Counted,
    pub before: Counted,
    /// `None`: nothing was stored then.
    pub yesterday: Option<Counted>,
    /// Of the days before yesterday, those on which something was stored.
    pub days: Vec<Day>,
    /// The newest part of the window.
    pub recent: Counted,
    /// The part of the window before that, with the window before.
    pub codes_before_recent: Codes,
    /// `codes_before_recent` are of so many times the newest part.
    pub times: f64,
    pub grid: Grid,
    pub completeness: Completeness,
    pub cost: Cost,
}

pub(super) async fn load(
    (folds, past): (&Folds, &PastCodes),
    window: Window,
    environment: Option<&str>,
    buckets: usize,
) -> Result<Loads, Problem> {
    let Window { start, end } = window;
    let (length, recent_ns) = (window.length_ns(), recent_ns(window));
    let grid = services::grid(start.0, end.0, buckets);
    let earlier = |time: UnixNanos, by: i64| UnixNanos(time.0.saturating_sub(by));
    let recently = Window { start: earlier(end, recent_ns), end };
    let older = Window { start, end: recently.start };
    let before = Window { start: earlier(start, length), end: start };
    let day_before = Window { start: earlier(start, DAY_NS), end: earlier(end, DAY_NS) };

    let whose = Whose { environment, ..Whose::default() };
    let windows = [(before, whole(before)), (older, grid), (recently, grid)];
    let (found, mut cost) = minutes_of(&folds.engine, &windows, whose).await?;
    let [(of_before, _), (mut now, mut completeness), (recent, of_recent)] = <[_; 3]>::try_from(found).unwrap_or_default();
    now.extend(recent.iter().cloned());
    completeness.merge(&of_recent);
    // Longer windows would overlap with their day before, or with what is compared with that.
    let of_yesterday = match length * 2 <= DAY_NS {
        true => minutes(&folds.engine, day_before, whole(day_before), whose).await?,
        false => Loaded::default(),
    };
    cost.merge(&of_yesterday.cost);
    let days = if length * 2 <= DAY_NS { earlier_days((folds, past), window, whose, &mut cost).await? } else { Vec::new() };

    let question = |window: Window, width_ns: i64| {
        let Window { start, end } = window;
        CodesQuestion { start, end, width_ns, by: CodesBy::Service, service: None, environment: environment.map(str::to_owned) }
    };
    // Two buckets: the window before, and this one without its newest part.
    let counts = codes(&folds.engine, question(Window { start: before.start, end: recently.start }, length), &mut cost).await?;
    let newest = codes(&folds.engine, question(recently, recent_ns), &mut cost).await?;
    let yesterday = if of_yesterday.rows.is_empty() {
        None
    } else {
        let counts = codes(&folds.engine, question(day_before, length), &mut cost).await?;
        Some(Counted { services: services::services(&of_yesterday.rows, whole(day_before)), codes: of(counts.iter()) })
    };
    Ok(Loads {
        now: Counted { services: services::services(&now, grid), codes: of(counts.iter().filter(|one| one.bucket > 0).chain(&newest)) },
        before: Counted { services: services::services(&of_before, whole(before)), codes: of(counts.iter().filter(|one| one.bucket == 0)) },
        yesterday,
        days,
        recent: Counted { services: services::services(&recent, whole(recently)), codes: of(newest.iter()) },
        codes_before_recent: of(counts.iter()),
        times: (2 * length - recent_ns) as f64 / recent_ns as f64,
        grid,
        completeness,
        cost,
    })
}

/// The half hours of a window on the days before yesterday, which are nearly free where they were asked for before.
async fn earlier_days((folds, past): (&Folds, &PastCodes), window: Window, whose: Whose<'_>, cost: &mut Cost) -> Result<Vec<Day>, Problem> {
    let length = window.length_ns().saturating_add(HALF_HOUR_NS - 1).div_euclid(HALF_HOUR_NS) * HALF_HOUR_NS;
    let (mut days, mut windows) = (Vec::new(), Vec::new());
    for day in 2..=DAYS {
        let start = window.start.0.saturating_sub(day * DAY_NS).div_euclid(HALF_HOUR_NS) * HALF_HOUR_NS;
        let of_day = Window { start: UnixNanos(start), end: UnixNanos(start.saturating_add(length)) };
        let Loaded { rows, cost: of_this, .. } = minutes(&folds.engine, of_day, whole(of_day), whose).await?;
        cost.merge(&of_this);
        if !rows.is_empty() {
            let times = window.length_ns() as f64 / length as f64;
            days.push(Day { services: services::services(&rows, whole(of_day)), codes: Codes::new(), times });
            windows.push(of_day);
        }
    }
    for (day, codes) in days.iter_mut().zip(past.codes(&folds.engine, &windows, whose.environment, cost).await?) {
        day.codes = codes;
    }
    Ok(days)
}

/// One bucket: nobody asks for a trend.
fn whole(window: Window) -> Grid {
    Grid { t0_ns: window.start.0, width_ns: window.length_ns().max(1), count: 1 }
}

/// The newest part of a window: five minutes of one that is long enough.
pub(super) fn recent_ns(window: Window) -> i64 {
    window.length_ns().min(RECENT_NS)
}

pub(super) fn of<'a>(counts: impl Iterator<Item = &'a CodeCount>) -> Codes {
    let mut codes = Codes::new();
    for one in counts {
        let seen: &mut Seen = codes.entry((one.whose.service.clone(), one.code.clone())).or_default();
        seen.count += one.count;
        seen.newest_ns = seen.newest_ns.max(one.newest_ns);
    }
    codes
}
