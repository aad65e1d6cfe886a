//! How many spans a sampled span stands for: the sampling threshold in its tracestate.

/// The adjusted count of `ot=th:<threshold>`; 1 without one. `th` are the high hex digits of a 56-bit threshold T, and a span is
/// kept with probability `(2^56 - T) / 2^56` (OpenTelemetry, consistent probability sampling).
pub fn adjusted_count(trace_state: Option<&str>) -> f64 {
    trace_state.and_then(threshold).map_or(1.0, |threshold| {
        const ALL: u64 = 1 << 56;
        ALL as f64 / (ALL - threshold) as f64
    })
}

fn threshold(trace_state: &str) -> Option<u64> {
    let ours = trace_state.split(',').find_map(|member| member.trim().strip_prefix("ot="))?;
    let digits = ours.split(';').find_map(|item| item.strip_prefix("th:"))?;
    if digits.is_empty() || digits.len() > 14 || digits.starts_with('+') {
        return None;
    }
    let high = u64::from_str_radix(digits, 16).ok()?;
    Some(high << (4 * (14 - digits.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights() {
        for (trace_state, expected) in [
            (None, 1.0),
            (Some(""), 1.0),
            (Some("ot=th:0"), 1.0),
            (Some("ot=th:8"), 2.0),
            (Some("vendor=x, ot=rv:00000000000000;th:c"), 4.0),
            (Some("ot=th:fd70a3d70a3d7"), 100.0),
            (Some("ot=th:"), 1.0),
            (Some("ot=th:zz"), 1.0),
            (Some("ot=th:123456789012345"), 1.0),
            (Some("xot=th:8"), 1.0),
        ] {
            let weight = adjusted_count(trace_state);
            assert!((weight - expected).abs() < 1e-6, "{trace_state:?}: {weight}");
        }
    }

    #[test]
    fn the_highest_threshold_is_finite() {
        assert_eq!(adjusted_count(Some("ot=th:ffffffffffffff")), (1u64 << 56) as f64);
    }
}
