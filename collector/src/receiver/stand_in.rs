//! SCAFFOLD: until `schemas` has them.
use super::Refusal;
use bytes::Bytes;
use schemas::{
    RequestHash, Signal, TenantId,
    otlp::{ContentEncoding, DecodeError, DecodeLimits, Format},
};

pub(super) fn decompress(_encoding: ContentEncoding, body: &Bytes, _limit: u64) -> Result<Bytes, Refusal> {
    Ok(body.clone())
}
pub(super) fn scan(_signal: Signal, _format: Format, body: &[u8], _limits: &DecodeLimits) -> Result<u64, DecodeError> {
    Ok(body.len() as u64 * 2)
}
pub(super) fn hash(_tenant: TenantId, _signal: Signal, body: &[u8]) -> RequestHash {
    RequestHash(xxhash_rust::xxh3::xxh3_128(body))
}
