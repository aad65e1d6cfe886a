//! A caller that waits for less long than whom it calls waits in turn.

use std::collections::BTreeSet;

use super::waits::Waits;

/// Timeouts are learned, and clocks tick: so much longer is longer.
const LONGER: f64 = 1.05;

/// The caller of `above` is gone before the caller of `below`, which works for it, gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inversion {
    pub above: usize,
    pub below: usize,
    /// How long the caller of `above` waits.
    pub timeout_ns: i64,
    /// How long that of `below` waits; `None`: it did not give up often enough to tell, but it waited for `below_longest_ns`.
    pub below_timeout_ns: Option<i64>,
    pub below_longest_ns: i64,
}

/// `links`: (a call, one that is made below it). In the order of the links.
pub fn inversions(waits: &[Waits], links: &BTreeSet<(usize, usize)>) -> Vec<Inversion> {
    let inversion = |(above, below): &(usize, usize)| {
        let (timeout_ns, under) = (waits.get(*above)?.timeout_ns?, waits.get(*below)?);
        let waited = under.timeout_ns.unwrap_or(under.longest_ns);
        (waited as f64 > timeout_ns as f64 * LONGER).then_some(Inversion {
            above: *above,
            below: *below,
            timeout_ns,
            below_timeout_ns: under.timeout_ns,
            below_longest_ns: under.longest_ns,
        })
    };
    links.iter().filter_map(inversion).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone_first() {
        let of = |timeout_ns: Option<i64>, longest_ns: i64| Waits { timeout_ns, longest_ns, ..Waits::default() };
        let check = |above: Waits, below: Waits, expected: bool| {
            let told = inversions(&[above.clone(), below.clone()], &BTreeSet::from([(0, 1)]));
            assert_eq!(!told.is_empty(), expected, "{above:?} {below:?}");
        };
        check(of(Some(500), 500), of(Some(2_000), 2_000), true);
        check(of(Some(500), 500), of(Some(520), 520), false);
        check(of(Some(2_000), 2_000), of(Some(500), 500), false);
        // Slow calls that it waited for tell as much.
        check(of(Some(500), 500), of(None, 900), true);
        check(of(Some(500), 500), of(None, 300), false);
        check(of(None, 900), of(Some(2_000), 2_000), false);
        assert!(inversions(&[of(Some(1), 1), of(Some(9), 9)], &BTreeSet::new()).is_empty());
        let told = inversions(&[of(Some(500), 500), of(None, 900)], &BTreeSet::from([(0, 1)]));
        assert_eq!(told, [Inversion { above: 0, below: 1, timeout_ns: 500, below_timeout_ns: None, below_longest_ns: 900 }]);
    }
}
