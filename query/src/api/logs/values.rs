//! `GET /api/v1/logs/fields/{field}/values`: the most frequent values of a field among the records that are found, all of them counted.

use arrow::{
    array::{Array, AsArray},
    compute::cast,
    datatypes::{DataType, Int64Type},
};
use schemas::Table;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, meta},
        closed::Answered,
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit},
        sql::problem_in,
    },
    selection::{Selection, column, in_q, unreadable},
};
use crate::{
    engine::{Engine, EngineError, FoundValues, Question},
    search::{self, Expr, Field, FieldTest, Predicate, Search},
};

const LIMITS: Limits = Limits { default: 20, max: 1000 };

/// The values of a field.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ValuesAnswer {
    /// As it is written in a search.
    field: String,
    /// Most frequent first.
    values: Vec<ValueCount>,
    /// How many values there are in all.
    distinct: i64,
    /// Records that are found.
    records: i64,
    /// Of these without the field.
    missing: i64,
    #[schema(value_type = Object)]
    meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
struct ValueCount {
    value: String,
    count: i64,
    /// Of the records that are found: 0 to 1.
    share: f64,
}

pub(super) async fn answer(engine: &Engine, table: Table, field: &str, pairs: Pairs) -> Result<Answered, Problem> {
    let Selection { found, own, warnings } = Selection::parse(table, pairs, &["limit"], now())?;
    let field = parse_field("field", field)?;
    let limit = own.iter().try_fold(LIMITS.default, |_, (_, limit)| parse_limit(limit, LIMITS))?;
    let question = FoundValues { found, field: field.clone(), limit };
    let mut answer = engine.ask(Question::FoundValues(question)).await.map_err(|error| of_field("field", error))?;
    let mut body =
        ValuesAnswer { field: field.to_string(), values: Vec::new(), distinct: 0, records: 0, missing: 0, meta: Meta::default() };
    while let Some(batch) = answer.next().await {
        let batch = batch.map_err(in_q)?;
        let integers = |name| column(&batch, name).map(|column| column.as_primitive::<Int64Type>().clone()).map_err(unreadable);
        let (counts, records, missing, distinct) = (integers("count")?, integers("records")?, integers("missing")?, integers("values")?);
        let texts = column(&batch, "value").and_then(|values| cast(values, &DataType::Utf8)).map_err(unreadable)?;
        let texts = texts.as_string::<i32>();
        for row in 0..batch.num_rows() {
            (body.records, body.missing, body.distinct) = (records.value(row), missing.value(row), distinct.value(row));
            if texts.is_valid(row) && body.values.len() < limit {
                let (value, count) = (texts.value(row).to_owned(), counts.value(row));
                body.values.push(ValueCount { value, count, share: count as f64 / body.records as f64 });
            }
        }
    }
    body.meta = meta(&answer.summary(), &warnings);
    Ok(Answered::new(serde_json::to_vec(&body).expect("string keys and finite numbers always serialize"), &body.meta))
}

/// A field as it is written in a search: `service`, `resource.host.id`, `"log.file.path"`.
pub(super) fn parse_field(param: &'static str, text: &str) -> Result<Field, Problem> {
    match search::parse(&format!("has:{text}")) {
        Ok(Search::Records(Expr::Field(test))) if matches!(*test, FieldTest { predicate: Predicate::Exists, .. }) => Ok(test.field),
        _ => {
            let hint = "write it as in a search: `service`, `severity`, `resource.host.name`, `\"an odd key\"`; GET /api/v1/logs/fields lists them";
            Err(Problem::invalid_parameter(param, format!("{text:?} is not a field"), hint))
        }
    }
}

/// A mistake without a place is about the field, one with a place about `q`.
pub(super) fn of_field(param: &'static str, error: EngineError) -> Problem {
    match error {
        EngineError::Invalid { message, at: None, hint } => {
            Problem::invalid_parameter(param, message, hint.unwrap_or_else(|| "use another field".to_owned()))
        }
        other => problem_in("q", other),
    }
}
