//! `fusebox breakers`: circuit breakers of the last hour as lanes in the terminal.

mod lanes;

use std::io::{self, Write};

use anyhow::Context;

use crate::{
    api::{Client, Request, path},
    cli::BreakersArguments,
    failure::Failure,
    terminal::{self, say},
};
use lanes::{Answer, Style};

/// Columns when there is no terminal to ask.
const WIDTH_DEFAULT: usize = 110;
/// Below it nothing can be told from a lane.
const WIDTH_MIN: usize = 60;

pub(crate) fn run(arguments: BreakersArguments) -> Result<(), Failure> {
    let client = Client::new(&arguments.api)?;
    let request = Request { path: question(&arguments), accept: "application/json", ..Request::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let body = runtime.block_on(async { client.send(request).await?.succeeded(None).await?.whole().await })?;
    if arguments.json {
        return io::stdout().lock().write_all(&body).context("print").map_err(Failure::from);
    }
    let answer: Answer = serde_json::from_slice(&body).context("read the answer")?;
    let width = terminal::columns_asked().or_else(terminal::stdout_columns).unwrap_or(WIDTH_DEFAULT).max(WIDTH_MIN);
    let style = Style { width, colour: terminal::stdout_takes_colour() };
    io::stdout().lock().write_all(lanes::draw(&answer, style).as_bytes()).context("print")?;
    answer.talk().iter().for_each(|line| say(format_args!("{line}")));
    Ok(())
}

fn question(arguments: &BreakersArguments) -> String {
    let limit = arguments.limit.map(|limit| limit.to_string());
    path(
        "/api/v1/breakers",
        &[
            ("q", arguments.text.as_deref()),
            ("service", arguments.service.as_deref()),
            ("tripped", arguments.tripped.then_some("true")),
            ("start", arguments.start.as_deref()),
            ("end", arguments.end.as_deref()),
            ("range", arguments.range.as_deref()),
            ("sort", arguments.sort.as_deref()),
            ("limit", limit.as_deref()),
        ],
    )
}
