//! How long data stays.

use std::time::Duration;

use schemas::Table;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Clone)]
pub struct RetainConfig {
    /// Whether data is let go in the background.
    pub enabled: bool,
    /// Age at which spans go; `None`: never.
    pub spans_age_max: Option<Duration>,
    pub logs_age_max: Option<Duration>,
    pub metrics_age_max: Option<Duration>,
    /// Of what is derived from the others: small, and worth more the longer it reaches back.
    pub derived_age_max: Option<Duration>,
    /// Of what spans add up to, by minute.
    pub rollup_age_max: Option<Duration>,
    /// Share of the disk, from 0 to 1, that blocks may take together. Above it the oldest go, whatever their table.
    pub disk_share_max: f64,
    /// How long files of blocks that were let go stay.
    pub delete_delay: Duration,
    /// How often the background looks.
    pub interval: Duration,
}

impl Default for RetainConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            spans_age_max: Some(7 * DAY),
            logs_age_max: Some(7 * DAY),
            metrics_age_max: Some(30 * DAY),
            derived_age_max: Some(90 * DAY),
            rollup_age_max: Some(30 * DAY),
            disk_share_max: 0.8,
            delete_delay: DAY,
            interval: Duration::from_secs(60),
        }
    }
}

impl RetainConfig {
    pub(super) fn age_max(&self, table: Table) -> Option<Duration> {
        match table {
            Table::Spans => self.spans_age_max,
            Table::Logs => self.logs_age_max,
            Table::Metrics => self.metrics_age_max,
            Table::Rejections | Table::BreakerSignals | Table::ResilienceActions | Table::Errors => self.derived_age_max,
            Table::OperationMinutes | Table::EdgeMinutes | Table::EdgeHalves => self.rollup_age_max,
        }
    }
}
