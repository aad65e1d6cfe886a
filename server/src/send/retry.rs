//! How long to wait before the next attempt: what the server asks for, or doubling with jitter.

use std::time::Duration;

use rand::Rng;

const FIRST: Duration = Duration::from_millis(200);
const MAX: Duration = Duration::from_secs(10);

/// The pause before attempt `attempt` (2 is the first retry). A server's own wish wins, up to five minutes.
pub(crate) fn pause(attempt: u32, asked: Option<Duration>, random: &mut impl Rng) -> Duration {
    if let Some(asked) = asked {
        return asked.min(Duration::from_secs(300));
    }
    let doubled = FIRST.saturating_mul(1 << attempt.saturating_sub(2).min(10)).min(MAX);
    doubled.mul_f64(random.random_range(0.5..1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_unless_the_server_says() {
        let mut random = rand::rng();
        for (attempt, most) in [(2, 200), (3, 400), (5, 1_600), (40, 10_000)] {
            let pause_ms = pause(attempt, None, &mut random).as_millis();
            assert!((most / 2..=most).contains(&pause_ms), "attempt {attempt}: {pause_ms} ms");
        }
        assert_eq!(pause(9, Some(Duration::from_secs(1)), &mut random), Duration::from_secs(1));
    }
}
