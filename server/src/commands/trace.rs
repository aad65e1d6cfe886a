//! `fusebox trace ID`: one trace as a waterfall in the terminal.

mod fetch;
mod waterfall;

use std::io::{self, Write};

use anyhow::Context;

use crate::{
    cli::TraceArguments,
    failure::{Exit, Failure},
    send::Endpoint,
    terminal::{self, say},
};
use fetch::Answer;
use waterfall::{Style, Trace};

/// Columns when there is no terminal to ask.
const WIDTH_DEFAULT: usize = 110;
/// Below it nothing can be told from a bar.
const WIDTH_MIN: usize = 40;

pub(crate) fn run(arguments: TraceArguments) -> Result<(), Failure> {
    let api: Endpoint = arguments.api.parse().map_err(|error| Failure::new(Exit::Config, anyhow::Error::from(error)))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let answer = runtime.block_on(fetch::get(&api, &format!("/api/v1/traces/{}", arguments.id)));
    let Answer { status, body } =
        answer.map_err(|reason| Failure::message(Exit::Unavailable, format_args!("{}: {reason}; is the server running?", api.url(""))))?;
    if !status.is_success() {
        return Err(refused(&body).unwrap_or_else(|| Failure::message(Exit::Failed, format_args!("HTTP {status}"))));
    }
    if arguments.json {
        return io::stdout().lock().write_all(&body).context("print").map_err(Failure::from);
    }
    let trace: Trace = serde_json::from_slice(&body).context("read the answer")?;
    let style = Style {
        width: width(std::env::var("COLUMNS").ok().as_deref(), terminal::stdout_columns()),
        colour: terminal::stdout_takes_colour(),
    };
    io::stdout().lock().write_all(waterfall::draw(&trace, style).as_bytes()).context("print")?;
    for reason in &trace.meta.partial {
        say(format_args!("incomplete: {reason}"));
    }
    Ok(())
}

/// The problem the API answers with, in its words.
fn refused(body: &[u8]) -> Option<Failure> {
    let problem: serde_json::Value = serde_json::from_slice(body).ok()?;
    let detail = problem["detail"].as_str()?;
    let hint = problem["hint"].as_str().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    Some(Failure::message(Exit::Failed, format_args!("{detail}{hint}")))
}

/// What `COLUMNS` says wins over the terminal: shells do not export it, so somebody meant it.
fn width(columns: Option<&str>, terminal: Option<usize>) -> usize {
    let columns = columns.and_then(|text| text.parse().ok()).filter(|columns| *columns > 0);
    columns.or(terminal).unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_that_of_the_terminal_unless_somebody_says() {
        assert_eq!(width(None, Some(93)), 93);
        assert_eq!(width(Some("70"), Some(93)), 70);
        for nonsense in ["", "0", "wide"] {
            assert_eq!(width(Some(nonsense), Some(93)), 93, "{nonsense}");
            assert_eq!(width(Some(nonsense), None), WIDTH_DEFAULT, "{nonsense}");
        }
        assert_eq!(width(None, Some(1)), WIDTH_MIN);
    }
}
