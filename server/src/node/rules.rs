//! Rule files that change while the server runs.
//!
//! A changed file is validated with all others before anything counts; with a mistake the rules stay as they are, and the log names file,
//! line, field and why. A reload is told beside trips that follow.

use std::net::SocketAddr;

use governance::classify::SharedRules;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::watch;
use crate::config::Governance;

pub(super) async fn keep_current(governance: Governance, rules: SharedRules, otlp_http: SocketAddr, stopping: CancellationToken) {
    let files = governance.rules.clone();
    watch::changes("rule files", files, move || reload(&governance, &rules), otlp_http, stopping).await;
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

fn record(files: &[String], version: &str, before: &str, time: i64) -> Value {
    let body = format!("governance rules were loaded again: {}", files.join(", "));
    watch::record("fusebox.rules.reload", &body, &[("fusebox.rules.version", version), ("fusebox.rules.version.before", before)], time)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
