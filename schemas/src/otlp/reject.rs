//! Why a record was refused alone. The texts reach senders in `partial_success.error_message` and are labels of counters.

use super::Rejected;

pub const TRACE_ID_LENGTH: &str = "trace_id is not 16 bytes";
pub const TRACE_ID_ZERO: &str = "trace_id is all zeros";
pub const SPAN_ID_LENGTH: &str = "span_id is not 8 bytes";
pub const SPAN_ID_ZERO: &str = "span_id is all zeros";
pub const PARENT_SPAN_ID_LENGTH: &str = "parent_span_id is neither empty nor 8 bytes";
pub const START_TIME: &str = "start_time_unix_nano is after 2262-04-11";
pub const END_TIME: &str = "end_time_unix_nano is after 2262-04-11";
pub const EVENT_TIME: &str = "time_unix_nano of an event is after 2262-04-11";

pub const TIME: &str = "time_unix_nano is after 2262-04-11";
pub const OBSERVED_TIME: &str = "observed_time_unix_nano is after 2262-04-11";
/// Of what is pushed in formats whose times can be before 1970.
pub const FOREIGN_TIME: &str = "the time is not between 1970 and 2262-04-11";

pub const EXEMPLAR_TIME: &str = "time_unix_nano of an exemplar is after 2262-04-11";
pub const NO_VALUE: &str = "the data point has neither a value nor the flag that there is none";
pub const TEMPORALITY: &str = "aggregation_temporality is unspecified";
pub const BUCKET_COUNTS: &str = "bucket_counts is not one longer than explicit_bounds";
pub const BOUNDS: &str = "explicit_bounds do not rise strictly";

const REASONS_SHOWN_MAX: usize = 10;

impl Rejected {
    pub(crate) fn add(&mut self, reason: &'static str) {
        self.count += 1;
        *self.reasons.entry(reason).or_default() += 1;
    }

    /// Adds what was refused elsewhere.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    /// The text of `partial_success.error_message`: at most ten reasons, the most frequent first, below 4 KiB.
    /// Empty when nothing was rejected.
    pub fn message(&self) -> String {
        if self.count == 0 {
            return String::new();
        }
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let shown: Vec<_> = reasons.iter().take(REASONS_SHOWN_MAX).map(|(reason, count)| format!("{reason} ({count})")).collect();
        let more = if reasons.len() > REASONS_SHOWN_MAX { "; and other reasons" } else { "" };
        format!("{} rejected: {}{more}", self.count, shown.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_most_frequent_reasons() {
        let mut rejected = Rejected::default();
        assert_eq!(rejected.message(), "");
        rejected.add(SPAN_ID_ZERO);
        rejected.add(TRACE_ID_LENGTH);
        rejected.add(TRACE_ID_LENGTH);
        assert_eq!(rejected.message(), "3 rejected: trace_id is not 16 bytes (2); span_id is all zeros (1)");
        for reason in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            rejected.add(reason);
        }
        let message = rejected.message();
        assert!(message.starts_with("13 rejected: trace_id is not 16 bytes (2); "), "{message}");
        assert_eq!(message.matches(" (1); ").count(), 9);
        assert!(message.ends_with("; and other reasons"), "{message}");
    }
}
