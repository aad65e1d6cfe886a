//! Metric names: canonical, so that dotted names and those of Prometheus meet, and patterns over them.

/// Lower case, `_` for everything but letters and digits, without the suffixes that Prometheus adds.
pub(super) fn canonical(name: &str) -> String {
    let mut canonical: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' }).collect();
    for suffix in ["_total", "_seconds", "_milliseconds"] {
        if canonical.len() > suffix.len() && canonical.ends_with(suffix) {
            canonical.truncate(canonical.len() - suffix.len());
        }
    }
    canonical
}

/// A canonical name in which `*` stands for anything.
#[derive(Debug, Clone)]
pub(super) struct NamePattern(Vec<String>);

impl NamePattern {
    pub fn new(pattern: &str) -> Self {
        Self(match pattern.split('*').collect::<Vec<_>>().as_slice() {
            [whole] => vec![canonical(whole)],
            [start @ .., end] => {
                let inner = |text: &&str| canonical(&format!("{text}.")).trim_end_matches('_').to_owned() + trailing(text);
                start.iter().map(inner).chain([if end.is_empty() { String::new() } else { canonical(end) }]).collect()
            }
            [] => vec![],
        })
    }

    /// What stands between the `*`.
    #[cfg(test)]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    pub fn matches(&self, name: &str) -> bool {
        let [start, rest @ ..] = self.0.as_slice() else { return false };
        let [middle @ .., end] = rest else { return name == start };
        let Some(mut left) = name.strip_prefix(start.as_str()) else { return false };
        for part in middle {
            let Some(position) = left.find(part.as_str()) else { return false };
            left = left.get(position + part.len()..).unwrap_or_default();
        }
        left.ends_with(end.as_str())
    }
}

/// The separators that a part of a pattern ends with, canonical.
fn trailing(text: &str) -> &'static str {
    if text.ends_with(|letter: char| !letter.is_ascii_alphanumeric()) { "_" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dotted_names_and_those_of_prometheus_meet() {
        for (name, expected) in [
            ("resilience4j.circuitbreaker.state", "resilience4j_circuitbreaker_state"),
            ("client_requests_code_total", "client_requests_code"),
            ("server_requests_seconds", "server_requests"),
            ("cluster.circuit_breakers.default.rq_open", "cluster_circuit_breakers_default_rq_open"),
            ("_total", "_total"),
            ("", ""),
        ] {
            assert_eq!(canonical(name), expected, "{name}");
        }
    }

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("client_requests_code_total", "client.requests.code", true),
            ("client_requests_code_total", "my_client_requests_code_total", false),
            ("*circuitopen", "shop.pay.circuitOpen", true),
            ("*circuitopen", "circuitOpen", true),
            ("*.circuit_breakers.*_open", "cluster.circuit_breakers.default.rq_open", true),
            ("*.circuit_breakers.*_open", "cluster.circuit_breakers.default.remaining_rq", false),
            ("cluster*upstream_cx_overflow", "cluster.pay.upstream_cx_overflow", true),
            ("cluster*upstream_cx_overflow", "upstream_cx_overflow", false),
            ("polly.*", "polly.x", true),
            ("polly.*", "pollyx", false),
        ] {
            assert_eq!(NamePattern::new(pattern).matches(&canonical(name)), expected, "{pattern} {name}");
        }
    }
}
