//! Generated queries, answered by us and by DuckDB reading the same files through the catalog.

use std::{fs, io::Write, path::Path, process::Command, time::Duration};

use demo::{Config, Shop};
use schemas::{
    Signal, Table, UnixNanos,
    column::{Column, Kind},
};
use serde_json::{Value, json};

use crate::{
    loaded::Loaded,
    made_up::{Dice, NAMES, SERVICES, batches},
};

const QUERIES: usize = 150;

/// The interpreter that the Makefile prepared, or whatever `python3` is; `None` when it lacks what the script needs.
fn python() -> Option<String> {
    let python = std::env::var("FUSEBOX_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let needs = "import duckdb, pyarrow, duckdb_extension_ducklake, duckdb_extension_sqlite_scanner";
    let found = Command::new(&python).args(["-c", needs]).output().is_ok_and(|output| output.status.success());
    if !found {
        // Not with `eprintln`, which the test harness keeps to itself when the test passes.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {python} has no duckdb with ducklake and sqlite_scanner; set FUSEBOX_PYTHON");
    }
    found.then_some(python)
}

fn condition(dice: &mut Dice) -> String {
    let second = 20 + dice.throw(200);
    let time = format!("TIMESTAMP '2026-09-21T14:{:02}:{:02}Z'", 13 + second / 60, second % 60);
    let operator = dice.pick(&["=", "<>", "<", "<=", ">", ">="]);
    match dice.throw(16) {
        0 => format!("service_name {operator} '{}'", dice.pick(SERVICES)),
        1 => format!("name {operator} '{}'", dice.pick(NAMES)),
        2 => format!("kind {operator} {}", dice.throw(6)),
        3 => format!("duration_ns {operator} {}", dice.pick(&[0, -1000, 250_000, 150_000_000])),
        4 => format!("start_time {operator} {time}"),
        5 => format!("status_code IN ({}, 2)", dice.throw(2)),
        6 => format!("service_name NOT IN ('{}', '{}')", dice.pick(SERVICES), dice.pick(SERVICES)),
        7 => format!("name LIKE '{}'", dice.pick(&["%card", "GET%", "%o%", "p_ng", "%库存"])),
        8 => format!("{} IS NULL", dice.pick(&["parent_span_id", "http_request_method", "events", "links", "scope_name", "error_code"])),
        9 => format!("{} IS NOT NULL", dice.pick(&["k8s_pod_name", "server_address", "status_message", "exception_type"])),
        10 => format!("http_response_status_code {operator} {}", dice.pick(&[200, 404, 500])),
        11 => format!("lower(hex(trace_id)) = '{:032x}'", dice.throw(9)),
        12 => format!("duration_ns BETWEEN {} AND 1500000000", dice.pick(&[-5000, 0, 1_000_000])),
        13 => format!("length(name) {operator} {}", dice.throw(14)),
        14 => format!("trace_id IN (SELECT trace_id FROM spans WHERE status_code = 2 AND kind = {})", dice.throw(6)),
        _ => format!("coalesce(http_request_method, deployment_environment) {operator} 'PUT'"),
    }
}

fn conditions(dice: &mut Dice) -> String {
    let mut all = condition(dice);
    for _ in 0..dice.throw(3) {
        let (join, not) = (dice.pick(&["AND", "OR"]), dice.pick(&["", "NOT "]));
        all = format!("({all}) {join} {not}({})", condition(dice));
    }
    all
}

/// Rows in an order that leaves no doubt.
fn query(dice: &mut Dice) -> String {
    let filter = if dice.once_in(6) { String::new() } else { format!(" WHERE {}", conditions(dice)) };
    let limit = if dice.once_in(3) { format!(" LIMIT {} OFFSET {}", 1 + dice.throw(20), dice.throw(5)) } else { String::new() };
    if dice.once_in(3) {
        let direction = dice.pick(&["ASC NULLS FIRST", "DESC NULLS LAST"]);
        let key = dice.pick(&["duration_ns", "service_name", "status_message", "http_response_status_code", "start_time"]);
        return format!(
            "SELECT lower(hex(span_id)), name, service_name, kind, duration_ns, http_response_status_code FROM spans{filter} \
             ORDER BY {key} {direction}, span_id{limit}"
        );
    }
    const KEYS: &[&str] = &[
        "service_name",
        "name",
        "kind",
        "status_code",
        "http_request_method",
        "scope_name",
        "deployment_environment",
        "lower(hex(trace_id))",
    ];
    let (one, other) = (dice.pick(KEYS), dice.pick(KEYS));
    let having = if dice.once_in(4) { " HAVING count(*) > 3" } else { "" };
    format!(
        "SELECT {one} AS a, {other} AS b, count(*) AS n, count(status_message) AS m, count(DISTINCT service_name) AS s, sum(duration_ns) AS ns, \
         min(name) AS least, max(duration_ns) AS longest, avg(kind) AS mean FROM spans{filter} \
         GROUP BY 1, 2{having} ORDER BY 1 NULLS FIRST, 2 NULLS FIRST{limit}"
    )
}

/// Numbers may differ in their last digits, as sums of doubles do.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Number(ours), Value::Number(theirs)) if ours.is_f64() || theirs.is_f64() => {
            ours.as_f64().zip(theirs.as_f64()).is_some_and(|(ours, theirs)| (ours - theirs).abs() <= 1e-9 * ours.abs())
        }
        (ours, theirs) => ours == theirs,
    }
}

#[tokio::test]
async fn duckdb_answers_the_same_from_the_same_files() {
    let Some(python) = python() else { return };
    let loaded = Loaded::empty();
    for batch in batches(5, 3, 80) {
        batch.send(&loaded);
        loaded.store.flush().expect("a working disk");
    }
    let mut dice = Dice(6);
    let queries: Vec<String> = (0..QUERIES).map(|_| query(&mut dice)).collect();
    let rows = compare(&python, &loaded, &queries).await;
    assert!(rows > QUERIES, "queries that find nothing prove little");
}

/// Asks both; how many rows they found.
async fn compare(python: &str, loaded: &Loaded, queries: &[String]) -> usize {
    let path = loaded.data_dir().join("queries.json");
    fs::write(&path, Value::from(queries.to_vec()).to_string()).expect("a working disk");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/duckdb/answers.py");
    let output = Command::new(python).arg(script).arg(loaded.data_dir()).arg(path).output().expect("the interpreter starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answers.len(), queries.len());
    let mut rows = 0;
    for (query, theirs) in queries.iter().zip(&answers) {
        let ours = &loaded.sql(query).await["rows"];
        assert!(same(ours, theirs), "{query}\nours   {ours}\ntheirs {theirs}");
        rows += theirs.as_array().map_or(0, Vec::len);
    }
    rows
}

/// Groups of a column that has values, and what filters by the smallest and the largest leave.
fn of_column(table: Table, column: &Column) -> Vec<String> {
    let (table, name) = (table.name(), column.name);
    // What both write alike.
    let shown = match column.kind {
        Kind::List { .. } | Kind::Structs { .. } => return Vec::new(),
        // DuckDB counts in microseconds: so even seconds.
        Kind::Time => {
            let times = ["2025-11-22T18:01:30Z", "2025-11-22T18:04:00Z", "2026-09-21T14:13:21Z"];
            return times.map(|time| format!("SELECT count(*) FROM {table} WHERE {name} >= TIMESTAMP '{time}'")).to_vec();
        }
        Kind::Id(_) => format!("lower(hex({name}))"),
        Kind::U64 => format!("CAST({name} AS VARCHAR)"),
        _ => name.to_owned(),
    };
    let mut queries = vec![
        format!("SELECT {shown} AS a, count(*) AS n FROM {table} GROUP BY 1 ORDER BY 2 DESC, 1 NULLS LAST LIMIT 100"),
        format!("SELECT count(DISTINCT {name}), min({shown}), max({shown}) FROM {table}"),
    ];
    if !matches!(column.kind, Kind::Bool) {
        let of = |of: &str| format!("(SELECT {of}({name}) FROM {table})");
        queries.push(format!("SELECT count(*) FROM {table} WHERE {name} > {} AND {name} <= {}", of("min"), of("max")));
        queries.push(format!("SELECT count(*) FROM {table} WHERE {name} = {}", of("min")));
    }
    queries
}

/// Lines of Envoy about calls that it gave up; the shop does nothing of the kind.
fn timeouts() -> Value {
    let line = |path: &str| {
        let body = format!(r#"[2025-11-22T18:00:07.000Z] "GET {path} HTTP/1.1" 504 UT upstream_response_timeout - "-" 0 24 0 -"#);
        json!({"timeUnixNano": "1763834407000000000", "body": {"stringValue": body}})
    };
    let logs = ["/a", "/a", "/b"].map(line);
    json!({"resourceLogs": [{"scopeLogs": [{"logRecords": logs}]}]})
}

/// Six minutes of a shop whose breakers trip have rows for each of them.
#[tokio::test]
async fn duckdb_agrees_on_every_column_of_every_table() {
    let Some(python) = python() else { return };
    let loaded = Loaded::streaming(|_| {}, |storage| storage.compact.settle_after = Duration::ZERO);
    let mut shop = Shop::new(Config { seed: 7, requests_per_second: 1.0, ..Config::default() });
    let begin = 1_763_834_400_000_000_000;
    for part in 0..3 {
        let minutes = |count: i64| UnixNanos(begin + count * 120_000_000_000);
        for export in shop.advance(minutes(part), minutes(part + 1)) {
            loaded.receive_protobuf(export.signal, export.body.into());
        }
        if part == 0 {
            loaded.receive(Signal::Logs, &timeouts());
        }
        loaded.store.flush().expect("a working disk");
    }
    // Calls whose other half may still come are edges to us, and not yet in the catalog.
    let before = Table::ALL.into_iter().filter(|table| *table != Table::EdgeMinutes);
    let queries = of_tables(&loaded, before).await;
    assert!(compare(&python, &loaded, &queries).await > queries.len());
    loaded.store.compact(UnixNanos(i64::MAX)).expect("a working disk");
    let queries = of_tables(&loaded, [Table::EdgeMinutes, Table::Spans]).await;
    assert!(compare(&python, &loaded, &queries).await > queries.len());
}

async fn of_tables(loaded: &Loaded, tables: impl IntoIterator<Item = Table>) -> Vec<String> {
    let mut queries = Vec::new();
    for table in tables {
        let counts: Vec<String> = table.columns().map(|column| format!("count({})", column.name)).collect();
        let counts = format!("SELECT count(*), {} FROM {}", counts.join(", "), table.name());
        let found: Vec<u64> = serde_json::from_value(loaded.sql(&counts).await["rows"][0].clone()).expect("numbers");
        assert!(found[0] > 0, "{} has no rows, which prove nothing", table.name());
        let with_values = table.columns().zip(&found[1..]).filter(|(_, count)| **count > 0);
        queries.extend(with_values.flat_map(|(column, _)| of_column(table, column)));
        queries.push(counts);
    }
    queries
}
