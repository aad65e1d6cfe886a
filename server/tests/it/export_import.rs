//! `fusebox export` and `fusebox import`: everything out, into another server, and the same again; Jaeger's and Zipkin's JSON.

use std::{
    fs,
    process::{Output, Stdio},
};

use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest, trace::v1::ExportTraceServiceRequest,
};
use prost::Message;
use schemas::{
    Signal, interop,
    otlp::{DecodeLimits, frames::frames, json},
};
use serde_json::Value;
use tempfile::TempDir;
use testkit::captures;

use crate::{
    doors::written,
    http::Http,
    meaning::{self, Whole, assert_same},
    process::{Server, fusebox, output, stderr, stdout},
};

struct Here {
    dir: TempDir,
    server: Server,
}

impl Here {
    fn open() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let server = Server::start(&dir);
        Self { dir, server }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = fusebox(self.dir.path());
        command.args(arguments).env("FUSEBOX_API", &self.server.api).env("OTEL_EXPORTER_OTLP_ENDPOINT", &self.server.otlp_http);
        output(&mut command)
    }

    /// What a success prints.
    fn prints(&self, arguments: &[&str]) -> Vec<u8> {
        let ended = self.run(arguments);
        assert_eq!(ended.status.code(), Some(0), "{arguments:?}: {}{}", stdout(&ended), stderr(&ended));
        ended.stdout
    }

    /// How many records were taken in.
    fn import(&self, arguments: &[&str]) -> u64 {
        let totals = self.prints(&[&["import", "--json"], arguments].concat());
        let totals: Value = serde_json::from_slice(&totals).expect("totals in JSON");
        totals["accepted"].as_u64().expect("a number")
    }

    fn exported_spans(&self) -> Vec<Whole> {
        spans_in(&self.prints(&["export", "traces"]))
    }
}

fn spans_in(framed: &[u8]) -> Vec<Whole> {
    let request = |body| ExportTraceServiceRequest::decode(body).expect("OTLP");
    frames(framed).flat_map(|body| meaning::spans(request(body.expect("framed")))).collect()
}

fn sent_spans(capture: &str) -> Option<Vec<Whole>> {
    let bodies = captures::requests(capture)?;
    Some(bodies.into_iter().flat_map(|body| meaning::spans(ExportTraceServiceRequest::decode(body).expect("OTLP"))).collect())
}

#[test]
fn what_is_imported_is_exported() {
    for capture in [captures::OTEL_DEMO_SLICE, "otel-demo/traces.otlp.zst"] {
        let (Some(file), Some(sent)) = (captures::path(capture), sent_spans(capture)) else { continue };
        let here = Here::open();
        assert_eq!(here.import(&[&file.display().to_string()]), sent.len() as u64);
        assert_same(&here.exported_spans(), &sent, capture);

        // Through every kind of OTLP file into another server.
        for name in ["a.otlp", "b.otlp.zst", "c.jsonl", "d.json.gz"] {
            let there = Here::open();
            here.prints(&["export", "spans", "-o", name]);
            let path = here.dir.path().join(name);
            assert_eq!(there.import(&[&path.display().to_string()]), sent.len() as u64, "{name}");
            assert_same(&there.exported_spans(), &sent, &format!("{capture} through {name}"));
            if capture != captures::OTEL_DEMO_SLICE {
                break;
            }
        }
    }
}

#[test]
fn logs_and_metrics_come_back_too() {
    for (signal, capture, expected) in [
        (Signal::Logs, "train-ticket/logs.otlp.zst", 48_078),
        (Signal::Logs, "otlp-examples/logs.json", 1),
        (Signal::Metrics, "otlp-examples/metrics.json", 4),
    ] {
        let Some(file) = captures::path(capture) else { continue };
        let here = Here::open();
        assert_eq!(here.import(&[&file.display().to_string(), "--compression", "zstd"]), expected, "{capture}");
        let again = here.prints(&["export", signal.name()]);
        let again: Vec<Vec<u8>> = frames(&again).map(|body| body.expect("framed").to_vec()).collect();
        let sent = match capture.ends_with(".json") {
            true => vec![json::to_protobuf(signal, &fs::read(&file).expect("there"), &DecodeLimits::NONE).expect("OTLP JSON")],
            false => captures::requests(capture).expect("just found").iter().map(|body| body.to_vec()).collect(),
        };
        let (again, sent) = (texts(signal, &again), texts(signal, &sent));
        assert_eq!(again.len(), sent.len(), "{capture}");
        again.iter().zip(&sent).for_each(|(again, sent)| assert_eq!(again, sent, "{capture}"));
    }
}

/// Every record with what it came under, in an order that does not depend on how they are grouped.
fn texts(signal: Signal, bodies: &[Vec<u8>]) -> Vec<String> {
    let mut texts = Vec::new();
    for body in bodies {
        match signal {
            Signal::Logs => {
                for group in ExportLogsServiceRequest::decode(body.as_slice()).expect("OTLP").resource_logs {
                    let resource = written(&group.resource.unwrap_or_default().attributes);
                    for logs in group.scope_logs {
                        for mut record in logs.log_records {
                            let attributes = written(&std::mem::take(&mut record.attributes));
                            texts.push(format!("{resource:?} {:?} {attributes:?} {record:?}", logs.scope));
                        }
                    }
                }
            }
            _ => {
                for group in ExportMetricsServiceRequest::decode(body.as_slice()).expect("OTLP").resource_metrics {
                    let resource = written(&group.resource.unwrap_or_default().attributes);
                    for metrics in group.scope_metrics {
                        texts.extend(metrics.metrics.iter().map(|metric| format!("{resource:?} {:?} {metric:?}", metrics.scope)));
                    }
                }
            }
        }
    }
    texts.sort();
    texts
}

#[test]
fn a_pipe_carries_one_server_into_another() {
    let (here, there) = (Here::open(), Here::open());
    let sent = sent_spans(captures::OTEL_DEMO_SLICE).expect("it is in the repository");
    here.import(&[&captures::path(captures::OTEL_DEMO_SLICE).expect("it is in the repository").display().to_string()]);
    let mut export = fusebox(here.dir.path());
    export.args(["export", "traces", "--api", &here.server.api]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut exporting = export.spawn().expect("the binary starts");
    let mut import = fusebox(there.dir.path());
    import
        .args(["import", "-", "--protocol", "grpc", "--endpoint", &there.server.otlp_grpc])
        .stdin(exporting.stdout.take().expect("piped"));
    let imported = import.output().expect("the binary starts");
    assert_eq!(imported.status.code(), Some(0), "{}", stderr(&imported));
    assert!(exporting.wait().expect("our child").success());
    assert_same(&there.exported_spans(), &sent, "through a pipe");
}

#[test]
fn searches_and_times_choose_what_is_exported() {
    let here = Here::open();
    here.import(&[&captures::path(captures::OTEL_DEMO_SLICE).expect("it is in the repository").display().to_string()]);
    let count = |arguments: &[&str]| spans_in(&here.prints(&[&["export", "traces"], arguments].concat())).len();
    let mut api = Http::connect(&here.server.api);
    let frontend = api.json("/api/v1/spans?q=service:frontend&limit=10000")["spans"].as_array().map(Vec::len);
    assert_eq!(Some(count(&["--q", "service:frontend"])), frontend);
    assert_eq!(count(&["--end", "2001-01-01T00:00:00Z"]), 0);
    let wrong = here.run(&["export", "traces", "--q", "service:", "-o", "none.otlp"]);
    assert_eq!(wrong.status.code(), Some(1), "{}", stderr(&wrong));
    assert!(stderr(&wrong).contains("1 | service:\n  | ^\nhint: "), "{}", stderr(&wrong));
    assert!(!here.dir.path().join("none.otlp").exists());
    assert_eq!(here.run(&["export", "logs", "--format", "jaeger-json"]).status.code(), Some(2));
}

#[test]
fn other_systems_read_and_write_the_same_traces() {
    let sent = sent_spans(captures::OTEL_DEMO_SLICE).expect("it is in the repository");
    let here = Here::open();
    here.import(&[&captures::path(captures::OTEL_DEMO_SLICE).expect("it is in the repository").display().to_string()]);
    let traces = Http::connect(&here.server.api).json("/api/v1/traces?limit=1000")["traces"].as_array().map(Vec::len).expect("a list");

    here.prints(&["export", "traces", "--format", "jaeger-json", "-o", "jaeger.json"]);
    let jaeger = fs::read(here.dir.path().join("jaeger.json")).expect("written");
    let document: Value = serde_json::from_slice(&jaeger).expect("JSON");
    assert_eq!(document["data"].as_array().map(Vec::len), Some(traces), "each trace once");
    here.prints(&["export", "traces", "--format", "zipkin-json", "-o", "zipkin.json.zst"]);

    for name in ["jaeger.json", "zipkin.json.zst"] {
        let there = Here::open();
        let path = here.dir.path().join(name).display().to_string();
        assert_eq!(there.import(&[&path]), sent.len() as u64, "{name}");
        let ids = |spans: &[Whole]| {
            let mut ids: Vec<_> = spans
                .iter()
                .map(|whole| {
                    (whole.span.trace_id.clone(), whole.span.span_id.clone(), whole.span.parent_span_id.clone(), whole.span.name.clone())
                })
                .collect();
            ids.sort();
            ids
        };
        assert_eq!(ids(&there.exported_spans()), ids(&sent), "{name}");
        // What each system says of it stays as it is.
        let format = if name.starts_with("jaeger") { "jaeger-json" } else { "zipkin-json" };
        let read = |bytes: &[u8]| if format == "jaeger-json" { interop::jaeger::read(bytes) } else { interop::zipkin::read(bytes) };
        let again = read(&there.prints(&["export", "traces", "--format", format])).expect("own JSON");
        assert_eq!(again.rejected.count, 0);
        assert_eq!(again.groups.iter().map(|group| group.spans.len()).sum::<usize>(), sent.len());
    }
    let nothing = Here::open();
    assert_eq!(nothing.prints(&["export", "traces", "--format", "jaeger-json"]), b"{\"data\":[]}\n");
    assert_eq!(nothing.prints(&["export", "traces", "--format", "zipkin-json"]), b"[]\n");
}

#[test]
fn what_cannot_be_imported_is_said() {
    let here = Here::open();
    let check = |name: &str, content: &[u8], arguments: &[&str], code: i32, expected: &str| {
        fs::write(here.dir.path().join(name), content).expect("written");
        let ended = here.run(&[&["import", name], arguments].concat());
        assert_eq!(ended.status.code(), Some(code), "{name}: {}{}", stdout(&ended), stderr(&ended));
        let said = stdout(&ended) + &stderr(&ended);
        assert!(said.contains(expected), "{name}: {said}");
    };
    check("notes.txt", b"service,calls\n", &[], 1, "none of what is known");
    check("cut.otlp", &[0, 0, 0, 9, 0x0a], &["--signal", "traces"], 1, "the file ends inside a request");
    check("broken.json", b"{\"data\":[{\"traceID\":\"1\",\"spans\":7}]}", &[], 1, "malformed Jaeger JSON: ");
    check("bad.json", br#"[{"traceId":"0","id":"1"},{"traceId":"1","id":"1","timestamp":5}]"#, &[], 1, "trace_id is all zeros");
    check("empty", b"", &[], 0, "accepted  0 records");
    check("one.json", br#"[{"traceId":"1","id":"1","timestamp":5}]"#, &["--format", "zipkin-json"], 0, "accepted  1 records");
    let nobody = here.run(&["import", "one.json", "--endpoint", "127.0.0.1:1", "--retry-for", "0"]);
    assert_eq!(nobody.status.code(), Some(69), "{}", stderr(&nobody));
}
