//! `fusebox send FILE…`: replays files to an OTLP endpoint.

mod destination;

use std::{
    io::{self, IsTerminal},
    rc::Rc,
    time::Duration,
};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

use crate::{
    cli::SendArguments,
    failure::{Exit, Failure},
    send::{self, Payload, Plan, Progress, Totals},
    terminal::{print, say},
};

pub(crate) fn run(arguments: SendArguments) -> Result<(), Failure> {
    let plan = plan(&arguments)?;
    let mut payloads = Vec::new();
    for file in &arguments.files {
        payloads.extend(send::load(file, arguments.signal).map_err(|error| Failure::new(Exit::Failed, error))?);
    }
    let records = payloads.iter().map(Payload::records).sum::<u64>() * plan.loops;
    let bar = Rc::new(Bar::new(records, arguments.no_progress));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    let totals = runtime.block_on(send::run(plan, payloads, Rc::clone(&bar) as Rc<dyn Progress>));
    bar.0.finish_and_clear();
    report(&totals, arguments.json).context("print the totals")?;
    verdict(&totals)
}

fn plan(arguments: &SendArguments) -> Result<Plan, Failure> {
    let (endpoint, protocol) = destination::choose(arguments, |name| std::env::var(name).ok())?;
    Ok(Plan {
        endpoint,
        protocol,
        compression: arguments.compression,
        concurrency: arguments.concurrency.into(),
        rate: arguments.rate,
        loops: arguments.loops,
        over: arguments.over.map(|seconds| Duration::from_secs(seconds.into())),
        shift_to_now: arguments.shift_to_now,
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

#[derive(Serialize)]
struct JsonReport<'a> {
    #[serde(flatten)]
    totals: &'a Totals,
    /// Request to answer, retries and their waits not counted; null when nothing was acknowledged.
    ack_ms_p50: Option<f64>,
    ack_ms_p99: Option<f64>,
}

fn report(totals: &Totals, json: bool) -> io::Result<()> {
    if json {
        let report = JsonReport { totals, ack_ms_p50: totals.ack_ms(0.5), ack_ms_p99: totals.ack_ms(0.99) };
        let text = serde_json::to_string(&report).map_err(io::Error::other)?;
        return print(format_args!("{text}"));
    }
    let sent: Vec<String> = totals.accepted_by_signal.iter().map(|(signal, count)| format!("{signal} {count}")).collect();
    print(format_args!("accepted  {} records ({})", totals.accepted, sent.join(", ")))?;
    print(format_args!("rejected  {} records", totals.rejected))?;
    print(format_args!("refused   {} records in {} requests", totals.refused, totals.refused_requests))?;
    print(format_args!("retried   {} times", totals.retried))?;
    print(format_args!(
        "took      {:.2} s, {} requests, {:.0} records/s, {:.1} MiB",
        totals.seconds,
        totals.requests,
        totals.accepted as f64 / totals.seconds,
        totals.bytes as f64 / f64::from(1 << 20)
    ))?;
    if let (Some(p50), Some(p99)) = (totals.ack_ms(0.5), totals.ack_ms(0.99)) {
        print(format_args!("ack       p50 {p50:.2} ms, p99 {p99:.2} ms"))?;
    }
    for (reason, count) in &totals.reasons {
        say(format_args!("{count} times: {reason}"));
    }
    Ok(())
}

fn verdict(totals: &Totals) -> Result<(), Failure> {
    if totals.accepted == 0 && totals.unreachable {
        return Err(Failure::message(Exit::Unavailable, "the endpoint cannot be reached"));
    }
    if totals.refused + totals.rejected + totals.refused_requests > 0 {
        let lost = totals.refused + totals.rejected;
        return Err(Failure::message(Exit::Failed, format_args!("{lost} records were not stored")));
    }
    Ok(())
}
