use super::*;
use crate::topology::BREAKERS;

const SECOND: i64 = 1_000_000_000;

/// A breaker of that library that is called ten times a second, each call a millisecond long, for `seconds`; calls that begin in
/// `failing` fail. Its changes in tenths of a second, and the calls it refused.
fn lived(library: Library, failing: std::ops::Range<i64>, seconds: i64) -> (Vec<(i64, BreakerState)>, u32) {
    let rule = BREAKERS.iter().find(|breaker| breaker.library == library).expect("every library has a breaker");
    let (mut machine, mut refused) = (Machine::new(rule), 0);
    for tenth in 0..seconds * 10 {
        let at = UnixNanos(tenth * SECOND / 10);
        match machine.ask(at) {
            Ok(ticket) => machine.tell(ticket, UnixNanos(at.0 + 1_000_000), failing.contains(&(tenth / 10))),
            Err(_) => refused += 1,
        }
    }
    machine.settle(UnixNanos(i64::MAX));
    (machine.take_news().into_iter().map(|change| (change.at.0 * 10 / SECOND, change.to)).collect(), refused)
}

#[test]
fn a_breaker_opens_probes_and_closes_as_its_library_does() {
    let check = |library, expected: &[(i64, BreakerState)], expected_refused: u32| {
        let (changes, refused) = lived(library, 10..16, 40);
        assert_eq!((changes.as_slice(), refused), (expected, expected_refused), "{library:?}");
    };
    // The sixth failure in a row; eight or ten seconds of waiting, one probe.
    check(Library::Gobreaker, &[(105, Open), (206, HalfOpen), (206, Closed)], 100);
    // Half of the ten seconds' calls failed, seen by the next call.
    check(Library::HystrixGo, &[(150, Open), (200, HalfOpen), (200, Closed)], 50);
    // Half of the bucket that began with the second 10.
    check(Library::SentinelGo, &[(103, Open), (134, HalfOpen), (134, Open), (165, HalfOpen), (165, Closed)], 60);
    // Half of the last twenty; three probes.
    check(Library::Resilience4j, &[(109, Open), (210, HalfOpen), (212, Closed)], 100);
}

#[test]
fn a_call_is_judged_by_the_time_it_asks() {
    let rule = BREAKERS.iter().find(|breaker| breaker.library == Library::Gobreaker).expect("there is one");
    let mut machine = Machine::new(rule);
    let at = |tenth: i64| UnixNanos(tenth * SECOND / 10);
    for tenth in 0..6 {
        let ticket = machine.ask(at(tenth)).expect("closed");
        machine.tell(ticket, at(20 + tenth), true);
    }
    // What ends later is not known yet.
    assert!(machine.ask(at(10)).is_ok());
    assert!(machine.ask(at(24)).is_ok());
    assert_eq!(machine.ask(at(25)), Err(Open));
    // A call that began before is not refused for what came after.
    assert!(machine.ask(at(22)).is_ok());
    assert_eq!(machine.take_news(), [Change { at: at(25), from: Closed, to: Open }]);
}

#[test]
fn the_end_of_a_call_of_an_earlier_state_does_not_close_gobreaker() {
    let rule = BREAKERS.iter().find(|breaker| breaker.library == Library::Gobreaker).expect("there is one");
    let mut machine = Machine::new(rule);
    let slow = machine.ask(UnixNanos(0)).expect("closed");
    for call in 1..7 {
        let ticket = machine.ask(UnixNanos(call)).expect("closed");
        machine.tell(ticket, UnixNanos(call), true);
    }
    let after_the_wait = UnixNanos(20 * SECOND);
    machine.tell(slow, UnixNanos(after_the_wait.0 + 5), false);
    let probe = machine.ask(after_the_wait).expect("the probe");
    assert_eq!(machine.ask(UnixNanos(after_the_wait.0 + 10)), Err(HalfOpen));
    machine.tell(probe, UnixNanos(after_the_wait.0 + 20), true);
    assert_eq!(machine.ask(UnixNanos(after_the_wait.0 + 30)), Err(Open));
}
