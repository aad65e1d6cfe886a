//! SQL text to a plan that only reads.

use datafusion::{
    common::{ParamValues, ScalarValue},
    execution::{context::SQLOptions, session_state::SessionState},
    logical_expr::LogicalPlan,
    sql::{
        parser::{DFParserBuilder, Statement},
        sqlparser::{
            ast::{self, Statement as SqlStatement, VisitMut, VisitorMut},
            dialect::PostgreSqlDialect,
        },
    },
};

use super::EngineError;

/// Longer texts are refused.
pub(crate) const SQL_BYTES_MAX: usize = 64 * 1024;
const NESTING_MAX: usize = 50;

/// The plan of one statement that reads, with `params` bound to `$1`, `$2`, ….
///
/// # Errors
/// When the text is too long, cannot be understood, or does anything but read.
pub(super) async fn plan(state: &SessionState, text: &str, params: Vec<ScalarValue>) -> Result<LogicalPlan, EngineError> {
    let statement = parse(text)?;
    let plan = state.statement_to_plan(statement).await?;
    SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false).verify_plan(&plan).map_err(forbidden)?;
    Ok(if params.is_empty() { plan } else { plan.with_param_values(ParamValues::from(params))? })
}

fn parse(text: &str) -> Result<Statement, EngineError> {
    if text.len() > SQL_BYTES_MAX {
        return Err(EngineError::invalid(format!("the query has {} bytes, the limit is {SQL_BYTES_MAX}", text.len())));
    }
    let mut parser = DFParserBuilder::new(text).with_dialect(&PostgreSqlDialect {}).with_recursion_limit(NESTING_MAX).build()?;
    let mut statements = parser.parse_statements()?;
    let statement = statements.pop_front().ok_or_else(|| EngineError::invalid("the query is empty"))?;
    if !statements.is_empty() {
        return Err(EngineError::Forbidden { what: "more than one statement".to_owned() });
    }
    match statement {
        Statement::Statement(mut statement) => {
            check(&statement)?;
            let _ = VisitMut::visit(statement.as_mut(), &mut Aliases);
            Ok(Statement::Statement(statement))
        }
        Statement::Explain(explain) if !explain.options.analyze => {
            let Statement::Statement(mut inner) = *explain.statement else { return Err(refused("EXPLAIN of this")) };
            check(&inner)?;
            let _ = VisitMut::visit(inner.as_mut(), &mut Aliases);
            Ok(Statement::Explain(datafusion::sql::parser::ExplainStatement {
                statement: Box::new(Statement::Statement(inner)),
                ..explain
            }))
        }
        Statement::Explain(_) => Err(refused("EXPLAIN ANALYZE")),
        Statement::CreateExternalTable(_) => Err(refused("CREATE EXTERNAL TABLE")),
        Statement::CopyTo(_) => Err(refused("COPY")),
        Statement::Reset(_) => Err(refused("RESET")),
    }
}

/// Queries, and looking at what there is to query.
fn check(statement: &SqlStatement) -> Result<(), EngineError> {
    match statement {
        SqlStatement::Query(query) if !query.locks.is_empty() => Err(refused("FOR UPDATE")),
        SqlStatement::Query(_) | SqlStatement::ShowTables { .. } | SqlStatement::ShowColumns { .. } | SqlStatement::ExplainTable { .. } => {
            Ok(())
        }
        SqlStatement::Explain { analyze: false, statement, .. } => check(statement),
        SqlStatement::Explain { .. } => Err(refused("EXPLAIN ANALYZE")),
        other => Err(refused(&first_words(&other.to_string()))),
    }
}

fn refused(what: &str) -> EngineError {
    EngineError::Forbidden { what: what.to_owned() }
}

fn forbidden(error: datafusion::common::DataFusionError) -> EngineError {
    match EngineError::from(error) {
        EngineError::Invalid { message, .. } => EngineError::Forbidden { what: message },
        other => other,
    }
}

/// The verb of a statement.
fn first_words(statement: &str) -> String {
    let words = statement.split_whitespace().take_while(|word| word.chars().all(|letter| letter.is_ascii_uppercase()));
    let verb: Vec<&str> = words.take(2).collect();
    if verb.is_empty() { "this statement".to_owned() } else { verb.join(" ") }
}

/// `attrs` is short for `attributes` on the left of `->>`.
struct Aliases;

impl VisitorMut for Aliases {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &mut ast::Expr) -> std::ops::ControlFlow<()> {
        if let ast::Expr::BinaryOp { left, op: ast::BinaryOperator::LongArrow, .. } = expr {
            let name = match left.as_mut() {
                ast::Expr::Identifier(name) => Some(name),
                ast::Expr::CompoundIdentifier(names) => names.last_mut(),
                _ => None,
            };
            if let Some(name) = name.filter(|name| name.quote_style.is_none() && name.value.eq_ignore_ascii_case("attrs")) {
                name.value = schemas::columns::ATTRIBUTES.to_owned();
            }
        }
        std::ops::ControlFlow::Continue(())
    }
}

/// A JSON value as a parameter.
///
/// # Errors
/// When it is an array or object.
pub(crate) fn parameter(value: &serde_json::Value) -> Result<ScalarValue, EngineError> {
    match value {
        serde_json::Value::Null => Ok(ScalarValue::Null),
        serde_json::Value::Bool(value) => Ok(ScalarValue::from(*value)),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(integer) => Ok(ScalarValue::from(integer)),
            None => number.as_f64().map(ScalarValue::from).ok_or_else(|| EngineError::invalid(format!("{number} is no number of 64 bits"))),
        },
        serde_json::Value::String(text) => Ok(ScalarValue::from(text.as_str())),
        other => Err(EngineError::invalid(format!("{other} cannot be a parameter: use null, booleans, numbers and texts"))),
    }
}
