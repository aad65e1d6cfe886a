//! `[[forward]]`: where to, and how.

use std::{collections::BTreeMap, path::PathBuf};

use collector::Tls;
use http::{HeaderMap, HeaderName, HeaderValue};
use schemas::Signal;
use serde::{Deserialize, Serialize, Serializer};

use crate::send::{Compression, Endpoint, Protocol};

/// One other end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForwardConfig {
    /// `http://host:port` or `https://host`, with a path before `/v1/…` or without.
    pub(crate) endpoint: String,
    /// `grpc` or `http/protobuf`, the default.
    #[serde(default = "http_protobuf")]
    pub(crate) protocol: String,
    /// Of every request, for instance an access token. Shown to nobody.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", serialize_with = "hidden")]
    pub(crate) headers: BTreeMap<String, String>,
    /// Certificates in PEM to trust instead of those of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    /// `traces`, `logs`, `metrics`; all by default.
    #[serde(default = "all_signals")]
    pub(crate) signals: Vec<String>,
    /// `gzip`, the default, `zstd` or `none`.
    #[serde(default = "gzip")]
    pub(crate) compression: String,
    /// What waits on disk; beyond it the oldest is dropped. Default 1 GiB.
    #[serde(default = "queue_bytes_max")]
    pub(crate) queue_bytes_max: u64,
}

/// Less than that is no queue.
const QUEUE_BYTES_MIN: u64 = 1 << 20;

fn http_protobuf() -> String {
    "http/protobuf".to_owned()
}

fn all_signals() -> Vec<String> {
    Signal::ALL.map(|signal| signal.name().to_owned()).to_vec()
}

fn gzip() -> String {
    "gzip".to_owned()
}

fn queue_bytes_max() -> u64 {
    1 << 30
}

fn hidden<S: Serializer>(headers: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.keys().map(|name| (name, "hidden")))
}

/// What of `[[forward]]` cannot work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ForwardError {
    #[error("{0}")]
    Endpoint(#[from] crate::send::EndpointError),
    #[error("{key} has {value:?}, which is not {wanted}")]
    Wrong { key: &'static str, value: String, wanted: &'static str },
    #[error(transparent)]
    Tls(#[from] collector::TlsError),
    #[error("queue_bytes_max is {value}, it must be at least {QUEUE_BYTES_MIN}")]
    Queue { value: u64 },
}

/// The same, parsed.
#[derive(Debug, Clone)]
pub(super) struct Forward {
    pub endpoint: Endpoint,
    pub protocol: Protocol,
    pub headers: HeaderMap,
    /// For `https`.
    pub tls: Option<Tls>,
    pub signals: Vec<Signal>,
    pub compression: Compression,
}

impl ForwardConfig {
    /// # Errors
    /// The first setting that cannot work.
    pub(crate) fn check(&self) -> Result<(), ForwardError> {
        self.parse().map(drop)
    }

    pub(super) fn parse(&self) -> Result<Forward, ForwardError> {
        let wrong = |key, value: &str, wanted| ForwardError::Wrong { key, value: value.to_owned(), wanted };
        let endpoint: Endpoint = self.endpoint.parse()?;
        let protocol = match self.protocol.as_str() {
            "grpc" => Protocol::Grpc,
            "http/protobuf" => Protocol::Http,
            other => return Err(wrong("protocol", other, "grpc or http/protobuf")),
        };
        let tls = match endpoint.is_tls() {
            true => Some(Tls::new(self.ca_file.as_deref(), &[protocol.alpn()])?),
            false => None,
        };
        let compression = match self.compression.as_str() {
            "gzip" => Compression::Gzip,
            "zstd" => Compression::Zstd,
            "none" => Compression::None,
            other => return Err(wrong("compression", other, "gzip, zstd or none")),
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let header = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (key, value) = header.ok_or_else(|| wrong("headers", name, "a header"))?;
            headers.insert(key, value);
        }
        let mut signals = Vec::new();
        for name in &self.signals {
            let signal = Signal::ALL.into_iter().find(|signal| signal.name() == name);
            signals.push(signal.ok_or_else(|| wrong("signals", name, "traces, logs or metrics"))?);
        }
        if self.queue_bytes_max < QUEUE_BYTES_MIN {
            return Err(ForwardError::Queue { value: self.queue_bytes_max });
        }
        Ok(Forward { endpoint, protocol, headers, tls, signals, compression })
    }

    /// The name of the queue's directory: the same for the same other end, whatever else is configured.
    pub(super) fn directory(&self) -> String {
        let named = format!("{}-{}", self.protocol, self.endpoint);
        let plain: String = named.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect();
        let mut crc = flate2::Crc::new();
        crc.update(named.as_bytes());
        format!("{}-{:08x}", plain.get(..plain.len().min(80)).unwrap_or(&plain), crc.sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named_and_secrets_are_not() {
        let read = |more: &str| toml::from_str::<ForwardConfig>(&format!("endpoint = 'http://c:4318'\n{more}")).expect("valid");
        assert!(read("").check().is_ok());
        let check = |more: &str, expected: &str| assert_eq!(read(more).check().expect_err("refused").to_string(), expected);
        check("protocol = 'http/json'", "protocol has \"http/json\", which is not grpc or http/protobuf");
        check("compression = 'br'", "compression has \"br\", which is not gzip, zstd or none");
        check("signals = ['profiles']", "signals has \"profiles\", which is not traces, logs or metrics");
        check("queue_bytes_max = 1", "queue_bytes_max is 1, it must be at least 1048576");
        check("headers = { 'a b' = 'c' }", "headers has \"a b\", which is not a header");
        let of = |endpoint: &str| ForwardConfig { endpoint: endpoint.to_owned(), ca_file: Some("/no/such/file".into()), ..read("") };
        assert!(of("https://c").check().expect_err("refused").to_string().contains("/no/such/file"));
        assert!(of("http://c").check().is_ok(), "nobody is asked for a certificate");
        assert!(of("ftp://c").check().expect_err("refused").to_string().contains("is not an address of the form http://host:port"));
        let shown = toml::to_string(&read("headers = { token = 'secret' }")).expect("TOML");
        assert!(shown.contains("token = \"hidden\"") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn directories_are_those_of_endpoints() {
        let of = |endpoint: &str, protocol: &str| {
            let config: ForwardConfig = toml::from_str(&format!("endpoint = '{endpoint}'\nprotocol = '{protocol}'")).expect("valid");
            config.directory()
        };
        assert!(of("http://c:4318", "grpc").starts_with("grpc-http---c-4318-"));
        assert_ne!(of("http://c:4318", "grpc"), of("http://c:4318", "http/protobuf"));
        assert_ne!(of("http://c/4318", "grpc"), of("http://c:4318", "grpc"));
    }
}
