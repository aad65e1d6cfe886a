//! Columns of numbers: bounds that a literal of the column's type can say.

use std::ops::RangeInclusive;

use arrow::datatypes::DataType;
use datafusion::{
    common::ScalarValue,
    logical_expr::{Expr, Operator, binary_expr, cast, lit},
};

use crate::search::Number;

/// `column operator number`, exactly, whatever the type of the column can hold.
pub(super) fn compare(column: Expr, data_type: &DataType, operator: Operator, number: Number) -> Expr {
    match (number, data_type) {
        (_, DataType::Float64) => binary_expr(column, operator, lit(number.as_f64())),
        (Number::Integer(integer), _) => integers(column, data_type, operator, integer),
        (Number::Double(double), _) => match operator {
            Operator::Eq | Operator::NotEq if double.fract() == 0.0 => integers(column, data_type, operator, double as i128),
            Operator::Eq => lit(false),
            Operator::NotEq => column.is_not_null(),
            Operator::Gt | Operator::LtEq => integers(column, data_type, operator, double.floor() as i128),
            _ => integers(column, data_type, operator, double.ceil() as i128),
        },
    }
}

/// As [`compare`] with a word that stands for several numbers: greater is greater than all of them.
pub(super) fn compare_range(column: Expr, data_type: &DataType, operator: Operator, range: &RangeInclusive<i32>) -> Expr {
    let (from, to) = (i128::from(*range.start()), i128::from(*range.end()));
    let bound = |operator, number| integers(column.clone(), data_type, operator, number);
    match operator {
        Operator::Eq if from == to => bound(Operator::Eq, from),
        Operator::Eq => bound(Operator::GtEq, from).and(bound(Operator::LtEq, to)),
        Operator::NotEq => bound(Operator::Lt, from).or(bound(Operator::Gt, to)),
        Operator::Gt | Operator::LtEq => bound(operator, to),
        _ => bound(operator, from),
    }
}

/// The number as text, as people see it.
pub(super) fn as_text(column: Expr) -> Expr {
    cast(column, DataType::Utf8)
}

fn integers(column: Expr, data_type: &DataType, operator: Operator, integer: i128) -> Expr {
    if let Some(literal) = scalar(data_type, integer) {
        return binary_expr(column, operator, Expr::Literal(literal, None));
    }
    // Beyond what the type holds: every value is on the same side.
    let holds = match operator {
        Operator::NotEq => true,
        Operator::Gt | Operator::GtEq => integer < 0,
        Operator::Lt | Operator::LtEq => integer > 0,
        _ => false,
    };
    if holds { column.is_not_null() } else { lit(false) }
}

fn scalar(data_type: &DataType, integer: i128) -> Option<ScalarValue> {
    Some(match data_type {
        DataType::Int32 => ScalarValue::Int32(Some(integer.try_into().ok()?)),
        DataType::Int64 => ScalarValue::Int64(Some(integer.try_into().ok()?)),
        DataType::UInt32 => ScalarValue::UInt32(Some(integer.try_into().ok()?)),
        DataType::UInt64 => ScalarValue::UInt64(Some(integer.try_into().ok()?)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::col;

    use super::*;

    #[test]
    fn bounds_fit_the_type() {
        let check = |operator, number, expected: &str| {
            assert_eq!(compare(col("n"), &DataType::Int32, operator, number).to_string(), expected);
        };
        check(Operator::Gt, Number::Integer(5), "n > Int32(5)");
        check(Operator::Gt, Number::Double(0.5), "n > Int32(0)");
        check(Operator::GtEq, Number::Double(0.5), "n >= Int32(1)");
        check(Operator::Lt, Number::Double(-0.5), "n < Int32(0)");
        check(Operator::LtEq, Number::Double(2.5), "n <= Int32(2)");
        check(Operator::Eq, Number::Double(2.0), "n = Int32(2)");
        check(Operator::Eq, Number::Double(2.5), "Boolean(false)");
        check(Operator::NotEq, Number::Double(2.5), "n IS NOT NULL");
        check(Operator::Gt, Number::Integer(1 << 40), "Boolean(false)");
        check(Operator::Lt, Number::Integer(1 << 40), "n IS NOT NULL");
        check(Operator::GtEq, Number::Integer(-(1 << 40)), "n IS NOT NULL");
    }

    #[test]
    fn words_stand_for_ranges() {
        let check = |operator, expected: &str| {
            assert_eq!(compare_range(col("n"), &DataType::Int32, operator, &(13..=16)).to_string(), expected);
        };
        check(Operator::Eq, "n >= Int32(13) AND n <= Int32(16)");
        check(Operator::NotEq, "n < Int32(13) OR n > Int32(16)");
        check(Operator::Gt, "n > Int32(16)");
        check(Operator::GtEq, "n >= Int32(13)");
        check(Operator::Lt, "n < Int32(13)");
    }
}
