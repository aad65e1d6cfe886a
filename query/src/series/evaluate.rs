//! A frame and a question -> rows of values, one for each step.
//!
//! 1. Every series is evaluated at every step: its value, or what came within the window.
//! 2. Series of the same labels become one: processes that nothing tells apart, and what a restart left behind. What came adds up, and
//!    so do histograms; of other values the newest one counts.
//! 3. Distributions become numbers: how many, their sum, their average, a quantile. Before a quantile, histograms are merged where they are
//!    to be summed: a quantile of the whole, and not a sum of quantiles.
//! 4. The rows are aggregated.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::{
    aggregate::{Aggregate, Operator, aggregate},
    distributions::{Reach, at_steps},
    frame::{Frame, Kind, Series},
    histogram::Histogram,
    labels::Labels,
    numbers::{Number, changes, values},
    steps::Steps,
};

/// What is asked of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Value,
    Increase,
    /// Per second.
    Rate,
}

/// Which number a distribution becomes. Numbers stay as they are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Of {
    Count,
    Sum,
    Average,
    /// The value below which this share (0 to 1) lies.
    Quantile(f64),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub function: Function,
    pub steps: Steps,
    /// Of increase and rate; more than 0.
    pub window_ns: i64,
    /// How long a value counts.
    pub look_back_ns: i64,
    pub of: Of,
    pub aggregate: Option<Aggregate>,
}

/// A line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub labels: Labels,
    /// One for each step; `None` where nothing is known.
    pub values: Vec<Option<f64>>,
}

/// What should be known about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// Increase or rate of what may fall.
    Signed,
    /// A quantile of what has no buckets.
    NoBuckets,
    /// Histograms of different shapes, which were not merged.
    Mismatch,
    /// Histograms of different bounds, merged where they agree.
    Bounds,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signed => "what may fall has no resets: the increase is the difference, and may be negative",
            Self::NoBuckets => "series without buckets have no quantile and are left out",
            Self::Mismatch => "explicit and exponential histograms are not merged: where both are, there is no value",
            Self::Bounds => "histograms of different bounds are merged at the bounds that they have in common: quantiles are coarser",
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Evaluated {
    /// In the order of labels. Rows without any value are left out.
    pub rows: Vec<Row>,
    pub notes: BTreeSet<Note>,
}

impl Evaluated {
    /// Of all parts of one question, with what it asks of them together.
    pub fn of_parts(parts: impl IntoIterator<Item = Self>, question: &Question) -> Self {
        let (mut rows, mut notes) = (Vec::new(), BTreeSet::new());
        for part in parts {
            rows.extend(part.rows);
            notes.extend(part.notes);
        }
        rows.sort_by(|a, b| a.labels.cmp(&b.labels));
        if let Some(by) = &question.aggregate {
            rows = aggregate(rows, by);
        }
        Self { rows, notes }
    }
}

pub fn evaluate(frame: &Frame, question: &Question) -> Evaluated {
    Evaluated::of_parts([evaluate_part(frame, question, &groups(frame, question))], question)
}

/// Series that become one, by their places in the frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    labels: Labels,
    series: Vec<usize>,
}

/// All series, in the order of labels: what may be evaluated apart.
pub fn groups(frame: &Frame, question: &Question) -> Vec<Group> {
    let merges = question.aggregate.as_ref().filter(|by| by.operator == Operator::Sum && matches!(question.of, Of::Quantile(_)));
    let mut groups: BTreeMap<Labels, Vec<usize>> = BTreeMap::new();
    for (place, series) in frame.series.iter().enumerate() {
        let labels = match merges.filter(|_| series.kind.is_distribution()) {
            Some(by) => series.labels.grouped(&by.grouping),
            None => series.labels.clone(),
        };
        groups.entry(labels).or_default().push(place);
    }
    groups.into_iter().map(|(labels, series)| Group { labels, series }).collect()
}

/// The rows of some [`groups`], not yet aggregated.
pub fn evaluate_part(frame: &Frame, question: &Question, groups: &[Group]) -> Evaluated {
    let mut notes = BTreeSet::new();
    let row = |group: &Group| {
        let series: Vec<&Series> = group.series.iter().map(|place| &frame.series[*place]).collect();
        Row { labels: group.labels.clone(), values: one(frame, &series, question, &mut notes) }
    };
    let rows = groups.iter().map(row).filter(|row| row.values.iter().any(Option::is_some)).collect();
    Evaluated { rows, notes }
}

/// Of series that become one.
fn one(frame: &Frame, series: &[&Series], question: &Question, notes: &mut BTreeSet<Note>) -> Vec<Option<f64>> {
    let Question { function, steps, window_ns, look_back_ns, of, .. } = question;
    let mut sum = Sum::new(steps.count(), *function);
    let mut histograms = vec![Merged::Nothing; steps.count()];
    let mut average = [Sum::new(steps.count(), *function), Sum::new(steps.count(), *function)];
    for series in series {
        let number = |number: Number, sum: &mut Sum| match function {
            Function::Value => sum.add(values(frame, series, number, steps, *look_back_ns)),
            _ => sum.add(changes(frame, series, number, steps, *window_ns, *function).into_iter().map(|value| Some((0, value?)))),
        };
        if !series.kind.is_distribution() {
            if matches!(of, Of::Quantile(_)) {
                notes.insert(Note::NoBuckets);
                continue;
            }
            if *function != Function::Value && matches!(series.kind, Kind::Gauge | Kind::Sum { monotonic: false, .. }) {
                notes.insert(Note::Signed);
            }
            number(Number::Value, &mut sum);
            continue;
        }
        match of {
            Of::Count => number(Number::Count, &mut sum),
            Of::Sum => number(Number::Sum, &mut sum),
            Of::Average => {
                number(Number::Sum, &mut average[0]);
                number(Number::Count, &mut average[1]);
            }
            Of::Quantile(_) => {
                let reach = Reach { window: *window_ns, look_back: *look_back_ns };
                at_steps(frame, series, *function, steps, reach, |step, next| merge(&mut histograms[step], next, notes));
            }
        }
    }
    match of {
        Of::Quantile(q) => histograms.iter().map(|merged| quantile(merged, *q, notes)).collect(),
        Of::Average => {
            let [sums, counts] = average.map(Sum::finish);
            let averages = sums.into_iter().zip(counts).map(|(sum, count)| Some(sum? / count.filter(|count| *count > 0.0)?));
            averages.zip(sum.finish()).map(|(average, number)| average.or(number)).collect()
        }
        _ => sum.finish(),
    }
}

/// What the histograms of one step are together.
#[derive(Debug, Clone)]
enum Merged {
    Nothing,
    Sum(Histogram),
    Mismatch,
}

fn merge(merged: &mut Merged, next: Histogram, notes: &mut BTreeSet<Note>) {
    match merged {
        Merged::Nothing => *merged = Merged::Sum(next),
        Merged::Mismatch => {}
        Merged::Sum(sum) => {
            if let (Histogram::Explicit(own), Histogram::Explicit(other)) = (&*sum, &next)
                && own.bounds != other.bounds
            {
                notes.insert(Note::Bounds);
            }
            if sum.merge(&next).is_err() {
                notes.insert(Note::Mismatch);
                *merged = Merged::Mismatch;
            }
        }
    }
}

fn quantile(merged: &Merged, q: f64, notes: &mut BTreeSet<Note>) -> Option<f64> {
    let Merged::Sum(histogram) = merged else { return None };
    let quantile = histogram.quantile(q);
    if quantile.is_none() && histogram.count() > 0.0 {
        notes.insert(Note::NoBuckets);
    }
    quantile
}

/// Series of the same labels, step by step.
struct Sum {
    newest: bool,
    steps: Vec<Option<(i64, f64)>>,
}

impl Sum {
    fn new(steps: usize, function: Function) -> Self {
        Self { newest: function == Function::Value, steps: vec![None; steps] }
    }

    fn add(&mut self, values: impl IntoIterator<Item = Option<(i64, f64)>>) {
        for (own, value) in self.steps.iter_mut().zip(values) {
            *own = match (*own, value) {
                (Some((before, _)), Some((time, value))) if self.newest && time >= before => Some((time, value)),
                (Some((before, sum)), Some((_, value))) if !self.newest => Some((before, sum + value)),
                (own, value) => own.or(value),
            };
        }
    }

    fn finish(self) -> Vec<Option<f64>> {
        self.steps.into_iter().map(|step| step.map(|(_, value)| value)).collect()
    }
}
