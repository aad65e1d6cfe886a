//! What is asked of the record's trace: a subquery over all of its spans, whenever they were.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    common::DataFusionError,
    functions_aggregate::{
        expr_fn::{count, count_distinct, max, min},
        first_last::first_value_udaf,
    },
    logical_expr::{Expr, ExprFunctionExt, LogicalPlanBuilder, cast, ident, in_subquery, lit},
};
use schemas::{column::Kind, columns as c};

use super::{super::EngineError, compile::Compiler, leaf::Held};
use crate::search::{Expr as Asked, FieldName, FieldTest, TraceField};

/// Columns of [`Compiler::summaries`] besides the trace id.
pub(super) const ROOT_SERVICE: &str = "root_service";
pub(super) const ROOT_NAME: &str = "root_name";
pub(super) const SPANS: &str = "spans";
pub(super) const ERRORS: &str = "errors";
pub(super) const SERVICES: &str = "services";
pub(super) const END_NS: &str = "end_ns";

impl Compiler<'_> {
    /// The records of the traces for which `asked`, which has trace fields only and no negation, holds.
    pub(super) fn of_traces(&self, asked: &Asked) -> Result<Expr, EngineError> {
        self.trace_is_in(self.on_summary(asked)?)
    }

    /// As [`Self::of_traces`] for one field.
    pub(super) fn of_trace(&self, test: &FieldTest) -> Result<Expr, EngineError> {
        self.trace_is_in(self.trace_field(test)?)
    }

    fn trace_is_in(&self, condition: Expr) -> Result<Expr, EngineError> {
        let traces = self.summaries()?.filter(condition)?.project([ident(c::TRACE_ID)])?.build()?;
        Ok(in_subquery(ident(c::TRACE_ID), Arc::new(traces)))
    }

    fn on_summary(&self, asked: &Asked) -> Result<Expr, EngineError> {
        let all = |parts: &[Asked]| parts.iter().map(|part| self.on_summary(part)).collect::<Result<Vec<_>, _>>();
        Ok(match asked {
            Asked::And(parts) => all(parts)?.into_iter().reduce(Expr::and).unwrap_or_else(|| lit(true)),
            Asked::Or(parts) => all(parts)?.into_iter().reduce(Expr::or).unwrap_or_else(|| lit(false)),
            Asked::Not(inner) => Expr::Not(Box::new(Expr::IsTrue(Box::new(self.on_summary(inner)?)))),
            Asked::Field(test) => self.trace_field(test)?,
            Asked::Text(text) => {
                return Err(self.mistake(text.place, "words are not said of traces", "ask for `trace.root.name:checkout`"));
            }
        })
    }

    fn trace_field(&self, test: &FieldTest) -> Result<Expr, EngineError> {
        let FieldName::Trace(field) = &test.field.name else {
            return Err(self.mistake(
                test.field.place,
                format!("`{}` is not a field of traces", test.field),
                "ask for `trace.duration>1s`",
            ));
        };
        let (name, kind) = match field {
            TraceField::Id => (c::TRACE_ID, &Kind::Id(16)),
            TraceField::RootService => (ROOT_SERVICE, &Kind::Text),
            TraceField::RootName => (ROOT_NAME, &Kind::Text),
            TraceField::StartTime => (c::START_TIME, &Kind::Time),
            TraceField::Duration => (c::DURATION_NS, &Kind::I64),
            TraceField::Spans => (SPANS, &Kind::I64),
            TraceField::Errors => (ERRORS, &Kind::I64),
            TraceField::Services => (SERVICES, &Kind::I64),
        };
        self.held(&Held { value: ident(name), kind, name, strict: true }, test)
    }

    /// One row for each trace. Its root is the earliest span without a parent.
    pub(super) fn summaries(&self) -> Result<LogicalPlanBuilder, DataFusionError> {
        let others = [ROOT_SERVICE, ROOT_NAME, SPANS, ERRORS, SERVICES].map(ident);
        let columns = [ident(c::TRACE_ID), ident(c::START_TIME), duration().alias(c::DURATION_NS)].into_iter().chain(others);
        let mut measures = measures()?;
        measures.push(first_of_root(c::SERVICE_NAME)?.alias(ROOT_SERVICE));
        measures.push(count_distinct(ident(c::SERVICE_NAME)).alias(SERVICES));
        self.spans()?.aggregate([ident(c::TRACE_ID)], measures)?.project(columns)
    }
}

/// From the start to the end of [`measures`].
pub(super) fn duration() -> Expr {
    ident(END_NS) - cast(ident(c::START_TIME), DataType::Int64)
}

/// Of any group of spans of a trace: start, end, root span's name, number of spans and of errors.
pub(super) fn measures() -> Result<Vec<Expr>, DataFusionError> {
    let end_ns = cast(ident(c::START_TIME), DataType::Int64) + ident(c::DURATION_NS);
    Ok(vec![
        min(ident(c::START_TIME)).alias(c::START_TIME),
        max(end_ns).alias(END_NS),
        first_of_root(c::NAME)?.alias(ROOT_NAME),
        count(lit(1_i64)).alias(SPANS),
        count(lit(1_i64)).filter(ident(c::STATUS_CODE).eq(lit(2_i32))).build()?.alias(ERRORS),
    ])
}

/// A column of the earliest span without a parent.
fn first_of_root(column: &str) -> Result<Expr, DataFusionError> {
    let by_start = vec![ident(c::START_TIME).sort(true, false)];
    first_value_udaf().call(vec![ident(column)]).order_by(by_start).filter(is_root()).build()
}

pub(super) fn is_root() -> Expr {
    ident(c::PARENT_SPAN_ID).is_null()
}
