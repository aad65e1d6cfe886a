//! Operators that mean more here than in SQL: `attributes->>'key'`, and an id compared with its hex text.

use arrow::datatypes::DataType;
use datafusion::{
    common::{DFSchema, Result, plan_err},
    logical_expr::{
        Expr, ExprSchemable, Operator, ScalarUDF, binary_expr,
        planner::{ExprPlanner, PlannerResult, RawBinaryExpr},
    },
    sql::sqlparser::ast::BinaryOperator,
};

use super::{
    attribute::{AttributeGetter, Getter},
    rewrite::id_literal,
};

#[derive(Debug)]
pub(super) struct Operators;

impl ExprPlanner for Operators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let Some(operator) = comparison(&expr.op) else {
            return match expr.op {
                BinaryOperator::LongArrow => {
                    let getter = ScalarUDF::from(AttributeGetter::new(Getter::Text));
                    Ok(PlannerResult::Planned(getter.call(vec![expr.left, expr.right])))
                }
                BinaryOperator::Arrow => plan_err!("-> is not supported: ->> gives an attribute as text, attr_int and its siblings typed"),
                _ => Ok(PlannerResult::Original(expr)),
            };
        };
        let id_bytes = |side: &Expr| match side.get_type(schema) {
            Ok(DataType::FixedSizeBinary(bytes)) => Some(bytes),
            _ => None,
        };
        let RawBinaryExpr { op, left, right } = expr;
        if let Some(bytes) = id_bytes(&left)
            && let Some(id) = id_literal(&right, bytes)?
        {
            return Ok(PlannerResult::Planned(binary_expr(left, operator, id)));
        }
        if let Some(bytes) = id_bytes(&right)
            && let Some(id) = id_literal(&left, bytes)?
        {
            return Ok(PlannerResult::Planned(binary_expr(id, operator, right)));
        }
        Ok(PlannerResult::Original(RawBinaryExpr { op, left, right }))
    }
}

fn comparison(operator: &BinaryOperator) -> Option<Operator> {
    Some(match operator {
        BinaryOperator::Eq => Operator::Eq,
        BinaryOperator::NotEq => Operator::NotEq,
        BinaryOperator::Lt => Operator::Lt,
        BinaryOperator::LtEq => Operator::LtEq,
        BinaryOperator::Gt => Operator::Gt,
        BinaryOperator::GtEq => Operator::GtEq,
        _ => return None,
    })
}
