//! `GET /api/v1/metrics/labels`: which labels the series of a metric have.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::to_json,
        problem::Problem,
        search::{Pairs, now},
        sql::problem_in,
    },
    answer::MetricsMeta,
    parameters::{LISTED_NS, nothing_else, selector, window},
};
use crate::{
    engine::{Engine, Summary},
    series::{Counts, Directory},
};

/// Series that are looked at.
const SERIES_MAX: usize = 20_000;
/// Values of a label that are counted.
const VALUES_COUNTED: usize = 1000;
/// Shown of each label.
const SAMPLES: usize = 3;

/// Labels of series.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricLabels)]
pub(super) struct LabelsAnswer {
    /// Those that most series have first.
    labels: Vec<Label>,
    meta: MetricsMeta,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MetricLabel)]
struct Label {
    name: String,
    /// That have it.
    series: usize,
    /// Different ones, up to 1000.
    values: usize,
    /// The first by the alphabet.
    samples: Vec<String>,
}

pub(super) async fn answer(engine: &Engine, mut pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let (directory, summary, counts) = series_of(engine, &mut pairs, "this route knows `metric`, `start`, `end`, `range`").await?;
    let mut found: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    for series in directory.series() {
        for (name, value) in series.labels.iter() {
            let (count, values) = found.entry(name).or_default();
            *count += 1;
            if values.len() < VALUES_COUNTED {
                values.insert(value);
            }
        }
    }
    let label = |(name, (series, values)): (&str, (usize, BTreeSet<&str>))| Label {
        name: name.to_owned(),
        series,
        values: values.len(),
        samples: values.into_iter().take(SAMPLES).map(str::to_owned).collect(),
    };
    let mut labels: Vec<Label> = found.into_iter().map(label).collect();
    labels.sort_by(|a, b| b.series.cmp(&a.series).then_with(|| a.name.cmp(&b.name)));
    let meta = MetricsMeta::new(&summary, &[], directory.series().len(), counts);
    Ok(to_json(&LabelsAnswer { labels, meta }))
}

/// The series of `metric`, or of all metrics. Takes the parameters out; none may be left.
pub(super) async fn series_of(engine: &Engine, pairs: &mut Pairs, known: &'static str) -> Result<(Directory, Summary, Counts), Problem> {
    let window = window(pairs, now(), LISTED_NS)?;
    let selector = selector(pairs, "metric")?;
    nothing_else(pairs, known)?;
    let read = engine.directory(selector, window.span(), SERIES_MAX).await;
    let (directory, mut summary) = read.map_err(|error| problem_in("metric", error))?;
    if directory.is_full() {
        summary.truncated = Some(format!("there are more than {SERIES_MAX} series: the others are not looked at"));
    }
    let counts = Counts { points: directory.series().iter().map(|series| series.points).sum(), ..Counts::default() };
    Ok((directory, summary, counts))
}
