//! Error codes of services, as the records of the table `errors` have them.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray, RecordBatch, StringArray, new_null_array},
    compute::cast,
    datatypes::{DataType, Float64Type, Int32Type, Int64Type},
    error::ArrowError,
};
use schemas::columns as c;

use super::{
    super::{answer::Cost, problem::Problem, sql::problem_in},
    request::Request,
};
use crate::engine::{CodesBy, CodesCounted, CodesQuestion, Engine, Question, TimeSpan, code_counts};

/// Whose codes they are; what they are not told apart by is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::api) struct Whose {
    pub service: String,
    pub instance: String,
    pub operation: String,
    /// Of spans, as in the table.
    pub span_kind: Option<i32>,
}

/// How often one of them had a code in one stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::api) struct CodeCount {
    pub whose: Whose,
    /// The code, or the reason where there is none.
    pub code: String,
    /// 0 begins with the window.
    pub bucket: i64,
    pub count: f64,
    /// The newest, in nanoseconds since 1970.
    pub newest_ns: i64,
}

/// Of one service within the window of a request.
pub(super) async fn codes_within(
    engine: &Engine,
    request: &Request,
    service: &str,
    by: CodesBy,
    cost: &mut Cost,
) -> Result<Vec<CodeCount>, Problem> {
    let (start, end, width_ns) = (request.window.start, request.window.end, request.window.length_ns());
    let (service, environment) = (Some(service.to_owned()), request.environment.clone());
    codes(engine, CodesQuestion { start, end, within: TimeSpan::default(), width_ns, by, service, environment }, cost).await
}

/// In order of whose they are, code and bucket. Records of different kinds tell the same errors: the kind that tells most of a code counts.
pub(in crate::api) async fn codes(engine: &Engine, question: CodesQuestion, cost: &mut Cost) -> Result<Vec<CodeCount>, Problem> {
    let (read, summary) = match question.by {
        CodesBy::Service => {
            let (counted, summary) = code_counts(engine, &question).await.map_err(|error| problem_in("start", error))?;
            (by_kind(counted), summary)
        }
        _ => engine.gather(Question::Codes(question), ByKind::new(), add).await.map_err(|error| problem_in("start", error))?,
    };
    if summary.truncated.is_some() {
        cost.partial.push("there are more error codes than can be counted".to_owned());
    }
    cost.add(&summary);
    Ok(chosen(read))
}

fn by_kind(counted: CodesCounted) -> ByKind {
    let mut read = ByKind::new();
    for (key, buckets) in counted {
        let whose = Whose { service: key.service, ..Whose::default() };
        read.entry((whose, key.code)).or_default().insert(key.source, buckets);
    }
    read
}

/// By whose it is, code and kind of record: by bucket, count and newest.
type ByKind = BTreeMap<(Whose, String), BTreeMap<String, BTreeMap<i64, (f64, i64)>>>;

fn add(read: &mut ByKind, batch: &RecordBatch) -> Result<(), ArrowError> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| ArrowError::SchemaError(format!("no column {name}")));
    // Empty where codes are not told apart by it.
    let text = |name: &str| match batch.column_by_name(name) {
        Some(column) => cast(column, &DataType::Utf8),
        None => Ok(new_null_array(&DataType::Utf8, batch.num_rows())),
    };
    let [service, code, reason, source] = [text(c::SERVICE_NAME)?, text(c::CODE)?, text(c::REASON)?, text(c::SOURCE)?];
    let [instance, operation] = [text(c::SERVICE_INSTANCE_ID)?, text(c::OPERATION)?];
    let [service, code, reason, source, instance, operation] =
        [&service, &code, &reason, &source, &instance, &operation].map(|texts| texts.as_string::<i32>());
    let span_kind = batch.column_by_name(c::SPAN_KIND).and_then(|kinds| kinds.as_primitive_opt::<Int32Type>());
    let [bucket, newest] = [cast(column("bucket")?, &DataType::Int64)?, cast(column("newest")?, &DataType::Int64)?];
    let (bucket, newest) = (bucket.as_primitive::<Int64Type>(), newest.as_primitive::<Int64Type>());
    let count = cast(column(c::COUNT)?, &DataType::Float64)?;
    let count = count.as_primitive::<Float64Type>();
    let text = |texts: &StringArray, row: usize| if texts.is_valid(row) { texts.value(row).to_owned() } else { String::new() };
    for row in 0..batch.num_rows() {
        let code = Some(text(code, row)).filter(|code| !code.is_empty()).unwrap_or_else(|| text(reason, row));
        let whose = Whose {
            service: text(service, row),
            instance: text(instance, row),
            operation: text(operation, row),
            span_kind: span_kind.filter(|kinds| kinds.is_valid(row)).map(|kinds| kinds.value(row)),
        };
        let of_kind = read.entry((whose, code)).or_default().entry(text(source, row)).or_default();
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
    most.flat_map(|((whose, code), buckets)| {
        buckets.into_iter().map(move |(bucket, (count, newest_ns))| CodeCount {
            whose: whose.clone(),
            code: code.clone(),
            bucket,
            count,
            newest_ns,
        })
    })
    .collect()
}
