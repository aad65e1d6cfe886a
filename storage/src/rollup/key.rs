//! What a row is of.

use super::{
    known::{Limited, LimitedKey},
    texts::NULL,
};

/// A minute.
pub const MINUTE_NS: i64 = 60 * 1_000_000_000;

/// Bits of `beyond_limit`: the operation is one of too many of its service,
pub const BEYOND_OPERATIONS: i32 = 1;
/// the peer is,
pub const BEYOND_PEERS: i32 = 2;
/// the error code is.
pub const BEYOND_ERROR_CODES: i32 = 4;

/// The start of the minute that has `time`.
pub fn minute_of(time: i64) -> i64 {
    time.saturating_sub(time.rem_euclid(MINUTE_NS))
}

/// Texts are numbers of [`Texts`](super::texts::Texts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub minute: i64,
    pub span_kind: i32,
    pub beyond_limit: i32,
    /// In the order of [`Key::TEXTS`].
    pub texts: [u32; Key::TEXTS.len()],
}

impl Key {
    /// The columns of text; rows are sorted by the first, then by time, then by the others.
    pub(super) const TEXTS: [&'static str; 10] = {
        use schemas::columns as c;
        [
            c::SERVICE_NAME,
            c::SERVICE_NAMESPACE,
            c::SERVICE_VERSION,
            c::DEPLOYMENT_ENVIRONMENT,
            c::OPERATION,
            c::PEER,
            c::PEER_KIND,
            c::STATUS_CLASS,
            c::RESPONSE_CLASS,
            c::ERROR_CODE,
        ]
    };
}

impl LimitedKey for Key {
    const LIMITED: &'static [(Limited, usize)] = &[(Limited::Operation, 4), (Limited::Peer, 5), (Limited::ErrorCode, 9)];

    fn texts(&self) -> &[u32] {
        &self.texts
    }

    fn leave_out(&mut self, place: usize, bit: i32) {
        self.texts[place] = NULL;
        self.beyond_limit |= bit;
    }
}

/// Of a row of calls. Texts are numbers of [`Texts`](super::texts::Texts).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EdgeKey {
    pub minute: i64,
    pub one_sided: bool,
    pub beyond_limit: i32,
    /// In the order of [`EdgeKey::TEXTS`].
    pub texts: [u32; EdgeKey::TEXTS.len()],
}

impl EdgeKey {
    /// The columns of text; rows are sorted by the first, then by time, then by the others.
    pub(super) const TEXTS: [&'static str; 8] = {
        use schemas::columns as c;
        [
            c::SERVICE_NAME,
            c::SERVICE_NAMESPACE,
            c::DEPLOYMENT_ENVIRONMENT,
            c::PEER,
            c::PEER_KIND,
            c::OPERATION,
            c::PROTOCOL,
            c::STATUS_CLASS,
        ]
    };
}

impl LimitedKey for EdgeKey {
    const LIMITED: &'static [(Limited, usize)] = &[(Limited::EdgePeer, 3), (Limited::EdgeOperation, 5)];

    fn texts(&self) -> &[u32] {
        &self.texts
    }

    fn leave_out(&mut self, place: usize, bit: i32) {
        self.texts[place] = NULL;
        self.beyond_limit |= bit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_begin_at_full_minutes_before_1970_too() {
        for (time, minute) in [
            (0, 0),
            (1, 0),
            (MINUTE_NS - 1, 0),
            (MINUTE_NS, MINUTE_NS),
            (-1, -MINUTE_NS),
            (-MINUTE_NS, -MINUTE_NS),
            (i64::MAX, i64::MAX - i64::MAX % MINUTE_NS),
            (i64::MIN, i64::MIN),
        ] {
            assert_eq!(minute_of(time), minute, "{time}");
        }
    }
}
