//! Rule files that change while the server runs.
//!
//! Looked at every two seconds, and at SIGHUP. A changed file is validated with all others before anything counts; with a mistake the
//! rules stay as they are, and the log names file, line, field and why. A reload is a log record of the service `fusebox`, sent like
//! everybody's: it is kept, found, and told beside trips that follow.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use governance::classify::SharedRules;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::own_otlp;
use crate::config::Governance;

const LOOKS_EVERY: Duration = Duration::from_secs(2);

/// What tells that a file is another one.
type Print = Option<(SystemTime, u64)>;

pub(super) async fn keep_current(governance: Governance, rules: SharedRules, otlp_http: SocketAddr, stopping: CancellationToken) {
    if stopping.run_until_cancelled(keep(governance, rules, otlp_http)).await.is_none() {
        tracing::debug!("rule files are not looked at any more");
    }
}

async fn keep(governance: Governance, rules: SharedRules, otlp_http: SocketAddr) {
    let mut hangup = match signal(SignalKind::hangup()) {
        Ok(hangup) => hangup,
        Err(error) => return tracing::warn!(%error, "rule files are not reloaded: SIGHUP cannot be heard"),
    };
    let mut seen = prints(&governance.rules);
    let mut looks = tokio::time::interval(LOOKS_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let asked = tokio::select! {
            _ = looks.tick() => false,
            _ = hangup.recv() => true,
        };
        let now = prints(&governance.rules);
        if now == seen && !asked {
            continue;
        }
        seen = now;
        if let Some(told) = reload(&governance, &rules)
            && let Err(reason) = own_otlp::post(otlp_http, "/v1/logs", told.to_string()).await
        {
            tracing::warn!(reason, "the reload of the rules could not be stored as an event");
        }
    }
}

/// The record of it when other rules count from now on.
fn reload(governance: &Governance, rules: &SharedRules) -> Option<Value> {
    let loaded = match governance.load_rules() {
        Ok(loaded) => loaded,
        Err(error) => {
            tracing::warn!(error = %crate::failure::whole(&error), "rules not reloaded, those before stay");
            return None;
        }
    };
    let before = rules.get().version();
    if loaded.version() == before {
        return None;
    }
    let (version, count) = (format!("{:016x}", loaded.version()), loaded.len());
    rules.set(loaded);
    tracing::info!(rules = count, version, "rules reloaded");
    let files: Vec<String> = governance.rules.iter().map(|path| path.display().to_string()).collect();
    Some(record(&files, &version, &format!("{before:016x}"), super::dashboard::now().0))
}

/// OTLP JSON.
fn record(files: &[String], version: &str, before: &str, time: i64) -> Value {
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    json!({ "resourceLogs": [{
        "resource": { "attributes": [text("service.name", "fusebox"), text("service.version", env!("CARGO_PKG_VERSION"))] },
        "scopeLogs": [{ "scope": { "name": "fusebox" }, "logRecords": [{
            "timeUnixNano": time.to_string(),
            "severityNumber": 9,
            "severityText": "INFO",
            "eventName": "fusebox.rules.reload",
            "body": { "stringValue": format!("governance rules were loaded again: {}", files.join(", ")) },
            "attributes": [text("fusebox.rules.version", version), text("fusebox.rules.version.before", before)],
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

#[cfg(test)]
mod tests {
    use governance::{
        classify::{Rules, classify},
        facts::Signal,
    };
    use schemas::{
        UnixNanos,
        otlp::{DecodeLimits, Format, decode},
    };

    use super::*;

    #[test]
    fn a_reload_with_a_mistake_changes_nothing() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("mine.toml");
        let write = |text: &str| fs::write(&path, text).expect("written");
        write("");
        let governance = Governance { rules: vec![path.clone()] };
        let rules = SharedRules::new(governance.load_rules().expect("valid"));
        let version = rules.get().version();
        assert_eq!(reload(&governance, &rules), None, "nothing changed");
        write("[[rule]]\nid = 7\n");
        assert_eq!(reload(&governance, &rules), None);
        assert_eq!(rules.get().version(), version);
        write("[[rule]]\nid = \"breaker.gauge\"\non = [\"gauge\"]\nenabled = false\n");
        let told = reload(&governance, &rules).expect("other rules").to_string();
        assert!(told.contains("mine.toml") && told.contains(&format!("{version:016x}")), "{told}");
        assert_eq!(rules.get().len(), Rules::shipped().len() - 1);
    }

    #[test]
    fn the_record_is_a_change_that_trips_are_correlated_with() {
        let body = record(&["a.toml".to_owned()], "1", "0", 7).to_string();
        let decoded = decode(schemas::Signal::Logs, Format::Json, body.as_bytes(), UnixNanos(9), &DecodeLimits::NONE).expect("OTLP");
        let facts = classify(Rules::shipped(), &decoded.batches);
        let [signal] = &facts.breaker_signals[..] else { panic!("one fact: {facts:?}") };
        assert_eq!((&signal.signal, signal.time, signal.emitter.service.as_str()), (&Signal::ConfigReload, UnixNanos(7), "fusebox"));
    }
}
