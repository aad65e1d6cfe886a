//! The plan node: which splits, which columns, what is asked of the rows.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::{
    common::{Result, Statistics, config::ConfigOptions, internal_err, tree_node::TreeNodeRecursion},
    execution::{SendableRecordBatchStream, TaskContext},
    physical_expr::{
        EquivalenceProperties, Partitioning, PhysicalExpr, PhysicalSortExpr, expressions, expressions::DynamicFilterTracking,
        utils::reassign_expr_columns,
    },
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, SortOrderPushdownResult,
        coop::cooperative,
        execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions, SchedulingType},
        filter_pushdown::{ChildPushdownResult, FilterPushdownPhase, FilterPushdownPropagation, PushedDown},
        metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet},
        statistics::StatisticsArgs,
        stream::RecordBatchStreamAdapter,
    },
};
use futures::stream;
use schemas::Table;
use storage::SplitId;

use super::{
    context::OpenSnapshot,
    queue::Queue,
    read::{Reader, Task},
};

/// Which end of the time the reader comes from. Rows are only nearly in that order: blocks and slices are, their rows are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Newest splits first, whole row groups.
    Any,
    /// Row groups too are read from their end, in slices, so that a sort with a limit can stop early.
    NewestFirst,
    OldestFirst,
}

/// Rows of one table.
#[derive(Debug, Clone)]
pub(crate) struct SplitScan {
    table: Table,
    /// Newest first.
    splits: Arc<[SplitId]>,
    /// Positions in the table's schema.
    columns: Arc<[usize]>,
    /// Over the table's whole schema. Only rows that it keeps leave the scan.
    predicate: Option<Arc<dyn PhysicalExpr>>,
    /// Predicates that operators above tighten while they run, over the whole schema.
    dynamic: Vec<Arc<dyn PhysicalExpr>>,
    order: Order,
    /// Rows after which nobody asks for more.
    fetch: Option<usize>,
    statistics: Arc<Statistics>,
    properties: Arc<PlanProperties>,
    /// Made by the first partition that runs.
    queue: Arc<OnceLock<Arc<Queue>>>,
    metrics: ExecutionPlanMetricsSet,
}

impl SplitScan {
    /// `statistics` are of the columns read; `partitions` read side by side.
    ///
    /// # Errors
    /// When `columns` are not of the table.
    pub(crate) fn new(
        table: Table,
        splits: Vec<SplitId>,
        columns: Vec<usize>,
        predicate: Option<Arc<dyn PhysicalExpr>>,
        fetch: Option<usize>,
        statistics: Statistics,
        partitions: usize,
    ) -> Result<Self> {
        let schema: SchemaRef = Arc::new(Schema::new(table.schema().project(&columns)?.fields));
        let partitions = partitions.clamp(1, splits.len().max(1));
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self {
            table,
            splits: splits.into(),
            columns: columns.into(),
            predicate,
            dynamic: Vec::new(),
            order: Order::Any,
            fetch,
            statistics: Arc::new(statistics),
            properties: Arc::new(properties.with_scheduling_type(SchedulingType::Cooperative)),
            queue: Arc::default(),
            metrics: ExecutionPlanMetricsSet::new(),
        })
    }

    fn fresh(&self) -> Self {
        Self { queue: Arc::default(), metrics: ExecutionPlanMetricsSet::new(), ..self.clone() }
    }

    fn queue(&self, open: &OpenSnapshot) -> Result<Arc<Queue>> {
        if let Some(queue) = self.queue.get() {
            return Ok(Arc::clone(queue));
        }
        let queue = Queue::new(open, self.table, &self.splits_in_order(), self.predicate.clone(), self.dynamic.clone(), self.order)?;
        Ok(Arc::clone(self.queue.get_or_init(|| Arc::new(queue))))
    }

    fn splits_in_order(&self) -> Vec<SplitId> {
        let splits = self.splits.iter().copied();
        if self.order == Order::OldestFirst { splits.rev().collect() } else { splits.collect() }
    }
}

impl ExecutionPlan for SplitScan {
    fn name(&self) -> &'static str {
        "SplitScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(&self, apply: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        for predicate in self.predicate.iter().chain(&self.dynamic) {
            if apply(predicate)? == TreeNodeRecursion::Stop {
                return Ok(TreeNodeRecursion::Stop);
            }
        }
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() { Ok(self) } else { internal_err!("a scan has no children") }
    }

    fn replace_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() { Ok(self) } else { internal_err!("a scan has no children") }
    }

    fn reset_state(self: Arc<Self>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(self.fresh()))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let open = OpenSnapshot::of(&context)?;
        let task = Task {
            table: self.table,
            columns: Arc::clone(&self.columns),
            queue: self.queue(&open)?,
            open,
            metrics: BaselineMetrics::new(&self.metrics, partition),
            rows_left: self.fetch,
        };
        let schema = self.schema();
        Ok(Box::pin(cooperative(RecordBatchStreamAdapter::new(schema, stream::iter(Reader::new(task))))))
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], args: &StatisticsArgs) -> Result<Arc<Statistics>> {
        match args.partition() {
            // Who reads what is decided while the scan runs.
            Some(_) => Ok(Arc::new(Statistics::new_unknown(&self.schema()))),
            None => Ok(Arc::clone(&self.statistics)),
        }
    }

    fn supports_limit_pushdown(&self) -> bool {
        false
    }

    fn with_fetch(&self, limit: Option<usize>) -> Option<Arc<dyn ExecutionPlan>> {
        Some(Arc::new(Self { fetch: limit, ..self.fresh() }))
    }

    fn fetch(&self) -> Option<usize> {
        self.fetch
    }

    /// Takes predicates that tighten while the plan runs, to save work: they are asked again above. The others came with the logical
    /// plan.
    fn handle_child_pushdown_result(
        &self,
        phase: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        let refused = FilterPushdownPropagation::with_parent_pushdown_result(vec![PushedDown::No; result.parent_filters.len()]);
        if phase == FilterPushdownPhase::Pre {
            return Ok(refused);
        }
        let table = self.table.schema();
        let offered =
            result.parent_filters.iter().filter(|filter| DynamicFilterTracking::classify(&filter.filter).contains_dynamic_filter());
        let taken: Vec<_> = offered.map(|filter| reassign_expr_columns(Arc::clone(&filter.filter), &table)).collect::<Result<_>>()?;
        if taken.is_empty() {
            return Ok(refused);
        }
        let dynamic = self.dynamic.iter().cloned().chain(taken).collect();
        Ok(refused.with_updated_node(Arc::new(Self { dynamic, ..self.fresh() })))
    }

    fn try_pushdown_sort(&self, order: &[PhysicalSortExpr]) -> Result<SortOrderPushdownResult<Arc<dyn ExecutionPlan>>> {
        let Some(first) = order.first() else { return Ok(SortOrderPushdownResult::Unsupported) };
        let by_time = first.expr.downcast_ref::<expressions::Column>().is_some_and(|column| column.name() == self.table.time_column());
        if !by_time {
            return Ok(SortOrderPushdownResult::Unsupported);
        }
        let order = if first.options.descending { Order::NewestFirst } else { Order::OldestFirst };
        Ok(SortOrderPushdownResult::Inexact { inner: Arc::new(Self { order, ..self.fresh() }) })
    }
}

impl DisplayAs for SplitScan {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SplitScan: {}, splits={}", self.table, self.splits.len())?;
        if self.order != Order::Any {
            write!(f, ", order={:?}", self.order)?;
        }
        if let Some(fetch) = self.fetch {
            write!(f, ", fetch={fetch}")?;
        }
        if let Some(predicate) = &self.predicate {
            write!(f, ", predicate={predicate}")?;
        }
        for predicate in &self.dynamic {
            write!(f, ", while it runs={predicate}")?;
        }
        Ok(())
    }
}
