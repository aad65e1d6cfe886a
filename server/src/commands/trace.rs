//! `fusebox trace ID`: one trace as a waterfall in the terminal.

mod waterfall;

use std::io::{self, Write};

use anyhow::Context;

use crate::{
    api::{Client, Request},
    cli::TraceArguments,
    failure::Failure,
    terminal::{self, say},
};
use waterfall::{Style, Trace};

/// Columns when there is no terminal to ask.
const WIDTH_DEFAULT: usize = 110;
/// Below it nothing can be told from a bar.
const WIDTH_MIN: usize = 40;

pub(crate) fn run(arguments: TraceArguments) -> Result<(), Failure> {
    let client = Client::new(&arguments.api)?;
    let request = Request { path: format!("/api/v1/traces/{}", arguments.id), accept: "application/json", ..Request::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let body = runtime.block_on(async { client.send(request).await?.succeeded(None).await?.whole().await })?;
    if arguments.json {
        return io::stdout().lock().write_all(&body).context("print").map_err(Failure::from);
    }
    let trace: Trace = serde_json::from_slice(&body).context("read the answer")?;
    let style = Style { width: width(terminal::columns_asked(), terminal::stdout_columns()), colour: terminal::stdout_takes_colour() };
    io::stdout().lock().write_all(waterfall::draw(&trace, style).as_bytes()).context("print")?;
    for reason in &trace.meta.partial {
        say(format_args!("incomplete: {reason}"));
    }
    Ok(())
}

fn width(asked: Option<usize>, terminal: Option<usize>) -> usize {
    asked.or(terminal).unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_that_of_the_terminal_unless_somebody_says() {
        assert_eq!(width(None, Some(93)), 93);
        assert_eq!(width(Some(70), Some(93)), 70);
        assert_eq!(width(None, None), WIDTH_DEFAULT);
        assert_eq!(width(None, Some(1)), WIDTH_MIN);
    }
}
