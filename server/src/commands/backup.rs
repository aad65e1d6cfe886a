//! `fusebox backup` and `fusebox restore`: a consistent copy of a data directory, and back.

use std::{io, path::Path, sync::Arc};

use anyhow::Context;
use serde_json::json;
use storage::{
    Progress,
    backup::{self, BackupError, Blocks, Copied},
    io::{Io, RealIo},
};

use crate::{
    cli::{BackupArguments, RestoreArguments, ShownArguments},
    failure::{Exit, Failure},
    progress,
    terminal::print,
};

pub(crate) fn run(arguments: BackupArguments) -> Result<(), Failure> {
    let BackupArguments { target, data_dir, copy, shown } = arguments;
    let blocks = if copy { Blocks::Copied } else { Blocks::Linked };
    let (data_dir, target) = (absolute(&data_dir)?, absolute(&target)?);
    let copied = watched(&shown, |io, progress| backup::backup(io, &data_dir, &target, blocks, progress))?;
    report(&copied, &target, &shown).context("print the outcome").map_err(Failure::from)
}

pub(crate) fn restore(arguments: RestoreArguments) -> Result<(), Failure> {
    let RestoreArguments { backup: from, data_dir, shown } = arguments;
    let (from, data_dir) = (absolute(&from)?, absolute(&data_dir)?);
    let copied = watched(&shown, |io, progress| backup::restore(io, &from, &data_dir, progress))?;
    report(&copied, &data_dir, &shown).context("print the outcome").map_err(Failure::from)
}

fn watched(
    shown: &ShownArguments,
    work: impl FnOnce(&Arc<dyn Io>, &mut dyn FnMut(Progress)) -> Result<Copied, BackupError>,
) -> Result<Copied, Failure> {
    let bar = progress::of_bytes(shown.no_progress);
    let io: Arc<dyn Io> = Arc::new(RealIo);
    let done = work(&io, &mut |progress| {
        bar.set_length(progress.bytes_total);
        bar.set_position(progress.bytes_done);
    });
    bar.finish_and_clear();
    done.map_err(|error| Failure::new(exit(&error), error))
}

fn exit(error: &BackupError) -> Exit {
    match error {
        BackupError::NoCatalog { .. } | BackupError::NoManifest { .. } | BackupError::NotEmpty { .. } => Exit::Unavailable,
        _ => Exit::Failed,
    }
}

fn report(copied: &Copied, place: &Path, shown: &ShownArguments) -> io::Result<()> {
    let Copied { files, bytes, linked_bytes, blocks, rows } = copied;
    if shown.json {
        let outcome = json!({
            "directory": place, "files": files, "bytes": bytes, "linked_bytes": linked_bytes, "blocks": blocks, "rows_in_blocks": rows, "verified": true,
        });
        return print(format_args!("{outcome}"));
    }
    let mib = |bytes: &u64| *bytes as f64 / f64::from(1 << 20);
    print(format_args!("written    {}", place.display()))?;
    print(format_args!("files      {files}, {:.1} MiB, of which {:.1} MiB are linked", mib(bytes), mib(linked_bytes)))?;
    print(format_args!("blocks     {blocks}, {rows} rows; what was not flushed is in the log"))?;
    print(format_args!("verified   every checksum holds"))
}

/// Storage wants absolute paths.
fn absolute(path: &Path) -> Result<std::path::PathBuf, Failure> {
    Ok(std::path::absolute(path).with_context(|| format!("make {} absolute", path.display()))?)
}
