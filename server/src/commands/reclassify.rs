//! `fusebox reclassify`: what stored rows mean by the rules that count now, made again by a running server.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context;
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use crate::{
    api::{Client, Request, path},
    cli::ReclassifyArguments,
    failure::Failure,
    progress,
    terminal::{print, say},
};

/// For one hour of arrivals.
const PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Debug, Deserialize)]
struct Answer {
    start: Timestamp,
    end: Timestamp,
    next: Option<Timestamp>,
    rows: u64,
    blocks: u64,
    derived: Vec<Derived>,
}

#[derive(Debug, Deserialize)]
struct Derived {
    table: String,
    rows_before: u64,
    rows: u64,
}

#[derive(Debug, Default)]
struct Totals {
    rows: u64,
    blocks: u64,
    /// By table: rows before, and now.
    derived: BTreeMap<String, (u64, u64)>,
}

pub(crate) fn run(arguments: ReclassifyArguments) -> Result<(), Failure> {
    let ReclassifyArguments { from, to, shown, api } = arguments;
    let client = Client::new(&api)?;
    let bar = progress::of_steps(shown.no_progress);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let totals = runtime.block_on(until_done(&client, from, to, &bar))?;
    bar.finish_and_clear();
    let printed = match shown.json {
        true => {
            let derived: BTreeMap<_, _> =
                totals.derived.iter().map(|(table, (before, now))| (table, json!({ "rows_before": before, "rows": now }))).collect();
            print(format_args!("{}", json!({ "rows": totals.rows, "blocks": totals.blocks, "derived": derived })))
        }
        false => show(&totals),
    };
    Ok(printed.context("print")?)
}

fn show(totals: &Totals) -> std::io::Result<()> {
    print(format_args!("{} rows looked at, {} blocks written", totals.rows, totals.blocks))?;
    totals.derived.iter().try_for_each(|(table, (before, now))| print(format_args!("{table:20} {before:>10} rows before, {now:>10} now")))
}

/// Hour by hour. What fails says where to go on: what is before is done.
async fn until_done(client: &Client, from: String, to: String, bar: &ProgressBar) -> Result<Totals, Failure> {
    let (mut from, mut to, mut begin) = (from, to, None);
    let mut totals = Totals::default();
    loop {
        let answer = one_hour(client, &from, &to).await.inspect_err(|_| {
            if begin.is_some() {
                bar.finish_and_clear();
                say(format_args!("go on with --from {from} --to {to}"));
            }
        })?;
        totals.add(&answer);
        let begin = *begin.get_or_insert(answer.start);
        let Some(next) = answer.next else { return Ok(totals) };
        let seconds = |until: Timestamp| u64::try_from(until.as_second() - begin.as_second()).unwrap_or(0);
        bar.set_length(seconds(answer.end));
        bar.set_position(seconds(next));
        bar.set_message(format!("{} rows, up to {next:.0}", totals.rows));
        (from, to) = (next.to_string(), answer.end.to_string());
    }
}

async fn one_hour(client: &Client, from: &str, to: &str) -> Result<Answer, Failure> {
    let request = Request {
        path: path("/api/v1/admin/reclassify", &[("start", Some(from)), ("end", Some(to))]),
        accept: "application/json",
        json: Some("{}".to_owned()),
        patience: Some(PATIENCE),
        ..Request::default()
    };
    let body = client.send(request).await?.succeeded(None).await?.whole().await?;
    Ok(serde_json::from_slice(&body).context("read the answer")?)
}

impl Totals {
    fn add(&mut self, answer: &Answer) {
        self.rows += answer.rows;
        self.blocks += answer.blocks;
        for Derived { table, rows_before, rows } in &answer.derived {
            let (before, now) = self.derived.entry(table.clone()).or_default();
            (*before, *now) = (*before + rows_before, *now + rows);
        }
    }
}
