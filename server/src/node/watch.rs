//! Files of the configuration that change while the server runs.
//!
//! Looked at every two seconds, and at SIGHUP. What is loaded anew is a log record of the service `fusebox`, sent like everybody's: it is
//! kept and found.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::own_otlp;

const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// What tells that a file is another one.
type Print = Option<(SystemTime, u64)>;

/// Calls `reload`, which may block, whenever one of `files` changed or somebody asked; it hands back the record of it when something else
/// counts from now on. Until `stopping`.
pub(super) async fn changes(
    what: &'static str,
    files: Vec<PathBuf>,
    reload: impl Fn() -> Option<Value> + Send + Sync + 'static,
    otlp_http: SocketAddr,
    stopping: CancellationToken,
) {
    if stopping.run_until_cancelled(keep(what, files, Arc::new(reload), otlp_http)).await.is_none() {
        tracing::debug!(what, "not looked at any more");
    }
}

async fn keep(
    what: &'static str,
    files: Vec<PathBuf>,
    reload: Arc<impl Fn() -> Option<Value> + Send + Sync + 'static>,
    otlp_http: SocketAddr,
) {
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => return tracing::warn!(%error, what, "not reloaded: SIGHUP cannot be heard"),
    };
    let mut seen = prints(&files);
    let mut looks = tokio::time::interval(LOOKS_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let asked = tokio::select! {
            _ = looks.tick() => false,
            _ = hangup.recv() => true,
        };
        let now = prints(&files);
        if now == seen && !asked {
            continue;
        }
        seen = now;
        let reload = Arc::clone(&reload);
        let told = match tokio::task::spawn_blocking(move || reload()).await {
            Ok(told) => told,
            Err(error) => {
                tracing::error!(%error, what, "a bug ended the reload");
                continue;
            }
        };
        if let Some(told) = told
            && let Err(reason) = own_otlp::post(otlp_http, "/v1/logs", told.to_string()).await
        {
            tracing::warn!(reason, what, "the reload could not be stored as an event");
        }
    }
}

/// A log event of our own, in OTLP JSON.
pub(super) fn record(event: &str, body: &str, attributes: &[(&str, &str)], time: i64) -> Value {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let attributes: Vec<Value> = attributes.iter().map(|(key, value)| text(key, value)).collect();
    json!({ "resourceLogs": [{
        "resource": { "attributes": [text("service.name", "fusebox"), text("service.version", env!("CARGO_PKG_VERSION"))] },
        "scopeLogs": [{ "scope": { "name": "fusebox" }, "logRecords": [{
            "timeUnixNano": time.to_string(),
            "severityNumber": 9,
            "severityText": "INFO",
            "eventName": event,
            "body": { "stringValue": body },
            "attributes": attributes,
        }] }],
    }] })
}

fn prints(files: &[PathBuf]) -> Vec<Print> {
    let print = |path: &PathBuf| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    files.iter().map(print).collect()
}
