//! Batches as they come, as bytes.

use std::io;

use arrow::record_batch::RecordBatch;
use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body::Frame;
use http_body_util::StreamBody;
use schemas::Signal;
use tokio_util::sync::CancellationToken;

use super::{
    super::{problem::Problem, sql::problem_in},
    parameters::{Asked, Format},
    request::write_requests,
};
use crate::engine::{Answer, Engine, EngineError, Question};

/// Records in the stream.
const RECORDS: HeaderName = HeaderName::from_static("fusebox-records");
/// Why records may be missing; absent when it is whole.
const PARTIAL: HeaderName = HeaderName::from_static("fusebox-partial");

struct Export {
    answer: Answer,
    signal: Signal,
    format: Format,
    records: u64,
    stopping: CancellationToken,
}

/// The first batch is waited for, so that most failures are an answer with a status; a later one breaks the stream off.
pub(super) async fn respond(engine: &Engine, asked: Asked, stopping: CancellationToken) -> Result<Response, Problem> {
    let Asked { format, signal, question } = asked;
    let in_q = |error| problem_in("q", error);
    let answer = engine.ask(Question::Export(question)).await.map_err(in_q)?;
    let mut export = Export { answer, signal, format, records: 0, stopping };
    let first = export.next().await.transpose().map_err(in_q)?;
    let rest = stream::unfold(Some(export), |export| async {
        let mut export = export?;
        match export.next().await {
            Some(Ok(bytes)) => Some((Ok(Frame::data(bytes)), Some(export))),
            Some(Err(error)) => Some((Err(io::Error::other(error.to_string())), None)),
            None => Some((Ok(Frame::trailers(export.trailers())), None)),
        }
    });
    let frames = stream::iter(first.map(|bytes| Ok(Frame::data(bytes)))).chain(rest);
    let mut response = Response::new(Body::new(StreamBody::new(frames)));
    let media_type = match format {
        Format::Protobuf => "application/octet-stream",
        Format::Json => "application/x-ndjson",
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::TRAILER, HeaderValue::from_static("fusebox-records, fusebox-partial"));
    Ok(response)
}

impl Export {
    async fn next(&mut self) -> Option<Result<Bytes, EngineError>> {
        let batch = tokio::select! {
            batch = self.answer.next() => batch?,
            // Else one slow reader would hold up the end of the process.
            () = self.stopping.cancelled() => return Some(Err(EngineError::Cancelled)),
        };
        Some(match batch {
            Ok(batch) => {
                self.records += batch.num_rows() as u64;
                encode(self.signal, batch, self.format).await
            }
            Err(error) => Err(error),
        })
    }

    fn trailers(&self) -> HeaderMap {
        let mut trailers = HeaderMap::from_iter([(RECORDS, HeaderValue::from(self.records))]);
        let partial = self.answer.summary().partial.join("; ");
        if !partial.is_empty() {
            let visible: String =
                partial.chars().map(|letter| if letter.is_ascii_graphic() || letter == ' ' { letter } else { '?' }).collect();
            trailers.extend(HeaderValue::from_str(&visible).map(|value| (PARTIAL, value)));
        }
        trailers
    }
}

/// A batch takes milliseconds, too long for a thread that serves sockets.
async fn encode(signal: Signal, batch: RecordBatch, format: Format) -> Result<Bytes, EngineError> {
    let encoding = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        write_requests(&mut out, signal, &batch, format).map(|()| Bytes::from(out))
    });
    let internal = |message| EngineError::Internal { message };
    let encoded = encoding.await.map_err(|_| internal("a bug ended the export; the server log has the details".to_owned()))?;
    encoded.map_err(|error| internal(format!("the rows cannot be written as OTLP: {error}")))
}
