//! What is asked of series, and what is wrong with it when it is asked otherwise.

use schemas::UnixNanos;
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use super::super::{
    openapi::query_texts,
    problem::Problem,
    search::{Pairs, parse_range, parse_time},
};
use crate::{
    engine::{Position, TimeSpan},
    search::{self, Readings},
    series::{Aggregate, Function, Grouping, Of, Operator, Selector, label_name},
};
use http::StatusCode;

const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3600 * SECOND;
/// Steps that are chosen when none is given, seconds.
const STEPS: [i64; 18] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, DAY];
const DAY: i64 = 86_400;
/// Of a chart, when none is given.
const STEPS_WANTED: i64 = 240;
/// As Prometheus.
const STEPS_MAX: i64 = 11_000;
/// Labels of `by` and `without`.
const GROUPING_MAX: usize = 64;
/// Of `topk`.
const TOPK_MAX: usize = 1000;

/// What is asked of series, whenever.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    /// What fits the metric when left out.
    pub function: Option<Function>,
    pub of: Of,
    pub aggregate: Option<Aggregate>,
    pub window_ns: Option<i64>,
    pub exemplars: bool,
}

/// `start`, `end` and `range` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub start: i64,
    pub end: i64,
}

impl Window {
    pub(super) fn span(self) -> TimeSpan {
        TimeSpan { start: Some(UnixNanos(self.start)), end: Some(UnixNanos(self.end)) }
    }
}

/// [`window`] of a day, as the description of a route lists it.
pub(super) struct LastDay;

impl IntoParams for LastDay {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        query_texts(&[
            ("start", "inclusive; 24 h before `end` when left out"),
            ("end", "exclusive; now when left out"),
            ("range", "instead of `start`: a duration up to `end`"),
        ])
    }
}

/// Takes `start`, `end` and `range` out; without a start it is so long before the end.
pub(super) fn window(pairs: &mut Pairs, now: UnixNanos, default_ns: i64) -> Result<Window, Problem> {
    let start = taken(pairs, "start").map(|text| parse_time("start", &text, now)).transpose()?;
    let end = taken(pairs, "end").map(|text| parse_time("end", &text, now)).transpose()?.unwrap_or(now);
    let range = taken(pairs, "range").map(|text| parse_range(&text)).transpose()?;
    if start.is_some() && range.is_some() {
        return Err(Problem::invalid_parameter("range", "`start` says the same otherwise", "leave out `start` or `range`"));
    }
    let start = start.unwrap_or(UnixNanos(end.0.saturating_sub(range.unwrap_or(default_ns))));
    if start >= end {
        return Err(Problem::invalid_parameter("end", "it is not after `start`", "`end` itself is left out"));
    }
    Ok(Window { start: start.0, end: end.0 })
}

/// Takes the last value of a parameter out; an empty one is as good as none.
pub(super) fn taken(pairs: &mut Pairs, name: &str) -> Option<String> {
    let mut found = None;
    pairs.retain_mut(|(known, value)| {
        let is_it = known == name;
        if is_it {
            found = Some(std::mem::take(value));
        }
        !is_it
    });
    found.filter(|value| !value.is_empty())
}

/// None are left.
pub(super) fn nothing_else(pairs: &Pairs, known: &'static str) -> Result<(), Problem> {
    match pairs.first() {
        Some((name, _)) => Err(Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), known)),
        None => Ok(()),
    }
}

/// Takes the selector out of the parameter `name`.
pub(super) fn selector(pairs: &mut Pairs, name: &'static str) -> Result<Option<Selector>, Problem> {
    let Some(text) = taken(pairs, name) else { return Ok(None) };
    let selector = Selector::parse(&text).map_err(|error| {
        let search::Position { line, column } = search::position(&text, error.at);
        let at = Position { line: line as u64, column: column as u64 };
        let hint = r#"for instance http.server.request.duration{service_name="pay", http_route=~"/orders.*"}"#;
        Problem::new(StatusCode::BAD_REQUEST, "invalid_query", "The query cannot be answered", error.to_string()).query_error(
            name,
            error.to_string(),
            Some(at),
            Some(hint.to_owned()),
        )
    })?;
    if selector.metric().is_none() {
        let hint = r#"write its name first, or {"its name", …}; a pattern of names is not enough"#;
        return Err(Problem::invalid_parameter(name, "it does not name a metric", hint));
    }
    Ok(Some(selector))
}

impl Asked {
    /// Takes its parameters out.
    pub(super) fn parse(pairs: &mut Pairs) -> Result<Self, Problem> {
        let function = match taken(pairs, "function").as_deref() {
            None => None,
            Some("value") => Some(Function::Value),
            Some("increase") => Some(Function::Increase),
            Some("rate") => Some(Function::Rate),
            Some(other) => {
                return Err(Problem::invalid_parameter("function", format!("unknown function {other:?}"), "use rate, increase or value"));
            }
        };
        let quantile = taken(pairs, "quantile").map(|text| parse_share("quantile", &text)).transpose()?;
        let of = match (taken(pairs, "of").as_deref(), quantile) {
            (None, Some(q)) => Of::Quantile(q),
            (Some(_), Some(_)) => {
                return Err(Problem::invalid_parameter("of", "`quantile` says otherwise", "leave out `of` or `quantile`"));
            }
            (None | Some("count"), None) => Of::Count,
            (Some("sum"), None) => Of::Sum,
            (Some("avg"), None) => Of::Average,
            (Some(other), None) => {
                let hint = "use count, sum or avg; or `quantile` instead";
                return Err(Problem::invalid_parameter("of", format!("{other:?} is nothing that histograms have"), hint));
            }
        };
        let window_ns = taken(pairs, "window").map(|text| parse_duration("window", &text)).transpose()?;
        let exemplars = match taken(pairs, "exemplars").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => return Err(Problem::invalid_parameter("exemplars", format!("{other:?} is not true or false"), "use true")),
        };
        Ok(Self { function, of, aggregate: aggregate(pairs)?, window_ns, exemplars })
    }
}

fn aggregate(pairs: &mut Pairs) -> Result<Option<Aggregate>, Problem> {
    let names = |text: String| text.split(',').map(|name| label_name(name.trim()).into_owned()).filter(|name| !name.is_empty()).collect();
    let (by, without): (Option<Vec<String>>, Option<Vec<String>>) =
        (taken_even_if_empty(pairs, "by").map(names), taken_even_if_empty(pairs, "without").map(names));
    let operator = taken(pairs, "agg").map(|text| operator(&text)).transpose()?;
    let grouping = match (by, without) {
        (Some(_), Some(_)) => return Err(Problem::invalid_parameter("without", "`by` says the opposite", "leave out `by` or `without`")),
        (Some(names), None) => Some(Grouping::By(names)),
        (None, Some(names)) => Some(Grouping::Without(names)),
        (None, None) => None,
    };
    if let Some(Grouping::By(names) | Grouping::Without(names)) = &grouping
        && names.len() > GROUPING_MAX
    {
        return Err(Problem::invalid_parameter("by", format!("more than {GROUPING_MAX} labels"), "name fewer"));
    }
    Ok(match (operator, grouping) {
        (None, None) => None,
        (operator, grouping) => {
            Some(Aggregate { operator: operator.unwrap_or(Operator::Sum), grouping: grouping.unwrap_or(Grouping::By(Vec::new())) })
        }
    })
}

/// `by=` asks for one series of all.
fn taken_even_if_empty(pairs: &mut Pairs, name: &str) -> Option<String> {
    let is_there = pairs.iter().any(|(known, _)| known == name);
    taken(pairs, name).or_else(|| is_there.then(String::new))
}

fn operator(text: &str) -> Result<Operator, Problem> {
    Ok(match text.split_once(':') {
        None => match text {
            "sum" => Operator::Sum,
            "avg" => Operator::Average,
            "min" => Operator::Minimum,
            "max" => Operator::Maximum,
            "count" => Operator::Count,
            _ => return Err(unknown_operator(text)),
        },
        Some(("quantile", share)) => Operator::Quantile(parse_share("agg", share)?),
        Some(("topk", count)) => {
            let count = count.parse().ok().filter(|count| (1..=TOPK_MAX).contains(count));
            Operator::TopK(
                count.ok_or_else(|| {
                    Problem::invalid_parameter("agg", format!("{text:?} has no number"), "for instance topk:5, up to 1000")
                })?,
            )
        }
        Some(_) => return Err(unknown_operator(text)),
    })
}

fn unknown_operator(text: &str) -> Problem {
    Problem::invalid_parameter("agg", format!("unknown aggregate {text:?}"), "use sum, avg, min, max, count, quantile:0.9 or topk:5")
}

fn parse_share(param: &'static str, text: &str) -> Result<f64, Problem> {
    text.parse()
        .ok()
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| Problem::invalid_parameter(param, format!("{text:?} is not a share"), "use a number from 0 to 1, for instance 0.99"))
}

fn parse_duration(param: &'static str, text: &str) -> Result<i64, Problem> {
    let whole_ms = |ns: &i64| *ns > 0 && ns % 1_000_000 == 0;
    Readings::of(text).duration_ns.filter(whole_ms).ok_or_else(|| {
        Problem::invalid_parameter(param, format!("{text:?} is not a duration"), "for instance 15s, 1m or 1h; whole milliseconds")
    })
}

/// Takes `step` out, or chooses one for so much time.
pub(super) fn step(pairs: &mut Pairs, window: Window) -> Result<i64, Problem> {
    let length = window.end.saturating_sub(window.start);
    let Some(text) = taken(pairs, "step") else {
        let fits = |step: &i64| length / (step * SECOND) <= STEPS_WANTED;
        return Ok(STEPS.into_iter().find(fits).unwrap_or((length / SECOND / STEPS_WANTED / DAY + 1) * DAY) * SECOND);
    };
    let step = parse_duration("step", &text)?;
    if length / step >= STEPS_MAX {
        let hint = format!("an answer has at most {STEPS_MAX} steps: ask for a longer step or a shorter time");
        return Err(Problem::invalid_parameter("step", format!("{} steps of {text} are asked for", length / step + 1), hint));
    }
    Ok(step)
}

/// Of names and labels, when no time is given.
pub(super) const LISTED_NS: i64 = 24 * HOUR;
/// Of a chart, when no time is given.
pub(super) const SHOWN_NS: i64 = HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_793_959_200_000_000_000);

    fn pairs(pairs: &[(&str, &str)]) -> Pairs {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_asked() {
        let check = |asked: &[(&str, &str)], of: Of, aggregate: Option<(Operator, Grouping)>| {
            let found = Asked::parse(&mut pairs(asked)).expect("right");
            let aggregate = aggregate.map(|(operator, grouping)| Aggregate { operator, grouping });
            assert_eq!((found.of, found.aggregate), (of, aggregate), "{asked:?}");
        };
        let by = |names: &[&str]| Grouping::By(names.iter().map(|name| (*name).to_owned()).collect());
        check(&[], Of::Count, None);
        check(
            &[("quantile", "0.99"), ("by", "service_name, http.route")],
            Of::Quantile(0.99),
            Some((Operator::Sum, by(&["service_name", "http_route"]))),
        );
        check(&[("by", "")], Of::Count, Some((Operator::Sum, by(&[]))));
        check(&[("agg", "topk:3"), ("of", "avg")], Of::Average, Some((Operator::TopK(3), by(&[]))));
        check(
            &[("agg", "quantile:0.5"), ("without", "a")],
            Of::Count,
            Some((Operator::Quantile(0.5), Grouping::Without(vec!["a".to_owned()]))),
        );
    }

    #[test]
    fn mistakes() {
        let check = |asked: &[(&str, &str)], expected: &str| {
            let mut asked = pairs(asked);
            let problem = match selector(&mut asked, "selector").and_then(|_| Asked::parse(&mut asked)) {
                Err(problem) => problem,
                Ok(_) => nothing_else(&asked, "this route knows …").expect_err("wrong"),
            };
            let problem = format!("{problem:?}");
            assert!(problem.contains(expected), "{asked:?}: {problem}");
        };
        check(&[("selector", "m{")], "column: 3");
        check(&[("selector", r#"{a="1"}"#)], "does not name a metric");
        check(&[("function", "deriv")], "rate, increase or value");
        check(&[("quantile", "99")], "from 0 to 1");
        check(&[("quantile", "0.9"), ("of", "sum")], "leave out `of` or `quantile`");
        check(&[("of", "max")], "nothing that histograms have");
        check(&[("agg", "median")], "unknown aggregate");
        check(&[("agg", "topk:0")], "has no number");
        check(&[("agg", "quantile:x")], "from 0 to 1");
        check(&[("by", "a"), ("without", "b")], "says the opposite");
        check(&[("window", "soon")], "is not a duration");
        check(&[("exemplars", "yes")], "not true or false");
        check(&[("colour", "red")], "unknown parameter");
    }

    #[test]
    fn steps() {
        let check = |length_s: i64, asked: &[(&str, &str)], expected: Option<i64>| {
            let window = Window { start: NOW.0 - length_s * SECOND, end: NOW.0 };
            assert_eq!(step(&mut pairs(asked), window).ok().map(|step| step / SECOND), expected, "{length_s} {asked:?}");
        };
        check(60, &[], Some(1));
        check(3600, &[], Some(15));
        check(86_400, &[], Some(600));
        check(30 * 86_400, &[], Some(14_400));
        check(3600 * 24 * 365 * 5, &[], Some(8 * 86_400));
        check(3600, &[("step", "1m")], Some(60));
        check(86_400, &[("step", "1s")], None);
        check(3600, &[("step", "0s")], None);
    }
}
