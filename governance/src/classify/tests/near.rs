//! Every rule is shown records that it must not take: they have what makes a rule look at a record, and not the rest.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, StringArray},
    compute::cast,
    datatypes::DataType,
    util::display::array_value_to_string,
};
use schemas::{Table, TableBatch, columns as c};

use super::{
    super::{
        names::{NamePattern, canonical},
        rules::{Rule, Trigger},
    },
    cases::{logs, points, spans},
    *,
};

#[test]
fn every_rule_has_a_record_that_it_nearly_takes() {
    let rules = Rules::shipped();
    let cases: Vec<(Vec<TableBatch>, BTreeSet<String>)> = [spans(), logs(), points()]
        .into_iter()
        .flatten()
        .map(|(batches, _)| {
            let given = said(&classify(rules, &batches)).iter().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
            (batches, given)
        })
        .collect();
    let near = |rule: &Rule| cases.iter().any(|(batches, given)| !given.contains(&rule.id) && is_near(rule, batches));
    let all = || rules.spans.iter().chain(&rules.logs).chain(&rules.metrics);
    let shown: BTreeSet<&str> = all().filter(|rule| near(rule)).map(|rule| rule.id.as_str()).collect();
    let without: BTreeSet<&str> = all().map(|rule| rule.id.as_str()).filter(|id| !shown.contains(id)).collect();
    assert_eq!(without, BTreeSet::new(), "rules without a record that nearly matches");
}

/// A rule is not shown by one of the words it knows: with each word of its tables, and each name of a metric, in the place of the one
/// that a record has, it takes that record, and says what the table says.
#[test]
fn every_word_and_metric_of_a_rule_is_taken() {
    let rules = Rules::shipped();
    let cases: Vec<Vec<TableBatch>> = [spans(), logs(), points()].into_iter().flatten().map(|(batches, _)| batches).collect();
    let mut missing: BTreeSet<String> = BTreeSet::new();
    for rule in rules.spans.iter().chain(&rules.logs).chain(&rules.metrics) {
        let given =
            |batches: &[TableBatch]| said(&classify(rules, batches)).into_iter().filter(|line| line.starts_with(&format!("{} ", rule.id)));
        let own: Vec<&Vec<TableBatch>> = cases.iter().filter(|batches| given(batches).next().is_some()).collect();
        let words = rule.words();
        for (word, means) in &words {
            let is_said = |batches: &[TableBatch]| given(batches).any(|line| line.split([' ', '>']).any(|said| said == *means));
            let in_place_of = |batches: &&Vec<TableBatch>| {
                words.iter().any(|(other, _)| {
                    batches.iter().any(|batch| has(other, batch))
                        && is_said(&batches.iter().map(|batch| with(batch, other, word)).collect::<Vec<_>>())
                })
            };
            if !own.iter().any(in_place_of) {
                missing.insert(format!("{}: {word} as {means}", rule.id));
            }
        }
        for pattern in &rule.metric {
            let named = |batches: &&Vec<TableBatch>| {
                names_of(pattern).iter().any(|name| {
                    let renamed = |batch: &TableBatch| with(batch, &texts_of(&batch.batch, c::METRIC_NAME), name);
                    given(&batches.iter().map(renamed).collect::<Vec<_>>()).next().is_some()
                })
            };
            if !own.iter().any(named) {
                missing.insert(format!("{}: {}", rule.id, pattern.parts().join("*")));
            }
        }
    }
    assert_eq!(missing, BTreeSet::new(), "not taken");
}

/// Names of metrics, as they may be where a pattern has a `*`.
fn names_of(pattern: &NamePattern) -> Vec<String> {
    let [first, rest @ ..] = pattern.parts() else { return vec![] };
    ["shop", "", "cluster_shop_"]
        .iter()
        .map(|start| if rest.is_empty() { first.clone() } else { format!("{first}{start}{}", rest.join("shop")) })
        .collect()
}

fn has(word: &str, batch: &TableBatch) -> bool {
    batch.batch.schema().fields().iter().any(|field| texts_of(&batch.batch, field.name()).contains(word))
}

/// The record with `to` wherever it says `from`.
fn with(TableBatch { table, batch }: &TableBatch, from: &str, to: &str) -> TableBatch {
    let replaced = |column: &ArrayRef| -> ArrayRef {
        let Some(texts) = cast(column, &DataType::Utf8).ok().filter(|_| is_text(column.data_type())) else { return Arc::clone(column) };
        let texts: StringArray = texts.as_string::<i32>().iter().map(|text| text.map(|text| text.replace(from, to))).collect();
        cast(&texts, column.data_type()).expect("the type it had")
    };
    let columns = batch.columns().iter().map(replaced).collect();
    TableBatch { table: *table, batch: RecordBatch::try_new(batch.schema(), columns).expect("the same columns") }
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, value) => is_text(value),
        kind => kind.is_string(),
    }
}

/// Whether `rule` looks at the record, or would if its text or the name of its metric had one other word at the end.
fn is_near(rule: &Rule, batches: &[TableBatch]) -> bool {
    batches.iter().any(|TableBatch { table, batch }| match table {
        Table::Spans => looks(&rule.span_trigger, batch),
        Table::Logs => looks(&rule.log_trigger, batch),
        Table::Metrics => {
            let name = canonical(&texts_of(batch, c::METRIC_NAME));
            rule.metric.iter().any(|pattern| pattern.matches(&name) || pattern.parts().iter().any(|part| differs_in_last_word(part, &name)))
        }
        _ => false,
    })
}

fn looks(trigger: &Trigger, batch: &arrow::array::RecordBatch) -> bool {
    let has = |literals: &[String]| {
        let schema = batch.schema();
        let texts: Vec<String> = schema.fields().iter().map(|field| texts_of(batch, field.name())).collect();
        literals.iter().any(|literal| texts.iter().any(|text| text.contains(literal.as_str())))
    };
    let is_there = |name: &str| batch.column_by_name(name).is_some_and(|column| column.null_count() < column.len());
    match trigger {
        Trigger::Text(literals) => {
            has(literals) || has(&literals.iter().filter_map(|literal| without_last_word(literal)).collect::<Vec<_>>())
        }
        Trigger::Attributes(literals) => has(literals),
        Trigger::Column(position) => batch.columns().get(*position).is_some_and(|column| column.null_count() < column.len()),
        Trigger::Status => [c::HTTP_RESPONSE_STATUS_CODE, c::RPC_STATUS_CODE, c::RPC_GRPC_STATUS_CODE].into_iter().any(is_there),
        Trigger::Nothing => false,
    }
}

fn texts_of(batch: &arrow::array::RecordBatch, name: &str) -> String {
    let Some(column) = batch.column_by_name(name) else { return String::new() };
    (0..column.len()).map(|row| array_value_to_string(column, row).unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn without_last_word(literal: &str) -> Option<String> {
    literal.trim_end().rsplit_once(' ').map(|(start, _)| start.to_owned()).filter(|start| start.len() >= 4)
}

/// `circuit_breaker_size` and `circuit_breaker_state`.
fn differs_in_last_word(part: &str, name: &str) -> bool {
    let words: Vec<&str> = part.split('_').filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [start @ .., _] if start.len() >= 2 => name.contains(&start.join("_")) && !name.contains(part),
        _ => false,
    }
}
