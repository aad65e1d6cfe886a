//! What one request may cost.

/// What a request may cost, checked on the wire before anything is allocated for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Spans, log records or data points in one request.
    pub records_max: u64,
    /// Everything repeated: records, events, links, exemplars, attributes, array items, packed numbers.
    pub elements_max: u64,
    /// Nesting of AnyValue: a scalar attribute is 1.
    pub depth_max: u32,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { records_max: 1_000_000, elements_max: 4_000_000, depth_max: 32 }
    }
}

impl DecodeLimits {
    /// For replay: what was accepted once is read again, whatever today's limits say.
    pub const NONE: Self = Self { records_max: u64::MAX, elements_max: u64::MAX, depth_max: 32 };
}
