//! `fusebox query "SQL" | "search"`: an answer of a running server, as a table for people or in a format for programs.

mod answer;
mod last_line;
mod question;
pub(crate) mod table;

use std::io::{self, IsTerminal, Read, Write};

use anyhow::Context;

use crate::{
    api::{Answer, Client},
    cli::{OutputFormat, QueryArguments},
    failure::{Exit, Failure},
    terminal::{self, print, say},
};
use answer::Shown;
use last_line::LastLine;
use question::Question;
use table::Style;

pub(crate) fn run(arguments: QueryArguments) -> Result<(), Failure> {
    let terminal = io::stdout().is_terminal();
    let format = arguments.output.unwrap_or(if terminal { OutputFormat::Table } else { OutputFormat::Ndjson });
    if terminal && format.is_binary() {
        return Err(Failure::message(Exit::Usage, format_args!("{} is not for a terminal: redirect it to a file", format.name())));
    }
    let client = Client::new(&arguments.api)?;
    let text = text(&arguments.query)?;
    let question = Question::of(text, &arguments)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    // Ctrl-C ends this process, its connection with it, and the server stops working on the answer.
    runtime.block_on(async {
        let answer = client.send(question.request(format)?).await?.succeeded(Some(question.text())).await?;
        match format {
            OutputFormat::Table => show(answer, &question).await,
            OutputFormat::Ndjson => pass_lines(answer, &question).await,
            _ => pass(answer).await,
        }
    })
}

/// The query, or standard input when that is `-`.
fn text(query: &str) -> Result<String, Failure> {
    if query != "-" {
        return Ok(query.to_owned());
    }
    let mut text = String::new();
    io::stdin().lock().read_to_string(&mut text).context("read the query from standard input")?;
    Ok(text.trim_end().to_owned())
}

async fn show(mut answer: Answer, question: &Question) -> Result<(), Failure> {
    let shown = Shown::read(&answer.whole().await?, question).context("read the answer")?;
    let width = terminal::columns_asked().or_else(terminal::stdout_columns);
    let drawn = table::draw(&shown.table, Style { width, colour: terminal::stdout_takes_colour() });
    io::stdout().lock().write_all(drawn.as_bytes()).context("print")?;
    say(format_args!("{}", shown.summary()));
    shown.meta.say();
    Ok(())
}

/// The bytes of the server, as they come.
async fn pass(mut answer: Answer) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    while let Some(part) = answer.part().await? {
        stdout.write_all(&part).context("print")?;
    }
    Ok(stdout.flush().context("print")?)
}

/// Lines of data go on as they come; what the server says of the answer in the last line is talk.
async fn pass_lines(mut answer: Answer, question: &Question) -> Result<(), Failure> {
    if !question.answers_in_lines() {
        let shown = Shown::read(&answer.whole().await?, question).context("read the answer")?;
        for record in &shown.records {
            print(format_args!("{record}")).context("print")?;
        }
        shown.meta.say();
        return Ok(());
    }
    let mut stdout = io::stdout().lock();
    let mut last = LastLine::default();
    while let Some(part) = answer.part().await? {
        stdout.write_all(&last.push(&part)).context("print")?;
    }
    let (line, meta) = last.end().map_err(|error| Failure::message(Exit::Failed, error))?;
    stdout.write_all(&line).context("print")?;
    stdout.flush().context("print")?;
    meta.say();
    Ok(())
}
