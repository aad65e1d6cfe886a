//! What others push, by the format it is pushed in, as an OTLP request.

use super::{
    jaeger::Batch,
    loki,
    model::{Foreign, ForeignError},
    remote_write::{self, Version},
    write::write_spans_of,
    write_spans, zipkin,
};
use crate::{Signal, otlp::Rejected};

/// A format in which others push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    ZipkinJson,
    ZipkinProtobuf,
    JaegerThrift,
    LokiJson,
    LokiProtobuf,
    RemoteWrite1,
    RemoteWrite2,
}

/// A request of the [signal](Dialect::signal) of its dialect.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Translated {
    /// An OTLP request. The same document always becomes the same bytes, so that a retry is recognised.
    pub protobuf: Vec<u8>,
    /// What cannot be OTLP, and why.
    pub rejected: Rejected,
    /// Remote write only: what is in `protobuf`, by what its sender counts.
    pub samples: u64,
    pub histograms: u64,
    pub exemplars: u64,
}

impl Dialect {
    pub fn signal(self) -> Signal {
        match self {
            Self::ZipkinJson | Self::ZipkinProtobuf | Self::JaegerThrift => Signal::Traces,
            Self::LokiJson | Self::LokiProtobuf => Signal::Logs,
            Self::RemoteWrite1 | Self::RemoteWrite2 => Signal::Metrics,
        }
    }

    /// Bytes that reading `document` takes at most beside it and the result.
    ///
    /// The shortest element of each format costs the most: what stands for elements is counted, not what is in them.
    pub fn reading_bytes(self, document: &[u8]) -> u64 {
        let count = |byte: u8| memchr::memchr_iter(byte, document).count() as u64;
        let size = document.len() as u64;
        match self {
            Self::ZipkinJson => 2 * size + 1024 * count(b'{') + 160 * count(b':'),
            // A span with ids takes 20 bytes at least, a tag or annotation 2.
            Self::ZipkinProtobuf => 64 * size,
            // A tag takes 15 bytes at least, a log 20, a span with ids 23.
            Self::JaegerThrift => 64 * size,
            Self::LokiJson => size + 96 * count(b'[') + 64 * count(b':'),
            Self::LokiProtobuf => 64 << 10,
            // A series takes 2 bytes at least and 200 in the list by which series are sorted, one with a name 15.
            Self::RemoteWrite1 | Self::RemoteWrite2 => 24 * size,
        }
    }

    /// The OTLP request that says the same in at most about `bytes_max` bytes.
    ///
    /// # Errors
    /// When `document` as a whole cannot be read or would become too large; what is wrong with single records is in
    /// [`Translated::rejected`].
    pub fn translate(self, document: &[u8], bytes_max: usize) -> Result<Translated, ForeignError> {
        match self {
            Self::ZipkinJson => of_zipkin(zipkin::read(document)?, bytes_max),
            Self::ZipkinProtobuf => of_zipkin(zipkin::read_protobuf(document)?, bytes_max),
            Self::JaegerThrift => of_jaeger(Batch::read(document)?, bytes_max),
            Self::LokiJson => loki::translate_json(document, bytes_max),
            Self::LokiProtobuf => loki::translate_protobuf(document, bytes_max),
            Self::RemoteWrite1 => remote_write::translate(Version::V1, document, bytes_max),
            Self::RemoteWrite2 => remote_write::translate(Version::V2, document, bytes_max),
        }
    }
}

fn of_zipkin(Foreign { groups, rejected }: Foreign, bytes_max: usize) -> Result<Translated, ForeignError> {
    spans("Zipkin", write_spans(&groups), rejected, bytes_max)
}

fn of_jaeger(Batch { process, groups, rejected }: Batch, bytes_max: usize) -> Result<Translated, ForeignError> {
    spans("Jaeger", write_spans_of(&process, &groups), rejected, bytes_max)
}

fn spans(format: &'static str, protobuf: Vec<u8>, rejected: Rejected, bytes_max: usize) -> Result<Translated, ForeignError> {
    if protobuf.len() > bytes_max {
        return Err(ForeignError::TooLarge { format, limit: bytes_max });
    }
    Ok(Translated { protobuf, rejected, ..Translated::default() })
}
