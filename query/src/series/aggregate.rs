//! Many series to few, step by step: each group of labels becomes one row; `topk` leaves rows as they are, with the greatest values only.

use std::collections::BTreeMap;

use super::{
    evaluate::Row,
    labels::{Grouping, Labels},
};

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operator {
    Sum,
    Average,
    Minimum,
    Maximum,
    /// How many series have a value.
    Count,
    /// The value below which this share (0 to 1) of the series lies, between two of them in proportion.
    Quantile(f64),
    /// The values of so many series with the greatest ones.
    TopK(usize),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    pub operator: Operator,
    pub grouping: Grouping,
}

/// In the order of labels. Groups without any value are left out.
pub fn aggregate(rows: Vec<Row>, by: &Aggregate) -> Vec<Row> {
    let mut groups: BTreeMap<Labels, Vec<Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.labels.grouped(&by.grouping)).or_default().push(row);
    }
    let rows = groups.into_iter().flat_map(|(labels, rows)| match by.operator {
        Operator::TopK(count) => greatest(rows, count),
        operator => vec![Row { labels, values: together(&rows, operator) }],
    });
    let mut rows: Vec<Row> = rows.filter(|row| row.values.iter().any(Option::is_some)).collect();
    rows.sort_by(|a, b| a.labels.cmp(&b.labels));
    rows
}

fn together(rows: &[Row], operator: Operator) -> Vec<Option<f64>> {
    let steps = rows.iter().map(|row| row.values.len()).max().unwrap_or_default();
    let mut found = Vec::with_capacity(rows.len());
    let at = |step| {
        found.clear();
        found.extend(rows.iter().filter_map(|row: &Row| row.values.get(step).copied().flatten()));
        (!found.is_empty()).then(|| of(&mut found, operator))
    };
    (0..steps).map(at).collect()
}

/// Of at least one value.
fn of(values: &mut [f64], operator: Operator) -> f64 {
    // As Prometheus: what is not a number gives way to any number.
    let better = |is_better: fn(&f64, &f64) -> bool| {
        values
            .iter()
            .copied()
            .reduce(|best, value| if best.is_nan() || is_better(&value, &best) { value } else { best })
            .unwrap_or(f64::NAN)
    };
    match operator {
        Operator::Sum | Operator::TopK(_) => values.iter().sum(),
        Operator::Average => values.iter().sum::<f64>() / values.len() as f64,
        Operator::Minimum => better(|value, best| value < best),
        Operator::Maximum => better(|value, best| value > best),
        Operator::Count => values.len() as f64,
        Operator::Quantile(q) => {
            values.sort_by(f64::total_cmp);
            let rank = q * (values.len() - 1) as f64;
            let (below, above) = (rank.floor() as usize, rank.ceil() as usize);
            let weight = rank - rank.floor();
            values[below] * (1.0 - weight) + values[above.min(values.len() - 1)] * weight
        }
    }
}

/// Leaves at every step the `count` greatest values.
fn greatest(mut rows: Vec<Row>, count: usize) -> Vec<Row> {
    let steps = rows.iter().map(|row| row.values.len()).max().unwrap_or_default();
    for step in 0..steps {
        let value = |row: &Row| row.values.get(step).copied().flatten();
        let mut ranked: Vec<(f64, usize)> = rows.iter().enumerate().filter_map(|(index, row)| Some((value(row)?, index))).collect();
        let size = |value: f64| if value.is_nan() { f64::NEG_INFINITY } else { value };
        ranked.sort_by(|a, b| size(b.0).total_cmp(&size(a.0)).then(a.1.cmp(&b.1)));
        for (_, index) in ranked.into_iter().skip(count) {
            rows[index].values[step] = None;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<const N: usize>(labels: [(&str, &str); N], values: &[Option<f64>]) -> Row {
        Row { labels: labels.into(), values: values.to_vec() }
    }

    fn check(operator: Operator, by: &[&str], expected: &[Row]) {
        let rows = vec![
            row([("pod", "a"), ("zone", "x")], &[Some(1.0), Some(2.0), None]),
            row([("pod", "b"), ("zone", "x")], &[Some(3.0), None, None]),
            row([("pod", "c"), ("zone", "y")], &[Some(8.0), Some(f64::NAN), None]),
        ];
        let grouping = Grouping::By(by.iter().map(|name| (*name).to_owned()).collect());
        let found = aggregate(rows, &Aggregate { operator, grouping });
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{operator:?} by {by:?}");
    }

    #[test]
    fn by_hand() {
        let all = |values: [f64; 2]| vec![row([], &[Some(values[0]), Some(values[1]), None])];
        check(
            Operator::Sum,
            &["zone"],
            &[row([("zone", "x")], &[Some(4.0), Some(2.0), None]), row([("zone", "y")], &[Some(8.0), Some(f64::NAN), None])],
        );
        check(Operator::Sum, &[], &all([12.0, f64::NAN]));
        check(Operator::Average, &[], &all([4.0, f64::NAN]));
        check(Operator::Minimum, &[], &all([1.0, 2.0]));
        check(Operator::Maximum, &[], &all([8.0, 2.0]));
        check(Operator::Count, &[], &all([3.0, 2.0]));
        check(
            Operator::Quantile(0.75),
            &["zone"],
            &[row([("zone", "x")], &[Some(2.5), Some(2.0), None]), row([("zone", "y")], &[Some(8.0), Some(f64::NAN), None])],
        );
        check(
            Operator::TopK(1),
            &[],
            &[row([("pod", "a"), ("zone", "x")], &[None, Some(2.0), None]), row([("pod", "c"), ("zone", "y")], &[Some(8.0), None, None])],
        );
    }
}
