//! `GET /api/v1/metrics/query_range` and `/query`: what series say at every step, or at one time.

use std::{collections::BTreeMap, sync::Arc};

use schemas::UnixNanos;
use serde::Serialize;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Time, to_json},
        completeness::Completeness,
        dropped::Dropped,
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit, parse_time},
        sql::problem_in,
    },
    answer::{MetricType, MetricsMeta, Number, label_map},
    parameters::{Asked, SHOWN_NS, nothing_else, selector, step, taken, window},
};
use crate::{
    engine::{Engine, EngineError, Gathered, TimeSpan},
    series::{Evaluated, Exemplar, Frame, Function, Note, Of, Question, Row, Selector, Steps, Wanted, evaluate_part, exemplars, groups},
};

/// How long a value counts, and how far a window reaches back when its length is chosen: as Prometheus.
const LOOK_BACK_NS: i64 = 300_000_000_000;
/// Points that a window should have, when its length is chosen.
const POINTS_WANTED: i64 = 4;
/// Series of an answer.
const LIMITS: Limits = Limits { default: 100, max: 1000 };
/// Fewer points are evaluated by one thread.
const POINTS_ALONE: usize = 10_000;
const PARTS_OF_THREAD: usize = 8;
/// Series times steps that are evaluated.
const EVALUATED_MAX: usize = 10_000_000;
/// Values of an answer.
const VALUES_MAX: usize = 1_000_000;
const EXEMPLARS_MAX: usize = 500;
const KNOWN_OF_RANGE: &str = "this route knows `selector`, `function`, `of`, `quantile`, `agg`, `by`, `without`, `start`, `end`, `range`, `step`, \
`window`, `exemplars`, `limit`";
const KNOWN_OF_ONE: &str = "this route knows `selector`, `function`, `of`, `quantile`, `agg`, `by`, `without`, `time`, `window`, \
`exemplars`, `limit`";

/// Series at every step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricsRange)]
pub(super) struct RangeAnswer {
    metric: String,
    /// What the series are that were evaluated: mostly one.
    types: Vec<MetricType>,
    /// `value`, `increase` or `rate`.
    function: &'static str,
    /// How far each value looks back.
    window_ms: i64,
    step_ms: i64,
    /// Of the values of every series: milliseconds since 1970, multiples of the step.
    times_ms: Vec<i64>,
    series: Vec<Series>,
    exemplars: Vec<ExemplarOfSeries>,
    completeness: Completeness,
    #[schema(value_type = MetricsMeta)]
    meta: MetricsMeta,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricsSeries)]
struct Series {
    labels: BTreeMap<String, String>,
    /// One for each of `times_ms`; null where nothing is known, a text where it is not finite.
    #[schema(value_type = Vec<Option<f64>>)]
    values: Vec<Number>,
}

/// A single measurement that has a trace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricsExemplar)]
struct ExemplarOfSeries {
    /// Position in `series`.
    series: usize,
    #[schema(value_type = String)]
    time: Time,
    #[schema(value_type = f64)]
    value: Number,
    trace_id: String,
    span_id: Option<String>,
}

/// Series at one time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricsNow)]
pub(super) struct OneAnswer {
    metric: String,
    types: Vec<MetricType>,
    function: &'static str,
    window_ms: i64,
    #[schema(value_type = String)]
    time: Time,
    /// Those without a value are left out.
    series: Vec<Point>,
    /// Of the window before the time: for each series the one with the greatest value.
    exemplars: Vec<ExemplarOfSeries>,
    completeness: Completeness,
    meta: MetricsMeta,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricsPoint)]
struct Point {
    labels: BTreeMap<String, String>,
    #[schema(value_type = f64)]
    value: Number,
}

/// What is asked of which series, and when.
struct Request {
    selector: Selector,
    asked: Asked,
    steps: Steps,
    step_ns: i64,
    limit: usize,
}

struct Answered {
    metric: String,
    types: Vec<MetricType>,
    function: Function,
    window_ns: i64,
    rows: Vec<Row>,
    exemplars: Vec<Exemplar>,
    completeness: Completeness,
    meta: MetricsMeta,
}

impl ExemplarOfSeries {
    fn of(exemplar: Exemplar) -> Self {
        Self {
            series: exemplar.row,
            time: Time(UnixNanos(exemplar.time)),
            value: Number(Some(exemplar.value)),
            trace_id: exemplar.trace_id.to_string(),
            span_id: exemplar.span_id.map(|id| id.to_string()),
        }
    }
}

pub(super) async fn range(engine: &Engine, dropped: Dropped, mut pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let window = window(&mut pairs, now(), SHOWN_NS)?;
    let step_ns = step(&mut pairs, window)?;
    let steps = Steps::aligned(window.start, window.end, step_ns);
    let request = Request::parse(pairs, steps, step_ns, KNOWN_OF_RANGE)?;
    let times_ms = steps.times().map(|time| time / 1_000_000).collect();
    let Answered { metric, types, function, window_ns, rows, exemplars, completeness, meta } = on_engine(engine, dropped, request).await?;
    Ok(to_json(&RangeAnswer {
        metric,
        types,
        function: word(function),
        window_ms: window_ns / 1_000_000,
        step_ms: step_ns / 1_000_000,
        times_ms,
        exemplars: exemplars.into_iter().map(ExemplarOfSeries::of).collect(),
        series: rows.into_iter().map(series).collect(),
        completeness,
        meta,
    }))
}

pub(super) async fn one(engine: &Engine, dropped: Dropped, mut pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let now = now();
    let time = taken(&mut pairs, "time").map(|text| parse_time("time", &text, now)).transpose()?.unwrap_or(now);
    let request = Request::parse(pairs, Steps::at(time.0), 0, KNOWN_OF_ONE)?;
    let Answered { metric, types, function, window_ns, rows, exemplars, completeness, meta } = on_engine(engine, dropped, request).await?;
    let point = |row: Row| Point { labels: label_map(&row.labels), value: Number(row.values.first().copied().flatten()) };
    Ok(to_json(&OneAnswer {
        metric,
        types,
        function: word(function),
        window_ms: window_ns / 1_000_000,
        time: Time(time),
        series: rows.into_iter().map(point).collect(),
        exemplars: exemplars.into_iter().map(ExemplarOfSeries::of).collect(),
        completeness,
        meta,
    }))
}

impl Request {
    fn parse(mut pairs: Pairs, steps: Steps, step_ns: i64, known: &'static str) -> Result<Self, Problem> {
        let hint = r#"for instance selector=http.server.request.duration{service_name="pay"}"#;
        let selector = selector(&mut pairs, "selector")?.ok_or_else(|| Problem::invalid_parameter("selector", "it is missing", hint))?;
        let asked = Asked::parse(&mut pairs)?;
        let limit = taken(&mut pairs, "limit").map(|text| parse_limit(&text, LIMITS)).transpose()?.unwrap_or(LIMITS.default);
        nothing_else(&pairs, known)?;
        Ok(Self { selector, asked, steps, step_ns, limit })
    }

    /// From the first point that the first step may see to the last that the last one may.
    fn span(&self) -> TimeSpan {
        let window = self.asked.window_ns.unwrap_or(LOOK_BACK_NS.max(self.step_ns));
        let reach = if self.asked.function == Some(Function::Value) { LOOK_BACK_NS } else { window.max(LOOK_BACK_NS) };
        let (first, last) = (self.steps.times().next().unwrap_or_default(), self.steps.times().last().unwrap_or_default());
        TimeSpan { start: Some(UnixNanos(first.saturating_sub(reach))), end: Some(UnixNanos(last.saturating_add(1))) }
    }

    /// The length of the window: as asked for, or some points long.
    fn window_ns(&self, frame: &Frame) -> i64 {
        let longest = LOOK_BACK_NS.max(self.step_ns);
        let chosen = || frame.spacing_ns().map_or(longest, |spacing| spacing.saturating_mul(POINTS_WANTED));
        self.asked.window_ns.unwrap_or_else(|| chosen().clamp(self.step_ns.max(1_000_000), longest))
    }
}

/// Reads and evaluates where questions are answered: it takes time.
async fn on_engine(engine: &Engine, dropped: Dropped, request: Request) -> Result<Answered, Problem> {
    let (reply, answered) = oneshot::channel();
    let of_task = engine.clone();
    let _work = engine.spawn(async move {
        // Whoever asked may be gone.
        let _ = reply.send(answer(&of_task, dropped, request).await);
    });
    let ended = EngineError::Internal { message: "a bug ended the evaluation".to_owned() };
    answered.await.unwrap_or(Err(ended)).map_err(|error| problem_in("selector", error))
}

async fn on_all_threads(engine: &Engine, frame: &Arc<Frame>, question: &Question) -> Result<Evaluated, EngineError> {
    // Small parts, so that others have their turn between them.
    let count = (frame.points() / POINTS_ALONE).clamp(1, engine.threads() * PARTS_OF_THREAD);
    let groups = Arc::new(groups(frame, question));
    let size = groups.len().div_ceil(count).max(1);
    let part = |first: usize| {
        let (frame, question, groups) = (Arc::clone(frame), question.clone(), Arc::clone(&groups));
        engine.compute(move || evaluate_part(&frame, &question, &groups[first..groups.len().min(first + size)]))
    };
    let parts = futures::future::try_join_all((0..groups.len()).step_by(size).map(part)).await?;
    Ok(Evaluated::of_parts(parts, question))
}

async fn answer(engine: &Engine, dropped: Dropped, request: Request) -> Result<Answered, EngineError> {
    let Request { selector, asked, steps, .. } = &request;
    let wanted = Wanted { buckets: matches!(asked.of, Of::Quantile(_)), exemplars: asked.exemplars };
    let Gathered { frame, counts, mut summary } = engine.frame(selector.clone(), request.span(), wanted).await?;
    if frame.series.len().saturating_mul(steps.count()) > EVALUATED_MAX {
        let message = format!("{} series at {} steps are more than {EVALUATED_MAX} values", frame.series.len(), steps.count());
        return Err(EngineError::TooMuch { message, hint: "ask for a longer step, or name more labels in the selector" });
    }
    let counts_up = frame.series.iter().any(|series| series.kind.counts()) || frame.series.is_empty();
    let function = asked.function.unwrap_or(if counts_up { Function::Rate } else { Function::Value });
    let window_ns = if function == Function::Value { LOOK_BACK_NS } else { request.window_ns(&frame) };
    let question =
        Question { function, steps: *steps, window_ns, look_back_ns: LOOK_BACK_NS, of: asked.of, aggregate: asked.aggregate.clone() };
    let frame = Arc::new(frame);
    let evaluated = on_all_threads(engine, &frame, &question).await?;
    let mut warnings: Vec<String> = evaluated.notes.iter().map(Note::to_string).collect();
    let mut rows = evaluated.rows;
    if rows.len() > request.limit {
        let limit = request.limit;
        summary.truncated = Some(format!("the answer has {} series: the {limit} with the greatest values are shown", rows.len()));
        rows = greatest(rows, limit);
    }
    if rows.len().saturating_mul(steps.count()) > VALUES_MAX {
        let message = format!("{} series at {} steps are more than {VALUES_MAX} values", rows.len(), steps.count());
        return Err(EngineError::TooMuch { message, hint: "ask for a longer step, a lower `limit`, or an aggregate" });
    }
    let question = Question { steps: steps.reaching(window_ns), ..question };
    let (exemplars, left_out) = exemplars(&frame, &question, &rows, EXEMPLARS_MAX);
    if left_out > 0 {
        warnings.push(format!("{left_out} exemplars are not shown"));
    }
    let mut types: Vec<MetricType> = Vec::new();
    for series in &frame.series {
        let one = MetricType::new(series.kind, series.unit.clone());
        if !types.contains(&one) {
            types.push(one);
        }
    }
    let metric = selector.metric().unwrap_or_default().to_owned();
    let meta = MetricsMeta::new(&summary, &warnings, frame.series.len(), counts);
    let completeness = Completeness::of_records(counts.newest_received, counts.late, dropped, &summary.partial);
    Ok(Answered { metric, types, function, window_ns, rows, exemplars, completeness, meta })
}

/// The rows with the greatest values on the whole, in their order.
fn greatest(rows: Vec<Row>, limit: usize) -> Vec<Row> {
    let size = |row: &Row| row.values.iter().flatten().filter(|value| value.is_finite()).map(|value| value.abs()).sum::<f64>();
    let mut ranked: Vec<(f64, usize)> = rows.iter().map(size).zip(0..).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut kept: Vec<usize> = ranked.into_iter().take(limit).map(|(_, position)| position).collect();
    kept.sort_unstable();
    let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
    kept.into_iter().filter_map(|position| rows[position].take()).collect()
}

fn series(row: Row) -> Series {
    Series { labels: label_map(&row.labels), values: row.values.into_iter().map(Number).collect() }
}

fn word(function: Function) -> &'static str {
    match function {
        Function::Value => "value",
        Function::Increase => "increase",
        Function::Rate => "rate",
    }
}
