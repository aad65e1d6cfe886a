//! An answer as a body: JSON and Parquet whole, the others as they come.

use arrow::{error::ArrowError, ipc::writer::StreamWriter};
use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::stream;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use utoipa::ToSchema;

use super::failure::problem;
use crate::{
    api::{
        answer::{Meta, meta},
        problem::Problem,
    },
    encode::{Column, Format, columns, csv_header, csv_rows, json_rows, ndjson_rows, object_lines},
    engine::{Answer, EngineError, Summary},
};

/// The answer in JSON. Rows are written column by column and not through this type.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what is written without it")]
pub(super) struct SqlAnswer {
    columns: Vec<Column>,
    /// One array of values per row, in the order of `columns`.
    rows: Vec<Vec<serde_json::Value>>,
    meta: Meta,
}

/// # Errors
/// What ends the answer before its first byte.
pub(super) async fn respond(answer: Answer, format: Format) -> Result<Response, Problem> {
    match format {
        Format::Json => whole(json(answer).await.map_err(problem)?, format),
        Format::Parquet => whole(parquet(answer).await.map_err(problem)?, format),
        Format::Ndjson => streamed(answer, Rows::Ndjson, format).await,
        Format::Csv => streamed(answer, Rows::Csv, format).await,
        Format::Arrow => {
            let writer = StreamWriter::try_new(Vec::new(), &answer.schema).map_err(|error| problem(unshowable(error)))?;
            streamed(answer, Rows::Arrow(Some(Box::new(writer))), format).await
        }
    }
}

/// As [`respond`], of records in a format that is no list of theirs: attributes are objects where the format has such.
///
/// # Errors
/// What ends the answer before its first byte.
pub(in super::super) async fn respond_records(answer: Answer, format: Format) -> Result<Response, Problem> {
    match format {
        Format::Ndjson => streamed(answer, Rows::Objects, format).await,
        _ => respond(answer, format).await,
    }
}

fn whole(bytes: Vec<u8>, format: Format) -> Result<Response, Problem> {
    Ok(response(Body::from(bytes), format))
}

pub(in crate::api) fn response(body: Body, format: Format) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::OK;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn json(mut answer: Answer) -> Result<Vec<u8>, EngineError> {
    let columns = serde_json::to_string(&columns(&answer.schema)).expect("texts always serialize");
    let mut out = format!("{{\"columns\":{columns},\"rows\":[").into_bytes();
    let rows_begin = out.len();
    while let Some(batch) = answer.next().await {
        let first = out.len() == rows_begin;
        json_rows(&mut out, &batch?, first).map_err(unshowable)?;
    }
    out.extend_from_slice(format!("],\"meta\":{}}}", meta(&answer.summary(), &[])).as_bytes());
    Ok(out)
}

async fn parquet(mut answer: Answer) -> Result<Vec<u8>, EngineError> {
    let mut batches = Vec::new();
    while let Some(batch) = answer.next().await {
        batches.push(batch?);
    }
    storage::to_parquet(&answer.schema, &batches).map_err(|error| EngineError::Internal { message: error.to_string() })
}

enum Rows {
    Ndjson,
    /// NDJSON, with attributes as objects.
    Objects,
    Csv,
    /// Taken when the stream is finished.
    Arrow(Option<Box<StreamWriter<Vec<u8>>>>),
}

/// Sends rows as they come. The first batch is waited for, so that most failures are still an answer with a status; a later
/// one is the last line of NDJSON, and breaks the others off.
async fn streamed(mut answer: Answer, mut rows: Rows, format: Format) -> Result<Response, Problem> {
    let mut head = Vec::new();
    if matches!(rows, Rows::Csv) {
        csv_header(&mut head, &answer.schema);
    }
    let ended = match answer.next().await {
        Some(batch) => {
            batch.and_then(|batch| rows.write(&mut head, &batch).map_err(unshowable)).map_err(problem)?;
            false
        }
        None => true,
    };
    if ended {
        rows.finish(&mut head, &answer.summary());
        return whole(head, format);
    }
    let rest = stream::unfold(Some((answer, rows)), |state| async move {
        let (mut answer, mut rows) = state?;
        let mut out = Vec::new();
        match answer.next().await {
            Some(Ok(batch)) => match rows.write(&mut out, &batch) {
                Ok(()) => Some((Ok(Bytes::from(out)), Some((answer, rows)))),
                Err(error) => Some((rows.failed(&unshowable(error)), None)),
            },
            Some(Err(error)) => Some((rows.failed(&error), None)),
            None => {
                rows.finish(&mut out, &answer.summary());
                Some((Ok(Bytes::from(out)), None))
            }
        }
    });
    let body = futures::StreamExt::chain(stream::iter([Ok(Bytes::from(head))]), rest);
    Ok(response(Body::from_stream(body), format))
}

impl Rows {
    fn write(&mut self, out: &mut Vec<u8>, batch: &arrow::array::RecordBatch) -> Result<(), ArrowError> {
        match self {
            Self::Ndjson => ndjson_rows(out, batch),
            Self::Objects => object_lines(out, batch),
            Self::Csv => csv_rows(out, batch),
            Self::Arrow(Some(writer)) => {
                writer.write(batch)?;
                out.append(writer.get_mut());
                Ok(())
            }
            Self::Arrow(None) => Ok(()),
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>, summary: &Summary) {
        match self {
            Self::Ndjson | Self::Objects => out.extend_from_slice(format!("{}\n", json!({ "meta": meta(summary, &[]) })).as_bytes()),
            Self::Csv => {}
            Self::Arrow(writer) => {
                if let Some(Ok(bytes)) = writer.take().map(|writer| writer.into_inner()) {
                    out.extend_from_slice(&bytes);
                }
            }
        }
    }

    fn failed(&self, error: &EngineError) -> Result<Bytes, std::io::Error> {
        match self {
            Self::Ndjson | Self::Objects => Ok(Bytes::from(format!("{}\n", json!({ "error": error.to_string() })))),
            Self::Csv | Self::Arrow(_) => Err(std::io::Error::other(error.to_string())),
        }
    }
}

fn unshowable(error: ArrowError) -> EngineError {
    EngineError::Internal { message: format!("the answer cannot be written: {error}") }
}
