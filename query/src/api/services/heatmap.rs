//! `GET /api/v1/heatmap`: how many spans began when and took how long.

use schemas::{Table, columns as c};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{
    answer::{Meta, meta, to_json},
    closed::Answered,
    logs::Buckets,
    problem::Problem,
    search::{Pairs, now, parse_search},
    sql::problem_in,
    window::{Window, unknown_parameter},
};
use crate::{
    analytics::{
        heatmap::{self, Heatmap, Rows},
        red::Grid,
    },
    engine::{Engine, Found, Narrow, Question, TimeSpan},
};

const KNOWN: &str = "this route knows `q`, `service`, `operation`, `environment`, `start`, `end`, `range`, `buckets` and `rows`";

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
    total: u64,
    /// Spans that took no time or less: no row has them.
    not_positive: u64,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// Cells that have a span, as columns: by row, then by bucket.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = HeatmapCells)]
struct Cells {
    row: Vec<usize>,
    bucket: Vec<usize>,
    spans: Vec<u64>,
    errors: Vec<u64>,
}

struct Request {
    text: String,
    equal: Vec<(&'static str, String)>,
    window: Window,
    buckets: usize,
    rows: usize,
}

impl Request {
    fn parse(pairs: Pairs) -> Result<Self, Problem> {
        let (window, others) = Window::parse(pairs, now())?;
        let mut request = Self { text: String::new(), equal: Vec::new(), window, buckets: 120, rows: 40 };
        for (name, value) in others {
            match name.as_str() {
                "q" => request.text = value,
                "service" => request.equal.push((c::SERVICE_NAME, value)),
                "operation" => request.equal.push((c::NAME, value)),
                "environment" => request.equal.push((c::DEPLOYMENT_ENVIRONMENT, value)),
                "buckets" => request.buckets = parse_count("buckets", &value, 1, 500)?,
                "rows" => request.rows = parse_count("rows", &value, 4, 200)?,
                _ => return Err(unknown_parameter(&name, KNOWN)),
            }
        }
        Ok(request)
    }
}

fn parse_count(param: &'static str, text: &str, min: usize, max: usize) -> Result<usize, Problem> {
    text.parse().ok().filter(|count| (min..=max).contains(count)).ok_or_else(|| {
        Problem::invalid_parameter(param, format!("{text:?} is not a number that can be asked for"), format!("use {min} to {max}"))
    })
}

pub(super) async fn answer(engine: &Engine, pairs: Pairs) -> Result<Answered, Problem> {
    let Request { text, equal, window, buckets, rows } = Request::parse(pairs)?;
    let (search, warnings) = parse_search(&text)?;
    let Buckets { t0_ns, width_ns, count } = Buckets::cover(window.start.0, window.end.0, buckets);
    let time = TimeSpan { start: Some(window.start), end: Some(window.end) };
    let found = Found { table: Table::Spans, text, search, time, now: now() };
    let question = Question::Narrow(Narrow { found, columns: heatmap::COLUMNS.to_vec(), equal });
    let heatmap = Heatmap::new(Grid { t0_ns, width_ns, count });
    let asked = engine.gather(question, heatmap, |heatmap, batch| heatmap.add(batch)).await;
    let (heatmap, summary) = asked.map_err(|error| problem_in("q", error))?;
    let Rows { bounds_ns, cells: shown } = heatmap.rows(rows);
    let mut cells = Cells::default();
    for (row, bucket, cell) in &shown {
        cells.row.push(*row);
        cells.bucket.push(*bucket);
        cells.spans.push(cell.spans);
        cells.errors.push(cell.errors);
    }
    let body = HeatmapAnswer {
        t0_ns: t0_ns.to_string(),
        width_ms: width_ns / 1_000_000,
        buckets: count,
        bounds_ns,
        total: cells.spans.iter().sum::<u64>() + heatmap.not_positive,
        cells,
        not_positive: heatmap.not_positive,
        meta: meta(&summary, &warnings),
    };
    Ok(Answered::new(to_json(&body), &body.meta))
}
