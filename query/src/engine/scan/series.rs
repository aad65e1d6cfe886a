//! Which series a part of a predicate keeps: a block of metrics knows where their points are.

use std::{collections::HashSet, sync::Arc};

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, UInt64Array},
    datatypes::{DataType, Field, Schema},
};
use datafusion::{
    common::ScalarValue,
    physical_expr::{
        PhysicalExpr,
        utils::{Guarantee, LiteralGuarantee, collect_columns, reassign_expr_columns},
    },
};
use schemas::{Table, columns::SERIES_ID};

/// Exactly the series that `part` keeps, when it names them and asks for nothing else: `series_id = 7`, `series_id IN (7, 8)`.
pub(super) fn kept(table: Table, part: &Arc<dyn PhysicalExpr>) -> Option<HashSet<u64>> {
    if table != Table::Metrics || collect_columns(part).iter().any(|column| column.name() != SERIES_ID) {
        return None;
    }
    let guarantees = LiteralGuarantee::analyze(part);
    let named = guarantees.iter().find(|guarantee| guarantee.guarantee == Guarantee::In)?;
    let id = |literal: &ScalarValue| match literal {
        ScalarValue::UInt64(id) => *id,
        _ => None,
    };
    let ids = UInt64Array::from(named.literals.iter().map(id).collect::<Option<Vec<u64>>>()?);
    // Others are not kept; of these it says itself.
    let schema = Arc::new(Schema::new(vec![Field::new(SERIES_ID, DataType::UInt64, false)]));
    let rows = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(ids.clone()) as ArrayRef]).ok()?;
    let answer = reassign_expr_columns(Arc::clone(part), &schema).ok()?.evaluate(&rows).ok()?.into_array(rows.num_rows()).ok()?;
    let answer = answer.as_boolean_opt()?;
    Some(ids.values().iter().zip(answer).filter(|(_, kept)| *kept == Some(true)).map(|(id, _)| *id).collect())
}

#[cfg(test)]
mod tests {
    use datafusion::{
        logical_expr::Operator,
        physical_expr::expressions::{binary, col, in_list, lit, not},
    };

    use super::*;

    #[test]
    fn series_of_predicates() {
        let schema = Table::Metrics.schema();
        let id = || col(SERIES_ID, &schema).expect("a column");
        let list = |ids: &[u64], negated: bool| {
            let list = ids.iter().map(|id| lit(*id)).collect();
            in_list(id(), list, &negated, &schema).expect("a list")
        };
        let of = |left: Arc<dyn PhysicalExpr>, operator: Operator, right: Arc<dyn PhysicalExpr>| {
            binary(left, operator, right, &schema).expect("a comparison")
        };
        let check = |part: Arc<dyn PhysicalExpr>, expected: Option<&[u64]>| {
            let found = kept(Table::Metrics, &part).map(|ids| {
                let mut ids: Vec<u64> = ids.into_iter().collect();
                ids.sort_unstable();
                ids
            });
            assert_eq!(found.as_deref(), expected, "{part}");
            assert_eq!(kept(Table::Spans, &part), None);
        };
        let is = |value: u64| of(id(), Operator::Eq, lit(value));
        check(is(7), Some(&[7]));
        check(list(&[7, 8], false), Some(&[7, 8]));
        check(of(is(7), Operator::Or, is(9)), Some(&[7, 9]));
        check(of(is(7), Operator::Or, of(is(8), Operator::And, of(id(), Operator::Lt, lit(8_u64)))), Some(&[7]));
        check(list(&[7, 8], true), None);
        check(not(is(7)).expect("a negation"), None);
        check(of(id(), Operator::Gt, lit(7_u64)), None);
        let named = of(col("metric_name", &schema).expect("a column"), Operator::Eq, lit("m"));
        check(named.clone(), None);
        check(of(is(7), Operator::Or, named), None);
    }
}
