//! `GET /api/v1/traces/{trace_id}`: the whole trace. With `format=columnar` without attributes, and a subtree at a time when it is large.

use std::time::Instant;

use schemas::{
    Signal, Table, TraceId,
    otlp::{export, json},
};
use serde::Serialize;
use storage::Rows;

use super::{
    super::{answer::Meta, problem::Problem},
    load::{find_page, internal, rows, shape},
    parameters::{PageRequest, pairs, parse_trace_id, unknown},
    routes::{Body, Traces},
};
use crate::trace;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    trace_id: TraceId,
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Tree,
    Columnar(PageRequest),
    Otlp,
}

/// A trace in one of our own formats.
#[derive(Serialize)]
struct Answer<T> {
    #[serde(flatten)]
    trace: T,
    meta: Meta,
}

impl Request {
    pub(super) fn parse(trace_id: &str, query: Option<&str>) -> Result<Self, Problem> {
        let trace_id = parse_trace_id("trace_id", trace_id)?;
        let mut page = PageRequest::default();
        let mut format = Format::Tree;
        let mut of_page = None;
        for (name, value) in pairs(query) {
            if page.take(name, value)? {
                of_page = Some(name);
                continue;
            }
            format = match (name, value) {
                ("format", "tree") => Format::Tree,
                ("format", "columnar") => Format::Columnar(PageRequest::default()),
                ("format", "otlp") => Format::Otlp,
                ("format", other) => {
                    let hint = "use `tree` (the default), `columnar` or `otlp`";
                    return Err(Problem::invalid_parameter("format", format!("unknown format {other:?}"), hint));
                }
                _ => return Err(unknown(name, "`format`, and with format=columnar `root`, `page_token` and `limit`")),
            };
        }
        match (&mut format, of_page) {
            (Format::Columnar(request), _) => *request = page,
            (_, Some(name)) => {
                let message = format!("{name:?} is for format=columnar, the other formats are never parted");
                return Err(Problem::invalid_parameter("query", message, "add format=columnar"));
            }
            (_, None) => {}
        }
        Ok(Self { trace_id, format })
    }
}

pub(super) fn load(traces: &Traces, request: Request) -> Result<Body, Problem> {
    let start = Instant::now();
    let Request { trace_id, format } = request;
    match format {
        Format::Tree => {
            let Rows { batches, partial } = rows(&traces.shared, trace_id)?;
            let trace = trace::build(trace_id, &batches, traces.spans_max).map_err(|error| internal(&error))?;
            Ok(body(trace, start, partial))
        }
        Format::Columnar(page) => {
            let (shape, partial) = shape(&traces.shared, trace_id)?;
            let page = find_page(&shape, &page)?;
            Ok(body(trace::columnar(&shape, &page), start, partial))
        }
        Format::Otlp => {
            let rows = rows(&traces.shared, trace_id)?;
            Ok(Body { json: otlp(&rows)?, partial: rows.partial })
        }
    }
}

fn body(trace: impl Serialize, start: Instant, partial: Vec<String>) -> Body {
    let answer = Answer { trace, meta: Meta::since(start, partial.clone()) };
    let json = serde_json::to_vec(&answer).expect("string keys and finite numbers always serialize");
    Body { json, partial }
}

/// A `TracesData` in OTLP JSON, every stored row of it: identical copies are the sender's and are not hidden here.
fn otlp(rows: &Rows) -> Result<Vec<u8>, Problem> {
    let protobuf = export::to_protobuf(Table::Spans, &rows.batches).map_err(|error| internal(&error))?;
    let text = json::from_protobuf(Signal::Traces, &protobuf).map_err(|error| internal(&error))?;
    Ok(text.into_bytes())
}
