//! What agents of other systems push, on the OTLP/HTTP port under the paths they know, answered in their own words.
//!
//! | protocol | path | taken | some records refused |
//! |---|---|---|---|
//! | Zipkin v2 | `/api/v2/spans` | 202 | 202; 400 when it was all of them |
//! | Jaeger, thrift | `/api/traces` | 202 | 202; 400 when it was all of them |
//! | Loki | `/loki/api/v1/push` | 204 | 400, the others are stored |
//! | Prometheus remote write | `/api/v1/write` | 204, with what was written | 400, the others are stored |
//!
//! What is wrong is said as plain text. A 5xx or 429 is sent again by all of them, everything else is not.

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode,
    header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER},
};
use http_body_util::Full;
use schemas::{Signal, interop::Dialect, otlp::ContentEncoding};

use super::{
    Refusal, Transport,
    otlp_http::{shown, shown_header},
    response::Stored,
    status::jittered,
};

/// Whose agents push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Zipkin,
    Jaeger,
    Loki,
    RemoteWrite,
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Otlp(ContentEncoding),
    Snappy,
}

/// A request that is of its protocol by its method, content type and encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Route {
    pub dialect: Dialect,
    pub compression: Compression,
}

impl Protocol {
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        match path.strip_suffix('/').unwrap_or(path) {
            "/api/v2/spans" => Some(Self::Zipkin),
            "/api/traces" => Some(Self::Jaeger),
            "/loki/api/v1/push" => Some(Self::Loki),
            "/api/v1/write" => Some(Self::RemoteWrite),
            _ => None,
        }
    }

    pub(crate) fn signal(self) -> Signal {
        match self {
            Self::Zipkin | Self::Jaeger => Signal::Traces,
            Self::Loki => Signal::Logs,
            Self::RemoteWrite => Signal::Metrics,
        }
    }

    pub(crate) fn transport(self) -> Transport {
        match self {
            Self::Zipkin => Transport::Zipkin,
            Self::Jaeger => Transport::Jaeger,
            Self::Loki => Transport::Loki,
            Self::RemoteWrite => Transport::RemoteWrite,
        }
    }

    pub(crate) fn route(self, method: &Method, headers: &HeaderMap) -> Result<Route, Refusal> {
        if method != Method::POST {
            return Err(Refusal::Method(shown(method.as_str())));
        }
        let dialect = self.dialect(headers).ok_or_else(|| Refusal::ContentType {
            found: shown_header(headers, &CONTENT_TYPE),
            wanted: match self {
                Self::Zipkin | Self::Loki => "application/json or application/x-protobuf",
                Self::Jaeger => "application/x-thrift or application/vnd.apache.thrift.binary",
                Self::RemoteWrite => "application/x-protobuf with proto=prometheus.WriteRequest or proto=io.prometheus.write.v2.Request",
            },
        })?;
        let compression = compression(dialect, headers)
            .ok_or_else(|| Refusal::ContentEncoding { found: shown_header(headers, &CONTENT_ENCODING), wanted: encodings(dialect) })?;
        Ok(Route { dialect, compression })
    }

    /// A body without a content type is what each server takes it for.
    fn dialect(self, headers: &HeaderMap) -> Option<Dialect> {
        let text = headers.get(CONTENT_TYPE).map(|value| value.to_str()).transpose().ok()?.unwrap_or_default();
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default();
        let is = |name: &str| media_type.eq_ignore_ascii_case(name);
        let protobuf = is("application/x-protobuf") || is("application/protobuf");
        match self {
            Self::Zipkin if is("application/json") || media_type.is_empty() => Some(Dialect::ZipkinJson),
            Self::Zipkin if protobuf => Some(Dialect::ZipkinProtobuf),
            Self::Jaeger if is("application/x-thrift") || is("application/vnd.apache.thrift.binary") => Some(Dialect::JaegerThrift),
            Self::Loki if is("application/json") => Some(Dialect::LokiJson),
            Self::Loki if protobuf || media_type.is_empty() => Some(Dialect::LokiProtobuf),
            Self::RemoteWrite if protobuf || media_type.is_empty() => match parts.find_map(|part| part.strip_prefix("proto=")) {
                None | Some("prometheus.WriteRequest") => Some(Dialect::RemoteWrite1),
                Some("io.prometheus.write.v2.Request") => Some(Dialect::RemoteWrite2),
                Some(_) => None,
            },
            _ => None,
        }
    }

    /// The answer to a request, of which `route` is known when it could be read so far.
    pub(crate) fn answer(self, route: Option<Route>, outcome: &Result<Stored, Refusal>) -> Response<Full<Bytes>> {
        let mut response = match outcome {
            Ok(stored) if self.is_taken(stored) => text(self.success(), ""),
            Ok(stored) => text(StatusCode::BAD_REQUEST, stored.message()),
            Err(refusal) => refused(refusal),
        };
        if let (Ok(stored), Some(Route { dialect: Dialect::RemoteWrite2, .. })) = (outcome, route) {
            for (name, count) in WRITTEN.iter().zip(stored.written()) {
                response.headers_mut().insert(name, HeaderValue::from(count));
            }
        }
        response
    }

    fn success(self) -> StatusCode {
        if self.is_of_spans() { StatusCode::ACCEPTED } else { StatusCode::NO_CONTENT }
    }

    fn is_taken(self, stored: &Stored) -> bool {
        !stored.is_partial() || self.is_of_spans() && stored.accepted() > 0
    }

    fn is_of_spans(self) -> bool {
        matches!(self, Self::Zipkin | Self::Jaeger)
    }
}

/// What remote write 2.0 counts, in the order of [`Stored::written`].
static WRITTEN: [HeaderName; 3] = [
    HeaderName::from_static("x-prometheus-remote-write-samples-written"),
    HeaderName::from_static("x-prometheus-remote-write-histograms-written"),
    HeaderName::from_static("x-prometheus-remote-write-exemplars-written"),
];

fn compression(dialect: Dialect, headers: &HeaderMap) -> Option<Compression> {
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    let name = values.next().map(|value| value.to_str()).transpose().ok()?.unwrap_or_default().trim();
    if values.next().is_some() {
        return None;
    }
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    let is_snappy = is("snappy") || name.is_empty();
    match dialect {
        Dialect::RemoteWrite1 | Dialect::RemoteWrite2 => is_snappy.then_some(Compression::Snappy),
        Dialect::LokiProtobuf if is_snappy => Some(Compression::Snappy),
        _ if is("") || is("identity") => Some(Compression::Otlp(ContentEncoding::Identity)),
        _ if is("gzip") => Some(Compression::Otlp(ContentEncoding::Gzip)),
        _ if is("zstd") => Some(Compression::Otlp(ContentEncoding::Zstd)),
        _ => None,
    }
}

fn encodings(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::RemoteWrite1 | Dialect::RemoteWrite2 => "snappy",
        Dialect::LokiProtobuf => "snappy, identity, gzip, zstd",
        _ => "identity, gzip, zstd",
    }
}

fn refused(refusal: &Refusal) -> Response<Full<Bytes>> {
    let verdict = refusal.verdict();
    let mut response = text(verdict.http, &refusal.to_string());
    let headers = response.headers_mut();
    if let Some(retry) = verdict.retry_after.map(jittered) {
        headers.insert(RETRY_AFTER, HeaderValue::from(retry.as_secs_f64().ceil() as u64));
    }
    match refusal {
        Refusal::Method(_) => drop(headers.insert(ALLOW, HeaderValue::from_static("POST"))),
        Refusal::ContentEncoding { wanted, .. } => drop(headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(wanted))),
        _ => {}
    }
    response
}

fn text(status: StatusCode, body: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *response.status_mut() = status;
    if !body.is_empty() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    response
}
