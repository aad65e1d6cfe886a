//! Which values the records of a search have in a field: counted one by one, not looked up in a sample.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    functions_aggregate::{count::count_udaf, expr_fn::count, sum::sum_udaf},
    logical_expr::{Expr, LogicalPlan, cast, expr::WindowFunction, ident, lit, when},
};
use schemas::{column::Column, columns as c};
use storage::Snapshot;

use super::{super::EngineError, compile::Compiler, found::Found, plan::newest_first};
use crate::search::{self, Field, NamedNumbers, Target, named_numbers};

/// The most frequent values of a field: `value`, `count`; and the same in every row: `records` that are found, `missing` of them that do
/// not have the field, `values` that differ.
#[derive(Debug, Clone)]
pub(crate) struct FoundValues {
    pub found: Found,
    pub field: Field,
    pub limit: usize,
}

/// Rows with most records first. The one with a null value, for records without the field, is last; it is there whenever there is room
/// for it, and counts on top of the limit.
pub(in super::super) fn found_values_plan(snapshot: &Arc<Snapshot>, question: &FoundValues) -> Result<LogicalPlan, EngineError> {
    let FoundValues { found, field, limit } = question;
    let value = found.compiler(snapshot).grouping(field)?;
    let counted = found.records(snapshot)?.aggregate([value.alias("value")], [count(lit(1_i64)).alias("count")])?;
    let missing = when(ident("value").is_null(), ident("count")).otherwise(lit(0_i64))?;
    let of_all = [
        Expr::from(WindowFunction::new(sum_udaf(), vec![ident("count")])).alias("records"),
        Expr::from(WindowFunction::new(sum_udaf(), vec![missing])).alias("missing"),
        Expr::from(WindowFunction::new(count_udaf(), vec![ident("value")])).alias("values"),
    ];
    let order = [ident("value").is_null().sort(true, false), newest_first(ident("count")), ident("value").sort(true, false)];
    Ok(counted.window(of_all)?.sort_with_limit(order, Some(limit + 1))?.build()?)
}

impl Compiler<'_> {
    /// The values of a field as text, and as the words that stand for its numbers.
    ///
    /// # Errors
    /// When a field is asked for that has no single value.
    pub(super) fn grouping(&self, field: &Field) -> Result<Expr, EngineError> {
        let Some(value) = self.value_text(field) else {
            let message = format!("the values of `{field}` cannot be counted");
            let hint = match self.table.columns().any(|column| column.name == c::EVENTS) {
                true => "use a field of the record itself, for instance `service`, `name` or an attribute",
                false => "use a field of the record itself, for instance `service`, `severity` or an attribute",
            };
            return Err(EngineError::Invalid { message, at: None, hint: Some(hint.to_owned()) });
        };
        match search::resolve(field, self.table) {
            Target::Column(column) if !named_numbers(column.name).is_empty() => in_words(column),
            _ => Ok(value),
        }
    }
}

/// A number that has no word is its digits.
fn in_words(column: &Column) -> Result<Expr, EngineError> {
    let named = named_numbers(column.name);
    let first_of = |(index, one): &(usize, &NamedNumbers)| named.iter().position(|other| other.from == one.from) == Some(*index);
    let mut cases = named.iter().enumerate().filter(first_of).map(|(_, one)| {
        let holds = ident(column.name).between(lit(one.from), lit(one.to));
        (holds, lit(one.name))
    });
    let digits = cast(ident(column.name), DataType::Utf8);
    let Some((holds, name)) = cases.next() else { return Ok(digits) };
    let mut words = when(holds, name);
    for (holds, name) in cases {
        words = words.when(holds, name);
    }
    Ok(words.otherwise(digits)?)
}
