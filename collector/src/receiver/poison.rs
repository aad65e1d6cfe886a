//! Requests that made decoding panic. The first time may be bad luck; a second time the request itself is at fault,
//! and answering "come back later" would have its sender resend it for ever.

use std::{collections::VecDeque, sync::Mutex};

use xxhash_rust::xxh3::xxh3_128;

use super::Refusal;

/// Remembered panics; the oldest is forgotten first.
const REMEMBERED_MAX: usize = 1_024;

/// Hashes of the bodies that panicked last.
#[derive(Debug, Default)]
pub(crate) struct PoisonList {
    hashes: Mutex<VecDeque<u128>>,
}

impl PoisonList {
    /// The answer to a request with this `body`, whose decoding just panicked.
    pub(crate) fn judge(&self, body: &[u8]) -> Refusal {
        let hash = xxh3_128(body);
        let mut hashes = self.hashes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if hashes.contains(&hash) {
            return Refusal::Poison;
        }
        if hashes.len() == REMEMBERED_MAX {
            hashes.pop_front();
        }
        hashes.push_back(hash);
        Refusal::Panicked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_panic_of_a_body_is_final_and_memory_is_bounded() {
        let list = PoisonList::default();
        assert_eq!(list.judge(b"a"), Refusal::Panicked);
        assert_eq!(list.judge(b"b"), Refusal::Panicked);
        assert_eq!(list.judge(b"a"), Refusal::Poison);
        for other in 0..REMEMBERED_MAX {
            list.judge(&other.to_le_bytes());
        }
        assert_eq!(list.judge(b"a"), Refusal::Panicked);
        assert_eq!(list.hashes.lock().expect("not poisoned").len(), REMEMBERED_MAX);
    }
}
