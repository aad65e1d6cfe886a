//! Parameters of these routes, each with its limits.

use super::super::problem::Problem;

/// Of one request; whoever wants more asks again.
const REWRITES_MAX: usize = 1024;
const REWRITES_DEFAULT: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compact {
    pub rewrites_max: usize,
    /// Also hours that are not over.
    pub open_hours: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Retention {
    pub insist: bool,
}

impl Compact {
    pub(super) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let mut asked = Self { rewrites_max: REWRITES_DEFAULT, open_hours: false };
        for (name, value) in pairs(query) {
            match name {
                "rewrites_max" => asked.rewrites_max = rewrites_max(value)?,
                "open_hours" => asked.open_hours = flag("open_hours", value)?,
                _ => return Err(unknown(name, "`rewrites_max` and `open_hours`")),
            }
        }
        Ok(asked)
    }
}

impl Retention {
    pub(super) fn parse(query: Option<&str>) -> Result<Self, Problem> {
        let mut asked = Self::default();
        for (name, value) in pairs(query) {
            match name {
                "insist" => asked.insist = flag("insist", value)?,
                _ => return Err(unknown(name, "`insist`")),
            }
        }
        Ok(asked)
    }
}

/// For routes that take none.
pub(super) fn refuse_any(query: Option<&str>) -> Result<(), Problem> {
    pairs(query).next().map_or(Ok(()), |(name, _)| Err(unknown(name, "no parameters")))
}

/// No value of these routes needs an escape.
fn pairs(query: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn rewrites_max(text: &str) -> Result<usize, Problem> {
    let number = text.parse().ok().filter(|number| (1..=REWRITES_MAX).contains(number));
    number.ok_or_else(|| {
        Problem::invalid_parameter("rewrites_max", format!("{text:?} is not in 1..={REWRITES_MAX}"), "ask again until `is_done` is true")
    })
}

fn flag(param: &'static str, text: &str) -> Result<bool, Problem> {
    text.parse().map_err(|_| Problem::invalid_parameter(param, format!("{text:?} is no truth value"), "use `true` or `false`"))
}

fn unknown(name: &str, known: &str) -> Problem {
    Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), format!("this route knows {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_asked_and_what_not() {
        let compact = |query| Compact::parse(query).map(|asked| (asked.rewrites_max, asked.open_hours));
        assert_eq!(compact(None).expect("right"), (64, false));
        assert_eq!(compact(Some("rewrites_max=1&open_hours=true")).expect("right"), (1, true));
        for wrong in ["rewrites_max=0", "rewrites_max=1025", "rewrites_max=x", "open_hours=1", "force=true"] {
            assert!(compact(Some(wrong)).is_err(), "{wrong}");
        }
        assert!(Retention::parse(Some("insist=true")).expect("right").insist);
        assert!(Retention::parse(Some("insist")).is_err());
        assert!(refuse_any(Some("x")).is_err() && refuse_any(None).is_ok());
    }
}
