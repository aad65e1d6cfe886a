//! `fusebox export traces|logs|metrics`: what is stored, in a file.
//!
//! The server streams OTLP; Jaeger's and Zipkin's JSON are made of it here, a trace or a span at a time.

mod convert;
mod output;

use std::{
    io::{self, IsTerminal},
    path::Path,
    time::Duration,
};

use anyhow::Context;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use schemas::Signal;

use crate::{
    api::{Client, Request, path},
    cli::{ExportArguments, ExportFormat},
    failure::{Exit, Failure},
    terminal::say,
};
use convert::Converter;
use output::Output;

/// As long as the server lets an export run; a large one is sorted before its first byte.
const PATIENCE: Duration = Duration::from_secs(3600);

pub(crate) fn run(arguments: ExportArguments) -> Result<(), Failure> {
    let format = arguments.format.unwrap_or_else(|| usual_format(&arguments.output));
    let to_stdout = arguments.output == Path::new("-");
    if format.by_trace() && arguments.signal != Signal::Traces {
        return Err(Failure::message(Exit::Usage, format_args!("{} exist as OTLP only", arguments.signal)));
    }
    if to_stdout && format == ExportFormat::OtlpProto && io::stdout().is_terminal() {
        return Err(Failure::message(Exit::Usage, "otlp-proto is not for a terminal: name a file with -o, or redirect it"));
    }
    let client = Client::new(&arguments.api)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let mut answer = client.send(request(&arguments, format)).await?.succeeded(arguments.q.as_deref()).await?;
        let mut output = Output::create(&arguments.output).with_context(|| format!("write {}", arguments.output.display()))?;
        let writing = || format!("write {}", arguments.output.display());
        let progress = progress(arguments.no_progress || to_stdout && io::stdout().is_terminal());
        let mut converter = Converter::new(format);
        while let Some(part) = answer.part().await? {
            progress.inc(part.len() as u64);
            let converted = converter.push(&part).map_err(|error| Failure::new(Exit::Failed, error))?;
            output.write_all(&converted).with_context(writing)?;
        }
        let rest = converter.finish().map_err(|error| Failure::new(Exit::Failed, error))?;
        output.write_all(&rest).with_context(writing)?;
        let bytes = output.finish().with_context(writing)?;
        progress.finish_and_clear();
        let records = answer.trailer("fusebox-records").unwrap_or("all");
        say(format_args!("{records} records, {}", HumanBytes(bytes)));
        if let Some(reason) = answer.trailer("fusebox-partial") {
            return Err(Failure::message(Exit::Failed, format_args!("incomplete: {reason}")));
        }
        Ok(())
    })
}

fn request(arguments: &ExportArguments, format: ExportFormat) -> Request {
    let of_server = if format == ExportFormat::OtlpJson { "otlp-json" } else { "otlp-proto" };
    let parameters = [
        ("signal", Some(arguments.signal.name())),
        ("format", Some(of_server)),
        ("order", (format == ExportFormat::JaegerJson).then_some("trace")),
        ("q", arguments.q.as_deref()),
        ("start", arguments.start.as_deref()),
        ("end", arguments.end.as_deref()),
        ("range", arguments.range.as_deref()),
    ];
    Request { path: path("/api/v1/export", &parameters), accept: "*/*", patience: Some(PATIENCE), ..Request::default() }
}

/// What a file of this name should hold.
fn usual_format(path: &Path) -> ExportFormat {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".zst").or_else(|| name.strip_suffix(".gz")).unwrap_or(&name);
    let json = [".json", ".jsonl", ".ndjson"].iter().any(|ending| name.ends_with(ending));
    if json { ExportFormat::OtlpJson } else { ExportFormat::OtlpProto }
}

impl ExportFormat {
    /// Formats that know only traces.
    fn by_trace(self) -> bool {
        matches!(self, Self::JaegerJson | Self::ZipkinJson)
    }
}

fn progress(hidden: bool) -> ProgressBar {
    if hidden || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{spinner} {bytes}  {bytes_per_sec}  {elapsed}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_the_format() {
        let check = |name: &str, expected| assert_eq!(usual_format(Path::new(name)), expected, "{name}");
        check("-", ExportFormat::OtlpProto);
        check("traces.otlp.zst", ExportFormat::OtlpProto);
        check("logs.jsonl", ExportFormat::OtlpJson);
        check("dir.json/logs.JSON.gz", ExportFormat::OtlpJson);
        check("dir.json/logs", ExportFormat::OtlpProto);
    }
}
