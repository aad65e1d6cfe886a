//! `fusebox send FILE…`: replays files to an OTLP endpoint.

pub(in crate::commands) mod destination;
pub(in crate::commands) mod report;

use std::{
    io::{self, IsTerminal},
    rc::Rc,
    time::Duration,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    cli::{DeliveryArguments, SendArguments},
    failure::{Exit, Failure},
    send::{self, Payload, Plan, Progress},
};

pub(crate) fn run(arguments: SendArguments) -> Result<(), Failure> {
    let SendArguments { files, delivery, rate, loops, over, shift_to_now } = arguments;
    let over = over.map(|seconds| Duration::from_secs(seconds.into()));
    let plan = Plan { rate, loops, over, shift_to_now, ..plan(&delivery)? };
    let mut payloads = Vec::new();
    for file in &files {
        payloads.extend(send::load(file, delivery.signal).map_err(|error| Failure::new(Exit::Failed, error))?);
    }
    let records = payloads.iter().map(Payload::records).sum::<u64>() * plan.loops;
    let bar = Rc::new(Bar::new(records, delivery.no_progress));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let totals = runtime.block_on(send::run(plan, payloads, Rc::clone(&bar) as Rc<dyn Progress>));
    bar.0.finish_and_clear();
    report::print_totals(&totals, delivery.json).context("print the totals")?;
    report::verdict(&totals)
}

/// As fast as possible, once, as it is.
///
/// # Errors
/// When what is asked for is no address or no protocol.
pub(in crate::commands) fn plan(arguments: &DeliveryArguments) -> Result<Plan, Failure> {
    let (endpoint, protocol) = destination::choose(arguments, |name| std::env::var(name).ok())?;
    Ok(Plan {
        endpoint,
        protocol,
        compression: arguments.compression,
        concurrency: arguments.concurrency.into(),
        rate: None,
        loops: 1,
        over: None,
        shift_to_now: false,
        retry_for: Duration::from_secs(arguments.retry_for),
    })
}

struct Bar(ProgressBar);

impl Bar {
    fn new(records: u64, hidden: bool) -> Self {
        if hidden || !io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} records  {per_sec}  {eta} left");
        let bar = ProgressBar::with_draw_target(Some(records), ProgressDrawTarget::stderr());
        Self(match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }
}

impl Progress for Bar {
    fn finished(&self, records: u64) {
        self.0.inc(records);
    }
}
