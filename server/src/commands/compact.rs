//! `fusebox compact`: order now, by a running server.

use std::time::Duration;

use anyhow::Context;
use indicatif::ProgressBar;
use serde::Deserialize;
use serde_json::json;

use crate::{
    api::{Client, Request, path},
    cli::CompactArguments,
    failure::Failure,
    progress,
    terminal::print,
};

/// One rewrite at a time, so that there is progress to show. It may wait for one of the background.
const REWRITES: &str = "1";
/// So many blocks go into a rewrite, about.
const FAN_IN: u64 = 8;
const PATIENCE: Duration = Duration::from_secs(600);

#[derive(Debug, Deserialize)]
struct Compacted {
    rewrites: u64,
    is_done: bool,
    blocks: u64,
    debt_blocks: u64,
}

pub(crate) fn run(arguments: CompactArguments) -> Result<(), Failure> {
    let CompactArguments { now, shown, api } = arguments;
    let client = Client::new(&api)?;
    let bar = progress::of_steps(shown.no_progress);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let (rewrites, blocks) = runtime.block_on(until_done(&client, now, &bar))?;
    bar.finish_and_clear();
    let printed = match shown.json {
        true => print(format_args!("{}", json!({ "rewrites": rewrites, "blocks": blocks }))),
        false => print(format_args!("{rewrites} rewrites, {blocks} blocks are left")),
    };
    Ok(printed.context("print")?)
}

/// Rewrites, and the blocks that are left.
async fn until_done(client: &Client, now: bool, bar: &ProgressBar) -> Result<(u64, u64), Failure> {
    let open_hours = now.then_some("true");
    let mut rewrites = 0;
    loop {
        let request = Request {
            path: path("/api/v1/admin/compact", &[("rewrites_max", Some(REWRITES)), ("open_hours", open_hours)]),
            accept: "application/json",
            json: Some("{}".to_owned()),
            patience: Some(PATIENCE),
            ..Request::default()
        };
        let body = client.send(request).await?.succeeded(None).await?.whole().await?;
        let answer: Compacted = serde_json::from_slice(&body).context("read the answer")?;
        rewrites += answer.rewrites;
        bar.set_length(rewrites + answer.debt_blocks.div_ceil(FAN_IN));
        bar.set_position(rewrites);
        bar.set_message(format!("{} blocks, {} wait", answer.blocks, answer.debt_blocks));
        if answer.is_done {
            return Ok((rewrites, answer.blocks));
        }
    }
}
