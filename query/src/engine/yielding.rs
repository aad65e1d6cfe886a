//! Joins make many batches out of few, without asking the runtime in between; so a question in one could not be ended.

use std::sync::Arc;

use datafusion::{
    common::{
        Result,
        config::ConfigOptions,
        tree_node::{Transformed, TreeNode},
    },
    physical_optimizer::PhysicalOptimizerRule,
    physical_plan::{ExecutionPlan, coop::CooperativeExec},
};

/// Gives the runtime its turn after the batches of every operator that multiplies rows.
#[derive(Debug)]
pub(super) struct YieldInJoins;

const MULTIPLIES: &[&str] = &[
    "CrossJoinExec",
    "NestedLoopJoinExec",
    "HashJoinExec",
    "SortMergeJoinExec",
    "PiecewiseMergeJoinExec",
    "UnnestExec",
    "RecursiveQueryExec",
];

impl PhysicalOptimizerRule for YieldInJoins {
    fn name(&self) -> &'static str {
        "yield_in_joins"
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let wrap = |node: Arc<dyn ExecutionPlan>| {
            if MULTIPLIES.contains(&node.name()) {
                Ok(Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>))
            } else {
                Ok(Transformed::no(node))
            }
        };
        plan.transform_up(wrap).map(|transformed| transformed.data)
    }

    fn schema_check(&self) -> bool {
        true
    }
}
