//! How close an adaptive breaker is to dropping calls, and whether it ever can.

use crate::fold::Parameters;

/// The limits of a breaker after Google's SRE book, chapter 21: it drops with probability `(total - k * accepts) / (total + 1)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adaptive {
    pub k: f64,
    /// Calls in the window below which it never drops.
    pub requests_min: f64,
    pub window_s: f64,
}

impl Adaptive {
    /// Kratos v2 with aegis: success 0.6, 100 calls in 3 s.
    pub const AEGIS: Self = Self { k: 1.0 / 0.6, requests_min: 100.0, window_s: 3.0 };
    /// Kratos v3: failure ratio 0.5, 20 calls in 3 s.
    pub const KRATOS_V3: Self = Self { k: 2.0, requests_min: 20.0, window_s: 3.0 };
    /// go-zero: 5 calls above `k * accepts` in 10 s.
    pub const GO_ZERO: Self = Self { k: 1.5, requests_min: 5.0, window_s: 10.0 };

    /// Of a framework: its defaults, and what rules say otherwise. Kratos without a version is v2, whose breaker needs more traffic.
    /// `None`: its breakers are not adaptive.
    pub fn of(framework: &str, parameters: &Parameters) -> Option<Self> {
        let known = match framework {
            "kratos-v3" => Self::KRATOS_V3,
            "go-zero" => Self::GO_ZERO,
            framework if framework.starts_with("kratos") => Self::AEGIS,
            _ => return None,
        };
        let said = parameters.library(framework);
        Some(Self {
            k: said.k.unwrap_or(known.k),
            requests_min: said.calls_min.unwrap_or(known.requests_min),
            window_s: said.window_ns.map_or(known.window_s, |window_ns| window_ns as f64 / 1e9),
        })
    }

    /// From 1 (all calls succeed with room to spare) to 0 and below (it drops now).
    pub fn margin(&self, total: f64, accepts: f64) -> f64 {
        if total <= 0.0 {
            1.0
        } else if accepts <= 0.0 {
            -1.0
        } else {
            (1.0 - total / (self.k * accepts)).max(-1.0)
        }
    }

    /// The share of calls it drops.
    pub fn drop_ratio(&self, total: f64, accepts: f64) -> f64 {
        if total < self.requests_min { 0.0 } else { ((total - self.k * accepts) / (total + 1.0)).clamp(0.0, 1.0) }
    }

    /// The share of failures among calls let through from which on it drops: `1 - 1/k`.
    pub fn threshold(&self) -> f64 {
        1.0 - 1.0 / self.k
    }

    /// Whether one instance has enough calls a second of one operation for it to drop any.
    pub fn can_trip(&self, calls_per_s: f64) -> bool {
        calls_per_s * self.window_s >= self.requests_min
    }

    pub fn calls_per_s_min(&self) -> f64 {
        self.requests_min / self.window_s
    }
}

/// A breaker with a ratio: from 1 (no errors) to 0 (it trips).
pub fn ratio_margin(threshold: f64, error_ratio: f64) -> f64 {
    if threshold <= 0.0 { 0.0 } else { 1.0 - error_ratio / threshold }
}

/// A cap (Envoy): from 1 (idle) to 0 (full).
pub fn cap_margin(active: f64, max: f64) -> f64 {
    if max <= 0.0 { 0.0 } else { 1.0 - active / max }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fold::Library;

    #[test]
    fn margins_and_floors() {
        let of = |framework| Adaptive::of(framework, &Parameters::default());
        assert_eq!((of("kratos"), of("kratos-v3"), of("gobreaker")), (Some(Adaptive::AEGIS), Some(Adaptive::KRATOS_V3), None));
        let said = Library { k: Some(2.5), calls_min: Some(10.0), window_ns: Some(5_000_000_000), ..Library::default() };
        let parameters = Parameters { libraries: [("kratos".to_owned(), said)].into(), ..Parameters::default() };
        let expected = Adaptive { k: 2.5, requests_min: 10.0, window_s: 5.0 };
        assert_eq!((Adaptive::of("kratos-v3", &parameters), Adaptive::of("gobreaker", &parameters)), (Some(expected), None));
        assert!((Adaptive::AEGIS.threshold() - 0.4).abs() < 1e-9);
        assert!((Adaptive::KRATOS_V3.threshold() - 0.5).abs() < 1e-9);
        assert!(Adaptive::AEGIS.margin(100.0, 60.0).abs() < 1e-9, "40 % fail: it is about to drop");
        assert!((Adaptive::KRATOS_V3.margin(100.0, 100.0) - 0.5).abs() < 1e-9);
        assert_eq!((Adaptive::AEGIS.margin(0.0, 0.0), Adaptive::AEGIS.margin(5.0, 0.0)), (1.0, -1.0));
        assert_eq!((Adaptive::AEGIS.can_trip(33.0), Adaptive::AEGIS.can_trip(34.0)), (false, true));
        assert_eq!((Adaptive::KRATOS_V3.can_trip(6.0), Adaptive::KRATOS_V3.can_trip(7.0)), (false, true));
        assert_eq!(Adaptive::AEGIS.drop_ratio(99.0, 0.0), 0.0);
        assert!(Adaptive::AEGIS.drop_ratio(199.0, 0.0) > 0.99);
        assert_eq!((ratio_margin(0.5, 0.25), cap_margin(75.0, 100.0)), (0.5, 0.25));
    }
}
