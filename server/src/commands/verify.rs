//! `fusebox verify`: is everything on disk what was written?

use std::{io, sync::Arc};

use anyhow::Context;
use serde_json::{Value, json};
use storage::{Finding, Verified, io::RealIo};

use crate::{
    cli::VerifyArguments,
    failure::{Exit, Failure},
    progress,
    terminal::{print, say},
};

pub(crate) fn run(arguments: VerifyArguments) -> Result<(), Failure> {
    let bar = progress::of_bytes(arguments.no_progress);
    let verified = storage::verify(Arc::new(RealIo), &arguments.data_dir, &mut |progress| {
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes_done);
    });
    bar.finish_and_clear();
    let verified = verified.map_err(|error| Failure::new(Exit::Unavailable, error))?;
    report(&verified, arguments.json).context("print the findings")?;
    match verified.findings.len() {
        0 => Ok(()),
        count => Err(Failure::message(Exit::Failed, format_args!("{count} findings"))),
    }
}

fn report(verified: &Verified, json: bool) -> io::Result<()> {
    let Verified { blocks, rows, bytes, findings, set_aside, unlisted } = verified;
    if json {
        let finding = |Finding { path, what }: &Finding| json!({ "path": path, "what": what });
        let [findings, set_aside] = [findings, set_aside].map(|list| list.iter().map(finding).collect::<Vec<Value>>());
        let report = json!({
            "blocks": blocks, "rows": rows, "bytes": bytes, "findings": findings, "set_aside": set_aside, "unlisted": unlisted,
        });
        return print(format_args!("{report}"));
    }
    print(format_args!("looked at  {blocks} blocks, {rows} rows, {:.1} MiB", *bytes as f64 / f64::from(1 << 20)))?;
    for Finding { path, what } in findings {
        print(format_args!("damaged    {}: {what}", path.display()))?;
    }
    for Finding { path, what } in set_aside {
        print(format_args!("set aside  {}: {what}", path.display()))?;
    }
    for path in unlisted {
        print(format_args!("unlisted   {}", path.display()))?;
    }
    if findings.is_empty() {
        return print(format_args!("all is well"));
    }
    say(format_args!(
        "a damaged block makes answers partial, a damaged index makes them slow; restore the files from a copy if there is one"
    ));
    Ok(())
}
