//! The call: its two times.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::{
    catalog::{TableFunctionArgs, TableFunctionImpl, TableProvider},
    common::{Result, ScalarValue, internal_datafusion_err, plan_datafusion_err, plan_err},
    logical_expr::Expr,
};
use governance::classify::Rules;
use schemas::UnixNanos;

use super::{
    super::{fold_facts::Hours, scan::OpenSnapshot},
    provider::Trips,
};

pub(in super::super) const BREAKER_TRIPS: &str = "breaker_trips";

const USAGE: &str = "breaker_trips(start, end) takes two times, for instance breaker_trips(now() - INTERVAL '1 hour', now())";
/// As over HTTP.
const LONGEST_NS: i64 = 7 * 24 * 3_600_000_000_000;

/// `breaker_trips(start, end)`.
#[derive(Debug)]
pub(in super::super) struct BreakerTrips;

impl TableFunctionImpl for BreakerTrips {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let [start, end] = args.exprs() else { return plan_err!("{USAGE}") };
        let (start, end) = (time(start)?, time(end)?);
        if start >= end {
            return plan_err!("the second time of breaker_trips is not after the first");
        }
        if end.0.saturating_sub(start.0) > LONGEST_NS {
            return plan_err!("breaker_trips looks at seven days at most");
        }
        let open = args.session().config().get_extension::<OpenSnapshot>();
        let open = open.ok_or_else(|| internal_datafusion_err!("the session has no snapshot"))?;
        let rules = args.session().config().get_extension::<Rules>();
        let rules = rules.ok_or_else(|| internal_datafusion_err!("the session has no rules"))?;
        let hours = args.session().config().get_extension::<Hours>();
        let hours = hours.ok_or_else(|| internal_datafusion_err!("the session has no hours"))?;
        Ok(Arc::new(Trips { open, hours, parameters: rules.parameters(), start, end }))
    }
}

/// A time, or a text that is one.
fn time(argument: &Expr) -> Result<UnixNanos> {
    let Expr::Literal(value, _) = argument else { return plan_err!("{USAGE}; {argument} is not known before the question begins") };
    let is_time = matches!(
        value.data_type(),
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 | DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8
    );
    if !is_time {
        return plan_err!("{USAGE}; {value} is no time");
    }
    let nanos = value.cast_to(&DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())));
    match nanos {
        Ok(ScalarValue::TimestampNanosecond(Some(time), _)) => Ok(UnixNanos(time)),
        _ => Err(plan_datafusion_err!("{USAGE}; {value} is no time")),
    }
}
