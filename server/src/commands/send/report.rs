//! What became of everything that was sent, for people or as JSON.

use std::io;

use serde::Serialize;

use crate::{
    failure::{Exit, Failure},
    send::Totals,
    terminal::{print, say},
};

#[derive(Serialize)]
struct JsonReport<'a> {
    #[serde(flatten)]
    totals: &'a Totals,
    /// Request to answer, retries and their waits not counted; null when nothing was acknowledged.
    ack_ms_p50: Option<f64>,
    ack_ms_p99: Option<f64>,
}

pub(in crate::commands) fn print_totals(totals: &Totals, json: bool) -> io::Result<()> {
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

/// # Errors
/// When not everything was stored.
pub(in crate::commands) fn verdict(totals: &Totals) -> Result<(), Failure> {
    if totals.accepted == 0 && totals.unreachable {
        return Err(Failure::message(Exit::Unavailable, "the endpoint cannot be reached"));
    }
    if totals.refused + totals.rejected + totals.refused_requests > 0 {
        let lost = totals.refused + totals.rejected;
        return Err(Failure::message(Exit::Failed, format_args!("{lost} records were not stored")));
    }
    Ok(())
}
