//! `fusebox tail logs|spans ["search"]`: records as they arrive, until somebody ends it.

mod follow;
mod line;
mod sse;

use std::io::{self, Write};

use anyhow::Context;

use crate::{
    api::Client,
    cli::{TailArguments, TailFormat},
    failure::Failure,
    terminal::{self, say},
};
use follow::{Follow, Stream};

pub(crate) fn run(arguments: TailArguments) -> Result<(), Failure> {
    let client = Client::new(&arguments.api)?;
    let stream = Stream { what: arguments.what, search: arguments.search, backlog: arguments.backlog };
    let colour = terminal::stdout_takes_colour();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let mut follow = Follow::new(client, stream);
        loop {
            let record = follow.record().await?;
            let text = match arguments.output {
                TailFormat::Json => record,
                TailFormat::Text => match line::draw(arguments.what, &record, colour) {
                    Ok(line) => line,
                    Err(error) => {
                        say(format_args!("a record cannot be read: {error}"));
                        continue;
                    }
                },
            };
            let mut stdout = io::stdout().lock();
            writeln!(stdout, "{text}").and_then(|()| stdout.flush()).context("print")?;
        }
    })
}
