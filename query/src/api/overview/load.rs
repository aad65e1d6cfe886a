//! What is counted in this window, the one before, and the same hours of the days before.

use schemas::UnixNanos;

use super::super::{
    answer::Cost,
    breakers::RECENT_NS,
    problem::Problem,
    services::{CodeCount, Loaded, Whose, codes, minutes, minutes_of},
    window::Window,
};
use crate::{
    analytics::{
        minutes::{Completeness, MINUTE_NS, MinuteRow},
        overview::{Codes, Day, Seen},
        red::Grid,
        services::{self, Service},
    },
    engine::{CodesBy, CodesQuestion, Engine, TimeSpan},
};

const DAY_NS: i64 = 24 * 60 * MINUTE_NS;
/// Of which the same hours are compared.
const DAYS: i64 = 7;
const HALF_HOUR_NS: i64 = 30 * MINUTE_NS;

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
    /// The same time of all days on which something was stored; yesterday first, if it is among them.
    pub stored: Vec<Window>,
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

pub(super) async fn load(engine: &Engine, window: Window, environment: Option<&str>, buckets: usize) -> Result<Loads, Problem> {
    let Window { start, end } = window;
    let (length, recent_ns) = (window.length_ns(), recent_ns(window));
    let grid = services::grid(start.0, end.0, buckets);
    let recently = Window { start: earlier(end, recent_ns), end };
    let older = Window { start, end: recently.start };
    let before = Window { start: earlier(start, length), end: start };
    let days = days(window);

    let whose = Whose { environment, ..Whose::default() };
    let windows = [(before, whole(before)), (older, grid), (recently, grid)];
    let spans = async {
        let (found, mut cost) = minutes_of(engine, &windows, whose).await?;
        let of_days = minutes_of_days(engine, &days, whose, &mut cost).await?;
        Ok::<_, Problem>((found, of_days, cost))
    };
    let errors = async {
        let mut cost = Cost::default();
        // Two buckets: the window before, and this one without its newest part.
        let counts = codes(engine, question(Window { start: before.start, end: recently.start }, length, environment), &mut cost).await?;
        let newest = codes(engine, question(recently, recent_ns, environment), &mut cost).await?;
        let mut of_days = Vec::with_capacity(days.len());
        for day in &days {
            of_days.push(of(codes(engine, question(*day, day.length_ns(), environment), &mut cost).await?.iter()));
        }
        Ok::<_, Problem>((counts, newest, of_days, cost))
    };
    let (spans, errors) = tokio::try_join!(spans, errors)?;
    let (found, of_days, mut cost) = spans;
    let (counts, newest, codes_of_days, cost_of_codes) = errors;
    cost.merge(&cost_of_codes);

    let [(of_before, _), (mut now, mut completeness), (recent, of_recent)] = <[_; 3]>::try_from(found).unwrap_or_default();
    now.extend(recent.iter().cloned());
    completeness.merge(&of_recent);
    let same_time = |day: i64| Window { start: earlier(start, day * DAY_NS), end: earlier(end, day * DAY_NS) };
    let stored = (1..).zip(&of_days).filter(|(_, rows)| !rows.is_empty()).map(|(day, _)| same_time(day)).collect();
    let of_day = |((window, rows), codes): ((&Window, Vec<MinuteRow>), Codes)| {
        let times = length as f64 / window.length_ns() as f64;
        (!rows.is_empty()).then(|| Day { services: services::services(&rows, whole(*window)), codes, times })
    };
    let mut days = days.iter().zip(of_days).zip(codes_of_days).map(of_day);
    let yesterday = days.next().flatten().map(|Day { services, codes, .. }| Counted { services, codes });
    let days = days.flatten().collect();
    Ok(Loads {
        now: Counted { services: services::services(&now, grid), codes: of(counts.iter().filter(|one| one.bucket > 0).chain(&newest)) },
        before: Counted { services: services::services(&of_before, whole(before)), codes: of(counts.iter().filter(|one| one.bucket == 0)) },
        yesterday,
        days,
        stored,
        recent: Counted { services: services::services(&recent, whole(recently)), codes: of(newest.iter()) },
        codes_before_recent: of(counts.iter()),
        times: (2 * length - recent_ns) as f64 / recent_ns as f64,
        grid,
        completeness,
        cost,
    })
}

/// The same hours of the days before, yesterday first; none of a window so long that it would overlap with its day before, or with what is
/// compared with that. Yesterday exactly, the others by half hours, whose spans are kept added up.
fn days(window: Window) -> Vec<Window> {
    if window.length_ns() * 2 > DAY_NS {
        return Vec::new();
    }
    let of = |day: i64| {
        let (start, end) = (earlier(window.start, day * DAY_NS), earlier(window.end, day * DAY_NS));
        if day == 1 {
            return Window { start, end };
        }
        let start = start.0.div_euclid(HALF_HOUR_NS).saturating_mul(HALF_HOUR_NS);
        let halves = window.length_ns().saturating_add(HALF_HOUR_NS - 1).div_euclid(HALF_HOUR_NS);
        Window { start: UnixNanos(start), end: UnixNanos(start.saturating_add(halves * HALF_HOUR_NS)) }
    };
    (1..=DAYS).map(of).collect()
}

fn earlier(time: UnixNanos, by: i64) -> UnixNanos {
    UnixNanos(time.0.saturating_sub(by))
}

/// What spans of each day add up to.
async fn minutes_of_days(engine: &Engine, days: &[Window], whose: Whose<'_>, cost: &mut Cost) -> Result<Vec<Vec<MinuteRow>>, Problem> {
    let mut of_days = Vec::with_capacity(days.len());
    for day in days {
        let Loaded { rows, cost: of_this, .. } = minutes(engine, *day, whole(*day), whose).await?;
        cost.merge(&of_this);
        of_days.push(rows);
    }
    Ok(of_days)
}

fn question(Window { start, end }: Window, width_ns: i64, environment: Option<&str>) -> CodesQuestion {
    let (within, environment) = (TimeSpan::default(), environment.map(str::to_owned));
    CodesQuestion { start, end, within, width_ns, by: CodesBy::Service, service: None, environment }
}

/// One bucket: nobody asks for a trend.
fn whole(window: Window) -> Grid {
    Grid { t0_ns: window.start.0, width_ns: window.length_ns().max(1), count: 1 }
}

/// The newest part of a window: five minutes of one that is long enough.
pub(super) fn recent_ns(window: Window) -> i64 {
    window.length_ns().min(RECENT_NS)
}

fn of<'a>(counts: impl Iterator<Item = &'a CodeCount>) -> Codes {
    let mut codes = Codes::new();
    for one in counts {
        let seen: &mut Seen = codes.entry((one.whose.service.clone(), one.code.clone())).or_default();
        seen.count += one.count;
        seen.newest_ns = seen.newest_ns.max(one.newest_ns);
    }
    codes
}
