//! Points in time as OTLP and the files hold them.

/// Nanoseconds since 1970-01-01 00:00:00 UTC, the range of `i64` (1677 to 2262).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixNanos(pub i64);

impl UnixNanos {
    /// The OTLP time `nanos`, or `None` when it lies beyond `i64` (after 2262-04-11).
    pub fn from_otlp(nanos: u64) -> Option<Self> {
        i64::try_from(nanos).ok().map(Self)
    }
}
