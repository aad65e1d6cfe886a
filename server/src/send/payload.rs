//! One request ahead of time.

use bytes::Bytes;
use schemas::{
    Signal,
    otlp::{DecodeError, DecodeLimits, Format, json},
};

use super::{layout::Layout, wire::Malformed};

#[derive(Debug, Clone)]
pub(crate) struct Payload {
    pub(crate) signal: Signal,
    /// A serialized `Export…ServiceRequest`.
    pub(crate) protobuf: Bytes,
    /// The body as it was read, when that was JSON.
    pub(crate) json: Option<Bytes>,
    pub(crate) layout: Layout,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum PayloadError {
    #[error(transparent)]
    Json(#[from] DecodeError),
    #[error(transparent)]
    Protobuf(#[from] Malformed),
}

impl Payload {
    /// # Errors
    /// When the bytes are no OTLP request in `format`.
    pub(crate) fn new(signal: Signal, format: Format, body: Bytes) -> Result<Self, PayloadError> {
        let (protobuf, json) = match format {
            Format::Protobuf => (body, None),
            Format::Json => (json::to_protobuf(signal, &body, &DecodeLimits::NONE)?.into(), Some(body)),
        };
        let layout = Layout::scan(signal, &protobuf)?;
        Ok(Self { signal, protobuf, json, layout })
    }

    /// Spans, log records or data points.
    pub(crate) fn records(&self) -> u64 {
        self.layout.records
    }
}
