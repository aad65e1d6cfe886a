//! `fusebox retain`: old data let go by a running server, or a look at what would go.

use std::io::{self, Write};

use anyhow::Context;
use serde::Deserialize;

use super::query::table::{self, Column, Style, Table};
use crate::{
    api::{Client, Request, path},
    cli::RetainArguments,
    failure::Failure,
    terminal::{self, print, say},
};

#[derive(Debug, Deserialize)]
struct LetGo {
    blocks: u64,
    rows: u64,
    bytes: u64,
    #[serde(default)]
    tables: Vec<OfTable>,
    refused: Option<Refused>,
}

#[derive(Debug, Deserialize)]
struct OfTable {
    table: String,
    blocks: u64,
    rows: u64,
    bytes: u64,
    last_time: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Refused {
    bytes: u64,
    bytes_total: u64,
}

pub(crate) fn run(arguments: RetainArguments) -> Result<(), Failure> {
    let RetainArguments { dry_run, insist, json, api } = arguments;
    let route = match dry_run {
        true => "/api/v1/admin/retention:preview".to_owned(),
        false => path("/api/v1/admin/retention", &[("insist", insist.then_some("true"))]),
    };
    let client = Client::new(&api)?;
    let request = Request { path: route, accept: "application/json", json: Some("{}".to_owned()), ..Request::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let body = runtime.block_on(async { client.send(request).await?.succeeded(None).await?.whole().await })?;
    if json {
        return io::stdout().lock().write_all(&body).context("print").map_err(Failure::from);
    }
    let answer: LetGo = serde_json::from_slice(&body).context("read the answer")?;
    show(&answer, dry_run).context("print").map_err(Failure::from)
}

fn show(answer: &LetGo, dry_run: bool) -> io::Result<()> {
    let verb = if dry_run { "would go" } else { "let go" };
    if dry_run {
        let style = Style { width: terminal::columns_asked().or_else(terminal::stdout_columns), colour: terminal::stdout_takes_colour() };
        io::stdout().lock().write_all(table::draw(&tables(&answer.tables), style).as_bytes())?;
    }
    let mib = answer.bytes as f64 / f64::from(1 << 20);
    print(format_args!("{verb}: {} blocks, {} rows, {mib:.1} MiB", answer.blocks, answer.rows))?;
    if let Some(Refused { bytes, bytes_total }) = &answer.refused {
        say(format_args!(
            "but nothing goes by itself, for it is {bytes} of {bytes_total} bytes: check the clock and the limits, or use --insist"
        ));
    }
    Ok(())
}

fn tables(tables: &[OfTable]) -> Table {
    let column = |name: &str, right| Column { name: name.to_owned(), right };
    let columns = vec![column("table", false), column("blocks", true), column("rows", true), column("bytes", true), column("up_to", false)];
    let row = |of: &OfTable| {
        vec![of.table.clone(), of.blocks.to_string(), of.rows.to_string(), of.bytes.to_string(), of.last_time.clone().unwrap_or_default()]
    };
    Table { columns, rows: tables.iter().map(row).collect() }
}
