//! Rewrites of expressions before their types are coerced.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    common::{Column, DFSchema, DataFusionError, Result, ScalarValue, config::ConfigOptions, plan_err, tree_node::Transformed},
    functions::core::expr_fn::coalesce,
    logical_expr::{
        Between, BinaryExpr, Expr, ExprSchemable, ScalarUDF,
        expr::{InList, ScalarFunction},
        expr_rewriter::FunctionRewrite,
        lit, try_cast,
    },
};
use schemas::{
    columns,
    promoted::{self, Promoted},
};

use super::attribute::AttributeGetter;

/// `trace_id IN ('4bf9…')`, and bound parameters: a hex text beside an id becomes its bytes.
#[derive(Debug)]
pub(super) struct HexIds;

impl FunctionRewrite for HexIds {
    fn name(&self) -> &'static str {
        "hex_ids"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        let id_bytes = |side: &Expr| match side.get_type(schema) {
            Ok(DataType::FixedSizeBinary(bytes)) => Some(bytes),
            _ => None,
        };
        let replace = |side: &mut Expr, bytes: i32| {
            let literal = id_literal(side, bytes)?;
            let replaced = literal.is_some();
            literal.into_iter().for_each(|literal| *side = literal);
            Ok::<bool, DataFusionError>(replaced)
        };
        match expr {
            Expr::BinaryExpr(BinaryExpr { mut left, op, mut right }) if op.supports_propagation() => {
                let mut replaced = false;
                if let Some(bytes) = id_bytes(&left) {
                    replaced |= replace(&mut right, bytes)?;
                } else if let Some(bytes) = id_bytes(&right) {
                    replaced |= replace(&mut left, bytes)?;
                }
                Ok(transformed(Expr::BinaryExpr(BinaryExpr { left, op, right }), replaced))
            }
            Expr::InList(InList { expr, mut list, negated }) => {
                let mut replaced = false;
                if let Some(bytes) = id_bytes(&expr) {
                    for item in &mut list {
                        replaced |= replace(item, bytes)?;
                    }
                }
                Ok(transformed(Expr::InList(InList { expr, list, negated }), replaced))
            }
            Expr::Between(Between { expr, negated, mut low, mut high }) => {
                let mut replaced = false;
                if let Some(bytes) = id_bytes(&expr) {
                    replaced = replace(&mut low, bytes)? | replace(&mut high, bytes)?;
                }
                Ok(transformed(Expr::Between(Between { expr, negated, low, high }), replaced))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

fn transformed(expr: Expr, replaced: bool) -> Transformed<Expr> {
    if replaced { Transformed::yes(expr) } else { Transformed::no(expr) }
}

/// The id that a text literal writes in hex. `None` when `expr` is no text literal.
///
/// # Errors
/// When it is one that cannot be an id of this many bytes.
pub(super) fn id_literal(expr: &Expr, bytes: i32) -> Result<Option<Expr>> {
    let text = match expr {
        Expr::Literal(ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)), _) => text,
        _ => return Ok(None),
    };
    let digits = text.trim().trim_start_matches("0x");
    let expected = usize::try_from(bytes).unwrap_or_default() * 2;
    let id: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect();
    match id {
        Some(id) if digits.len() == expected => Ok(Some(Expr::Literal(ScalarValue::FixedSizeBinary(bytes, Some(id)), None))),
        _ => plan_err!("{text:?} is not an id: {expected} hex digits are needed, this has {}", digits.len()),
    }
}

/// `attr(attributes, 'http.route')` reads the column `http_route` first, and the remainder for values of another type.
/// Old and new names of a key are one.
#[derive(Debug)]
pub(super) struct PromotedKeys;

impl FunctionRewrite for PromotedKeys {
    fn name(&self) -> &'static str {
        "promoted_keys"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        let Expr::ScalarFunction(function) = &expr else { return Ok(Transformed::no(expr)) };
        let Some(getter) = function.func.inner().downcast_ref::<AttributeGetter>().filter(|getter| !getter.is_verbatim()) else {
            return Ok(Transformed::no(expr));
        };
        let getter = getter.getter();
        let [Expr::Column(level), Expr::Literal(ScalarValue::Utf8(Some(key)), _)] = function.args.as_slice() else {
            return Ok(Transformed::no(expr));
        };
        let Some(promoted) = promoted_of(level, key, schema) else { return Ok(Transformed::no(expr)) };
        let column = Expr::Column(Column::new(level.relation.clone(), promoted.column));
        // Rewrites meet the same expression again when a scan takes it: what is left of it must not be rewritten twice.
        let verbatim = Arc::new(ScalarUDF::from(AttributeGetter::verbatim(getter)));
        let remainder = |key: &str| {
            let args = vec![Expr::Column(level.clone()), lit(key)];
            Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&verbatim), args))
        };
        let keys = std::iter::once(promoted.key).chain(promoted.aliases.iter().map(|alias| alias.key));
        let values = std::iter::once(try_cast(column, getter.data_type())).chain(keys.map(remainder)).collect();
        Ok(Transformed::yes(coalesce(values)))
    }
}

/// The promoted column of `key` beside the remainder `level`, when the relation has it.
fn promoted_of(level: &Column, key: &str, schema: &DFSchema) -> Option<&'static Promoted> {
    let candidates = match level.name.as_str() {
        columns::RESOURCE_ATTRIBUTES => promoted::RESOURCE.iter().chain(&[]),
        columns::ATTRIBUTES => promoted::SPAN.iter().chain(promoted::LOG),
        _ => return None,
    };
    let has_key = |promoted: &&Promoted| promoted.key == key || promoted.aliases.iter().any(|alias| alias.key == key);
    let in_schema = |promoted: &&Promoted| schema.has_column(&Column::new(level.relation.clone(), promoted.column));
    candidates.filter(has_key).find(in_schema)
}
