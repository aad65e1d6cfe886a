//! Request bytes to rows, for replay: the same pure functions as at the door, without today's limits.

use governance::classify::{SharedRules, with_facts};
use schemas::{
    TableBatch,
    otlp::{DecodeLimits, compression::decompress, decode},
};
use storage::RawRequest;

/// The rows of every table that `request` makes by the rules that count now.
///
/// # Errors
/// Why the bytes cannot be read.
pub(super) fn derive(rules: &SharedRules, request: &RawRequest) -> Result<Vec<TableBatch>, String> {
    let body = decompress(request.encoding, &request.body, usize::MAX).map_err(|error| error.to_string())?;
    let decoded =
        decode(request.signal, request.format, &body, request.received_at, &DecodeLimits::NONE).map_err(|error| error.to_string())?;
    Ok(with_facts(&rules.get(), decoded.batches, request.received_at))
}
