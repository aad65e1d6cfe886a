//! Real telemetry. A few requests are in the repository (`testkit/fixtures`), so that every test run sees some. The large captures
//! are not: they are looked for in `$FUSEBOX_CAPTURES`, or else beside the checkout in `../shared/data`, and a test that wants one
//! must be able to go without it, and says so.

use std::{
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

use bytes::Bytes;

/// 805 spans in 20 requests of the OpenTelemetry demo: all its 17 services and all kinds of spans. Always there.
pub const OTEL_DEMO_SLICE: &str = "otel-demo/traces-slice.otlp.zst";

/// A capture, and what is known to be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub name: &'static str,
    pub requests: usize,
    pub spans: usize,
    pub traces: usize,
    /// Spans whose status is an error.
    pub errors: usize,
    pub events: usize,
}

/// The OpenTelemetry demo, the whole of it when it is there, or else the slice: for a test that wants real traces and can do with few.
pub fn otel_demo() -> Known {
    let slice = Known { name: OTEL_DEMO_SLICE, requests: 20, spans: 805, traces: 360, errors: 6, events: 427 };
    let whole = Known { name: "otel-demo/traces.otlp.zst", requests: 101, spans: 4_743, traces: 1_021, errors: 9, events: 1_220 };
    if find(whole.name).is_some() { whole } else { slice }
}

/// Where capture `name` (for instance `otel-demo/traces.otlp.zst`) is, or `None`, said on standard error, when it is absent.
pub fn path(name: &str) -> Option<PathBuf> {
    let found = find(name);
    if found.is_none() {
        let places = places();
        // Not with `eprintln`, which the test harness keeps to itself when the test passes: a skipped test must be seen to be skipped.
        let _ = writeln!(io::stderr(), "SKIPPED: capture {name} is neither in {} nor in {}", places[0].display(), places[1].display());
    }
    found
}

fn find(name: &str) -> Option<PathBuf> {
    places().into_iter().map(|place| place.join(name)).find(|path| path.exists())
}

fn places() -> [PathBuf; 2] {
    places_beside(env::var_os("FUSEBOX_CAPTURES").map(PathBuf::from))
}

fn places_beside(captures: Option<PathBuf>) -> [PathBuf; 2] {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    [captures.filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| here.join("../../shared/data")), here.join("fixtures")]
}

/// The request bodies of an `.otlp.zst` capture, in order.
///
/// # Panics
/// When the capture is there and cannot be read.
pub fn requests(name: &str) -> Option<Vec<Bytes>> {
    let compressed = fs::read(path(name)?).expect("a capture that exists can be read");
    Some(split(&compressed).expect("a capture is a zstd stream of length-prefixed requests"))
}

fn split(compressed: &[u8]) -> io::Result<Vec<Bytes>> {
    let mut rest = Bytes::from(zstd::decode_all(compressed)?);
    let mut requests = Vec::new();
    while !rest.is_empty() {
        let (length, _) = rest.split_first_chunk::<4>().ok_or(io::ErrorKind::UnexpectedEof)?;
        let end = 4 + u32::from_be_bytes(*length) as usize;
        if rest.len() < end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        requests.push(rest.split_to(end).slice(4..));
    }
    Ok(requests)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;

    use super::*;

    #[test]
    fn frames_are_split_and_a_cut_one_is_an_error() {
        let compressed = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
        let frames = [&[0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1, 9][..]].concat();
        assert_eq!(split(&compressed(&frames)).unwrap(), [&[7, 8][..], &[], &[9]]);
        assert!(split(&compressed(&frames[..frames.len() - 1])).is_err());
        assert!(split(&compressed(&frames[..8])).is_err());
    }

    #[test]
    fn the_slice_is_what_it_says() {
        let requests = requests(OTEL_DEMO_SLICE).expect("it is in the repository");
        let requests: Vec<_> = requests.into_iter().map(|body| ExportTraceServiceRequest::decode(body).unwrap()).collect();
        let scopes = requests.iter().flat_map(|request| &request.resource_spans).flat_map(|resource| &resource.scope_spans);
        let kinds: Vec<i32> = scopes.flat_map(|scope| &scope.spans).map(|span| span.kind).collect();
        assert_eq!((requests.len(), kinds.len()), (20, 805));
        assert!((1..=5).all(|kind| kinds.contains(&kind)), "every kind of span");
    }

    #[test]
    fn a_directory_of_captures_can_be_named() {
        assert_eq!(places_beside(Some("/captures".into()))[0], Path::new("/captures"));
        assert_eq!(places_beside(Some("".into())), places_beside(None));
    }

    /// Asks this very test binary to run [`asks_for_an_absent_capture`], with its output captured.
    #[test]
    fn a_skipped_test_is_seen_although_it_passes() {
        let this = env::current_exe().unwrap();
        let ran = Command::new(this).args(["--exact", "captures::tests::asks_for_an_absent_capture", "--ignored"]).output().unwrap();
        assert!(ran.status.success(), "{ran:?}");
        assert!(String::from_utf8_lossy(&ran.stderr).contains("SKIPPED: capture of/nothing.otlp.zst"), "{ran:?}");
    }

    #[test]
    #[ignore = "runs inside a_skipped_test_is_seen_although_it_passes"]
    fn asks_for_an_absent_capture() {
        assert_eq!(requests("of/nothing.otlp.zst"), None);
    }
}
