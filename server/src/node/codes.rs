//! Files of error codes that change while the server runs.
//!
//! With a mistake in one of them what was known stays, and the log names file, line and why. Codes are looked up when an answer is made, so
//! that a change shows at once, also for errors of the past.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use query::codes::Codes;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::watch;

pub(super) async fn keep_current(files: Vec<PathBuf>, codes: Arc<Codes>, otlp_http: SocketAddr, stopping: CancellationToken) {
    let named: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    watch::changes("files of error codes", files, move || reload(&named, &codes), otlp_http, stopping).await;
}

/// The record of it when the files say something else than before.
fn reload(files: &[String], codes: &Codes) -> Option<Value> {
    match codes.reload() {
        Ok(false) => return None,
        Ok(true) => {}
        Err(error) => {
            tracing::warn!(error = %crate::failure::whole(&error), "error codes not reloaded, those before stay");
            return None;
        }
    }
    let (known, layouts) = codes.counts();
    // Before anybody can know: what follows the line in the log follows the record, too.
    let at = super::dashboard::now();
    tracing::info!(codes = known, layouts, "error codes reloaded");
    for warning in codes.warnings() {
        tracing::warn!(%warning, "files of error codes contradict each other");
    }
    let body = format!("error codes were loaded again: {}", files.join(", "));
    Some(watch::record("fusebox.codes.reload", &body, &[("fusebox.codes.count", &known.to_string())], at.0))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use governance::{
        classify::{Rules, classify},
        facts::Signal,
    };
    use query::codes::CodesConfig;
    use schemas::{
        UnixNanos,
        otlp::{DecodeLimits, Format, decode},
    };
    use storage::io::RealIo;

    use super::*;

    #[test]
    fn a_reload_with_a_mistake_changes_nothing() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("mine.csv");
        let write = |text: &str| fs::write(&path, text).expect("written");
        write("code,title\n1000,one\n");
        let config = CodesConfig { files: vec![path.clone()], ..CodesConfig::in_dir(dir.path()) };
        let codes = Codes::open(config, Arc::new(RealIo)).expect("right");
        let files = [path.display().to_string()];
        assert_eq!(reload(&files, &codes), None, "nothing changed");
        write("colour\nred\n");
        assert_eq!((reload(&files, &codes), codes.counts().0), (None, 1));
        write("code,title\n1000,one\n2000,two\n");
        let told = reload(&files, &codes).expect("another code").to_string();
        assert!(told.contains("mine.csv") && told.contains("fusebox.codes.reload"), "{told}");
        assert_eq!(codes.counts().0, 2);
        // Trips are correlated with it.
        let decoded = decode(schemas::Signal::Logs, Format::Json, told.as_bytes(), UnixNanos(9), &DecodeLimits::NONE).expect("OTLP");
        let facts = classify(Rules::shipped(), &decoded.batches);
        let [signal] = &facts.breaker_signals[..] else { panic!("one fact: {facts:?}") };
        assert_eq!((&signal.signal, signal.emitter.service.as_str()), (&Signal::ConfigReload, "fusebox"));
    }
}
