//! A request as the other end wants it: protobuf, compressed as configured.

use bytes::Bytes;
use schemas::otlp::{ContentEncoding, DecodeLimits, Format, compression::decompress, json};

use super::segment::Frame;
use crate::send::{Compression, Outgoing};

/// Every request in a queue was decoded once, so that nothing of this fails but for a bug.
#[derive(Debug, thiserror::Error)]
#[error("a request that was taken cannot be read again: {0}")]
pub(super) struct Unreadable(String);

pub(super) fn prepare(frame: Frame, compression: Compression) -> Result<Outgoing, Unreadable> {
    let Frame { signal, format, encoding, body } = frame;
    let as_it_is = matches!(
        (encoding, compression),
        (ContentEncoding::Identity, Compression::None)
            | (ContentEncoding::Gzip, Compression::Gzip)
            | (ContentEncoding::Zstd, Compression::Zstd)
    );
    if as_it_is && format == Format::Protobuf {
        return Ok(Outgoing { signal, format, body });
    }
    let plain = decompress(encoding, &body, usize::MAX).map_err(|error| Unreadable(error.to_string()))?;
    let protobuf: Bytes = match format {
        Format::Protobuf => plain.into_owned().into(),
        Format::Json => json::to_protobuf(signal, &plain, &DecodeLimits::NONE).map_err(|error| Unreadable(error.to_string()))?.into(),
    };
    Ok(Outgoing { signal, format: Format::Protobuf, body: compression.apply(protobuf) })
}
