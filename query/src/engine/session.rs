//! The session of one question: our tables over its snapshot, our functions, its memory. Nothing else can be reached from it.

use std::sync::Arc;

use datafusion::{
    catalog::{
        CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider, SchemaProvider,
    },
    common::Result,
    execution::{SessionState, SessionStateBuilder, runtime_env::RuntimeEnv, session_state::SessionStateBuilder as Builder},
    prelude::SessionConfig,
};
use governance::classify::Rules;
use schemas::Table;
use storage::Snapshot;

use super::{
    fold_facts::Hours,
    functions,
    scan::{OpenSnapshot, Usage},
    table::StoreTable,
    trips::{BREAKER_TRIPS, BreakerTrips},
    yielding::YieldInJoins,
};

const CATALOG: &str = "fusebox";
const SCHEMA: &str = "main";

/// Values of a join that scans are told; with more of them they ask the join's own table row by row.
const JOINED_TRACES_MAX: usize = 8192;
/// Estimated size of a side of a join that is not spread over partitions: estimates count every row that a filter may leave.
const COLLECTED_BYTES_MAX: usize = 256 << 20;

/// What all sessions have in common; made once, since it is many functions and rules.
pub(super) fn template(partitions: usize, runtime: Arc<RuntimeEnv>, hours: Arc<Hours>) -> SessionState {
    let mut config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_default_catalog_and_schema(CATALOG, SCHEMA)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_extension(hours);
    let options = config.options_mut();
    options.sql_parser.collect_spans = true;
    // A join tells the scan on its other side which traces it has, and the trace index finds their rows; so few are collected whole.
    options.optimizer.hash_join_inlist_pushdown_max_distinct_values = JOINED_TRACES_MAX;
    options.optimizer.hash_join_inlist_pushdown_max_size = JOINED_TRACES_MAX * 32;
    options.optimizer.hash_join_single_partition_threshold = COLLECTED_BYTES_MAX;
    options.optimizer.hash_join_single_partition_threshold_rows = COLLECTED_BYTES_MAX / 16;
    // What it leaves out is wrong where an aggregate is of more than a column: `max(a + b) - min(a)`.
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    let removed = |name: &str, aliases: &[String]| {
        functions::REMOVED.contains(&name) || aliases.iter().any(|alias| functions::REMOVED.contains(&alias.as_str()))
    };
    let mut builder = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_table_function_list(Vec::new())
        .with_table_factories(Default::default())
        .with_file_formats(Vec::new())
        .with_physical_optimizer_rule(Arc::new(YieldInJoins));
    if let Some(scalar) = builder.scalar_functions() {
        scalar.retain(|function| !removed(function.name(), function.aliases()));
        scalar.extend(functions::all());
    }
    if let Some(planners) = builder.expr_planners() {
        let ours = functions::planners();
        planners.splice(0..0, ours);
    }
    let mut state = builder.build();
    let rewrites = functions::rewrites();
    state.register_udtf(BREAKER_TRIPS, Arc::new(BreakerTrips));
    rewrites.into_iter().for_each(|rewrite| {
        datafusion::logical_expr::registry::FunctionRegistry::register_function_rewrite(&mut state, rewrite).expect("always taken");
    });
    state
}

/// The session of a question over `snapshot`; `rules` made the facts in it, or would now.
pub(super) fn session(
    template: &SessionState,
    runtime: Arc<RuntimeEnv>,
    snapshot: Arc<Snapshot>,
    usage: Arc<Usage>,
    rules: Arc<Rules>,
) -> Result<SessionState> {
    let tables = MemorySchemaProvider::new();
    for table in Table::ALL {
        tables.register_table(table.name().to_owned(), Arc::new(StoreTable::new(table, Arc::clone(&snapshot))))?;
    }
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA, Arc::new(tables))?;
    let catalogs = MemoryCatalogProviderList::new();
    catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    let config = template.config().clone().with_extension(Arc::new(OpenSnapshot { snapshot, usage })).with_extension(rules);
    let builder = Builder::new_from_existing(template.clone());
    let mut state = builder.with_config(config).with_runtime_env(runtime).with_catalog_list(Arc::new(catalogs)).build();
    // What `now()` says, everywhere in the question.
    state.mark_start_execution();
    Ok(state)
}
