//! OTLP/HTTP: `POST /v1/{traces,logs,metrics}`, protobuf and JSON, HTTP/1.1 and HTTP/2 on one port; other systems' agents [push] here too.
//!
//! A plain function from request to response: with no middleware there is no error that is not a `google.rpc.Status`.

use std::sync::Arc;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version,
    header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, RETRY_AFTER},
    request::Parts,
};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use schemas::{
    Signal,
    otlp::{ContentEncoding, Format, Rejected},
};

use super::{
    Arrived, Ingest, Refusal, Transport, body,
    push::Protocol,
    response::Stored,
    status::{ACCEPTED_ENCODINGS, ENCODINGS, jittered},
};
use crate::{admission::Reservation, config::Cors};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// Answers the requests of all HTTP connections.
pub(crate) struct OtlpHttp {
    ingest: Arc<Ingest>,
    cors: Cors,
}

impl OtlpHttp {
    pub(crate) fn new(ingest: Arc<Ingest>, cors: Cors) -> Self {
        Self { ingest, cors }
    }

    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (head, mut body) = request.into_parts();
        let admitted = self.cors.admit(&head.headers).map_err(|origin| Refusal::Origin(shown(&origin)));
        if admitted.is_ok() && self.cors.is_preflight(&head.method, &head.headers) {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response.headers_mut().extend(self.cors.preflight_headers(&head.headers));
            return response;
        }
        let (mut response, refused) = match Protocol::of_path(head.uri.path()) {
            Some(protocol) => self.answer_push(protocol, admitted, &head, &mut body).await,
            None => self.answer_otlp(admitted, &head, &mut body).await,
        };
        response.headers_mut().extend(self.cors.headers(&head.headers));
        if refused && head.version < Version::HTTP_2 && !head.headers.contains_key(EXPECT) && !body.is_end_stream() {
            tokio::spawn(body::discard(body, self.ingest.body_bytes_max()));
        }
        response
    }

    /// The answer, and whether the request as a whole was refused.
    async fn answer_otlp(&self, admitted: Result<(), Refusal>, head: &Parts, body: &mut Incoming) -> (Response<Full<Bytes>>, bool) {
        let (answer_format, outcome) = match admitted.and_then(|()| Route::find(head)) {
            Ok(route) => {
                let work = self.take(&route, &head.headers, body);
                let outcome = self.ingest.supervise(route.signal, Transport::Http, work).await;
                (route.format, outcome.map(|stored| (route.signal, stored)))
            }
            Err(refusal) => {
                self.ingest.unroutable(Transport::Http, &refusal);
                (answer_format(&head.headers), Err(refusal))
            }
        };
        let response = match &outcome {
            Ok((signal, stored)) => success(*signal, answer_format, stored),
            Err(refusal) => failure(answer_format, refusal),
        };
        (response, outcome.is_err())
    }

    /// As [`Self::answer_otlp`].
    async fn answer_push(
        &self,
        protocol: Protocol,
        admitted: Result<(), Refusal>,
        head: &Parts,
        body: &mut Incoming,
    ) -> (Response<Full<Bytes>>, bool) {
        let route = admitted.and_then(|()| protocol.route(&head.method, &head.headers));
        let outcome = match &route {
            Ok(route) => {
                let work = async {
                    let (body, reservation) = self.read(&head.headers, body).await?;
                    self.ingest.push(protocol.transport(), *route, body, reservation).await
                };
                self.ingest.supervise(protocol.signal(), protocol.transport(), work).await
            }
            Err(refusal) => {
                self.ingest.unroutable(protocol.transport(), refusal);
                Err(refusal.clone())
            }
        };
        (protocol.answer(route.ok(), &outcome), outcome.is_err())
    }

    async fn take(&self, route: &Route, headers: &HeaderMap, body: &mut Incoming) -> Result<Stored, Refusal> {
        let encoding = content_encoding(headers)?;
        let (body, reservation) = self.read(headers, body).await?;
        let Route { signal, format } = *route;
        let (transport, rejected) = (Transport::Http, Rejected::default());
        self.ingest.store(Arrived { transport, signal, format, encoding, body, rejected }, reservation).await
    }

    /// The whole body, and what paid for it.
    async fn read(&self, headers: &HeaderMap, body: &mut Incoming) -> Result<(Bytes, Reservation), Refusal> {
        let limit = self.ingest.body_bytes_max();
        let too_large = |bytes: u64| if bytes > limit { Err(Refusal::TooLarge { limit }) } else { Ok(()) };
        let announced = body.size_hint().exact().or_else(|| headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok());
        too_large(announced.unwrap_or(0))?;
        let mut reservation = self.ingest.reservation();
        let body = body::read(body, announced, &mut reservation, self.ingest.pace, |whole| too_large(whole.len() as u64)).await?;
        Ok((body, reservation))
    }
}

/// A request that is OTLP by its path, method and content type.
struct Route {
    signal: Signal,
    format: Format,
}

impl Route {
    fn find(head: &Parts) -> Result<Self, Refusal> {
        let path = head.uri.path();
        let signal = match path.strip_suffix('/').unwrap_or(path) {
            "/v1/traces" => Signal::Traces,
            "/v1/logs" => Signal::Logs,
            "/v1/metrics" => Signal::Metrics,
            _ => return Err(Refusal::Path(shown(path))),
        };
        if head.method != Method::POST {
            return Err(Refusal::Method(shown(head.method.as_str())));
        }
        let format = content_format(&head.headers).ok_or_else(|| Refusal::ContentType {
            found: shown_header(&head.headers, &CONTENT_TYPE),
            wanted: "application/x-protobuf or application/json",
        })?;
        Ok(Self { signal, format })
    }
}

fn content_format(headers: &HeaderMap) -> Option<Format> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(PROTOBUF) {
        Some(Format::Protobuf)
    } else if media_type.eq_ignore_ascii_case(JSON) {
        Some(Format::Json)
    } else {
        None
    }
}

/// Errors before the content type is known to be right are written in it all the same if possible, else in what people can read.
fn answer_format(headers: &HeaderMap) -> Format {
    content_format(headers).unwrap_or(Format::Json)
}

fn content_encoding(headers: &HeaderMap) -> Result<ContentEncoding, Refusal> {
    let unknown = || Refusal::ContentEncoding { found: shown_header(headers, &CONTENT_ENCODING), wanted: ENCODINGS };
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let encoding = match values.next().map(|value| value.to_str().map(str::trim)) {
        None => ContentEncoding::Identity,
        Some(Ok(name)) if name.is_empty() || name.eq_ignore_ascii_case("identity") => ContentEncoding::Identity,
        Some(Ok(name)) if name.eq_ignore_ascii_case("gzip") => ContentEncoding::Gzip,
        Some(Ok(name)) if name.eq_ignore_ascii_case("zstd") => ContentEncoding::Zstd,
        Some(_) => return Err(unknown()),
    };
    if values.next().is_some() { Err(unknown()) } else { Ok(encoding) }
}

pub(super) fn shown_header(headers: &HeaderMap, name: &HeaderName) -> String {
    shown(&String::from_utf8_lossy(headers.get(name).map_or(b"", |value| value.as_bytes())))
}

/// A sender's text, short enough to send back.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

fn success(signal: Signal, format: Format, stored: &Stored) -> Response<Full<Bytes>> {
    let body = match format {
        Format::Protobuf => Bytes::from(stored.to_protobuf()),
        Format::Json => Bytes::from(stored.to_json(signal)),
    };
    respond(StatusCode::OK, format, body)
}

fn failure(format: Format, refusal: &Refusal) -> Response<Full<Bytes>> {
    let verdict = refusal.verdict();
    let retry = verdict.retry_after.map(jittered);
    let body = match format {
        Format::Protobuf => Bytes::copy_from_slice(refusal.grpc_status(retry).details()),
        Format::Json => Bytes::from(refusal.status_json(retry)),
    };
    let mut response = respond(verdict.http, format, body);
    let headers = response.headers_mut();
    if let Some(retry) = retry {
        headers.insert(RETRY_AFTER, HeaderValue::from(retry.as_secs_f64().ceil() as u64));
    }
    match refusal {
        Refusal::Method(_) => drop(headers.insert(ALLOW, HeaderValue::from_static("POST"))),
        Refusal::ContentEncoding { .. } => drop(headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED_ENCODINGS))),
        _ => {}
    }
    response
}

fn respond(status: StatusCode, format: Format, body: Bytes) -> Response<Full<Bytes>> {
    let content_type = match format {
        Format::Protobuf => PROTOBUF,
        Format::Json => JSON,
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
