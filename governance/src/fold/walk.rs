//! Counters of transitions to transitions: the walk over closed, open and half open that the counts allow.

use crate::facts::State::{self, Closed, HalfOpen, Open};

/// Transitions told of one interval; a counter that says more is wrong or of many breakers.
const MOVES_MAX: u32 = 1000;

/// How often each change was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub closed_open: u32,
    pub open_half: u32,
    pub half_open: u32,
    pub half_closed: u32,
    pub open_closed: u32,
}

impl Counts {
    pub fn add(&mut self, from: State, to: State, count: u32) {
        let room = match (from, to) {
            (Closed, Open) => &mut self.closed_open,
            (Open, HalfOpen) => &mut self.open_half,
            (HalfOpen, Open) => &mut self.half_open,
            (HalfOpen, Closed) => &mut self.half_closed,
            (Open, Closed) => &mut self.open_closed,
            _ => return,
        };
        *room = room.saturating_add(count).min(MOVES_MAX / 5);
    }

    pub fn total(&self) -> u32 {
        self.closed_open + self.open_half + self.half_open + self.half_closed + self.open_closed
    }

    /// More breakers than one opened: they opened more often than they left.
    pub fn of_several(&self) -> bool {
        self.closed_open + self.half_open > self.open_half + self.open_closed + 1
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    pub from: State,
    pub to: State,
    /// Not counted: a probe that another rule stopped rolls back to open (Sentinel).
    pub blocked: bool,
}

/// The moves, from `start` when that fits, else from the first state that does. `None`: no single breaker walks so.
///
/// An Eulerian path of the multigraph of counts: what leaves a state minus what enters it is 1 where the walk starts, -1 where it ends,
/// 0 elsewhere. Missing returns from half open to open are put in, as few as possible.
pub(crate) fn walk(start: Option<State>, counts: Counts) -> Option<Vec<Move>> {
    start.into_iter().chain([Closed, Open, HalfOpen]).find_map(|start| walk_from(start, counts))
}

fn walk_from(start: State, counts: Counts) -> Option<Vec<Move>> {
    let [co, oh, ho, hc, oc] =
        [counts.closed_open, counts.open_half, counts.half_open, counts.half_closed, counts.open_closed].map(i64::from);
    let starts = |state: State| i64::from(start == state);
    let ends_closed = starts(Closed) - (co - hc - oc);
    let lacking = oh - ho - hc + starts(HalfOpen);
    let blocked = match ends_closed {
        1 => lacking,
        // It ends half open with one return less, else open.
        0 if lacking >= 1 => lacking - 1,
        0 => lacking,
        _ => return None,
    };
    let blocked = u32::try_from(blocked).ok()?;
    let mut left = counts;
    let (mut left_blocked, mut state, mut moves) = (blocked, start, Vec::with_capacity((counts.total() + blocked) as usize));
    loop {
        let comes_back = left.open_half > 0 || left.half_closed == 0;
        let stays_half_open = left.half_open + left_blocked + left.half_closed == 0;
        let (to, room) = match state {
            Closed if left.closed_open > 0 => (Open, &mut left.closed_open),
            Open if left.open_closed > 0 && (left.open_half == 0 || stays_half_open) => (Closed, &mut left.open_closed),
            Open if left.open_half > 0 => (HalfOpen, &mut left.open_half),
            HalfOpen if left.half_open > 0 && comes_back => (Open, &mut left.half_open),
            HalfOpen if left_blocked > 0 && comes_back => (Open, &mut left_blocked),
            HalfOpen if left.half_closed > 0 => (Closed, &mut left.half_closed),
            _ => break,
        };
        *room -= 1;
        moves.push(Move { from: state, to, blocked: false });
        state = to;
    }
    if left.total() + left_blocked > 0 {
        return None;
    }
    // The uncounted ones are the last returns of the walk.
    let returns = moves.iter_mut().rev().filter(|step| (step.from, step.to) == (HalfOpen, Open));
    returns.take(blocked as usize).for_each(|step| step.blocked = true);
    Some(moves)
}

/// The order of changes of which only the new state was counted: `opens`, `halves`, `closes`.
///
/// Each time it is half open it goes on to open or closed, so the closes say how many returned; an open that follows an open had an
/// untold close between.
pub(crate) fn walk_to_only(start: State, opens: u32, halves: u32, closes: u32) -> Vec<(Option<State>, State)> {
    let [mut opens, mut halves, mut closes] = [opens, halves, closes].map(|count| count.min(MOVES_MAX / 3));
    let mut returns = (halves + u32::from(start == HalfOpen)).saturating_sub(closes).min(opens);
    let (mut state, mut moves) = (start, Vec::new());
    loop {
        let (from, to) = match state {
            HalfOpen if opens > 0 && (returns > 0 || closes == 0) => (None, Open),
            HalfOpen | Open if closes > 0 && (state == HalfOpen || halves == 0) => (None, Closed),
            _ if halves > 0 && (state == Open || opens == 0) => (Some(Open), HalfOpen),
            _ if opens > 0 => (Some(Closed), Open),
            _ if closes > 0 => (None, Closed),
            _ => return moves,
        };
        match to {
            Open => {
                returns = returns.saturating_sub(u32::from(state == HalfOpen));
                opens -= 1;
            }
            HalfOpen => halves -= 1,
            _ => closes -= 1,
        }
        moves.push((from, to));
        state = to;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// `COH` with `x` before an open that was put in.
    fn path(moves: &[Move]) -> String {
        let letter = |state| match state {
            Closed => 'C',
            Open => 'O',
            _ => 'H',
        };
        let mut path: String = moves.first().map(|step| letter(step.from)).into_iter().collect();
        for step in moves {
            path.extend(step.blocked.then_some('x'));
            path.push(letter(step.to));
        }
        path
    }

    fn counts([closed_open, open_half, half_open, half_closed, open_closed]: [u32; 5]) -> Counts {
        Counts { closed_open, open_half, half_open, half_closed, open_closed }
    }

    #[test]
    fn walks() {
        for (start, given, expected) in [
            (Some(Closed), [1, 3, 2, 1, 0], Some("COHOHOHC")),
            (Some(Closed), [1, 3, 1, 1, 0], Some("COHOHxOHC")),
            (None, [0, 1, 0, 1, 0], Some("OHC")),
            (Some(Closed), [0, 1, 0, 1, 0], Some("OHC")),
            (Some(Closed), [2, 2, 1, 1, 0], Some("COHOHCO")),
            (Some(HalfOpen), [0, 0, 1, 0, 0], Some("HO")),
            (Some(HalfOpen), [0, 1, 0, 0, 0], Some("HxOH")),
            (Some(Closed), [1, 0, 0, 0, 1], Some("COC")),
            (Some(Closed), [1, 1, 0, 0, 0], Some("COH")),
            (Some(Closed), [3, 0, 0, 0, 0], None),
            (Some(Closed), [0, 0, 0, 0, 0], Some("")),
        ] {
            assert_eq!(walk(start, counts(given)).map(|moves| path(&moves)).as_deref(), expected, "{start:?} {given:?}");
        }
        assert!(counts([3, 1, 0, 0, 0]).of_several());
        assert!(!counts([1, 3, 2, 1, 0]).of_several());
    }

    #[test]
    fn counts_of_new_states_only() {
        let path = |start, opens, halves, closes| -> String {
            let moves = walk_to_only(start, opens, halves, closes);
            moves
                .iter()
                .map(|(_, to)| {
                    if *to == Open {
                        'O'
                    } else if *to == Closed {
                        'C'
                    } else {
                        'H'
                    }
                })
                .collect()
        };
        assert_eq!(path(Closed, 1, 1, 1), "OHC");
        assert_eq!(path(Closed, 3, 3, 1), "OHOHOHC");
        assert_eq!(path(Closed, 3, 3, 3), "OHCOHCOHC");
        assert_eq!(path(Closed, 3, 0, 0), "OOO");
        assert_eq!(path(Open, 0, 1, 1), "HC");
        assert_eq!(path(Open, 0, 0, 1), "C");
    }

    proptest! {
        /// Counts of a real walk are walked again, with each change as often.
        #[test]
        fn a_real_walk_is_found_again(turns in proptest::collection::vec(any::<bool>(), 0..40), start in 0..3usize) {
            let first = [Closed, Open, HalfOpen][start];
            let (mut state, mut given) = (first, Counts::default());
            for turn in turns {
                let to = match (state, turn) { (Closed, _) => Open, (Open, true) => HalfOpen, (Open, false) => Closed, (_, true) => Open, _ => Closed };
                given.add(state, to, 1);
                state = to;
            }
            let moves = walk(Some(first), given).expect("one breaker walked so");
            let mut found = Counts::default();
            moves.iter().for_each(|step| found.add(step.from, step.to, u32::from(!step.blocked)));
            prop_assert_eq!(found, given);
            prop_assert!(moves.windows(2).all(|pair| pair[0].to == pair[1].from));
            if moves.iter().all(|step| !step.blocked) { prop_assert_eq!(moves.last().map_or(first, |step| step.to), state); }
        }
    }
}
