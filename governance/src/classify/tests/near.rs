//! Every rule is shown records that it must not take: they have what makes a rule look at a record, and not the rest.

use std::collections::BTreeSet;

use arrow::{array::Array, util::display::array_value_to_string};
use schemas::{Table, TableBatch, columns as c};

use super::{
    super::{
        names::canonical,
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
