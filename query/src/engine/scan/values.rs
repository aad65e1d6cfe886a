//! Which values of attributes a predicate asks for, as far as an index of them can tell.

use std::sync::Arc;

use datafusion::{
    common::ScalarValue,
    logical_expr::Operator,
    physical_expr::{
        PhysicalExpr, ScalarFunctionExpr,
        expressions::{BinaryExpr, Column, InListExpr, Literal},
    },
};
use storage::AttributeQuery;

use super::super::functions::{AttributeGetter, FirstText, ValueMatch};

/// What every row has that `predicate` keeps; `None` when that may be anything.
pub(super) fn asked(predicate: &Arc<dyn PhysicalExpr>) -> Option<AttributeQuery> {
    if let Some(binary) = predicate.downcast_ref::<BinaryExpr>() {
        let (left, right) = (binary.left(), binary.right());
        return match binary.op() {
            Operator::And => match (asked(left), asked(right)) {
                (Some(left), Some(right)) => Some(AttributeQuery::All(vec![left, right])),
                (left, right) => left.or(right),
            },
            Operator::Or => Some(AttributeQuery::Any(vec![asked(left)?, asked(right)?])),
            Operator::Eq => {
                let is = |value, constant| is_any(value, &[text(constant)?]);
                is(left, right).or_else(|| is(right, left))
            }
            _ => None,
        };
    }
    if let Some(list) = predicate.downcast_ref::<InListExpr>().filter(|list| !list.negated()) {
        return is_any(list.expr(), &list.list().iter().map(text).collect::<Option<Vec<String>>>()?);
    }
    let function = predicate.downcast_ref::<ScalarFunctionExpr>()?;
    let condition = function.fun().inner().downcast_ref::<ValueMatch>()?.condition();
    let [value] = function.args() else { return None };
    is_any(value, &condition.equal_texts()?)
}

/// `value`, an attribute or the first of several, is one of `texts`.
fn is_any(value: &Arc<dyn PhysicalExpr>, texts: &[String]) -> Option<AttributeQuery> {
    let attributes = attributes(value)?;
    let is = |(column, key): &(String, String), value: &String| AttributeQuery::Is {
        column: column.clone(),
        key: key.clone(),
        value: value.clone(),
    };
    Some(AttributeQuery::Any(attributes.iter().flat_map(|attribute| texts.iter().map(move |text| is(attribute, text))).collect()))
}

/// Columns and keys of the attributes that `value` may be of.
fn attributes(value: &Arc<dyn PhysicalExpr>) -> Option<Vec<(String, String)>> {
    let function = value.downcast_ref::<ScalarFunctionExpr>()?;
    if function.fun().inner().downcast_ref::<FirstText>().is_some() {
        // Of keys that a block has not, null is left.
        let present =
            function.args().iter().filter(|value| !value.downcast_ref::<Literal>().is_some_and(|literal| literal.value().is_null()));
        return present.map(attributes).collect::<Option<Vec<_>>>().map(|attributes| attributes.concat());
    }
    function.fun().inner().downcast_ref::<AttributeGetter>()?;
    let [json, key] = function.args() else { return None };
    let column = json.downcast_ref::<Column>()?.name().to_owned();
    match key.downcast_ref::<Literal>()?.value() {
        ScalarValue::Utf8(Some(key)) => Some(vec![(column, key.clone())]),
        _ => None,
    }
}

/// A constant as text.
fn text(constant: &Arc<dyn PhysicalExpr>) -> Option<String> {
    match constant.downcast_ref::<Literal>()?.value() {
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)) => Some(text.clone()),
        ScalarValue::Int64(Some(number)) => Some(number.to_string()),
        ScalarValue::Float64(Some(number)) if number.is_finite() => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::{
        common::DFSchema,
        execution::context::ExecutionProps,
        logical_expr::{Expr, ScalarUDF, ident, lit, physical_planning_context::PhysicalPlanningContext},
        physical_expr::create_physical_expr,
    };

    use super::*;
    use crate::engine::functions::Getter;

    fn attribute(getter: Getter, column: &str, key: &str) -> Expr {
        ScalarUDF::from(AttributeGetter::verbatim(getter)).call(vec![ident(column), lit(key)])
    }

    fn check(predicate: Expr, expected: Option<&str>) {
        let fields = ["attributes", "resource_attributes"].map(|name| Field::new(name, DataType::Utf8, true));
        let schema = Schema::new([fields.to_vec(), vec![Field::new("kind", DataType::Int64, true)]].concat());
        let df_schema = DFSchema::try_from(schema).expect("distinct names");
        let physical =
            create_physical_expr(&predicate, &df_schema, &ExecutionProps::new(), &PhysicalPlanningContext::default()).expect("typed");
        assert_eq!(asked(&physical).as_ref().map(shown).as_deref(), expected, "{predicate}");
    }

    fn shown(query: &AttributeQuery) -> String {
        let list = |name: &str, parts: &[AttributeQuery]| match parts {
            [one] => shown(one),
            parts => format!("{name}({})", parts.iter().map(shown).collect::<Vec<_>>().join(", ")),
        };
        match query {
            AttributeQuery::Is { column, key, value } => format!("{column}.{key}={value}"),
            AttributeQuery::All(all) => list("all", all),
            AttributeQuery::Any(any) => list("any", any),
        }
    }

    #[test]
    fn equal_values_are_asked_for_and_nothing_else() {
        let code = || attribute(Getter::Text, "attributes", "code");
        let pod = || attribute(Getter::Text, "resource_attributes", "pod");
        check(code().eq(lit("E1")), Some("attributes.code=E1"));
        check(lit("E1").eq(code()), Some("attributes.code=E1"));
        check(attribute(Getter::Int, "attributes", "n").eq(lit(7_i64)), Some("attributes.n=7"));
        check(attribute(Getter::Double, "attributes", "n").eq(lit(0.5)), Some("attributes.n=0.5"));
        check(code().in_list(vec![lit("a"), lit("b")], false), Some("any(attributes.code=a, attributes.code=b)"));
        check(code().eq(lit("a")).and(pod().eq(lit("p"))), Some("all(attributes.code=a, resource_attributes.pod=p)"));
        check(code().eq(lit("a")).and(ident("kind").eq(lit(1_i64))), Some("attributes.code=a"));
        check(code().eq(lit("a")).or(pod().eq(lit("p"))), Some("any(attributes.code=a, resource_attributes.pod=p)"));
        check(code().eq(lit("a")).or(ident("kind").eq(lit(1_i64))), None);
        let first = || ScalarUDF::from(FirstText::new()).call(vec![code(), lit(ScalarValue::Utf8(None)), pod()]);
        check(first().eq(lit("x")), Some("any(attributes.code=x, resource_attributes.pod=x)"));
        check(code().not_eq(lit("a")), None);
        check(code().in_list(vec![lit("a")], true), None);
        check(Expr::Not(Box::new(Expr::IsTrue(Box::new(code().eq(lit("a")))))), None);
        check(code().is_not_null(), None);
        check(code().gt(lit("a")), None);
        check(code().eq(pod()), None);
    }
}
