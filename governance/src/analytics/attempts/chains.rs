//! Retries on several levels multiply: what is sent at the bottom for one call at the top.

use std::collections::{BTreeMap, BTreeSet};

use super::retries::Retries;

/// Chains told, those that multiply most.
const CHAINS_MAX: usize = 20;
/// Calls of one chain.
const CALLS_MAX: usize = 8;
/// Ways that are tried; more than that are few edges that all call one another.
const STEPS_MAX: usize = 100_000;

/// Calls, each made below the one before it, from the first that is sent again to the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    pub edges: Vec<usize>,
    /// Sent at the bottom for each call at the top, as it was on average.
    pub amplification: f64,
    /// So too when every level sends as often as it ever did.
    pub attempts_max: u64,
}

/// `links`: (a call, one that is made below it). At least two calls of a chain are sent again; one that is a part of another is left out.
pub fn chains(retries: &[Retries], links: &BTreeSet<(usize, usize)>) -> Vec<Chain> {
    let sends_again = |edge: usize| retries.get(edge).is_some_and(|told| told.retries() > 0.0 && told.logical > 0.0);
    let mut below: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (above, under) in links {
        below.entry(*above).or_default().push(*under);
    }
    let mut found: Vec<Chain> = Vec::new();
    let mut steps = 0;
    for first in (0..retries.len()).filter(|edge| sends_again(*edge)) {
        let mut ways = vec![vec![first]];
        while let Some(way) = ways.pop() {
            steps += 1;
            if steps > STEPS_MAX {
                break;
            }
            let last = way[way.len() - 1];
            if way.len() > 1 && sends_again(last) {
                found.push(chain(retries, &way));
            }
            if way.len() == CALLS_MAX {
                continue;
            }
            let further = below.get(&last).into_iter().flatten().filter(|edge| !way.contains(edge));
            ways.extend(further.map(|edge| way.iter().copied().chain([*edge]).collect::<Vec<usize>>()));
        }
    }
    found.sort_by(|a, b| {
        b.edges.len().cmp(&a.edges.len()).then_with(|| b.amplification.total_cmp(&a.amplification)).then_with(|| a.edges.cmp(&b.edges))
    });
    let mut kept: Vec<Chain> = Vec::new();
    for one in found {
        let is_part = |of: &Chain| of.edges.windows(one.edges.len()).any(|part| part == one.edges);
        if kept.len() < CHAINS_MAX * 5 && !kept.iter().any(is_part) {
            kept.push(one);
        }
    }
    kept.sort_by(|a, b| b.amplification.total_cmp(&a.amplification).then_with(|| a.edges.cmp(&b.edges)));
    kept.truncate(CHAINS_MAX);
    kept
}

fn chain(retries: &[Retries], edges: &[usize]) -> Chain {
    let of = |edge: &usize| retries.get(*edge);
    let amplification = edges.iter().filter_map(of).filter_map(Retries::amplification).product();
    let attempts_max = edges.iter().filter_map(of).fold(1_u64, |all, told| all.saturating_mul(told.attempts_max.max(1).into()));
    Chain { edges: edges.to_vec(), amplification, attempts_max }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sent: u32, logical: u32, attempts_max: u32) -> Retries {
        Retries { sent: sent.into(), logical: logical.into(), attempts_max, ..Retries::default() }
    }

    fn check(retries: &[Retries], links: &[(usize, usize)], expected: &[(&[usize], f64, u64)]) {
        let told = chains(retries, &links.iter().copied().collect());
        let told: Vec<(&[usize], f64, u64)> = told.iter().map(|one| (&*one.edges, one.amplification, one.attempts_max)).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn levels_multiply() {
        let (twice, thrice, once) = (of(20, 10, 2), of(30, 10, 3), of(10, 10, 1));
        check(&[thrice.clone(), twice.clone()], &[(0, 1)], &[(&[0, 1], 6.0, 6)]);
        check(&[thrice.clone(), twice.clone()], &[], &[]);
        check(&[thrice.clone(), once.clone()], &[(0, 1)], &[]);
        // A level that sends once lies between; the parts of the whole are not told apart.
        check(&[twice.clone(), once.clone(), thrice.clone(), twice.clone()], &[(0, 1), (1, 2), (2, 3)], &[(&[0, 1, 2, 3], 12.0, 12)]);
        // Two ways, the worse first; a circle ends.
        check(&[twice.clone(), twice.clone(), thrice.clone()], &[(0, 1), (0, 2)], &[(&[0, 2], 6.0, 6), (&[0, 1], 4.0, 4)]);
        check(&[twice.clone(), twice.clone()], &[(0, 1), (1, 0)], &[(&[0, 1], 4.0, 4), (&[1, 0], 4.0, 4)]);
        check(&[], &[(0, 1)], &[]);
    }

    #[test]
    fn everybody_calls_everybody() {
        let retries = vec![of(20, 10, 2); 30];
        let links = (0..30).flat_map(|above| (0..30).map(move |under| (above, under))).collect();
        let told = chains(&retries, &links);
        assert!(told.len() <= CHAINS_MAX && told.iter().all(|chain| chain.edges.len() <= CALLS_MAX));
    }
}
