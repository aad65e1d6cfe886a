//! What this room measures about itself.

pub const API_REQUESTS: &str = "fusebox_api_requests_total";
pub const API_REQUEST_SECONDS: &str = "fusebox_api_request_seconds";
pub const API_REFUSED: &str = "fusebox_api_refused_total";
pub const READS_IN_FLIGHT: &str = "fusebox_reads_in_flight";
pub const STREAMS: &str = "fusebox_live_streams";

/// Gives each metric its help text. Call once, after the recorder is installed.
pub fn describe() {
    metrics::describe_counter!(API_REQUESTS, "API requests answered, by route and status");
    metrics::describe_histogram!(API_REQUEST_SECONDS, metrics::Unit::Seconds, "Time to answer an API request, by route");
    metrics::describe_counter!(API_REFUSED, "API requests the guard refused, by reason");
    metrics::describe_gauge!(READS_IN_FLIGHT, "Reads from storage that run now");
    metrics::describe_gauge!(STREAMS, "Live streams that somebody reads");
}
