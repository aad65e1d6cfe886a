//! Which errors are asked for.

use schemas::UnixNanos;

use super::super::{problem::Problem, search::Pairs, window::Window};

const SECOND: i64 = 1_000_000_000;

/// Errors of a window. Equal ones are answered from one fold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Asked {
    pub window: Window,
    /// Empty: any.
    pub service: String,
    pub environment: String,
    pub every_hop: bool,
}

impl Asked {
    /// From `start`, `end`, `range`, `service`, `environment` and `count`. Other parameters are handed back.
    pub(super) fn parse(pairs: Pairs, now: UnixNanos) -> Result<(Self, Pairs), Problem> {
        let (window, pairs) = Window::parse(pairs, now)?;
        let mut asked = Self { window: whole_seconds(window, now), service: String::new(), environment: String::new(), every_hop: false };
        let mut others = Vec::new();
        for (name, value) in pairs {
            match name.as_str() {
                "service" => asked.service = value,
                "environment" => asked.environment = value,
                "count" => asked.every_hop = every_hop(&value)?,
                _ => others.push((name, value)),
            }
        }
        Ok((asked, others))
    }

    pub(super) fn seconds(&self) -> f64 {
        self.window.length_ns() as f64 / SECOND as f64
    }
}

/// The parts of one page ask within a moment of each other: up to now means up to the end of this second, for all of them.
fn whole_seconds(window: Window, now: UnixNanos) -> Window {
    if window.end != now {
        return window;
    }
    let (start, end) = (window.start.0.div_euclid(SECOND) * SECOND, (window.end.0 + SECOND - 1).div_euclid(SECOND) * SECOND);
    Window { start: UnixNanos(start), end: UnixNanos(end) }
}

fn every_hop(value: &str) -> Result<bool, Problem> {
    match value {
        "born" => Ok(false),
        "every_hop" | "hops" => Ok(true),
        _ => Err(Problem::invalid_parameter("count", format!("unknown way to count {value:?}"), "use born or every_hop")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixNanos = UnixNanos(1_793_959_200_400_000_000);

    fn parse(pairs: &[(&str, &str)]) -> Result<(Asked, Pairs), Problem> {
        Asked::parse(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(), NOW)
    }

    #[test]
    fn up_to_now_is_up_to_the_end_of_this_second() {
        let check = |pairs: &[(&str, &str)], start: i64, end: i64| {
            let (asked, _) = parse(pairs).expect("right");
            assert_eq!((asked.window.start.0 - NOW.0, asked.window.end.0 - NOW.0), (start, end), "{pairs:?}");
        };
        check(&[("range", "1m")], -60_400_000_000, 600_000_000);
        check(&[("start", "now-900ms"), ("end", "now")], -1_400_000_000, 600_000_000);
        check(&[("range", "1m"), ("end", "1793959200")], -60_400_000_000, -400_000_000);
    }

    #[test]
    fn what_is_counted() {
        let (asked, others) = parse(&[("service", "pay"), ("q", "5001*"), ("count", "hops"), ("environment", "prod")]).expect("right");
        assert_eq!((asked.service.as_str(), asked.environment.as_str(), asked.every_hop), ("pay", "prod", true));
        assert_eq!(others, [("q".to_owned(), "5001*".to_owned())]);
        assert!(parse(&[("count", "twice")]).is_err());
    }
}
