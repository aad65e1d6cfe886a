//! `GET /api/v1/heatmap`: how many spans began when and took how long.
//!
//! Read from sums by minute where no search is asked and time is divided into minutes or more, else from spans.

use std::time::Instant;

use schemas::{Signal, Table, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Cost, Meta, meta, to_json, total},
        breakers::Folds,
        closed::Answered,
        completeness::Completeness,
        dropped::Dropped,
        logs::Buckets,
        problem::Problem,
        search::{Pairs, now, parse_search},
        sql::problem_in,
        window::{Window, unknown_parameter},
    },
    load::{Loaded, Whose, minutes},
};
use crate::{
    analytics::{
        heatmap::{self, Heatmap, Rows},
        minutes::{MINUTE_NS, MinuteRow},
        red::Grid,
    },
    engine::{Engine, Found, Narrow, Question, TimeSpan},
    search::{Search, named_numbers, numbers_named},
};

const KNOWN: &str = "this route knows `q`, `service`, `operation`, `kind`, `environment`, `start`, `end`, `range`, `buckets` and `rows`";
/// Shorter windows are read from spans, and may be divided into less than minutes.
const OF_SUMS_NS: i64 = 10 * MINUTE_NS;

/// Spans by time and duration. A box of it is a `selection` of `POST /api/v1/deltas`: `start` and `end` from the buckets of time,
/// `duration_min` and `duration_max` from `bounds_ns`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HeatmapAnswer {
    /// When the first bucket of time begins: nanoseconds since 1970, in digits.
    t0_ns: String,
    width_ms: i64,
    buckets: usize,
    /// Row `i` holds durations from `bounds_ns[i]` to before `bounds_ns[i + 1]`: one more than rows, or none.
    bounds_ns: Vec<i64>,
    cells: Cells,
    /// Of all cells, and those below.
    total: f64,
    /// Spans that took no time or less: no row has them.
    not_positive: f64,
    /// Where sums by minute are read, of all spans of the services and operations in question, whatever their kind.
    completeness: Completeness,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// Cells that have a span, as columns: by row, then by bucket.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = HeatmapCells)]
struct Cells {
    row: Vec<usize>,
    bucket: Vec<usize>,
    /// Adjusted by sampling weights.
    spans: Vec<f64>,
    errors: Vec<f64>,
}

struct Request {
    text: String,
    service: Option<String>,
    operation: Option<String>,
    environment: Option<String>,
    /// As in the table.
    kind: Option<i32>,
    window: Window,
    buckets: usize,
    rows: usize,
}

impl Request {
    fn parse(pairs: Pairs) -> Result<Self, Problem> {
        let (window, others) = Window::parse(pairs, now())?;
        let mut request =
            Self { text: String::new(), service: None, operation: None, environment: None, kind: None, window, buckets: 120, rows: 40 };
        for (name, value) in others {
            match name.as_str() {
                "q" => request.text = value,
                "service" => request.service = Some(value),
                "operation" => request.operation = Some(value),
                "environment" => request.environment = Some(value),
                "kind" => request.kind = Some(parse_kind(&value)?),
                "buckets" => request.buckets = parse_count("buckets", &value, 1, 500)?,
                "rows" => request.rows = parse_count("rows", &value, 4, 200)?,
                _ => return Err(unknown_parameter(&name, KNOWN)),
            }
        }
        Ok(request)
    }

    /// The narrowest that may be asked for, but minutes where that saves reading spans.
    fn times(&self, search: &Search) -> Grid {
        let (start, end) = (self.window.start.0, self.window.end.0);
        let of_sums = *search == Search::Everything && end.saturating_sub(start) >= OF_SUMS_NS;
        let Buckets { t0_ns, width_ns, count } = Buckets::cover_in(start, end, self.buckets, if of_sums { MINUTE_NS } else { 0 });
        Grid { t0_ns, width_ns, count }
    }
}

fn parse_count(param: &'static str, text: &str, min: usize, max: usize) -> Result<usize, Problem> {
    text.parse().ok().filter(|count| (min..=max).contains(count)).ok_or_else(|| {
        Problem::invalid_parameter(param, format!("{text:?} is not a number that can be asked for"), format!("use {min} to {max}"))
    })
}

fn parse_kind(text: &str) -> Result<i32, Problem> {
    numbers_named(c::KIND, text).map(|kinds| *kinds.start()).ok_or_else(|| {
        let names: Vec<&str> = named_numbers(c::KIND).iter().map(|kind| kind.name).collect();
        Problem::invalid_parameter("kind", format!("{text:?} is no kind of spans"), format!("use one of {}", names.join(", ")))
    })
}

pub(super) async fn answer(folds: &Folds, pairs: Pairs) -> Result<Answered, Problem> {
    let started = Instant::now();
    let request = Request::parse(pairs)?;
    let dropped = folds.losses.dropped(&[Signal::Traces], request.service.as_deref());
    let (search, warnings) = parse_search(&request.text)?;
    let times = request.times(&search);
    let of_sums = match search == Search::Everything && times.width_ns % MINUTE_NS == 0 {
        true => of_sums(&folds.engine, &request, times, dropped)
            .await?
            .map(|(heatmap, completeness, cost)| (heatmap, completeness, cost.meta(started))),
        false => None,
    };
    let (heatmap, completeness, meta) = match of_sums {
        Some(found) => found,
        None => of_spans(&folds.engine, &request, search, times, dropped, &warnings).await?,
    };
    let Rows { bounds_ns, cells: shown } = heatmap.rows(request.rows);
    let mut cells = Cells::default();
    for (row, bucket, cell) in &shown {
        cells.row.push(*row);
        cells.bucket.push(*bucket);
        cells.spans.push(cell.spans);
        cells.errors.push(cell.errors);
    }
    let body = HeatmapAnswer {
        t0_ns: times.t0_ns.to_string(),
        width_ms: times.width_ns / 1_000_000,
        buckets: times.count,
        bounds_ns,
        total: total(cells.spans.iter().copied()) + heatmap.not_positive,
        cells,
        not_positive: heatmap.not_positive,
        completeness,
        meta,
    };
    Ok(Answered::new(to_json(&body), &body.meta))
}

/// `None` where sums do not tell: there are too many different ones, or the operation is one of too many of its service.
async fn of_sums(
    engine: &Engine,
    request: &Request,
    times: Grid,
    dropped: Dropped,
) -> Result<Option<(Heatmap, Completeness, Cost)>, Problem> {
    let operation = request.operation.as_deref();
    let whose = Whose { service: request.service.as_deref(), environment: request.environment.as_deref(), operations: operation.is_some() };
    let Loaded { rows, mut cost, completeness } = minutes(engine, request.window, times, whose).await?;
    let of_operation = |row: &&MinuteRow| operation.is_none() || row.key.operation.as_deref() == operation;
    if completeness.left_out > 0 || operation.is_some() && rows.iter().any(|row| row.key.operation.is_none()) {
        return Ok(None);
    }
    let mut heatmap = Heatmap::new(times, request.kind);
    rows.iter().filter(of_operation).for_each(|row| heatmap.add_sums(row.key.from_ns, row.key.kind, &row.red));
    let completeness = Completeness::of(completeness, dropped, &mut cost);
    Ok(Some((heatmap, completeness, cost)))
}

async fn of_spans(
    engine: &Engine,
    request: &Request,
    search: Search,
    times: Grid,
    dropped: Dropped,
    warnings: &[String],
) -> Result<(Heatmap, Completeness, Meta), Problem> {
    let Request { text, service, operation, environment, kind, window, .. } = request;
    let time = TimeSpan { start: Some(window.start), end: Some(window.end) };
    let found = Found { table: Table::Spans, text: text.clone(), search, time, now: now() };
    let equal = [(c::SERVICE_NAME, service), (c::NAME, operation), (c::DEPLOYMENT_ENVIRONMENT, environment)];
    let equal = equal.into_iter().filter_map(|(column, value)| value.clone().map(|value| (column, value))).collect();
    let question = Question::Narrow(Narrow { found, columns: heatmap::COLUMNS.to_vec(), equal });
    let asked = engine.gather(question, Heatmap::new(times, *kind), |heatmap, batch| heatmap.add(batch)).await;
    let (heatmap, summary) = asked.map_err(|error| problem_in("q", error))?;
    let mut cost = Cost::default();
    cost.add(&summary);
    let completeness = Completeness::of(heatmap.completeness, dropped, &mut cost);
    Ok((heatmap, completeness, meta(&summary, warnings)))
}
