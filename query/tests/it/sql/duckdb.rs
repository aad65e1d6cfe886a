//! Generated queries, answered by us and by DuckDB reading the same files through the catalog.

use std::{fs, io::Write, path::Path, process::Command};

use serde_json::Value;

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
    let path = loaded.data_dir().join("queries.json");
    fs::write(&path, Value::from(queries.clone()).to_string()).expect("a working disk");
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
    assert!(rows > QUERIES, "queries that find nothing prove little");
}
