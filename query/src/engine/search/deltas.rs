//! A group of records that is compared with another: how many there are, and a sample of them.

use std::sync::Arc;

use datafusion::{
    arrow::datatypes::DataType,
    functions::core::expr_fn::coalesce,
    functions_aggregate::expr_fn::{count, max},
    logical_expr::{Expr, ExprFunctionExt, LogicalPlan, ScalarUDF, cast, ident, lit},
};
use schemas::{Table, UnixNanos, columns as c};
use storage::Snapshot;

use super::{
    super::{EngineError, functions::SampleKey},
    compile::Compiler,
    plan::{TimeSpan, in_time, records},
};
use crate::{analytics::minutes::LATE_NS, search::Search};

/// A search with its text, and a box.
#[derive(Debug, Clone, Default)]
pub(crate) struct Records {
    pub text: String,
    pub search: Search,
    pub time: TimeSpan,
    /// Of spans; half-open.
    pub duration_min_ns: Option<i64>,
    pub duration_max_ns: Option<i64>,
}

/// Records of `all` that are of the `group` and not of `without`.
#[derive(Debug, Clone)]
pub(crate) struct GroupQuestion {
    pub table: Table,
    pub all: Records,
    pub group: Records,
    pub without: Option<Records>,
    pub wanted: Wanted,
    pub now: UnixNanos,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// One row: `count`, how many of them came `late`, and when the `newest` did, null when there are none.
    Count,
    /// These columns of the records whose [`SampleKey`] is below: the same records each time.
    Sample { columns: Vec<&'static str>, below: Option<u32> },
}

pub(in super::super) fn group_plan(snapshot: &Arc<Snapshot>, question: &GroupQuestion) -> Result<LogicalPlan, EngineError> {
    let GroupQuestion { table, all, group, without, wanted, now } = question;
    let compiler = |text| Compiler { snapshot, table: *table, text, now: *now, within: None, received_until: None };
    let mut found = records(&compiler(&all.text), &all.search, all.time)?;
    let others = without.as_ref().map(|without| holds(&compiler(&without.text), without)).transpose()?;
    // A record of which it is unknown is not of it.
    let others = others.map(|others| Expr::Not(Box::new(Expr::IsTrue(Box::new(others.unwrap_or_else(|| lit(true)))))));
    let in_group = holds(&compiler(&group.text), group)?;
    let in_box = in_duration(*table, all)?;
    for condition in [in_box, in_group, others].into_iter().flatten() {
        found = found.filter(condition)?;
    }
    match wanted {
        Wanted::Count => {
            let received_at = || cast(ident(c::RECEIVED_AT), DataType::Int64);
            let is_late = (received_at() - over_at(*table)).gt(lit(LATE_NS));
            let late = count(lit(1_i64)).filter(is_late).build()?.alias("late");
            let measures = [count(lit(1_i64)).alias("count"), late, max(received_at()).alias("newest")];
            Ok(found.aggregate(Vec::<Expr>::new(), measures)?.build()?)
        }
        Wanted::Sample { columns, below } => {
            if let Some(below) = below {
                let keys = SampleKey::columns(*table).map(ident).collect();
                found = found.filter(ScalarUDF::from(SampleKey::new(*table)).call(keys).lt(lit(*below)))?;
            }
            Ok(found.project(columns.iter().map(|name| ident(*name)))?.build()?)
        }
    }
}

/// When what a record tells of was over.
fn over_at(table: Table) -> Expr {
    let time = cast(ident(table.time_column()), DataType::Int64);
    match table {
        Table::Spans => time + coalesce(vec![ident(c::DURATION_NS), lit(0_i64)]),
        _ => time,
    }
}

/// Whether a plan can be made of `records`.
pub(in super::super) fn check(snapshot: &Arc<Snapshot>, table: Table, asked: &Records, now: UnixNanos) -> Result<(), EngineError> {
    let compiler = Compiler { snapshot, table, text: &asked.text, now, within: None, received_until: None };
    records(&compiler, &asked.search, asked.time)?;
    in_duration(table, asked).map(drop)
}

/// Whether a record is of `records`; `None` when all are.
fn holds(compiler: &Compiler<'_>, records: &Records) -> Result<Option<Expr>, EngineError> {
    let asked = match &records.search {
        Search::Everything => None,
        Search::Records(asked) => Some(compiler.compile(asked)?),
        Search::Structure(structure) => {
            let mut place = None;
            structure.first.for_each_term(&mut |term| place = place.or(Some(term.place())));
            let hint = "ask with braces in the `q` outside of `selection` and `baseline`";
            return Err(compiler.mistake(place.unwrap_or_default(), "a group of records is asked for without braces", hint));
        }
    };
    let conditions = [in_time(compiler.table, records.time), in_duration(compiler.table, records)?, asked];
    Ok(conditions.into_iter().flatten().reduce(Expr::and))
}

fn in_duration(table: Table, records: &Records) -> Result<Option<Expr>, EngineError> {
    let Records { duration_min_ns, duration_max_ns, .. } = records;
    if (duration_min_ns.is_some() || duration_max_ns.is_some()) && table != Table::Spans {
        return Err(EngineError::invalid(format!("{table} have no duration")));
    }
    let from = duration_min_ns.map(|min| ident(c::DURATION_NS).gt_eq(lit(min)));
    let to = duration_max_ns.map(|max| ident(c::DURATION_NS).lt(lit(max)));
    Ok(from.into_iter().chain(to).reduce(Expr::and))
}
