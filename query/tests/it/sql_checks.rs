//! What must hold for any text at all that is sent as SQL. The fuzz target of `query/fuzz` runs this function, named like it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use http::StatusCode;
use schemas::Signal;
use serde_json::{Value, json};
use tokio::{runtime::Runtime, time::timeout};

use crate::loaded::Loaded;

/// Short, since most texts of a fuzzer that run at all would run forever.
const DEADLINE: Duration = Duration::from_secs(2);

/// A server with a span, and what must stay as it is.
struct Server {
    runtime: Runtime,
    loaded: Loaded,
    files: Vec<PathBuf>,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let loaded = Loaded::with(|limits| {
        limits.deadline = DEADLINE;
        limits.memory_bytes_max = 256 << 20;
        limits.question_memory_bytes_max = 64 << 20;
        limits.spill_bytes_max = 16 << 20;
        limits.rows_max = 1000;
    });
    let span = json!({ "traceId": format!("{:032x}", 1), "spanId": format!("{:016x}", 1), "name": "work", "kind": 2,
        "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000000000000007" });
    loaded.send_json(Signal::Traces, &json!({ "resourceSpans": [{ "scopeSpans": [{ "spans": [span] }] }] }));
    // Nothing is left that a timer would write.
    loaded.store.flush().expect("a working disk");
    Server { files: files(&loaded.blocks_dir()), runtime: Runtime::new().expect("threads"), loaded }
});

/// A text is answered or refused, in time, and nothing is different afterwards.
pub fn sql(text: &[u8]) {
    let Ok(text) = str::from_utf8(text) else { return };
    let Server { runtime, loaded, files: before } = &*SERVER;
    let body = json!({ "query": text });
    let answered = runtime.block_on(async { timeout(DEADLINE * 10, loaded.post("/api/v1/sql", &body, "application/json")).await });
    let (status, body) = answered.unwrap_or_else(|_| panic!("{text}\ndoes not end"));
    let answer: Value = serde_json::from_slice(&body).unwrap_or_else(|error| panic!("{text}\nis answered with no JSON: {error}"));
    match status {
        StatusCode::OK => assert!(answer["rows"].is_array() && answer["columns"].is_array(), "{text}\n{answer}"),
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::UNPROCESSABLE_ENTITY | StatusCode::INTERNAL_SERVER_ERROR => {
            let detail = answer["detail"].as_str().unwrap_or_default();
            assert!(!detail.is_empty(), "{text}\n{answer}");
            assert!(!detail.contains("a bug ended the question"), "{text}\npanics");
        }
        other => panic!("{text}\nis answered with {other}: {answer}"),
    }
    assert_eq!(runtime.block_on(loaded.rows("SELECT count(*), sum(duration_ns) FROM spans")), ["1, 7"], "{text}");
    assert_eq!(&files(&loaded.blocks_dir()), before, "{text}");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
