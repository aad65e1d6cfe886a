//! What an operator may set about receiving. Every limit has a default that is safe without a file.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use schemas::otlp::{BODY_BYTES_MAX, DecodeLimits, ELEMENTS_MAX};
use serde::{Deserialize, Serialize, Serializer};

/// Each listener holds a place for the connection it waits for: with fewer places one of them could be without for ever.
pub(crate) const CONNECTIONS_MIN: usize = 2;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Settings of the receivers. Times are milliseconds, sizes are bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where OTLP/gRPC listens. Default 127.0.0.1:4317; port 0 takes any free port.
    pub otlp_grpc: SocketAddr,
    /// Where OTLP/HTTP listens, protobuf and JSON. Default 127.0.0.1:4318.
    pub otlp_http: SocketAddr,
    /// The largest request, as it arrives and again after decompression. Default 64 MiB, as OTLP recommends; at most 100 MiB.
    pub body_bytes_max: u64,
    /// All requests together between the socket and the write-ahead log, decoded rows included. Default 256 MiB.
    pub in_flight_bytes_max: u64,
    /// How long a request waits for its share of `in_flight_bytes_max` before it is asked to come back. Default 1 s.
    pub in_flight_wait_ms: u64,
    /// Spans, log records or data points in one request. Default 1,000,000.
    pub records_max: u64,
    /// Everything repeated in one request (records, events, attributes, array items). Default 4,000,000; at most 16,777,216.
    pub elements_max: u64,
    /// Open connections of both listeners together; more wait in the kernel's queue. Default 10,000; fewer where the system lets the
    /// process open fewer files (`ulimit -Hn`), of which 256 are kept for storage. At least 2.
    pub connections_max: usize,
    /// Calls in flight on one HTTP/2 connection. Default 200.
    pub concurrent_streams_max: u32,
    /// From connecting to the end of the first request's headers (gRPC: to the first byte). Default 10 s.
    pub header_timeout_ms: u64,
    /// Silence in both directions, or a time without an open request, after which a connection is closed. Default 60 s.
    pub idle_timeout_ms: u64,
    /// From the end of the headers to the end of the body. Default 30 s.
    pub body_timeout_ms: u64,
    /// How long a body may arrive slower than `body_bytes_per_second_min`. Default 5 s.
    pub body_grace_ms: u64,
    /// The slowest body after the grace time. Default 1 KiB/s.
    pub body_bytes_per_second_min: u64,
    /// From hand-over to storage to its receipt; then the sender is asked to come back. Default 20 s.
    pub ack_timeout_ms: u64,
    /// A silent HTTP/2 peer is pinged this often. Default 20 s.
    pub keepalive_interval_ms: u64,
    /// An unanswered ping closes the connection after this time. Default 20 s.
    pub keepalive_timeout_ms: u64,
    /// HTTP/2 connections are asked to reconnect after this time, so that a load balancer can spread them. Off by default.
    /// Each OTLP/HTTP connection has its own time, up to a tenth shorter or longer.
    pub connection_age_max_ms: Option<u64>,
    /// What a stop leaves to requests in flight. Default 10 s.
    pub stop_timeout_ms: u64,
    /// Which web pages may send OTLP/HTTP. None by default.
    pub cors: Cors,
}

impl Default for Config {
    fn default() -> Self {
        let DecodeLimits { records_max, elements_max, .. } = DecodeLimits::default();
        Self {
            otlp_grpc: (Ipv4Addr::LOCALHOST, 4317).into(),
            otlp_http: (Ipv4Addr::LOCALHOST, 4318).into(),
            body_bytes_max: 64 << 20,
            in_flight_bytes_max: 256 << 20,
            in_flight_wait_ms: 1_000,
            records_max,
            elements_max,
            connections_max: 10_000,
            concurrent_streams_max: 200,
            header_timeout_ms: 10_000,
            idle_timeout_ms: 60_000,
            body_timeout_ms: 30_000,
            body_grace_ms: 5_000,
            body_bytes_per_second_min: 1 << 10,
            ack_timeout_ms: 20_000,
            keepalive_interval_ms: 20_000,
            keepalive_timeout_ms: 20_000,
            connection_age_max_ms: None,
            stop_timeout_ms: 10_000,
            cors: Cors::default(),
        }
    }
}

/// Cross-origin requests to OTLP/HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cors {
    /// Exact origins (`https://shop.example`), or `*` for any. Empty: no page may send.
    pub origins: Vec<String>,
    /// Whether pages may send cookies and `Authorization`. Not together with `*`.
    pub allow_credentials: bool,
    /// How long a browser may remember the answer to a preflight. Default 5 s.
    pub max_age_s: u64,
}

impl Default for Cors {
    fn default() -> Self {
        Self { origins: vec![], allow_credentials: false, max_age_s: 5 }
    }
}

/// A setting that cannot work, by its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{key} is {value}, it must be at least {least}")]
    TooSmall { key: &'static str, value: u64, least: u64 },
    #[error("{key} is {value}, it must be at most {most}")]
    TooLarge { key: &'static str, value: u64, most: u64 },
    #[error("cors.origins has {origin:?}, which is not scheme://host[:port]")]
    Origin { origin: String },
    #[error("cors.origins has \"*\" while cors.allow_credentials is on: every web page could send in its visitor's name")]
    AnyOriginWithCredentials,
}

impl Config {
    /// Checks what types cannot say.
    ///
    /// # Errors
    /// The first setting that cannot work.
    pub fn check(&self) -> Result<(), ConfigError> {
        let within = |key, value: u64, least, most| match value {
            _ if value < least => Err(ConfigError::TooSmall { key, value, least }),
            _ if value > most => Err(ConfigError::TooLarge { key, value, most }),
            _ => Ok(()),
        };
        within("body_bytes_max", self.body_bytes_max, 1 << 10, BODY_BYTES_MAX)?;
        within("in_flight_bytes_max", self.in_flight_bytes_max, self.body_bytes_max, u64::MAX)?;
        within("records_max", self.records_max, 1, u64::MAX)?;
        within("elements_max", self.elements_max, 1, ELEMENTS_MAX)?;
        within("connections_max", self.connections_max as u64, CONNECTIONS_MIN as u64, u64::MAX)?;
        within("concurrent_streams_max", self.concurrent_streams_max.into(), 1, u64::MAX)?;
        within("body_bytes_per_second_min", self.body_bytes_per_second_min, 1, u64::MAX)?;
        for (key, ms) in [
            ("header_timeout_ms", self.header_timeout_ms),
            ("idle_timeout_ms", self.idle_timeout_ms),
            ("body_timeout_ms", self.body_timeout_ms),
            ("body_grace_ms", self.body_grace_ms),
            ("ack_timeout_ms", self.ack_timeout_ms),
            ("keepalive_interval_ms", self.keepalive_interval_ms),
            ("keepalive_timeout_ms", self.keepalive_timeout_ms),
            ("connection_age_max_ms", self.connection_age_max_ms.unwrap_or(DAY_MS)),
        ] {
            within(key, ms, 1, DAY_MS)?;
        }
        self.cors.check()
    }

    pub(crate) fn decode_limits(&self) -> DecodeLimits {
        DecodeLimits { records_max: self.records_max, elements_max: self.elements_max, ..DecodeLimits::default() }
    }
}

impl Cors {
    fn check(&self) -> Result<(), ConfigError> {
        if self.allow_credentials && self.origins.iter().any(|origin| origin == "*") {
            return Err(ConfigError::AnyOriginWithCredentials);
        }
        for origin in self.origins.iter().filter(|origin| *origin != "*") {
            let host = origin.split_once("://").map_or("", |(_, host)| host);
            if host.is_empty() || host.contains(['/', ' ']) || !host.is_ascii() {
                return Err(ConfigError::Origin { origin: origin.clone() });
            }
        }
        Ok(())
    }
}

/// Values of headers, which may be secrets, as everybody may see them.
pub(crate) fn hidden<S: Serializer>(headers: &BTreeMap<String, String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(headers.keys().map(|name| (name, "hidden")))
}

pub(crate) fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_work() {
        assert_eq!(Config::default().check(), Ok(()));
    }

    #[test]
    fn unknown_keys_are_errors() {
        let read = |json: &str| serde_json::from_str::<Config>(json).map_err(|error| error.to_string());
        assert_eq!(read("{}"), Ok(Config::default()));
        assert!(read(r#"{"body_byte_max": 1}"#).expect_err("misspelt").contains("body_byte_max"));
        assert!(read(r#"{"cors": {"origin": "*"}}"#).expect_err("misspelt").contains("origin"));
    }

    #[test]
    fn impossible_settings_are_named() {
        let check = |change: fn(&mut Config), expected: &str| {
            let mut config = Config::default();
            change(&mut config);
            assert_eq!(config.check().expect_err("refused").to_string(), expected);
        };
        check(|config| config.in_flight_bytes_max = 1 << 20, "in_flight_bytes_max is 1048576, it must be at least 67108864");
        check(|config| config.body_bytes_max = 1 << 30, "body_bytes_max is 1073741824, it must be at most 104857600");
        check(|config| config.records_max = 0, "records_max is 0, it must be at least 1");
        check(|config| config.elements_max = 0, "elements_max is 0, it must be at least 1");
        check(|config| config.elements_max = 1 << 30, "elements_max is 1073741824, it must be at most 16777216");
        check(|config| config.connections_max = 1, "connections_max is 1, it must be at least 2");
        check(|config| config.header_timeout_ms = 0, "header_timeout_ms is 0, it must be at least 1");
        check(|config| config.idle_timeout_ms = 0, "idle_timeout_ms is 0, it must be at least 1");
        check(|config| config.idle_timeout_ms = u64::MAX, "idle_timeout_ms is 18446744073709551615, it must be at most 86400000");
        check(|config| config.body_timeout_ms = 0, "body_timeout_ms is 0, it must be at least 1");
        check(|config| config.body_grace_ms = 0, "body_grace_ms is 0, it must be at least 1");
        check(|config| config.ack_timeout_ms = 0, "ack_timeout_ms is 0, it must be at least 1");
        check(|config| config.keepalive_interval_ms = 0, "keepalive_interval_ms is 0, it must be at least 1");
        check(|config| config.keepalive_timeout_ms = 0, "keepalive_timeout_ms is 0, it must be at least 1");
        check(|config| config.connection_age_max_ms = Some(0), "connection_age_max_ms is 0, it must be at least 1");
        check(
            |config| config.cors.origins = vec!["shop.example".into()],
            "cors.origins has \"shop.example\", which is not scheme://host[:port]",
        );
        check(
            |config| config.cors = Cors { origins: vec!["*".into()], allow_credentials: true, max_age_s: 5 },
            "cors.origins has \"*\" while cors.allow_credentials is on: every web page could send in its visitor's name",
        );
    }
}
