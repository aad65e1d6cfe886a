//! Who answers for a service: its instances, minute by minute.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::{
    functions::core::expr_fn::coalesce,
    functions_aggregate::expr_fn::{count, max, min, sum},
    logical_expr::{Expr, ExprFunctionExt, LogicalPlan, cast, ident, in_list, lit, try_cast},
};
use schemas::{Table, UnixNanos, columns as c};
use storage::Snapshot;

use super::{
    super::EngineError,
    compile::Compiler,
    leaf::attribute,
    plan::{TimeSpan, in_time},
};

const MINUTE_NS: i64 = 60_000_000_000;
const FAILED: i32 = 2;
/// Resource attributes with the weight of an instance, the first that is a number. The second is Kratos' name for it in a registry.
const WEIGHTS: [&str; 2] = ["service.weight", "weight"];

/// For each instance, version, pod, host and minute of one service: `service_instance_id`, `service_version`, `k8s_pod_name`, `host_name`,
/// `minute`, `spans`, `calls` (spans of calls that came in), `failed`, `sum_ns`, in nanoseconds `first` and `last` start, and the `weight`
/// that the instance declares.
#[derive(Debug, Clone)]
pub(crate) struct InstancesQuestion {
    pub time: TimeSpan,
    pub service: String,
    pub environment: Option<String>,
}

pub(in super::super) fn instances_plan(snapshot: &Arc<Snapshot>, question: &InstancesQuestion) -> Result<LogicalPlan, EngineError> {
    let InstancesQuestion { time, service, environment } = question;
    let compiler = Compiler { snapshot, table: Table::Spans, text: "", now: UnixNanos(0), within: None, received_until: None };
    let mut wanted = ident(c::SERVICE_NAME).eq(lit(service.as_str()));
    wanted = in_time(Table::Spans, *time).into_iter().fold(wanted, Expr::and);
    if let Some(environment) = environment {
        wanted = wanted.and(ident(c::DEPLOYMENT_ENVIRONMENT).eq(lit(environment.as_str())));
    }
    let start = || cast(ident(c::START_TIME), DataType::Int64);
    let entry = || in_list(ident(c::KIND), vec![lit(2_i32), lit(5_i32)], false);
    let failed = entry().and(ident(c::STATUS_CODE).eq(lit(FAILED)));
    let minute = (start() / lit(MINUTE_NS)).alias("minute");
    let groups = [c::SERVICE_INSTANCE_ID, c::SERVICE_VERSION, c::K8S_POD_NAME, c::HOST_NAME].map(ident).into_iter().chain([minute]);
    let measures = [
        count(lit(1_i64)).alias("spans"),
        count(lit(1_i64)).filter(entry()).build()?.alias("calls"),
        count(lit(1_i64)).filter(failed).build()?.alias("failed"),
        sum(ident(c::DURATION_NS)).filter(entry()).build()?.alias("sum_ns"),
        min(start()).alias("first"),
        max(start()).alias("last"),
        max(declared_weight()).alias("weight"),
    ];
    Ok(compiler.scan(Table::Spans)?.filter(wanted)?.aggregate(groups, measures)?.build()?)
}

/// Load balancers know an instance's weight from their registry; an instance that tells it says so in its resource.
fn declared_weight() -> Expr {
    let named = WEIGHTS.map(|key| try_cast(attribute(c::RESOURCE_ATTRIBUTES, key), DataType::Float64));
    coalesce(named.into())
}
