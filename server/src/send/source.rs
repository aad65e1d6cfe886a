//! Files to payloads.
//!
//! | name ends in | content |
//! |---|---|
//! | `.otlp.zst`, `.otlp` | requests in protobuf, each after its length in four bytes, as the Collector's file exporter writes |
//! | `.pb`, `.binpb`, `.bin` | one request in protobuf |
//! | `.json` | one request in OTLP JSON |
//! | `.jsonl`, `.ndjson` | one request in OTLP JSON per line |

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use schemas::{
    Signal,
    otlp::{
        Format,
        frames::{TruncatedFrame, frames},
    },
};

use super::payload::{Payload, PayloadError};

#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path}: the name tells no kind of file; known are .otlp.zst, .otlp, .pb, .binpb, .bin, .json, .jsonl and .ndjson")]
    UnknownKind { path: PathBuf },
    #[error("{path}: the name tells no signal; use --signal traces, logs or metrics")]
    UnknownSignal { path: PathBuf },
    #[error("{path}: decompress")]
    Decompress { path: PathBuf, source: io::Error },
    #[error("{path}")]
    CutOff { path: PathBuf, source: TruncatedFrame },
    #[error("{path}: request {ordinal} cannot be read")]
    Payload { path: PathBuf, ordinal: usize, source: PayloadError },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Framed { compressed: bool },
    Single(Format),
    Lines,
}

/// Every request of the file, in order. The signal is `signal`, or what the name says (`spans`, `app-logs`, `metrics`).
///
/// # Errors
/// When the file cannot be read, or its name says too little, or a request in it is no OTLP.
pub(crate) fn load(path: &Path, signal: Option<Signal>) -> Result<Vec<Payload>, LoadError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let kind = kind_of(&name).ok_or_else(|| LoadError::UnknownKind { path: path.to_owned() })?;
    let content = fs::read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })?;
    let signal = signal
        .or_else(|| signal_in_name(&name))
        .or_else(|| signal_in_json(&content))
        .ok_or_else(|| LoadError::UnknownSignal { path: path.to_owned() })?;

    let payload = |ordinal, format, body| {
        Payload::new(signal, format, body).map_err(|source| LoadError::Payload { path: path.to_owned(), ordinal, source })
    };
    match kind {
        Kind::Single(format) => Ok(vec![payload(1, format, content.into())?]),
        Kind::Lines => {
            let content = Bytes::from(content);
            let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
            lines.enumerate().map(|(index, line)| payload(index + 1, Format::Json, content.slice_ref(line))).collect()
        }
        Kind::Framed { compressed } => {
            let content = if compressed {
                zstd::decode_all(content.as_slice()).map_err(|source| LoadError::Decompress { path: path.to_owned(), source })?
            } else {
                content
            };
            let content = Bytes::from(content);
            let mut payloads = Vec::new();
            for body in frames(&content) {
                let body = body.map_err(|source| LoadError::CutOff { path: path.to_owned(), source })?;
                payloads.push(payload(payloads.len() + 1, Format::Protobuf, content.slice_ref(body))?);
            }
            Ok(payloads)
        }
    }
}

fn kind_of(name: &str) -> Option<Kind> {
    let kinds = [
        (".otlp.zst", Kind::Framed { compressed: true }),
        (".otlp", Kind::Framed { compressed: false }),
        (".pb", Kind::Single(Format::Protobuf)),
        (".binpb", Kind::Single(Format::Protobuf)),
        (".bin", Kind::Single(Format::Protobuf)),
        (".json", Kind::Single(Format::Json)),
        (".jsonl", Kind::Lines),
        (".ndjson", Kind::Lines),
    ];
    kinds.into_iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, kind)| kind)
}

pub(crate) fn signal_in_name(name: &str) -> Option<Signal> {
    let words =
        [("trace", Signal::Traces), ("span", Signal::Traces), ("log", Signal::Logs), ("event", Signal::Logs), ("metric", Signal::Metrics)];
    let mut found = words.into_iter().filter(|(word, _)| name.contains(word)).map(|(_, signal)| signal);
    let first = found.next()?;
    found.all(|other| other == first).then_some(first)
}

fn signal_in_json(content: &[u8]) -> Option<Signal> {
    let start = String::from_utf8_lossy(content.get(..4096).unwrap_or(content));
    let keys = [("\"resourceSpans\"", Signal::Traces), ("\"resourceLogs\"", Signal::Logs), ("\"resourceMetrics\"", Signal::Metrics)];
    keys.into_iter().find(|(key, _)| start.contains(key)).map(|(_, signal)| signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kind_and_signal() {
        let check = |name: &str, kind, signal| assert_eq!((kind_of(name), signal_in_name(name)), (kind, signal), "{name}");
        check("traces.otlp.zst", Some(Kind::Framed { compressed: true }), Some(Signal::Traces));
        check("app-logs.otlp", Some(Kind::Framed { compressed: false }), Some(Signal::Logs));
        check("spans.binpb", Some(Kind::Single(Format::Protobuf)), Some(Signal::Traces));
        check("metrics.jsonl", Some(Kind::Lines), Some(Signal::Metrics));
        check("events.json", Some(Kind::Single(Format::Json)), Some(Signal::Logs));
        check("trace-logs.json", Some(Kind::Single(Format::Json)), None);
        check("capture.bin", Some(Kind::Single(Format::Protobuf)), None);
        check("notes.txt", None, None);
    }
}
