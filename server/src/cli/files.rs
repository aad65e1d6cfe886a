//! Files in and out: `send`, `import`, `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use schemas::Signal;

use super::ApiArguments;
use crate::send::{Compression, Protocol, Rate};

#[derive(Debug, Args)]
pub(crate) struct SendArguments {
    /// .otlp.zst or .otlp (length-prefixed requests), .pb .binpb .bin (one request), .json, .jsonl
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArguments,
    /// Requests (100) or records (50000rec) per second [default: as fast as possible]
    #[arg(long, value_name = "RATE")]
    pub(crate) rate: Option<Rate>,
    /// Passes over the files; each after the first has fresh ids and later times
    #[arg(long = "loop", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) loops: u64,
    /// Spread the passes evenly over this many seconds; a pass begins before the one before it ends when it is longer than its share
    /// [default: one right behind the other]
    #[arg(long, value_name = "SECONDS", conflicts_with = "shift_to_now")]
    pub(crate) over: Option<u32>,
    /// Move times so that the newest is now
    #[arg(long)]
    pub(crate) shift_to_now: bool,
}

/// Where files are sent, and how.
#[derive(Debug, Args)]
pub(crate) struct DeliveryArguments {
    /// Where to [env: OTEL_EXPORTER_OTLP_ENDPOINT] [default: http://127.0.0.1:4318, for gRPC http://127.0.0.1:4317]
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// How; a file in JSON leaves as JSON over HTTP, everything else as protobuf
    /// [env: OTEL_EXPORTER_OTLP_PROTOCOL, where http/protobuf and http/json both are http] [default: grpc when the port is 4317, else http]
    #[arg(long, value_enum)]
    pub(crate) protocol: Option<Protocol>,
    /// traces, logs or metrics; otherwise the name of the file must say it, or with `import` its content
    #[arg(long, value_parser = parse_signal)]
    pub(crate) signal: Option<Signal>,
    /// Requests in flight at the same time, each on its own connection
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
    #[arg(long, value_enum, default_value = "none")]
    pub(crate) compression: Compression,
    /// Seconds after which a request that still fails is given up
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) retry_for: u64,
    /// No progress bar; there is none anyway when stderr is no terminal
    #[arg(long)]
    pub(crate) no_progress: bool,
    /// Totals as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    #[arg(value_name = "SIGNAL", value_parser = parse_exported)]
    pub(crate) signal: Signal,
    /// Only what this search finds [default: everything]
    #[arg(long, value_name = "SEARCH", allow_hyphen_values = true)]
    pub(crate) q: Option<String>,
    /// From this time on: RFC 3339, Unix time, or now-15m
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) end: Option<String>,
    /// So long before --end or now, for instance 1h
    #[arg(long, value_name = "DURATION", conflicts_with = "start")]
    pub(crate) range: Option<String>,
    /// [default: otlp-json for a FILE named .json, .jsonl or .ndjson, else otlp-proto]
    #[arg(long, value_enum)]
    pub(crate) format: Option<ExportFormat>,
    /// `-` is standard output; a name that ends in .zst or .gz is compressed
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    pub(crate) output: PathBuf,
    /// No progress; there is none anyway when stderr is no terminal
    #[arg(long)]
    pub(crate) no_progress: bool,
    #[command(flatten)]
    pub(crate) api: ApiArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Requests in protobuf, each after its length, as `send` and `import` read them
    OtlpProto,
    /// One request in OTLP JSON a line
    OtlpJson,
    /// Traces, as Jaeger's UI and API know them
    JaegerJson,
    /// Spans, as Zipkin's API (v2) knows them
    ZipkinJson,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// `-` is standard input; gzip and zstd are recognised
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// What the files hold
    #[arg(long, value_enum, default_value = "auto")]
    pub(crate) format: ImportFormat,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArguments,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// As the content looks
    Auto,
    /// Protobuf (one request, or many after their lengths) or JSON (one document, or one a line)
    Otlp,
    /// As Jaeger's UI saves it and its API answers it
    JaegerJson,
    /// Version 2: a list of spans, or of traces
    ZipkinJson,
}

/// Spans are what traces are made of.
fn parse_exported(text: &str) -> Result<Signal, String> {
    if text == "spans" { Ok(Signal::Traces) } else { parse_signal(text) }
}

fn parse_signal(text: &str) -> Result<Signal, String> {
    Signal::ALL.into_iter().find(|signal| signal.name() == text).ok_or_else(|| "known are traces, logs and metrics".to_owned())
}
