//! How long does the fold of hours of the shop take? Asked with `--profile quick -- --ignored --nocapture`, `HOURS` in the environment.

use std::{env, fs, time::Instant};

use demo::{Config, Shop};
use governance::{
    classify::{Rules, classify},
    fold::{Alike, Folded, Input, fold},
    gather::{FoldFacts, Gathered, Settled, Stretches},
    tables,
};
use schemas::{
    UnixNanos,
    otlp::{DecodeLimits, Format, decode},
};

const SECOND_NS: i64 = 1_000_000_000;
const HOUR_NS: i64 = 3600 * SECOND_NS;
const OPENED_NS: i64 = 1_763_834_400 * SECOND_NS;

#[test]
#[ignore = "a measurement"]
fn hours_of_the_shop() {
    let hours: i64 = env::var("HOURS").map_or(2, |hours| hours.parse().expect("a number"));
    let kept = lived(hours);
    for _ in 0..6 {
        let (begin, worked) = (Instant::now(), worked_ms());
        let mut facts = FoldFacts::default();
        kept.iter().rev().for_each(|hour| facts.add(hour));
        let gathered = facts.finish();
        let put_together = worked_ms() - worked;
        let folded = folded(&gathered, OPENED_NS + hours * HOUR_NS);
        let singles: usize = gathered.rejections.iter().map(|alike| alike.singles.len()).sum();
        let trips: usize = folded.breakers.iter().map(|breaker| breaker.trips.len()).sum();
        let all = worked_ms() - worked;
        println!(
            "{singles} refusals, {trips} trips: put together {put_together:.1}, all {all:.1} ms of a processor, {:?}",
            begin.elapsed()
        );
    }
}

fn folded(gathered: &Gathered, until: i64) -> Folded {
    let Gathered { rejections, signals, series, shape, .. } = gathered;
    let (refusals, signals) = (rejections.iter().flat_map(Alike::refusals), signals.iter().map(AsRef::as_ref));
    let parameters = Rules::shipped().parameters();
    fold(&Input { series, spans: Some(shape), parameters, ..Input::new(refusals, signals, UnixNanos(OPENED_NS), UnixNanos(until)) })
}

/// As hours are kept.
fn lived(hours: i64) -> Vec<Settled> {
    let (rules, limits) = (Rules::shipped(), DecodeLimits::default());
    let mut shop = Shop::new(Config { seed: 7, remembered_traces_max: 0, ..Config::default() });
    let mut stretches = Stretches::new(HOUR_NS);
    for slice in 0..hours * 60 {
        let from = OPENED_NS + slice * 60 * SECOND_NS;
        for export in shop.advance(UnixNanos(from), UnixNanos(from + 60 * SECOND_NS)) {
            let decoded = decode(export.signal, Format::Protobuf, &export.body, UnixNanos(from), &limits).expect("valid OTLP");
            let mut said = classify(rules, &decoded.batches);
            said.errors.retain(|error| error.is_rejection);
            stretches.push_rejections(&tables::rejections::write(&said.rejections, UnixNanos(from)).batch).expect("rejections");
            stretches.push_signals(&tables::breaker_signals::write(&said.breaker_signals, UnixNanos(from)).batch).expect("signals");
            stretches.push_refused_spans(&tables::errors::write(&said.errors, UnixNanos(from)).batch).expect("spans");
        }
    }
    stretches.settle().map(|(_, hour)| hour).collect()
}

/// Time that this thread had a processor: what others take of the machine is left out. Linux alone tells it.
fn worked_ms() -> f64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    told.and_then(|told| told.split(' ').next()?.parse::<f64>().ok()).unwrap_or_default() / 1e6
}
