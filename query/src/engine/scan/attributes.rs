//! What is left of a predicate where a block has none of an attribute.
//!
//! A promoted key is asked for in its column first, and then in the JSON, where it stands when it came as a value of another type or
//! under an older name: `column = 500 OR (column IS NULL AND attr(attributes, 'http.status_code') = 500)`. Where the catalog says that
//! no row of a block has such a key, the getter is null and that half of the predicate falls away: the JSON is not read, and the bounds
//! of the column rule out the rest.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use arrow::datatypes::SchemaRef;
use datafusion::{
    common::{
        Result, ScalarValue,
        tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion},
    },
    logical_expr::Operator,
    physical_expr::{
        PhysicalExpr, ScalarFunctionExpr,
        expressions::{BinaryExpr, Column, Literal},
        simplifier::PhysicalExprSimplifier,
    },
};

use super::super::functions::AttributeGetter;

/// A predicate, and what is left of it by the attributes that are there. Computed once for each combination.
#[derive(Debug)]
pub(crate) struct ByAttributes {
    schema: SchemaRef,
    predicate: Arc<dyn PhysicalExpr>,
    asked: Vec<Asked>,
    left: Mutex<HashMap<Present, Option<Arc<dyn PhysicalExpr>>>>,
}

/// A key in a column of JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    column: String,
    key: String,
}

/// Of the attributes asked for, one bit each.
type Present = u64;

impl ByAttributes {
    /// `predicate` is over `schema`.
    pub(crate) fn new(predicate: Arc<dyn PhysicalExpr>, schema: SchemaRef) -> Self {
        let mut asked: Vec<Asked> = Vec::new();
        // The closure never fails.
        let _ = predicate.apply(|node| {
            if let Some(attribute) = asked_by(node).filter(|attribute| !asked.contains(attribute)) {
                asked.push(attribute);
            }
            Ok(TreeNodeRecursion::Continue)
        });
        // More than there are bits are taken for present.
        asked.truncate(Present::BITS as usize);
        Self { schema, predicate, asked, left: Mutex::default() }
    }

    /// The predicate over rows that may have only the attributes for which `may_have(column, key)`. `None` when it keeps none of them.
    pub(crate) fn left(&self, may_have: impl Fn(&str, &str) -> bool) -> Option<Arc<dyn PhysicalExpr>> {
        let bits = self.asked.iter().enumerate().map(|(bit, asked)| Present::from(may_have(&asked.column, &asked.key)) << bit);
        let present = bits.fold(0, |present, bit| present | bit);
        let mut left = self.left.lock().expect("no holder panics");
        left.entry(present).or_insert_with(|| self.simplified(present)).clone()
    }

    fn simplified(&self, present: Present) -> Option<Arc<dyn PhysicalExpr>> {
        // What cannot be simplified is asked as it is.
        let simplified = self.without_absent(present).unwrap_or_else(|_| Arc::clone(&self.predicate));
        kept(simplified)
    }

    fn without_absent(&self, present: Present) -> Result<Arc<dyn PhysicalExpr>> {
        let absent = |attribute: &Asked| self.asked.iter().position(|asked| asked == attribute).is_some_and(|bit| present >> bit & 1 == 0);
        let null = |node: Arc<dyn PhysicalExpr>| {
            if asked_by(&node).is_some_and(|attribute| absent(&attribute)) {
                let null = ScalarValue::try_from(&node.data_type(&self.schema)?)?;
                return Ok(Transformed::yes(Arc::new(Literal::new(null)) as Arc<dyn PhysicalExpr>));
            }
            Ok(Transformed::no(node))
        };
        let nulled = Arc::clone(&self.predicate).transform(null).data()?;
        PhysicalExprSimplifier::new(&self.schema).simplify(nulled)
    }
}

fn asked_by(node: &Arc<dyn PhysicalExpr>) -> Option<Asked> {
    let function = node.downcast_ref::<ScalarFunctionExpr>()?;
    function.fun().inner().downcast_ref::<AttributeGetter>()?;
    let [json, key] = function.args() else { return None };
    let column = json.downcast_ref::<Column>()?.name().to_owned();
    match key.downcast_ref::<Literal>()?.value() {
        ScalarValue::Utf8(Some(key)) => Some(Asked { column, key: key.clone() }),
        _ => None,
    }
}

/// A predicate without the parts that decide nothing, when only "true" counts. `None`: it is never true.
fn kept(predicate: Arc<dyn PhysicalExpr>) -> Option<Arc<dyn PhysicalExpr>> {
    if let Some(literal) = predicate.downcast_ref::<Literal>() {
        return is_true(literal).then_some(predicate);
    }
    let Some(binary) = predicate.downcast_ref::<BinaryExpr>() else { return Some(predicate) };
    let (left, right) = (binary.left(), binary.right());
    let joined = |left, right| Arc::new(BinaryExpr::new(left, *binary.op(), right)) as Arc<dyn PhysicalExpr>;
    let always = |side: &Arc<dyn PhysicalExpr>| side.downcast_ref::<Literal>().is_some_and(is_true);
    match binary.op() {
        Operator::And => match (kept(Arc::clone(left))?, kept(Arc::clone(right))?) {
            (left, right) if always(&left) => Some(right),
            (left, right) if always(&right) => Some(left),
            (left, right) => Some(joined(left, right)),
        },
        Operator::Or => match (kept(Arc::clone(left)), kept(Arc::clone(right))) {
            (Some(left), Some(right)) if always(&right) && !always(&left) => Some(right),
            (Some(left), Some(right)) if !always(&left) => Some(joined(left, right)),
            (left, right) => left.or(right),
        },
        Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => {
            (!is_null(left) && !is_null(right)).then(|| Arc::clone(&predicate))
        }
        _ => Some(Arc::clone(&predicate)),
    }
}

fn is_true(literal: &Literal) -> bool {
    matches!(literal.value(), ScalarValue::Boolean(Some(true)))
}

fn is_null(side: &Arc<dyn PhysicalExpr>) -> bool {
    side.downcast_ref::<Literal>().is_some_and(|literal| literal.value().is_null())
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::{DataType, Field, Schema};
    use datafusion::{
        common::DFSchema,
        execution::context::ExecutionProps,
        logical_expr::{Expr, ScalarUDF, ident, lit, physical_planning_context::PhysicalPlanningContext, when},
        physical_expr::create_physical_expr,
    };

    use super::*;
    use crate::engine::functions::Getter;

    fn attribute(key: &str) -> Expr {
        ScalarUDF::from(AttributeGetter::verbatim(Getter::Text)).call(vec![ident("attributes"), lit(key)])
    }

    fn check(predicate: Expr, present: &[&str], expected: Option<&str>) {
        let fields = [("status", DataType::Int64), ("attributes", DataType::Utf8)];
        let schema = Arc::new(Schema::new(fields.map(|(name, data_type)| Field::new(name, data_type, true)).to_vec()));
        let df_schema = DFSchema::try_from(Arc::clone(&schema)).expect("distinct names");
        let physical =
            create_physical_expr(&predicate, &df_schema, &ExecutionProps::new(), &PhysicalPlanningContext::default()).expect("typed");
        let left = ByAttributes::new(physical, schema).left(|column, key| column == "attributes" && present.contains(&key));
        assert_eq!(left.map(|left| left.to_string()).as_deref(), expected, "{predicate} with {present:?}");
    }

    #[test]
    fn what_asks_for_absent_attributes_falls_away() {
        let column = || ident("status").eq(lit(500_i64));
        let held = || column().or(ident("status").is_null().and(attribute("code").eq(lit("500"))));
        check(held(), &[], Some("status@0 = 500"));
        check(held(), &["code"], Some("status@0 = 500 OR status@0 IS NULL AND attr(attributes@1, code) = 500"));
        check(attribute("code").eq(lit("500")), &["other"], None);
        check(attribute("code").is_not_null(), &[], None);
        check(attribute("code").is_null(), &[], Some("true"));
        check(column().and(attribute("code").is_null()), &[], Some("status@0 = 500"));
        check(column().and(attribute("code").eq(lit("x"))), &[], None);
        check(column().or(attribute("code").is_null()), &[], Some("true"));
        check(attribute("code").eq(attribute("other")), &["other"], None);
        // What `coalesce` is simplified to.
        let first = || when(attribute("code").is_not_null(), attribute("code")).otherwise(attribute("other")).expect("one type");
        check(first().eq(lit("x")), &[], None);
    }

    /// `NOT` counts what is null as true where it stands around `IS TRUE`, so nothing may fall away inside of it.
    #[test]
    fn negations_keep_what_is_not_true() {
        let not = |inner: Expr| Expr::Not(Box::new(Expr::IsTrue(Box::new(inner))));
        check(not(attribute("code").eq(lit("500"))), &[], Some("true"));
        check(
            not(ident("status").eq(lit(1_i64)).or(attribute("code").eq(lit("x")))),
            &[],
            Some("(status@0 = 1 OR NULL) IS DISTINCT FROM true"),
        );
    }
}
