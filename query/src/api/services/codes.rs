//! Error codes of services, as the records of the table `errors` have them.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray, RecordBatch},
    compute::cast,
    datatypes::{DataType, Float64Type, Int64Type},
    error::ArrowError,
};
use schemas::columns as c;

use super::super::{answer::Cost, breakers::internal, problem::Problem, sql::problem_in};
use crate::engine::{CodesQuestion, Engine, Question};

/// How often a service had a code in one stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::api) struct CodeCount {
    pub service: String,
    /// The code, or the reason where there is none.
    pub code: String,
    /// 0 begins with the window.
    pub bucket: i64,
    pub count: f64,
    /// The newest, in nanoseconds since 1970.
    pub newest_ns: i64,
}

/// In order of service, code and bucket. Records of different kinds tell the same errors: the kind that tells most of a code counts.
pub(in crate::api) async fn codes(engine: &Engine, question: CodesQuestion, cost: &mut Cost) -> Result<Vec<CodeCount>, Problem> {
    let failed = |error| problem_in("start", error);
    let mut answer = engine.ask(Question::Codes(question)).await.map_err(failed)?;
    let batches = answer.collect().await.map_err(failed)?;
    let summary = answer.summary();
    if summary.truncated.is_some() {
        cost.partial.push("there are more error codes than can be counted".to_owned());
    }
    cost.add(&summary);
    let mut read = BTreeMap::new();
    batches
        .iter()
        .try_for_each(|batch| add(&mut read, batch))
        .map_err(|error| internal(&format!("error codes cannot be read: {error}")))?;
    Ok(chosen(read))
}

/// By service, code and kind of record: by bucket, count and newest.
type ByKind = BTreeMap<(String, String), BTreeMap<String, BTreeMap<i64, (f64, i64)>>>;

fn add(read: &mut ByKind, batch: &RecordBatch) -> Result<(), ArrowError> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
    let text = |name: &str| cast(column(name)?, &DataType::Utf8);
    let [service, code, reason, source] = [text(c::SERVICE_NAME)?, text(c::CODE)?, text(c::REASON)?, text(c::SOURCE)?];
    let [service, code, reason, source] = [&service, &code, &reason, &source].map(|texts| texts.as_string::<i32>());
    let [bucket, newest] = [cast(column("bucket")?, &DataType::Int64)?, cast(column("newest")?, &DataType::Int64)?];
    let (bucket, newest) = (bucket.as_primitive::<Int64Type>(), newest.as_primitive::<Int64Type>());
    let count = cast(column(c::COUNT)?, &DataType::Float64)?;
    let count = count.as_primitive::<Float64Type>();
    let text =
        |texts: &arrow::array::StringArray, row: usize| if texts.is_valid(row) { texts.value(row).to_owned() } else { String::new() };
    for row in 0..batch.num_rows() {
        let code = Some(text(code, row)).filter(|code| !code.is_empty()).unwrap_or_else(|| text(reason, row));
        let of_kind = read.entry((text(service, row), code)).or_default().entry(text(source, row)).or_default();
        let entry = of_kind.entry(bucket.value(row)).or_default();
        *entry = (entry.0 + count.value(row), entry.1.max(newest.value(row)));
    }
    Ok(())
}

fn chosen(read: ByKind) -> Vec<CodeCount> {
    let total = |buckets: &BTreeMap<i64, (f64, i64)>| buckets.values().map(|(count, _)| count).sum::<f64>();
    let most = read.into_iter().filter_map(|(key, kinds)| {
        let buckets = kinds.into_values().max_by(|a, b| total(a).total_cmp(&total(b)))?;
        Some((key, buckets))
    });
    most.flat_map(|((service, code), buckets)| {
        buckets.into_iter().map(move |(bucket, (count, newest_ns))| CodeCount {
            service: service.clone(),
            code: code.clone(),
            bucket,
            count,
            newest_ns,
        })
    })
    .collect()
}
