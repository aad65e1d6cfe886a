//! What is asked for.

use schemas::{Signal, Table};

use super::super::{
    problem::Problem,
    search::{Limits, Parameters, now},
};
use crate::engine::ExportQuestion;

/// How requests stand in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Protobuf, each request after its length in four bytes, as the Collector's file exporter writes it.
    Protobuf,
    /// OTLP JSON, one request a line.
    Json,
}

#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub format: Format,
    pub signal: Signal,
    pub question: ExportQuestion,
}

impl Asked {
    pub(super) fn parse(pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let (mut signal, mut format, mut by_trace, mut others) = (Signal::Traces, Format::Protobuf, false, Vec::new());
        for (name, value) in pairs {
            match name.as_str() {
                "signal" => signal = parse_signal(&value)?,
                "format" => format = parse_format(&value)?,
                "order" if value == "trace" => by_trace = true,
                "order" => {
                    let message = format!("unknown order {value:?}");
                    return Err(Problem::invalid_parameter("order", message, "use `trace`, or leave it out for no order"));
                }
                "q" | "start" | "end" | "range" => others.push((name, value)),
                _ => {
                    let hint = "this route knows `signal`, `format`, `order`, `q`, `start`, `end` and `range`";
                    return Err(Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), hint));
                }
            }
        }
        if by_trace && signal != Signal::Traces {
            return Err(Problem::invalid_parameter("order", format!("{signal} have no order by trace"), "leave it out"));
        }
        let Parameters { text, search, time, now, .. } = Parameters::parse(others, Limits { default: 1, max: 1 }, now())?;
        let question = ExportQuestion { table: Table::of(signal), text, search, time, by_trace, now };
        Ok(Self { format, signal, question })
    }
}

fn parse_signal(text: &str) -> Result<Signal, Problem> {
    let named = Signal::ALL.into_iter().find(|signal| signal.name() == text);
    named.ok_or_else(|| {
        Problem::invalid_parameter("signal", format!("unknown signal {text:?}"), "use `traces` (the default), `logs` or `metrics`")
    })
}

fn parse_format(text: &str) -> Result<Format, Problem> {
    match text {
        "otlp-proto" => Ok(Format::Protobuf),
        "otlp-json" => Ok(Format::Json),
        other => {
            let hint = "use `otlp-proto` (the default) or `otlp-json`";
            Err(Problem::invalid_parameter("format", format!("unknown format {other:?}"), hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Asked, Problem> {
        Asked::parse(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn what_can_be_asked() {
        let check = |pairs: &[(&str, &str)], expected: (Signal, Format, bool)| {
            let asked = parse(pairs).expect("right");
            assert_eq!((asked.signal, asked.format, asked.question.by_trace), expected, "{pairs:?}");
        };
        check(&[], (Signal::Traces, Format::Protobuf, false));
        check(&[("signal", "logs"), ("format", "otlp-json"), ("q", "lock"), ("range", "1h")], (Signal::Logs, Format::Json, false));
        check(&[("order", "trace")], (Signal::Traces, Format::Protobuf, true));
    }

    #[test]
    fn mistakes() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let problem = format!("{:?}", parse(pairs).expect_err("wrong"));
            assert!(problem.contains(expected), "{pairs:?}: {problem}");
        };
        check(&[("signal", "spans")], "use `traces`");
        check(&[("format", "csv")], "otlp-json");
        check(&[("order", "time")], "unknown order");
        check(&[("order", "trace"), ("signal", "logs")], "no order by trace");
        check(&[("limit", "10")], "unknown parameter");
        check(&[("q", "service:")], "column: 1");
    }
}
