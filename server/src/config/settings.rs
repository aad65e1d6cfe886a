//! What can be set, with defaults, and the combinations that cannot work.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::forward::{ForwardConfig, ForwardError};

use super::{errors_section::Errors, governance_section::Governance, retention_section::Retention, storage_section::Storage};

/// Where `serve` keeps everything when nobody says where.
pub(crate) const DATA_DIR: &str = "./fusebox-data";

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Directory for everything that is kept.
    pub(crate) data_dir: PathBuf,
    /// Allows addresses beyond loopback although nothing is authenticated.
    pub(crate) insecure: bool,
    /// Log level or filter directives.
    pub(crate) log: String,
    pub(crate) collector: collector::Config,
    pub(crate) storage: Storage,
    pub(crate) retention: Retention,
    pub(crate) errors: Errors,
    pub(crate) governance: Governance,
    pub(crate) api: Api,
    /// Log files to follow.
    pub(crate) files: Vec<collector::FilesConfig>,
    /// Pages of metrics to fetch.
    pub(crate) scrape: Vec<collector::ScrapeConfig>,
    /// Other ends that get what is stored here.
    pub(crate) forward: Vec<ForwardConfig>,
}

/// The API and the dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Api {
    pub(crate) listen: SocketAddr,
    /// Jaeger's query API without its prefix, for tools that expect it at a port; empty: only below `/jaeger`.
    #[serde(with = "optional_address")]
    pub(crate) jaeger_listen: Option<SocketAddr>,
    /// So too Zipkin's.
    #[serde(with = "optional_address")]
    pub(crate) zipkin_listen: Option<SocketAddr>,
    /// Host names besides the loopback names and the address itself.
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) read_deadline_ms: u64,
    pub(crate) concurrent_reads_max: usize,
    /// Live streams at the same time.
    pub(crate) streams_max: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: DATA_DIR.into(),
            insecure: false,
            log: "info".to_owned(),
            collector: collector::Config::default(),
            storage: Storage::default(),
            retention: Retention::default(),
            errors: Errors::default(),
            governance: Governance::default(),
            api: Api::default(),
            files: Vec::new(),
            scrape: Vec::new(),
            forward: Vec::new(),
        }
    }
}

impl Default for Api {
    fn default() -> Self {
        let query::Config { listen, jaeger_listen, zipkin_listen, allowed_hosts, concurrent_reads_max, read_deadline, streams_max, .. } =
            query::Config::default();
        let read_deadline_ms = read_deadline.as_millis() as u64;
        Self { listen, jaeger_listen, zipkin_listen, allowed_hosts, read_deadline_ms, concurrent_reads_max, streams_max }
    }
}

/// Why the server cannot start with these settings.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("read the configuration file {path}")]
    ReadFile { path: PathBuf, source: std::io::Error },
    #[error("{origin}: {message}")]
    Setting { origin: String, message: String },
    #[error(
        "{key} = {address} can be reached by other machines and nothing is authenticated; use a loopback address, or accept the risk with --insecure"
    )]
    NotLoopback { key: &'static str, address: SocketAddr },
    #[error("{key} and {other} are both {address}")]
    SameAddress { key: &'static str, other: &'static str, address: SocketAddr },
    #[error("[collector] {0}")]
    Collector(#[from] collector::ConfigError),
    #[error("[[files]] number {number}: {source}")]
    Files { number: usize, source: collector::FilesError },
    #[error("[[scrape]] number {number}: {source}")]
    Scrape { number: usize, source: collector::ScrapeError },
    #[error("[[forward]] number {number}: {source}")]
    Forward { number: usize, source: ForwardError },
    #[error("{key} must be at least {min}")]
    TooSmall { key: &'static str, min: u64 },
}

impl Config {
    /// Checks what types cannot say.
    ///
    /// # Errors
    /// The first setting that cannot work.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.collector.check()?;
        for (index, files) in self.files.iter().enumerate() {
            files.check().map_err(|source| ConfigError::Files { number: index + 1, source })?;
        }
        for (index, scrape) in self.scrape.iter().enumerate() {
            scrape.check().map_err(|source| ConfigError::Scrape { number: index + 1, source })?;
        }
        for (index, forward) in self.forward.iter().enumerate() {
            forward.check().map_err(|source| ConfigError::Forward { number: index + 1, source })?;
        }
        let native = [("api.jaeger_listen", self.api.jaeger_listen), ("api.zipkin_listen", self.api.zipkin_listen)];
        let native = native.into_iter().filter_map(|(key, address)| Some((key, address?)));
        let addresses = [("otlp_grpc", self.collector.otlp_grpc), ("otlp_http", self.collector.otlp_http), ("api", self.api.listen)];
        let addresses: Vec<(&'static str, SocketAddr)> = addresses.into_iter().chain(native).collect();
        for (index, (key, address)) in addresses.iter().copied().enumerate() {
            if !self.insecure && !address.ip().is_loopback() {
                return Err(ConfigError::NotLoopback { key, address });
            }
            if let Some((other, _)) = addresses[..index].iter().find(|(_, other)| *other == address && address.port() != 0) {
                return Err(ConfigError::SameAddress { key, other, address });
            }
        }
        let api =
            [("api.concurrent_reads_max", self.api.concurrent_reads_max as u64, 1), ("api.read_deadline_ms", self.api.read_deadline_ms, 1)];
        // Else a large body could wait for ever beside what the log holds already.
        let log = ("storage.wal_bytes_max", self.storage.wal_bytes_max, self.collector.body_bytes_max.saturating_mul(2));
        for (key, value, min) in api.into_iter().chain(self.storage.minima()).chain(self.retention.minima()).chain([log]) {
            if value < min {
                return Err(ConfigError::TooSmall { key, min });
            }
        }
        Ok(())
    }

    pub(crate) fn query(&self) -> query::Config {
        query::Config {
            listen: self.api.listen,
            jaeger_listen: self.api.jaeger_listen,
            zipkin_listen: self.api.zipkin_listen,
            allowed_hosts: self.api.allowed_hosts.clone(),
            concurrent_reads_max: self.api.concurrent_reads_max,
            read_deadline: Duration::from_millis(self.api.read_deadline_ms),
            streams_max: self.api.streams_max,
            ..query::Config::default()
        }
    }

    /// Where codes are read from, and what the API may write.
    pub(crate) fn codes(&self) -> query::codes::CodesConfig {
        query::codes::CodesConfig {
            files: self.errors.files.iter().map(|path| absolute(path)).collect(),
            count: self.errors.count.clone(),
            ..query::codes::CodesConfig::in_dir(&absolute(&self.data_dir))
        }
    }

    /// Where rules are read from, and what the API may write.
    pub(crate) fn rules(&self) -> query::rules::RulesConfig {
        let files = self.governance.rules.iter().map(|path| absolute(path)).collect();
        query::rules::RulesConfig { files, ..query::rules::RulesConfig::in_dir(&absolute(&self.data_dir)) }
    }

    /// Receivers get at most `stop_max` of a stop, so that the rest of it has time too.
    pub(crate) fn collector(&self, stop_max: Duration) -> collector::Config {
        let stop_timeout_ms = self.collector.stop_timeout_ms.min(stop_max.as_millis() as u64);
        collector::Config { stop_timeout_ms, ..self.collector.clone() }
    }

    /// What is fetched. Relative paths are those of the working directory.
    pub(crate) fn pull(&self, data_dir: &Path) -> collector::Pull {
        collector::Pull { files: self.files.clone(), positions: data_dir.join("log-files.json"), scrape: self.scrape.clone() }
    }

    pub(crate) fn storage(&self) -> storage::Config {
        self.retention.apply(self.storage.apply(storage::Config::new(absolute(&self.data_dir))))
    }
}

/// An address, or the empty text for none.
mod optional_address {
    use std::net::SocketAddr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde hands out a reference to the field")]
    pub(super) fn serialize<S: Serializer>(address: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&address.map_or_else(String::new, |address| address.to_string()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |_| D::Error::custom(format!("{text:?} is no address of the form 127.0.0.1:16686, nor empty"));
        if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(wrong) }
    }
}

/// An address to listen on, also in the form of the URL that clients are given: `FUSEBOX_API` serves both.
///
/// # Errors
/// When it names no address of this machine.
pub(crate) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    let address = text.trim().strip_prefix("http://").unwrap_or(text.trim()).trim_end_matches('/');
    let address = address.strip_prefix("localhost:").map_or_else(|| address.to_owned(), |port| format!("127.0.0.1:{port}"));
    address.parse().map_err(|_| format!("{text:?} is no address of the form 127.0.0.1:4319 or http://127.0.0.1:4319"))
}

/// Storage wants absolute paths. Without a working directory the path stays as it is, and opening it says why it fails.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
