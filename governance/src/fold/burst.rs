//! Refused calls to trips: N within W open, G without one closes.

use super::{
    Inference,
    atoms::{Atom, Origin, What},
};
use crate::facts::State;

/// Records kept as evidence of one burst: the first ones, and the last.
const SHOWN: usize = 4;

/// `(lo, most likely, hi)`.
pub(crate) type Edge = (i64, i64, i64);

/// Refused calls without a gap.
#[derive(Debug, Clone)]
pub(crate) struct Burst {
    pub first: Edge,
    pub last: Edge,
    /// The process ended or began anew before the gap was over: that ends the trip, at its own time.
    pub cut: bool,
    /// The gap is not over yet.
    pub ongoing: bool,
    pub refused: f64,
    pub confidence: u8,
    /// A record says that it is held open by hand.
    pub forced: bool,
    /// Half open, and open again, as refusals tell.
    pub turns: Vec<(i64, State)>,
    pub shown: Vec<Origin>,
    pub records: u64,
}

/// The bursts of `atoms` (in order of `until`), in order. `bounds`: when the process ended or began anew, in order.
///
/// 1. Only what counts opens and closes; other records of the same calls make the edges of metric intervals sharper.
/// 2. A metric opens when one interval has N; single calls when N lie within W; a record that says `open` at once.
/// 3. Refusals of a half open breaker do not open. They keep the trip, and tell its probes.
/// 4. With sampled spans alone, one refusal stands for many: N is 1, at a confidence of at most 60.
pub(crate) fn bursts(atoms: &[Atom], bounds: &[i64], rule: &Inference, until: i64) -> Vec<Burst> {
    let mut bursts = Vec::new();
    let mut open: Option<Burst> = None;
    // Single calls that may become the beginning of a burst: [recent, index) of atoms.
    let (mut recent, mut sum) = (0, 0.0);
    let sharper: Vec<i64> = atoms.iter().filter(|atom| atom.is_point() && !atom.counted).map(|atom| atom.until).collect();
    for (index, atom) in atoms.iter().enumerate() {
        if !atom.counted || matches!(atom.what, What::Seen(State::HalfOpen)) && open.is_none() {
            continue;
        }
        if let Some(burst) = open.as_mut()
            && let Some(cut) = ended(burst, atom.after.max(burst.last.1), atom.until, bounds, rule)
        {
            burst.cut = cut;
            bursts.extend(open.take());
            (recent, sum) = (index, 0.0);
        }
        if let Some(burst) = open.as_mut() {
            burst.extend(atom, &sharper, rule);
            continue;
        }
        let from_half_open = matches!(atom.what, What::RefusedByHalfOpen);
        let needed = if atom.sampled { 1.0 } else { rule.open_n };
        let says_so = matches!(atom.what, What::Seen(State::Open | State::ForcedOpen));
        if !atom.is_point() {
            if !from_half_open && atom.count >= rule.open_n {
                open = Some(Burst::begin(&[*atom], &sharper, rule));
            }
            continue;
        }
        if from_half_open || matches!(atom.what, What::Seen(_)) && !says_so {
            continue;
        }
        sum += atom.count;
        let restarted = |time: i64| bounds.partition_point(|bound| *bound <= time) != bounds.partition_point(|bound| *bound <= atom.until);
        while recent < index
            && (atom.until - atoms[recent].until > rule.open_w_ns || !opens(&atoms[recent]) || restarted(atoms[recent].until))
        {
            if opens(&atoms[recent]) {
                sum -= atoms[recent].count;
            }
            recent += 1;
        }
        if sum >= needed || says_so {
            let first: Vec<Atom> = atoms[recent..=index].iter().filter(|atom| opens(atom)).copied().collect();
            open = Some(Burst::begin(&first, &sharper, rule));
        }
    }
    if let Some(mut burst) = open {
        match ended(&burst, until, until, bounds, rule) {
            Some(cut) => burst.cut = cut,
            None => burst.ongoing = true,
        }
        bursts.push(burst);
    }
    bursts
}

/// Whether a single call or record counts toward N.
fn opens(atom: &Atom) -> bool {
    atom.counted && atom.is_point() && matches!(atom.what, What::Refused | What::Seen(State::Open | State::ForcedOpen))
}

/// Whether `burst` ended before refusals in `(after, until]`: by a bound (`true`) or by a gap (`false`).
fn ended(burst: &Burst, after: i64, until: i64, bounds: &[i64], rule: &Inference) -> Option<bool> {
    let last = burst.last.1;
    let next = bounds[bounds.partition_point(|bound| *bound <= last)..].first().filter(|bound| **bound <= until.max(after));
    let gap = last.saturating_add(rule.close_gap_ns);
    match next {
        Some(bound) if *bound <= gap => Some(true),
        // A metric is silent in whole intervals: at the gap itself it is over.
        _ if after > gap || (after == gap && after != until) => Some(false),
        _ => None,
    }
}

impl Burst {
    fn begin(first: &[Atom], sharper: &[i64], rule: &Inference) -> Self {
        let begin = first[0];
        let edge = if begin.is_point() {
            (begin.until.saturating_sub(rule.window_ns), begin.until, begin.until)
        } else {
            match sharper.get(sharper.partition_point(|time| *time <= begin.after)).filter(|time| **time <= begin.until) {
                Some(time) => (begin.after, *time, *time),
                None => (begin.after, begin.until, begin.until),
            }
        };
        let mut burst = Self {
            first: edge,
            last: edge,
            cut: false,
            ongoing: false,
            refused: 0.0,
            confidence: 0,
            forced: false,
            turns: Vec::new(),
            shown: Vec::new(),
            records: 0,
        };
        first.iter().for_each(|atom| burst.extend(atom, sharper, rule));
        burst
    }

    fn extend(&mut self, atom: &Atom, sharper: &[i64], rule: &Inference) {
        self.refused += atom.count;
        self.records += 1;
        let surest = if atom.sampled { 60 } else { 90 };
        self.confidence = self.confidence.max(atom.confidence.min(surest));
        self.last = if atom.is_point() {
            (atom.until, atom.until, atom.until.saturating_add(rule.window_ns))
        } else {
            let place = sharper.partition_point(|time| *time <= atom.until);
            match place.checked_sub(1).map(|last| sharper[last]).filter(|time| *time > atom.after) {
                Some(time) => (time, time, atom.until.saturating_add(rule.window_ns)),
                None => (atom.after, atom.until, atom.until.saturating_add(rule.window_ns)),
            }
        };
        if self.shown.len() < SHOWN {
            self.shown.push(atom.origin);
        } else {
            self.shown[SHOWN - 1] = atom.origin;
        }
        let state = match atom.what {
            What::Seen(State::ForcedOpen) => {
                self.forced = true;
                State::Open
            }
            What::Refused | What::Seen(State::Open) => State::Open,
            What::RefusedByHalfOpen | What::Seen(State::HalfOpen) => State::HalfOpen,
            What::Seen(_) => return,
        };
        if self.turns.last().map_or(State::Open, |(_, last)| *last) != state {
            self.turns.push((atom.until, state));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::parameters::{Parameters, SECOND};

    const S: i64 = SECOND;

    fn atom((after, until, count, what): (i64, i64, f64, What)) -> Atom {
        let sampled = after == until && count > 1.0;
        Atom { after: after * S, until: until * S, count, what, counted: true, sampled, confidence: 95, origin: Origin::Rejection(0) }
    }

    fn check(name: &str, atoms: &[(i64, i64, f64, What)], bounds: &[i64], expected: &[(i64, i64, f64, &str)]) {
        let atoms: Vec<Atom> = atoms.iter().copied().map(atom).collect();
        let bounds: Vec<i64> = bounds.iter().map(|bound| bound * S).collect();
        let bursts = bursts(&atoms, &bounds, &Parameters::default().of("kratos"), 1000 * S);
        let end = |burst: &Burst| {
            if burst.cut {
                "cut"
            } else if burst.ongoing {
                "ongoing"
            } else {
                "gap"
            }
        };
        let found: Vec<_> = bursts.iter().map(|burst| (burst.first.1 / S, burst.last.1 / S, burst.refused, end(burst))).collect();
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn single_calls() {
        let one = |time: i64| (time, time, 1.0, What::Refused);
        check("three within five seconds", &[one(1), one(2), one(3)], &[], &[(1, 3, 3.0, "gap")]);
        check("two are not enough", &[one(1), one(5)], &[], &[]);
        check("nor three too far apart", &[one(1), one(5), one(9), one(13)], &[], &[]);
        check("the first of the three that lie close", &[one(1), one(10), one(11), one(12), one(22)], &[], &[(10, 22, 4.0, "gap")]);
        check("a gap splits", &[one(1), one(2), one(3), one(14), one(15), one(16)], &[], &[(1, 3, 3.0, "gap"), (14, 16, 3.0, "gap")]);
        check("so does a restart", &[one(1), one(2), one(3), one(6), one(7), one(8)], &[5], &[(1, 3, 3.0, "cut"), (6, 8, 3.0, "gap")]);
        check("not over yet", &[one(991), one(992), one(993)], &[], &[(991, 993, 3.0, "ongoing")]);
        check("one sampled call stands for many", &[(5, 5, 10.0, What::Refused)], &[], &[(5, 5, 10.0, "gap")]);
        check("a record that says so", &[(5, 5, 0.0, What::Seen(State::Open))], &[], &[(5, 5, 0.0, "gap")]);
        check("half open refuses, and does not open", &[(5, 5, 1.0, What::RefusedByHalfOpen); 9], &[], &[]);
    }

    #[test]
    fn metrics() {
        let interval = |until: i64, count| (until - 60, until, count, What::Refused);
        check("enough in one interval", &[interval(60, 3.0)], &[], &[(60, 60, 3.0, "gap")]);
        check("not enough", &[interval(60, 2.0), interval(120, 2.0)], &[], &[]);
        check("next to each other", &[interval(60, 3.0), interval(120, 1.0)], &[], &[(60, 120, 4.0, "gap")]);
        check("one silent interval", &[interval(60, 3.0), interval(180, 3.0)], &[], &[(60, 60, 3.0, "gap"), (180, 180, 3.0, "gap")]);
    }
}
