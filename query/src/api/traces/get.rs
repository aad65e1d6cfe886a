//! `GET /api/v1/traces/{trace_id}`: the whole trace. With `format=columnar` without attributes, and a subtree at a time when it is large.

use std::time::Instant;

use schemas::{
    Signal, Table, TraceId,
    otlp::{export, json},
};
use serde::Serialize;
use storage::Rows;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, OneOfBuilder, RefOr,
        schema::{ArrayBuilder, Schema, Type},
    },
};

use super::{
    super::{
        answer::{Cost, Meta},
        problem::Problem,
    },
    load::{find_page, internal, rows, shape},
    parameters::{PageRequest, pairs, parse_trace_id, unknown},
    routes::{Body, Traces},
};
use crate::trace::{self, Columnar, Trace};

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
#[derive(Serialize, ToSchema)]
#[schema(as = TraceAnswer)]
struct Answer<'a> {
    #[serde(flatten)]
    trace: Shown<'a>,
    meta: Meta,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ShownTrace)]
enum Shown<'a> {
    Tree(Box<Trace>),
    Columnar(Box<Columnar<'a>>),
}

/// What the answer is in each format.
pub(super) struct AnyFormat;

impl PartialSchema for AnyFormat {
    fn schema() -> RefOr<Schema> {
        let spans = ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::Object)).build();
        let otlp = ObjectBuilder::new().schema_type(Type::Object).property("resourceSpans", spans).required("resourceSpans");
        let otlp = otlp.description(Some("`TracesData` of OTLP, as OTLP JSON"));
        RefOr::T(OneOfBuilder::new().item(Answer::schema()).item(otlp).build().into())
    }
}

impl ToSchema for AnyFormat {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Answer::schemas(schemas);
    }
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
            let rows = rows(&traces.shared, trace_id)?;
            let trace = trace::build(trace_id, &rows.batches, traces.spans_max).map_err(|error| internal(&error))?;
            Ok(body(Shown::Tree(Box::new(trace)), start, Cost::of(&rows)))
        }
        Format::Columnar(page) => {
            let (shape, scanned) = shape(&traces.shared, trace_id)?;
            let page = find_page(&shape, &page)?;
            Ok(body(Shown::Columnar(Box::new(trace::columnar(&shape, &page))), start, scanned))
        }
        Format::Otlp => {
            let rows = rows(&traces.shared, trace_id)?;
            Ok(Body { json: otlp(&rows)?, partial: rows.partial })
        }
    }
}

fn body(trace: Shown<'_>, start: Instant, scanned: Cost) -> Body {
    let partial = scanned.partial.clone();
    let answer = Answer { trace, meta: scanned.meta(start) };
    let json = serde_json::to_vec(&answer).expect("string keys and finite numbers always serialize");
    Body { json, partial }
}

/// A `TracesData` in OTLP JSON, every stored row of it: identical copies are the sender's and are not hidden here.
fn otlp(rows: &Rows) -> Result<Vec<u8>, Problem> {
    let protobuf = export::to_protobuf(Table::Spans, &rows.batches).map_err(|error| internal(&error))?;
    let text = json::from_protobuf(Signal::Traces, &protobuf).map_err(|error| internal(&error))?;
    Ok(text.into_bytes())
}
