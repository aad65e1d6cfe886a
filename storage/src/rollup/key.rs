//! What a row is of.

use super::{known::Limited, limit::LimitedKey, texts::NULL};

/// A minute.
pub const MINUTE_NS: i64 = 60 * 1_000_000_000;

/// Bits of `beyond_limit`: the operation is one of too many of its service,
pub const BEYOND_OPERATIONS: i32 = 1;
/// the peer is,
pub const BEYOND_PEERS: i32 = 2;
/// the error code is,
pub const BEYOND_ERROR_CODES: i32 = 4;
/// the version is,
pub const BEYOND_VERSIONS: i32 = 8;
/// the environment is,
pub const BEYOND_ENVIRONMENTS: i32 = 16;
/// the protocol is,
pub const BEYOND_PROTOCOLS: i32 = 32;
/// the combination of all is: then all of these are null.
pub const BEYOND_ROWS: i32 = 64;

const BEYOND_ALL: i32 = BEYOND_OPERATIONS | BEYOND_PEERS | BEYOND_ERROR_CODES | BEYOND_VERSIONS | BEYOND_ENVIRONMENTS | BEYOND_ROWS;
const EDGE_BEYOND_ALL: i32 = BEYOND_OPERATIONS | BEYOND_PEERS | BEYOND_ENVIRONMENTS | BEYOND_PROTOCOLS | BEYOND_ROWS;
/// As OTLP names them. Others are counted as unspecified where all are added up.
const KINDS: std::ops::RangeInclusive<i32> = 0..=5;

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
    const LIMITED: &'static [(Limited, usize)] =
        &[(Limited::Version, 2), (Limited::Environment, 3), (Limited::Operation, 4), (Limited::Peer, 5), (Limited::ErrorCode, 9)];
    const WHOLE: Limited = Limited::Row;

    fn texts(&self) -> &[u32] {
        &self.texts
    }

    fn leave_out(&mut self, place: usize, bit: i32) {
        self.texts[place] = NULL;
        self.beyond_limit |= bit;
    }

    fn beyond_limit(&self) -> i32 {
        self.beyond_limit
    }

    fn combination(&self) -> Self {
        Self { minute: 0, ..*self }
    }

    fn number(&self) -> i32 {
        self.span_kind
    }

    fn leave_all_out(&mut self) {
        let [service, namespace, .., status, _, _] = self.texts;
        self.texts = [service, namespace, NULL, NULL, NULL, NULL, NULL, status, NULL, NULL];
        self.span_kind = if KINDS.contains(&self.span_kind) { self.span_kind } else { 0 };
        self.beyond_limit = BEYOND_ALL;
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
    const LIMITED: &'static [(Limited, usize)] =
        &[(Limited::EdgeEnvironment, 2), (Limited::EdgePeer, 3), (Limited::EdgeOperation, 5), (Limited::EdgeProtocol, 6)];
    const WHOLE: Limited = Limited::EdgeRow;

    fn texts(&self) -> &[u32] {
        &self.texts
    }

    fn leave_out(&mut self, place: usize, bit: i32) {
        self.texts[place] = NULL;
        self.beyond_limit |= bit;
    }

    fn beyond_limit(&self) -> i32 {
        self.beyond_limit
    }

    fn combination(&self) -> Self {
        Self { minute: 0, ..*self }
    }

    fn number(&self) -> i32 {
        i32::from(self.one_sided)
    }

    /// What is called stays a database or a service: there are few such words.
    fn leave_all_out(&mut self) {
        let [service, namespace, _, _, peer_kind, .., status] = self.texts;
        self.texts = [service, namespace, NULL, NULL, peer_kind, NULL, NULL, status];
        self.beyond_limit = EDGE_BEYOND_ALL;
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
