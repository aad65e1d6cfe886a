//! `GET /api/openapi.json`: what every route takes and answers, collected from the handlers themselves.
//!
//! A copy is kept in `query/openapi.json` for people and for generated clients; a test compares the two.

use std::collections::BTreeMap;

use axum::{
    Extension,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{StatusCode, header};
use schemas::{
    Table,
    column::{Column, Kind},
};
use utoipa::{
    IntoResponses, OpenApi, PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, ObjectBuilder, Ref, RefOr, Response as Described, ResponseBuilder,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::{AdditionalProperties, ArrayBuilder, Schema, SchemaFormat, SchemaType, Type},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{answer::Meta, problem};
use crate::engine::LOG_ID;

#[derive(OpenApi)]
#[openapi(
    info(title = "Fusebox", description = "Ask for traces, logs and metrics. Times are RFC 3339, Unix time, or before now (`now-15m`); \
ids are lowercase hex; every answer says in `meta` what it cost and why it may be incomplete; what goes wrong is a problem (RFC 9457)."),
    servers((url = "http://127.0.0.1:4319", description = "Where `fusebox serve` listens unless told otherwise")),
    tags(
        (name = "search", description = "Find records and traces by what people type"),
        (name = "logs", description = "Logs as a whole, and around one line"),
        (name = "metrics", description = "Metrics: which there are, and what their series say over time"),
        (name = "export", description = "Everything out again, as OTLP"),
        (name = "traces", description = "One trace, by its id"),
        (name = "sql", description = "Ask in SQL, and see what is asked"),
        (name = "services", description = "Services, their operations and instances, and who calls whom"),
        (name = "governance", description = "Circuit breakers and limits: what opened, why, and whom it hurt"),
        (name = "errors", description = "Error codes: how many, where they are born, what becomes of them, and what they mean"),
        (name = "server", description = "How the server is"),
    ),
    components(schemas(problem::Members, Meta)),
)]
struct Api;

/// The document as it is sent.
#[derive(Debug, Clone)]
pub(super) struct Document(Bytes);

impl Document {
    pub(super) fn new(api: &utoipa::openapi::OpenApi) -> Self {
        let text = api.to_pretty_json().expect("texts and numbers always serialize");
        Self(Bytes::from(text + "\n"))
    }
}

/// A router whose document has what all routes have in common, and the route to the document itself.
pub(super) fn routes() -> OpenApiRouter {
    OpenApiRouter::with_openapi(Api::openapi()).routes(routes!(get))
}

/// This document.
#[utoipa::path(get, path = "/api/openapi.json", tag = "server", responses((status = 200, description = "OpenAPI 3.1", body = Object), OtherProblems))]
async fn get(Extension(document): Extension<Document>) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], document.0).into_response()
}

/// Parameters of the query string that are texts and may be left out: name and description.
pub(super) fn query_texts(known: &[(&str, &str)]) -> Vec<Parameter> {
    let text = |(name, description): &(&str, &str)| {
        let parameter = ParameterBuilder::new().name(*name).parameter_in(ParameterIn::Query).description(Some(*description));
        parameter.schema(Some(String::schema())).build()
    };
    known.iter().map(text).collect()
}

/// What a question to the engine can end with instead of an answer.
pub(crate) struct AskProblems;

/// The other answer to a question about time that is over.
pub(crate) struct NotModified;

/// What the read of a trace can end with.
pub(crate) struct ReadProblems;

/// What any request can end with.
pub(crate) struct OtherProblems;

impl IntoResponses for AskProblems {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        problems(&[
            (StatusCode::BAD_REQUEST, "A parameter or the query is not valid: `invalid_parameter`, `invalid_query`, `invalid_body`"),
            (StatusCode::CONFLICT, "Someone ended the question: `cancelled`"),
            (StatusCode::UNPROCESSABLE_ENTITY, "The answer costs more than is allowed: `deadline_exceeded`, `too_expensive`"),
            (StatusCode::TOO_MANY_REQUESTS, "Too many questions at once: `busy`; `Retry-After` says when to ask again"),
        ])
    }
}

impl IntoResponses for NotModified {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let text = "The range is over and the answer is the one whose `ETag` came as `If-None-Match`; without a body";
        BTreeMap::from([(StatusCode::NOT_MODIFIED.as_str().to_owned(), ResponseBuilder::new().description(text).build().into())])
    }
}

impl IntoResponses for ReadProblems {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        problems(&[
            (StatusCode::BAD_REQUEST, "An id or a parameter is not valid: `invalid_parameter`"),
            (StatusCode::NOT_FOUND, "Nothing with this id is stored: `trace_not_found`, `span_not_found`"),
            (StatusCode::SERVICE_UNAVAILABLE, "The read took too long: `deadline_exceeded`; `Retry-After` says when to ask again"),
        ])
    }
}

impl IntoResponses for OtherProblems {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        problems(&[])
    }
}

fn problems(known: &[(StatusCode, &str)]) -> BTreeMap<String, RefOr<Described>> {
    let any = [("default".to_owned(), "What else can go wrong, for instance a foreign host: a problem with `code`")];
    let known = known.iter().map(|(status, description)| (status.as_str().to_owned(), *description));
    let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name(problem::Members::name()))).build();
    let response = |text: &str| ResponseBuilder::new().description(text).content("application/problem+json", content()).build();
    known.chain(any).map(|(status, description)| (status, response(description).into())).collect()
}

/// A row of the spans table as the lists show it.
pub(crate) struct SpanRow;

/// A row of the logs table as the lists show it.
pub(crate) struct LogRow;

impl PartialSchema for SpanRow {
    fn schema() -> RefOr<Schema> {
        row(Table::Spans)
    }
}

impl ToSchema for SpanRow {}

impl PartialSchema for LogRow {
    fn schema() -> RefOr<Schema> {
        row(Table::Logs)
    }
}

impl ToSchema for LogRow {}

/// The columns of a list as members of an object. Null ones are left out of answers.
fn row(table: Table) -> RefOr<Schema> {
    let listed = super::search::listed(table);
    let begun = match table {
        Table::Logs => {
            let id = ObjectBuilder::new().schema_type(Type::String).description(Some("Names the record, for `/api/v1/logs/context`"));
            ObjectBuilder::new().schema_type(Type::Object).property(LOG_ID, id.build()).required(LOG_ID)
        }
        _ => ObjectBuilder::new().schema_type(Type::Object),
    };
    let named = listed.iter().filter_map(|name| table.columns().find(|column| column.name == *name));
    let object = named.fold(begun, |object, column| {
        let object = object.property(column.name, member(column));
        if column.nullable { object } else { object.required(column.name) }
    });
    object.build().into()
}

fn member(column: &Column) -> RefOr<Schema> {
    if column.name.ends_with(schemas::columns::ATTRIBUTES) {
        let any = ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(AdditionalProperties::FreeForm(true)));
        return any.description(Some(column.doc)).build().into();
    }
    match column.kind {
        Kind::List { of, .. } => ArrayBuilder::new().items(value(of, None)).description(Some(column.doc)).build().into(),
        kind => value(&kind, Some(column.doc)),
    }
}

fn value(kind: &Kind, doc: Option<&str>) -> RefOr<Schema> {
    let object = |kind: SchemaType| ObjectBuilder::new().schema_type(kind).description(doc);
    match kind {
        Kind::Id(bytes) => object(Type::String.into()).pattern(Some(format!("^[0-9a-f]{{{}}}$", bytes * 2))).build().into(),
        Kind::Time => object(Type::String.into()).format(Some(SchemaFormat::Custom("date-time".to_owned()))).build().into(),
        Kind::Text | Kind::GroupText => object(Type::String.into()).build().into(),
        Kind::Bool => object(Type::Boolean.into()).build().into(),
        Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64 => object(Type::Integer.into()).build().into(),
        // What is not finite is a text.
        Kind::F64 => object(SchemaType::from_iter([Type::Number, Type::String])).build().into(),
        Kind::List { .. } | Kind::Structs { .. } => object(SchemaType::AnyValue).build().into(),
    }
}
