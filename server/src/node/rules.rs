//! Rules that change while the server runs: their files, and what the API writes.
//!
//! A changed file is validated with all others before anything counts; with a mistake the rules stay as they are, and the log names file,
//! line, field and why. A change is told beside trips that follow, whoever made it.

use std::{net::SocketAddr, sync::Arc};

use query::rules::RuleBook;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::watch;

pub(super) async fn keep_current(rules: Arc<RuleBook>, otlp_http: SocketAddr, stopping: CancellationToken) {
    watch::changes("rule files", rules.files(), move || reload(&rules), otlp_http, stopping).await;
}

/// The record of it when other rules count than were told of last.
fn reload(rules: &RuleBook) -> Option<Value> {
    let change = match rules.reload() {
        Ok(change) => change?,
        Err(error) => {
            tracing::warn!(error = %crate::failure::whole(&error), "rules not reloaded, those before stay");
            return None;
        }
    };
    // Before anybody can know: what follows the line in the log follows the record, too.
    let at = super::dashboard::now();
    let (version, before) = (format!("{:016x}", change.version), format!("{:016x}", change.before));
    tracing::info!(rules = change.rules, version, "rules reloaded");
    let files: Vec<String> = rules.files().iter().map(|path| path.display().to_string()).collect();
    Some(record(&files, &version, &before, at.0))
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
    use query::rules::RulesConfig;
    use schemas::{
        UnixNanos,
        otlp::{DecodeLimits, Format, decode},
    };
    use storage::io::RealIo;

    use super::*;

    #[test]
    fn a_reload_with_a_mistake_changes_nothing() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("mine.toml");
        let write = |text: &str| fs::write(&path, text).expect("written");
        write("");
        let config = RulesConfig { files: vec![path.clone()], ..RulesConfig::in_dir(dir.path()) };
        let rules = RuleBook::open(config, Arc::new(RealIo)).expect("valid");
        let version = rules.get().version();
        assert_eq!(reload(&rules), None, "nothing changed");
        write("[[rule]]\nid = 7\n");
        assert_eq!(reload(&rules), None);
        assert_eq!(rules.get().version(), version);
        write("[[rule]]\nid = \"breaker.gauge\"\non = [\"gauge\"]\nenabled = false\n");
        let told = reload(&rules).expect("other rules").to_string();
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
