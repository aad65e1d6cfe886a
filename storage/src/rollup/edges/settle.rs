//! Halves that find each other, and those that waited long enough.

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
