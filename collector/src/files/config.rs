//! `[[files]]`: what to follow.

use std::{collections::BTreeMap, path::Path};

use schemas::interop::lines::LineFormat;
use serde::{Deserialize, Serialize};

/// Files of one kind. Times are milliseconds, sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesConfig {
    /// Globs (`*`, `?`, `[ab]`, `**` for directories). Rotated and gzipped files may be among them, and are read once all the same.
    pub paths: Vec<String>,
    /// `service.name`. `{dir}` stands for the name of the directory, `{stem}` for that of the file up to its first dot.
    pub service: String,
    /// `auto`, `json`, `text` or `raw`. Default `auto`.
    #[serde(default = "auto")]
    pub format: String,
    /// Further attributes of the resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// Where a file begins that was there before anybody followed it: `beginning` or `end`. Default `beginning`.
    #[serde(default)]
    pub start_at: StartAt,
    /// Zone of times that name none, as `+08:00`. Default: that of the machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset: Option<String>,
    /// How often files are looked at. Default 250.
    #[serde(default = "poll_interval_ms")]
    pub poll_interval_ms: u64,
    /// How long the last record of a file waits for lines that go on with it. Default 1,000.
    #[serde(default = "record_wait_ms")]
    pub record_wait_ms: u64,
    /// A longer line or record becomes several. Default 1 MiB.
    #[serde(default = "line_bytes_max")]
    pub line_bytes_max: u64,
    /// Of one request. Default 1 MiB.
    #[serde(default = "batch_bytes_max")]
    pub batch_bytes_max: u64,
    /// Files open at the same time; others wait. Default 512.
    #[serde(default = "open_files_max")]
    pub open_files_max: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartAt {
    #[default]
    Beginning,
    End,
}

fn auto() -> String {
    "auto".to_owned()
}

fn poll_interval_ms() -> u64 {
    250
}

fn record_wait_ms() -> u64 {
    1_000
}

fn line_bytes_max() -> u64 {
    1 << 20
}

fn batch_bytes_max() -> u64 {
    1 << 20
}

fn open_files_max() -> usize {
    512
}

/// What of `[[files]]` cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilesError {
    #[error("{key} is missing or empty")]
    Missing { key: &'static str },
    #[error("{key} has {value:?}, which is not {wanted}")]
    Wrong { key: &'static str, value: String, wanted: &'static str },
    #[error("{key} is {value}, it must be at least {least}")]
    TooSmall { key: &'static str, value: u64, least: u64 },
}

impl FilesConfig {
    /// Follows `paths` of `service`, with everything else at its default.
    pub fn new(paths: Vec<String>, service: &str) -> Self {
        Self {
            paths,
            service: service.to_owned(),
            format: auto(),
            attributes: BTreeMap::new(),
            start_at: StartAt::default(),
            utc_offset: None,
            poll_interval_ms: poll_interval_ms(),
            record_wait_ms: record_wait_ms(),
            line_bytes_max: line_bytes_max(),
            batch_bytes_max: batch_bytes_max(),
            open_files_max: open_files_max(),
        }
    }

    /// # Errors
    /// The first setting that cannot work.
    pub fn check(&self) -> Result<(), FilesError> {
        if self.paths.is_empty() {
            return Err(FilesError::Missing { key: "paths" });
        }
        for path in &self.paths {
            if glob::Pattern::new(path).is_err() {
                return Err(FilesError::Wrong { key: "paths", value: path.clone(), wanted: "a pattern of file names" });
            }
        }
        if self.service.trim().is_empty() {
            return Err(FilesError::Missing { key: "service" });
        }
        if self.line_format().is_none() {
            return Err(FilesError::Wrong { key: "format", value: self.format.clone(), wanted: "auto, json, text or raw" });
        }
        if let Some(offset) = &self.utc_offset
            && offset_seconds(offset).is_none()
        {
            return Err(FilesError::Wrong { key: "utc_offset", value: offset.clone(), wanted: "an offset like +08:00" });
        }
        for (key, value, least) in [
            ("poll_interval_ms", self.poll_interval_ms, 10),
            ("line_bytes_max", self.line_bytes_max, 1 << 10),
            ("batch_bytes_max", self.batch_bytes_max, 1 << 10),
            ("open_files_max", self.open_files_max as u64, 1),
        ] {
            if value < least {
                return Err(FilesError::TooSmall { key, value, least });
            }
        }
        Ok(())
    }

    pub(super) fn line_format(&self) -> Option<LineFormat> {
        LineFormat::NAMES.iter().find(|(name, _)| *name == self.format).map(|(_, format)| *format)
    }

    /// Seconds that times without a zone are ahead of UTC; `None`: as the machine's.
    pub(super) fn offset(&self) -> Option<i64> {
        self.utc_offset.as_deref().and_then(offset_seconds)
    }

    /// The name of the service of a file.
    pub(super) fn service_of(&self, path: &Path) -> String {
        let name = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let stem = name(path.file_name());
        let stem = stem.split('.').next().unwrap_or_default();
        self.service.replace("{dir}", &name(path.parent().and_then(Path::file_name))).replace("{stem}", stem)
    }
}

fn offset_seconds(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('+') { 1 } else { -1 };
    let (hours, minutes) = text.strip_prefix(['+', '-'])?.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..=18).contains(&hours) && (0..60).contains(&minutes)).then_some(sign * (hours * 3_600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        let check = |change: fn(&mut FilesConfig), expected: &str| {
            let mut config = FilesConfig::new(vec!["/var/log/*.log".into()], "pay");
            assert_eq!(config.check(), Ok(()));
            change(&mut config);
            assert_eq!(config.check().expect_err("refused").to_string(), expected);
        };
        check(|config| config.paths.clear(), "paths is missing or empty");
        check(|config| config.paths = vec!["a/***".into()], "paths has \"a/***\", which is not a pattern of file names");
        check(|config| config.service = " ".into(), "service is missing or empty");
        check(|config| config.format = "xml".into(), "format has \"xml\", which is not auto, json, text or raw");
        check(|config| config.utc_offset = Some("8".into()), "utc_offset has \"8\", which is not an offset like +08:00");
        check(|config| config.poll_interval_ms = 0, "poll_interval_ms is 0, it must be at least 10");
        check(|config| config.line_bytes_max = 1, "line_bytes_max is 1, it must be at least 1024");
    }

    #[test]
    fn services_and_offsets() {
        let config = FilesConfig { utc_offset: Some("-03:30".into()), ..FilesConfig::new(vec![], "{dir}/{stem}") };
        assert_eq!(config.service_of(Path::new("/var/log/pay/app.log.1")), "pay/app");
        assert_eq!(config.offset(), Some(-12_600));
    }
}
