//! What a session is given: our functions, planners and rewrites, and what it is denied.

use std::sync::Arc;

use datafusion::{
    common::ScalarValue,
    logical_expr::{Expr, ScalarUDF, expr_rewriter::FunctionRewrite, planner::ExprPlanner},
};

use super::{
    attribute::{AttributeGetter, Getter},
    hex::Hex,
    operator::Operators,
    rewrite::{HexIds, PromotedKeys},
};

/// Every scalar function of ours.
pub(in crate::engine) fn all() -> Vec<Arc<ScalarUDF>> {
    let getters = Getter::ALL.into_iter().map(|getter| Arc::new(ScalarUDF::from(AttributeGetter::new(getter))));
    getters.chain([Arc::new(ScalarUDF::from(Hex::new()))]).collect()
}

/// An id as a constant.
pub(in crate::engine) fn id(bytes: &[u8]) -> Expr {
    let length = i32::try_from(bytes.len()).expect("ids have 8 or 16 bytes");
    Expr::Literal(ScalarValue::FixedSizeBinary(length, Some(bytes.to_vec())), None)
}

/// `id` as lowercase hex.
pub(in crate::engine) fn hex_of(id: Expr) -> Expr {
    ScalarUDF::from(Hex::new()).call(vec![id])
}

/// Plans `->>`, and ids compared with texts.
pub(in crate::engine) fn planners() -> Vec<Arc<dyn ExprPlanner>> {
    vec![Arc::new(Operators)]
}

/// Rewrites that must come before types are coerced.
pub(in crate::engine) fn rewrites() -> Vec<Arc<dyn FunctionRewrite + Send + Sync>> {
    vec![Arc::new(HexIds), Arc::new(PromotedKeys)]
}

/// DataFusion's functions that our SQL does not have: a few bytes of arguments make them allocate without any account.
pub(in crate::engine) const REMOVED: &[&str] =
    &["range", "generate_series", "gen_series", "array_repeat", "list_repeat", "array_resize", "list_resize", "repeat", "lpad", "rpad"];
