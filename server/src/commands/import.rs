//! `fusebox import FILE…`: files of OTLP, Jaeger and Zipkin to an OTLP endpoint.
//!
//! Requests are sent as they are read, so that a file of requests may be of any size. Documents of Jaeger and Zipkin are read whole.

mod content;
mod input;
mod requests;

use std::{
    io::{self, IsTerminal},
    path::Path,
    rc::Rc,
    time::Instant,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::send::{plan, report};
use crate::{
    cli::ImportArguments,
    failure::{Exit, Failure},
    send::{self, Payload, Progress, Totals},
};
use requests::Requests;

/// Of requests that are read ahead.
const CHUNK_BYTES: usize = 32 << 20;

pub(crate) fn run(arguments: ImportArguments) -> Result<(), Failure> {
    let plan = plan(&arguments.delivery)?;
    let bar = Rc::new(Bar::new(&arguments));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let (start, mut totals) = (Instant::now(), Totals::default());
    'files: for file in &arguments.files {
        let mut requests = Requests::open(file, arguments.format, arguments.delivery.signal, &bar.bytes)?;
        loop {
            let chunk = chunk(&mut requests)?;
            if chunk.is_empty() {
                break;
            }
            let sent = runtime.block_on(send::run(plan.clone(), chunk, Rc::clone(&bar) as Rc<dyn Progress>));
            totals.add(sent);
            // Where nobody answers the rest of the files has no better luck.
            if totals.accepted == 0 && totals.unreachable {
                break 'files;
            }
        }
        let rejected = requests.rejected();
        totals.rejected += rejected.count;
        rejected.reasons.iter().for_each(|(reason, times)| totals.because_times(reason, *times));
    }
    totals.seconds = start.elapsed().as_secs_f64();
    bar.bytes.finish_and_clear();
    report::print_totals(&totals, arguments.delivery.json).context("print the totals")?;
    report::verdict(&totals)
}

/// The next requests; none at the end of the file.
fn chunk(requests: &mut Requests) -> Result<Vec<Payload>, Failure> {
    let (mut chunk, mut bytes) = (Vec::new(), 0);
    while bytes < CHUNK_BYTES {
        let Some(payload) = requests.next()? else { break };
        bytes += payload.protobuf.len();
        chunk.push(payload);
    }
    Ok(chunk)
}

/// How much of the files is read, and how many records that were.
struct Bar {
    bytes: ProgressBar,
}

impl Bar {
    fn new(arguments: &ImportArguments) -> Self {
        if arguments.delivery.no_progress || !io::stderr().is_terminal() {
            return Self { bytes: ProgressBar::hidden() };
        }
        let size = |file: &Path| std::fs::metadata(file).map_or(0, |metadata| metadata.len());
        let bar = ProgressBar::with_draw_target(Some(arguments.files.iter().map(|file| size(file)).sum()), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left");
        Self { bytes: style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style)) }
    }
}

impl Progress for Bar {
    /// Requests were counted when they were read.
    fn finished(&self, _: u64) {
        self.bytes.tick();
    }
}

/// A file that cannot be read, and where in it.
fn unreadable(path: &Path, error: impl Into<anyhow::Error>) -> Failure {
    Failure::new(Exit::Failed, error.into().context(format!("{}", path.display())))
}
