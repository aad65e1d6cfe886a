//! Limits and defaults of this room.

use std::{net::SocketAddr, time::Duration};

/// How the API listens and what one question may cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub listen: SocketAddr,
    /// Where Jaeger's query API is without its prefix, as scripts and dashboards know it; usually port 16686.
    pub jaeger_listen: Option<SocketAddr>,
    /// So too of Zipkin; usually port 9411.
    pub zipkin_listen: Option<SocketAddr>,
    /// Host names besides the loopback names and the address itself under which browsers may reach the API,
    /// for instance behind a reverse proxy. Lowercase, without port.
    pub allowed_hosts: Vec<String>,
    /// Reads from storage that run at the same time; more wait for their turn within their deadline.
    pub concurrent_reads_max: usize,
    /// After this a question is answered with 503.
    pub read_deadline: Duration,
    pub connections_max: usize,
    /// Request bodies above this are refused with 413.
    pub request_bytes_max: usize,
    /// Spans of one trace in an answer; the earliest are kept.
    pub trace_spans_max: usize,
    /// Live streams at the same time; more are refused with 429.
    pub streams_max: usize,
    /// A live stream that has nothing to say says so this often.
    pub stream_heartbeat: Duration,
    /// Live overviews look this often whether something changed.
    pub overview_interval: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 4319)),
            jaeger_listen: None,
            zipkin_listen: None,
            allowed_hosts: Vec::new(),
            concurrent_reads_max: 8,
            read_deadline: Duration::from_secs(30),
            connections_max: 1024,
            request_bytes_max: 1024 * 1024,
            trace_spans_max: 100_000,
            streams_max: 32,
            stream_heartbeat: Duration::from_secs(15),
            overview_interval: Duration::from_secs(5),
        }
    }
}
