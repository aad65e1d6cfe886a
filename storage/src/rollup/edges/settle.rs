//! Halves that find each other, those that find another span above them, and those that waited long enough.

use std::collections::HashMap;

use super::half::Half;

/// Joins halves with each other: tells `call` of each call whose halves are both here, the caller's first. Halves of calls that came in
/// are gone then, and so are notes; those of calls that were made stay, answered, for what else may be below them.
pub(super) fn join(halves: &mut Vec<Half>, mut call: impl FnMut(&Half, &Half)) {
    let callers: HashMap<([u8; 16], [u8; 8]), usize> =
        halves.iter().enumerate().filter_map(|(place, half)| Some(((half.trace, half.span?), place))).collect();
    for place in 0..halves.len() {
        let half = halves[place];
        let Some(above) = half.up.and_then(|up| callers.get(&(half.trace, up))).copied() else { continue };
        let same_service = halves[above].service() == half.service();
        if same_service {
            // A service that calls itself: the call is still made to whom it says.
            halves[above].answered |= !half.is_entry();
        } else if half.calls() || half.is_entry() {
            call(&halves[above], &half);
            halves[above].answered = true;
        }
        halves[place].up = None;
    }
    halves.retain(|half| half.calls() || half.up.is_some());
}

/// The spans right above those halves of calls that came in and arrived before `received_before`: trace and span.
pub(super) fn lost(halves: &[Half], received_before: i64) -> impl Iterator<Item = ([u8; 16], [u8; 8])> {
    let due = halves.iter().filter(move |half| half.is_entry() && half.received_at < received_before);
    due.filter_map(|half| Some((half.trace, half.up?)))
}

/// Takes the halves out whose span above was found: tells `call` of each that came from another service, the caller first. A span that
/// calls has a half of its own, which was told of; what is below it is left alone.
pub(super) fn adopt(halves: &mut Vec<Half>, above: &HashMap<([u8; 16], [u8; 8]), Half>, mut call: impl FnMut(&Half, &Half)) {
    halves.retain(|half| {
        let up = half.up.filter(|_| half.is_entry());
        let Some(above) = up.and_then(|up| above.get(&(half.trace, up))).filter(|above| !above.is_call()) else { return true };
        if above.service() != half.service() {
            call(above, half);
        }
        false
    });
}

/// Takes the halves out that arrived before `received_before`: tells `single` of each call that nobody answered, and of each that came
/// from somebody who is not there.
pub(super) fn settle(halves: &mut Vec<Half>, received_before: i64, mut single: impl FnMut(&Half)) {
    halves.retain(|half| {
        let due = half.received_at < received_before;
        if due && (half.is_entry() || (half.calls() && !half.answered)) {
            single(half);
        }
        !due
    });
}
