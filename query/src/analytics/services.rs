//! Services and their operations, as sums of their spans show them.

use std::collections::BTreeMap;

use super::{
    minutes::{Exemplars, MINUTE_NS, MinuteRow},
    red::{Grid, Red, RedSeries},
};

/// Failed calls below this are no trouble of a service: they happen.
const TROUBLE_ERRORS_MIN: f64 = 5.0;
const WARN_SHARE: f64 = 0.01;
const ERROR_SHARE: f64 = 0.05;

/// One service within a window.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    pub name: String,
    pub namespaces: Vec<String>,
    pub environments: Vec<String>,
    /// In the order in which they were first seen.
    pub versions: Vec<Version>,
    /// All spans, whatever their kind.
    pub spans: f64,
    pub basis: Basis,
    pub calls: Red,
    pub trend: RedSeries,
    /// When the last minute begins that has a span.
    pub last_minute_ns: i64,
}

/// Which spans count as calls of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Those of calls that came in: server and consumer spans.
    Entry,
    /// All spans, of a service where none came in.
    All,
}

impl Basis {
    pub fn word(self) -> &'static str {
        match self {
            Self::Entry => "entry",
            Self::All => "all",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Empty: its spans do not say.
    pub name: String,
    pub spans: f64,
    /// When the first and the last minute begin that have a span of it.
    pub first_minute_ns: i64,
    pub last_minute_ns: i64,
}

/// How a service does, by the share of its calls that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    Ok,
    Warn,
    Error,
}

impl Health {
    pub fn of(calls: &Red) -> Self {
        match calls.error_share() {
            _ if calls.errors < TROUBLE_ERRORS_MIN => Self::Ok,
            share if share >= ERROR_SHARE => Self::Error,
            share if share >= WARN_SHARE => Self::Warn,
            _ => Self::Ok,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Services in order of their names; `grid` is of their trends, and of the rows.
pub fn services(rows: &[MinuteRow], grid: Grid) -> Vec<Service> {
    let mut by_name: BTreeMap<&str, Vec<&MinuteRow>> = BTreeMap::new();
    rows.iter().for_each(|row| by_name.entry(&row.key.service).or_default().push(row));
    by_name.into_iter().map(|(name, rows)| service(name, &rows, grid)).collect()
}

fn service(name: &str, rows: &[&MinuteRow], grid: Grid) -> Service {
    let basis = if rows.iter().any(|row| row.key.is_entry()) { Basis::Entry } else { Basis::All };
    let mut service = Service {
        name: name.to_owned(),
        namespaces: Vec::new(),
        environments: Vec::new(),
        versions: Vec::new(),
        spans: 0.0,
        basis,
        calls: Red::default(),
        trend: RedSeries::new(grid),
        last_minute_ns: i64::MIN,
    };
    let mut versions = Versions::default();
    for row in rows {
        let key = &row.key;
        versions.add(row);
        for (seen, text) in [(&mut service.namespaces, &key.namespace), (&mut service.environments, &key.environment)] {
            if !text.is_empty() && !seen.iter().any(|known| **known == **text) {
                seen.push(text.to_string());
            }
        }
        service.spans += row.red.count;
        service.last_minute_ns = service.last_minute_ns.max(row.last_minute_ns);
        if basis == Basis::All || key.is_entry() {
            service.calls.merge(&row.red);
            service.trend.merge_at(grid, key.from_ns, &row.red);
        }
    }
    service.namespaces.sort_unstable();
    service.environments.sort_unstable();
    service.versions = versions.in_order();
    service
}

/// By name.
#[derive(Default)]
struct Versions<'a>(BTreeMap<&'a str, Version>);

impl<'a> Versions<'a> {
    fn add(&mut self, row: &'a MinuteRow) {
        let MinuteRow { key, first_minute_ns, last_minute_ns, red, .. } = row;
        let (first_minute_ns, last_minute_ns) = (*first_minute_ns, *last_minute_ns);
        let first = || Version { name: key.version.to_string(), spans: 0.0, first_minute_ns, last_minute_ns };
        let version = self.0.entry(&key.version).or_insert_with(first);
        version.spans += red.count;
        version.first_minute_ns = version.first_minute_ns.min(first_minute_ns);
        version.last_minute_ns = version.last_minute_ns.max(last_minute_ns);
    }

    fn in_order(self) -> Vec<Version> {
        let mut versions: Vec<Version> = self.0.into_values().collect();
        versions.sort_by(|a, b| (a.first_minute_ns, &a.name).cmp(&(b.first_minute_ns, &b.name)));
        versions
    }
}

/// One operation of a service, of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// `None`: all those together that the service has too many of.
    pub name: Option<String>,
    /// As in the table of spans.
    pub kind: i32,
    pub red: Red,
    pub trend: RedSeries,
    /// In the order in which they were first seen.
    pub versions: Vec<Version>,
    pub exemplars: Exemplars,
    pub last_minute_ns: i64,
}

/// Of these rows, those that took most time in sum first; `grid` is of their trends, and of the rows.
pub fn operations(rows: &[MinuteRow], grid: Grid) -> Vec<Operation> {
    let mut by_name: BTreeMap<(Option<&str>, i32), (Operation, Versions<'_>)> = BTreeMap::new();
    for row in rows {
        let (name, kind) = (row.key.operation.as_deref(), row.key.kind);
        let none = || Operation {
            name: name.map(str::to_owned),
            kind,
            red: Red::default(),
            trend: RedSeries::new(grid),
            versions: Vec::new(),
            exemplars: Exemplars::default(),
            last_minute_ns: i64::MIN,
        };
        let (operation, versions) = by_name.entry((name, kind)).or_insert_with(|| (none(), Versions::default()));
        versions.add(row);
        operation.trend.merge_at(grid, row.key.from_ns, &row.red);
        operation.red.merge(&row.red);
        operation.exemplars.merge(&row.exemplars);
        operation.last_minute_ns = operation.last_minute_ns.max(row.last_minute_ns);
    }
    let whole = |(operation, versions): (Operation, Versions<'_>)| Operation { versions: versions.in_order(), ..operation };
    let mut operations: Vec<Operation> = by_name.into_values().map(whole).collect();
    operations.sort_by(|a, b| b.red.sum_ns.cmp(&a.red.sum_ns).then_with(|| (&a.name, a.kind).cmp(&(&b.name, b.kind))));
    operations
}

/// Whole minutes in buckets: at most `count_max` of them cover `start..end`.
pub fn grid(start_ns: i64, end_ns: i64, count_max: usize) -> Grid {
    let minutes = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880];
    let of_width = |minutes: i64| {
        let width_ns = minutes * MINUTE_NS;
        let t0_ns = start_ns - start_ns.rem_euclid(width_ns);
        let count = (i128::from(end_ns) - i128::from(t0_ns) + i128::from(width_ns) - 1).div_euclid(i128::from(width_ns)).max(0);
        Grid { t0_ns, width_ns, count: usize::try_from(count).unwrap_or(usize::MAX) }
    };
    let fitting = minutes.into_iter().map(of_width).find(|grid| grid.count <= count_max.max(1));
    fitting.unwrap_or_else(|| {
        let width = (end_ns - start_ns).max(MINUTE_NS) / count_max.max(1) as i64 + MINUTE_NS;
        of_width(width / MINUTE_NS + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::{super::minutes::Key, *};

    fn row(service: &str, minute: i64, version: &str, operation: &str, kind: i32, calls: &[(i64, bool)]) -> MinuteRow {
        let (minute_ns, empty) = (minute * MINUTE_NS, || "".into());
        let key = Key {
            from_ns: minute_ns,
            service: service.into(),
            namespace: "shop".into(),
            version: version.into(),
            environment: empty(),
            operation: Some(operation.into()),
            kind,
        };
        let mut red = Red::default();
        calls.iter().for_each(|(duration, failed)| red.add(*duration, *failed, 1.0));
        MinuteRow { key, first_minute_ns: minute_ns, last_minute_ns: minute_ns, red, exemplars: Exemplars::default() }
    }

    #[test]
    fn what_came_in_counts_and_versions_have_marks() {
        let rows = [
            row("batch", 1, "", "tick", 1, &[(5, true)]),
            row("pay", 0, "1.0", "charge", 2, &[(8, false), (8, true)]),
            row("pay", 0, "1.0", "SELECT", 3, &[(2, true); 7]),
            row("pay", 2, "1.1", "charge", 2, &[(16, false)]),
        ];
        let grid = grid(0, 3 * MINUTE_NS, 60);
        let [batch, pay] = &services(&rows, grid)[..] else { panic!("two services") };
        assert_eq!((batch.basis, batch.calls.errors, &batch.namespaces[..]), (Basis::All, 1.0, &["shop".to_owned()][..]));
        assert_eq!((pay.basis, pay.spans, pay.calls.count, pay.calls.errors, pay.calls.sum_ns), (Basis::Entry, 10.0, 3.0, 1.0, 32));
        assert_eq!(pay.trend.counts(), [2.0, 0.0, 1.0]);
        let marks: Vec<(&str, i64, f64)> =
            pay.versions.iter().map(|version| (&*version.name, version.first_minute_ns / MINUTE_NS, version.spans)).collect();
        assert_eq!((marks, pay.last_minute_ns), (vec![("1.0", 0, 9.0), ("1.1", 2, 1.0)], 2 * MINUTE_NS));

        let of_pay: Vec<MinuteRow> = rows.into_iter().filter(|row| &*row.key.service == "pay").collect();
        let told: Vec<(Option<String>, i32, f64)> =
            operations(&of_pay, grid).into_iter().map(|operation| (operation.name, operation.kind, operation.red.count)).collect();
        assert_eq!(told, [(Some("charge".to_owned()), 2, 3.0), (Some("SELECT".to_owned()), 3, 7.0)]);
    }

    #[test]
    fn few_failures_are_no_trouble() {
        let health = |count: f64, errors: f64| Health::of(&Red { count, errors, ..Red::default() });
        for (count, errors, expected) in [
            (0.0, 0.0, Health::Ok),
            (4.0, 4.0, Health::Ok),
            (100.0, 5.0, Health::Error),
            (101.0, 5.0, Health::Warn),
            (5000.0, 10.0, Health::Ok),
        ] {
            assert_eq!(health(count, errors), expected, "{errors} of {count}");
        }
    }

    #[test]
    fn grids_are_of_whole_minutes_and_cover() {
        for (start, end, count_max, expected) in [
            (0, 60, 60, (0, 1, 60)),
            (1, 61, 60, (1, 1, 60)),
            (1, 62, 60, (0, 2, 31)),
            (7, 8, 60, (7, 1, 1)),
            (0, 60 * 24, 60, (0, 30, 48)),
            (0, 60 * 24 * 7, 60, (0, 180, 56)),
        ] {
            let Grid { t0_ns, width_ns, count } = grid(start * MINUTE_NS, end * MINUTE_NS, count_max);
            assert_eq!((t0_ns / MINUTE_NS, width_ns / MINUTE_NS, count), expected, "{start}..{end}");
        }
        assert!(grid(0, 4000 * 24 * 60 * MINUTE_NS, 10).count <= 10);
        assert_eq!(grid(MINUTE_NS / 2, MINUTE_NS, 60), Grid { t0_ns: 0, width_ns: MINUTE_NS, count: 1 });
    }
}
