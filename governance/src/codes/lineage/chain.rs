//! The ways of errors through a trace: from where each was born to the last that it became.

use super::hop::{Hop, Role};

/// One way. Hops that only passed the code on are left out, apart from the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Indexes of the errors: the origin, then every translation.
    pub steps: Vec<usize>,
    /// All errors on the way, from the top down. No error is on two ways.
    pub hops: Vec<usize>,
    /// Services that carried it, the origin's first, each once.
    pub services: Vec<String>,
}

/// A chain for every error that nothing above took up. The first step of each is an origin or fabricated.
pub fn chains(hops: &[Hop<'_>], roles: &[Role]) -> Vec<Chain> {
    let below = |index: usize| match roles[index] {
        Role::Propagated { from } | Role::Translated { from } => Some(from),
        _ => None,
    };
    let mut taken_up = vec![false; hops.len()];
    (0..hops.len()).filter_map(below).for_each(|from| taken_up[from] = true);
    let tops = (0..hops.len()).filter(|&index| !taken_up[index] && roles[index].is_hop());
    tops.map(|top| {
        let (mut steps, mut on_the_way) = (vec![], vec![]);
        let mut services: Vec<String> = vec![];
        let mut at = top;
        // Roles make no ring; the bound keeps wrong ones from running for ever.
        for _ in 0..=hops.len() {
            on_the_way.push(at);
            if services.last().is_none_or(|last| last != hops[at].service) {
                services.push(hops[at].service.to_owned());
            }
            match roles[at] {
                Role::Propagated { from } => at = from,
                Role::Translated { from } => {
                    steps.push(at);
                    at = from;
                }
                _ => {
                    steps.push(at);
                    break;
                }
            }
        }
        steps.reverse();
        services.reverse();
        Chain { steps, hops: on_the_way, services }
    })
    .collect()
}
