//! How long does it take to fold 200 000 facts? Asked with `--release -- --ignored --nocapture`.

use super::build::{Given, at, counted, kratos, one_hot};
use crate::{
    facts::State::{Closed, Open},
    fold::{Input, fold},
};

#[test]
#[ignore = "a measurement"]
fn two_hundred_thousand_facts() {
    let mut given = Given::default();
    for nth in 0..160_000_u32 {
        let mut rejection = kratos("order", f64::from(nth) / 50.0);
        rejection.emitter.service = format!("service-{}", nth % 20);
        rejection.emitter.instance = format!("pod-{}", nth % 7);
        rejection.name = format!("op:/shop.v1.Shop/Method{}", nth % 11);
        given.rejections.push(rejection);
    }
    for nth in 0..6_000_u32 {
        let state = if nth % 50 < 3 { Open } else { Closed };
        given.signals.extend(one_hot("pay", f64::from(nth) / 2.0, state));
        given.signals.push(counted("pay", f64::from(nth) / 2.0, Closed, Open, f64::from(nth / 50)));
    }
    let facts = given.rejections.len() + given.signals.len();
    for _ in 0..5 {
        let (begin, worked) = (std::time::Instant::now(), worked_ns());
        let folded = fold(&Input::new(&given.rejections, &given.signals, at(-3600.0), at(3600.0)));
        let trips: usize = folded.breakers.iter().map(|breaker| breaker.trips.len()).sum();
        let (took, worked) = (begin.elapsed(), worked_ns().zip(worked).map(|(after, before)| (after - before) / 1000));
        println!("{facts} facts, {} breakers, {trips} trips: {took:?}, of which {worked:?} µs on a processor", folded.breakers.len());
    }
}

/// Time that this thread had a processor: what others take of the machine is left out. Linux alone tells it.
fn worked_ns() -> Option<u64> {
    std::fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}
