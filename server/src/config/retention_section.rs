//! The section `[retention]`: how long data stays.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const HOUR: Duration = Duration::from_secs(3600);

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Retention {
    /// Whether old data is let go at all.
    pub(crate) enabled: bool,
    /// Hours after which spans go, counted from the later of event and arrival; 0: never.
    pub(crate) spans_hours: u64,
    pub(crate) logs_hours: u64,
    pub(crate) metrics_hours: u64,
    /// Of rejections, breaker signals, resilience actions and errors.
    pub(crate) derived_hours: u64,
    /// Of what spans add up to, by minute.
    pub(crate) rollup_hours: u64,
    /// Percent of the disk that blocks may take; above it the oldest go.
    pub(crate) disk_percent_max: u8,
    /// Hours for which the files of what was let go stay.
    pub(crate) delete_delay_hours: u64,
}

impl Default for Retention {
    fn default() -> Self {
        let storage::RetainConfig {
            enabled,
            spans_age_max,
            logs_age_max,
            metrics_age_max,
            derived_age_max,
            rollup_age_max,
            disk_share_max,
            delete_delay,
            ..
        } = storage::RetainConfig::default();
        let hours = |age: Option<Duration>| age.map_or(0, |age| age.as_secs() / HOUR.as_secs());
        Self {
            enabled,
            spans_hours: hours(spans_age_max),
            logs_hours: hours(logs_age_max),
            metrics_hours: hours(metrics_age_max),
            derived_hours: hours(derived_age_max),
            rollup_hours: hours(rollup_age_max),
            disk_percent_max: (disk_share_max * 100.0).round() as u8,
            delete_delay_hours: hours(Some(delete_delay)),
        }
    }
}

impl Retention {
    /// Key, value and the least that works.
    pub(super) fn minima(&self) -> [(&'static str, u64, u64); 1] {
        [("retention.disk_percent_max", self.disk_percent_max.into(), 1)]
    }

    /// `config` with what is set here.
    pub(super) fn apply(&self, mut config: storage::Config) -> storage::Config {
        let hours = |hours: u64| Duration::from_secs(hours.saturating_mul(HOUR.as_secs()));
        let age = |limit: u64| (limit > 0).then(|| hours(limit));
        config.retain.enabled = self.enabled;
        config.retain.spans_age_max = age(self.spans_hours);
        config.retain.logs_age_max = age(self.logs_hours);
        config.retain.metrics_age_max = age(self.metrics_hours);
        config.retain.derived_age_max = age(self.derived_hours);
        config.retain.rollup_age_max = age(self.rollup_hours);
        config.retain.disk_share_max = f64::from(self.disk_percent_max) / 100.0;
        config.retain.delete_delay = hours(self.delete_delay_hours);
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_those_of_the_store_and_0_is_never() {
        let applied = |retention: Retention| retention.apply(storage::Config::new("")).retain;
        let (ours, theirs) = (applied(Retention::default()), storage::RetainConfig::default());
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
        let kept = applied(Retention { spans_hours: 0, logs_hours: 5, ..Retention::default() });
        assert_eq!((kept.spans_age_max, kept.logs_age_max), (None, Some(5 * HOUR)));
    }
}
