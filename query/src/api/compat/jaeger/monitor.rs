//! What the Monitor tab asks: `/api/metrics/{latencies,calls,errors,minstep}`.
//!
//! | answer | of each point |
//! |---|---|
//! | `latencies` | the duration in ms that a share `quantile` of the calls did not exceed, within 4.43 % |
//! | `calls` | calls per second |
//! | `errors` | failed ones of the calls, 0 to 1 |
//!
//! Each point is of the calls of the `ratePer` ms before it, in whole minutes; a point without calls is left out, but for their rate.
//! Names, labels and units are those of Jaeger's own answers.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::Response,
};
use schemas::UnixNanos;
use serde_json::{Value, json};

use super::{
    super::{
        super::{
            answer::rfc3339,
            problem::Problem,
            search::{Asked as Pairs, now, pairs},
            traces::internal,
            window::Window,
        },
        ask::Asked,
        parameters::Query,
    },
    envelope::{kind_word, problem_1, said},
};
use crate::analytics::{
    minutes::{MINUTE_NS, MinuteRow},
    red::{Grid, Red},
};

const MS_NS: i64 = 1_000_000;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const SERVICES_MAX: usize = 50;
/// Of a series: where more are asked for, they lie further apart.
const POINTS_MAX: i64 = 500;
const LOOKBACK_MS_MAX: i64 = 31 * 24 * HOUR_MS;
/// What each point is of.
const RATE_MS_MAX: i64 = HOUR_MS;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Measure {
    Latencies { quantile: f64 },
    Calls,
    Errors,
}

/// What is asked, in whole minutes.
#[derive(Debug, Clone, PartialEq)]
struct Asking {
    measure: Measure,
    services: Vec<String>,
    operations: bool,
    /// As in the table; empty: calls that came in.
    kinds: Vec<String>,
    /// Where points are: the last minute that begins before each.
    first: i64,
    points: i64,
    step: i64,
    rate_per: i64,
}

pub(super) async fn minstep() -> Response {
    said(json!({"data": MINUTE_MS, "total": 0, "limit": 0, "offset": 0, "errors": null}).to_string(), &[])
}

pub(super) async fn metrics(State(asked): State<Asked>, Path(measure): Path<String>, query: Pairs) -> Response {
    let answer = async {
        let asking = Asking::parse(&measure, &Query::new(pairs(query)?))?;
        let (mut of_services, mut partial) = (Vec::new(), Vec::new());
        for service in &asking.services {
            let (rows, missing) = asked.sums(service, asking.operations, asking.window(), asking.grid()).await?;
            of_services.push((service.clone(), rows));
            partial.extend(missing);
        }
        let (name, help) = asking.named();
        // Adding up for every point takes time.
        let work = move || of_services.iter().flat_map(|(service, rows)| asking.metrics(service, rows)).collect::<Vec<_>>();
        let metrics = tokio::task::spawn_blocking(work).await.map_err(|error| internal(&error))?;
        Ok(said(json!({"name": name, "type": "GAUGE", "help": help, "metrics": metrics}).to_string(), &partial))
    };
    answer.await.unwrap_or_else(|problem: Problem| problem_1(&problem))
}

impl Asking {
    fn parse(measure: &str, query: &Query) -> Result<Self, Problem> {
        let wrong = |name, message: String, hint| Problem::invalid_parameter(name, message, hint);
        let measure = match measure {
            "latencies" => {
                let text = query.text("quantile").unwrap_or_default();
                let quantile = text.parse().ok().filter(|quantile| (0.0..=1.0).contains(quantile));
                let quantile = quantile.ok_or_else(|| wrong("quantile", format!("{text:?} is no quantile"), "use a number from 0 to 1"))?;
                Measure::Latencies { quantile }
            }
            "calls" => Measure::Calls,
            "errors" => Measure::Errors,
            other => return Err(wrong("metrics", format!("there is no {other:?}"), "use latencies, calls, errors or minstep")),
        };
        let services: Vec<String> = query.all("service").map(str::to_owned).collect();
        if services.is_empty() || services.len() > SERVICES_MAX {
            return Err(wrong("service", format!("{} services are named", services.len()), "use 1 to 50"));
        }
        let ms = |name, default: i64, least: i64, most: i64, hint| -> Result<i64, Problem> {
            let ms = query.number(name)?.unwrap_or(default);
            if (least..=most).contains(&ms) { Ok(ms) } else { Err(wrong(name, format!("{ms} ms cannot be asked for"), hint)) }
        };
        let minutes = |ms: i64| (ms + MINUTE_MS - 1) / MINUTE_MS * MINUTE_NS;
        let step = ms("step", MINUTE_MS, 1, LOOKBACK_MS_MAX, "use 1 ms to 31 days")?;
        let rate_per = minutes(ms("ratePer", 10 * MINUTE_MS, 1, RATE_MS_MAX, "use 1 ms to an hour")?);
        let lookback = ms("lookback", HOUR_MS, 0, LOOKBACK_MS_MAX, "use at most 31 days")?;
        let end = query.time("endTs")?.unwrap_or_else(now).0;
        let step = minutes(step.max(lookback / POINTS_MAX));
        let points = lookback * MS_NS / step + 1;
        let last = end.div_euclid(MINUTE_NS) * MINUTE_NS;
        Ok(Self {
            measure,
            services,
            operations: query.text("groupByOperation") == Some("true"),
            kinds: query.all("spanKind").map(str::to_ascii_lowercase).collect(),
            first: last.saturating_sub((points - 1) * step),
            points,
            step,
            rate_per,
        })
    }

    /// What the first point is of begins here.
    fn begin(&self) -> i64 {
        self.first.saturating_sub(self.rate_per)
    }

    fn window(&self) -> Window {
        let end = self.first.saturating_add((self.points - 1) * self.step);
        Window { start: UnixNanos(self.begin()), end: UnixNanos(end) }
    }

    fn grid(&self) -> Grid {
        let minutes = ((self.points - 1) * self.step + self.rate_per) / MINUTE_NS;
        Grid { t0_ns: self.begin(), width_ns: MINUTE_NS, count: usize::try_from(minutes).unwrap_or(1).max(1) }
    }

    fn named(&self) -> (String, String) {
        let grouped = if self.operations { ("service_operation", "service & operation") } else { ("service", "service") };
        let (what, help) = match self.measure {
            Measure::Latencies { quantile } => ("latencies", format!("{quantile}th quantile latency")),
            Measure::Calls => ("call_rate", "calls/sec".to_owned()),
            Measure::Errors => ("error_rate", "error rate, computed as a fraction of errors/sec over calls/sec".to_owned()),
        };
        (format!("{}_{what}", grouped.0), format!("{help}, grouped by {}", grouped.1))
    }

    /// One for the service, or for each of its operations.
    fn metrics(&self, service: &str, rows: &[MinuteRow]) -> Vec<Value> {
        let mut series: BTreeMap<Option<&str>, BTreeMap<i64, Red>> = BTreeMap::new();
        for row in rows.iter().filter(|row| self.is_wanted(row.key.kind)) {
            let operation = if self.operations { Some(row.key.operation.as_deref().unwrap_or("other")) } else { None };
            series.entry(operation).or_default().entry(row.key.from_ns).or_default().merge(&row.red);
        }
        let labels = |operation: Option<&str>| {
            let operation = operation.map(|name| json!({"name": "operation", "value": name}));
            operation.into_iter().chain([json!({"name": "service_name", "value": service})]).collect::<Vec<_>>()
        };
        series.into_iter().map(|(operation, minutes)| json!({"labels": labels(operation), "metricPoints": self.points(&minutes)})).collect()
    }

    fn is_wanted(&self, kind: i32) -> bool {
        let is = |word: &String| word.strip_prefix("span_kind_").unwrap_or(word) == kind_word(kind);
        if self.kinds.is_empty() { kind_word(kind) == "server" } else { self.kinds.iter().any(is) }
    }

    fn points(&self, minutes: &BTreeMap<i64, Red>) -> Vec<Value> {
        let point = |number: i64| {
            let at = self.first.saturating_add(number * self.step);
            let mut red = Red::default();
            minutes.range(at.saturating_sub(self.rate_per)..at).for_each(|(_, minute)| red.merge(minute));
            let value = match self.measure {
                Measure::Calls => red.count / (self.rate_per as f64 / 1e9),
                Measure::Errors => Some(red.error_share()).filter(|_| red.count > 0.0)?,
                Measure::Latencies { quantile } => red.durations.quantile_ns(quantile)? as f64 / 1e6,
            };
            Some(json!({"gaugeValue": {"doubleValue": value}, "timestamp": rfc3339(UnixNanos(at))}))
        };
        (0..self.points).filter_map(point).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END_MS: i64 = 1_700_000_040_000;

    fn asking(measure: &str, pairs: &[(&str, &str)]) -> Result<Asking, Problem> {
        let end = END_MS.to_string();
        let all = [pairs, &[("endTs", end.as_str())]].concat();
        Asking::parse(measure, &Query::new(all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()))
    }

    #[test]
    fn points_are_of_the_minutes_before_them() {
        let pairs = [("service", "pay"), ("lookback", "120000"), ("step", "5000"), ("ratePer", "120000")];
        let asked = asking("calls", &pairs).expect("a right question");
        let minute = |number: i64| END_MS * MS_NS - number * MINUTE_NS;
        assert_eq!((asked.first, asked.points, asked.window().start.0, asked.grid().count), (minute(2), 3, minute(4), 4));
        let mut red = Red::default();
        (0..60).for_each(|nth| red.add(nth, nth < 15, 1.0));
        let minutes = BTreeMap::from([(minute(4), red.clone()), (minute(2), red)]);
        let values = |measure| {
            let points = Asking { measure, ..asked.clone() }.points(&minutes);
            points.iter().map(|point| point["gaugeValue"]["doubleValue"].as_f64().expect("a number")).collect::<Vec<_>>()
        };
        assert_eq!(values(Measure::Calls), [0.5, 0.5, 0.5]);
        assert_eq!(values(Measure::Errors), [0.25, 0.25, 0.25]);
        assert_eq!(values(Measure::Latencies { quantile: 0.0 }), [0.0, 0.0, 0.0]);
        let nothing = Asking { measure: Measure::Errors, ..asked }.points(&BTreeMap::new());
        assert_eq!(nothing, Vec::<Value>::new());
    }

    #[test]
    fn points_of_a_long_time_lie_further_apart() {
        for (lookback, step, points) in [("172800000", 6, 481), ("2678400000", 90, 497), ("0", 1, 1)] {
            let asked = asking("calls", &[("service", "pay"), ("lookback", lookback), ("step", "60000")]).expect("a right question");
            assert_eq!((asked.step / MINUTE_NS, asked.points), (step, points), "{lookback}");
        }
    }

    #[test]
    fn what_cannot_be_asked() {
        for (measure, pairs, wrong) in [
            ("latencies", &[("service", "pay")][..], "quantile"),
            ("latencies", &[("service", "pay"), ("quantile", "95")], "quantile"),
            ("calls", &[], "service"),
            ("calls", &[("service", "pay"), ("step", "0")], "step"),
            ("calls", &[("service", "pay"), ("step", "9223372036854775807")], "step"),
            ("calls", &[("service", "pay"), ("lookback", "-1")], "lookback"),
            ("calls", &[("service", "pay"), ("lookback", "9999999999999")], "lookback"),
            ("calls", &[("service", "pay"), ("ratePer", "9223372036854775807")], "ratePer"),
            ("sums", &[("service", "pay")], "metrics"),
        ] {
            let problem = asking(measure, pairs).expect_err("it is wrong");
            assert!(problem.detail().contains(wrong) || format!("{problem:?}").contains(wrong), "{measure} {pairs:?}: {problem:?}");
        }
    }
}
