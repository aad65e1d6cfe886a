//! What a finding says and what to change, in English and Chinese.

use super::{Finding, FindingKind};
use crate::codes::catalogue::Language;

const SECOND_NS: i64 = 1_000_000_000;

impl Finding {
    /// What was seen; a sentence without a full stop.
    pub fn text(&self, language: Language) -> String {
        let Self { service, called, operation, breaker, concerned, of, timed_out, at_once, needed, window_s, .. } = self;
        let open_s = self.open_ns / SECOND_NS;
        let codes = self.codes.iter().map(|(code, _)| code.as_str()).collect::<Vec<_>>().join(", ");
        let silent = *concerned == 0.0;
        match (self.kind, language) {
            (FindingKind::NoBreaker, Language::En) => format!(
                "{concerned:.0} of {of:.0} calls of {operation} to {called} failed, {timed_out:.0} of them by time-out, and no breaker or limiter ever showed"
            ),
            (FindingKind::NoBreaker, Language::Zh) => {
                format!(
                    "对 {called} 的 {operation} 调用共 {of:.0} 次，失败 {concerned:.0} 次，其中超时 {timed_out:.0} 次，但从未出现过熔断器或限流器"
                )
            }
            (FindingKind::CannotTrip, Language::En) => format!(
                "an instance of {service} makes at most {at_once:.0} calls of {operation} within {window_s:.0} s; an adaptive breaker with default settings drops none below {needed:.0}"
            ),
            (FindingKind::CannotTrip, Language::Zh) => format!(
                "{service} 的单个实例在 {window_s:.0} 秒内最多调用 {operation} {at_once:.0} 次；默认设置的自适应熔断器在少于 {needed:.0} 次时不会丢弃任何请求"
            ),
            (FindingKind::TracingInside, Language::En) if silent => {
                format!("breaker {breaker} was open for {open_s} s, and no record tells of a refused call")
            }
            (FindingKind::TracingInside, Language::Zh) if silent => {
                format!("熔断器 {breaker} 打开了 {open_s} 秒，但没有任何记录提到被拒绝的调用")
            }
            (FindingKind::TracingInside, Language::En) => {
                format!("breaker {breaker} refused {concerned:.0} calls, and none of them has a span")
            }
            (FindingKind::TracingInside, Language::Zh) => format!("熔断器 {breaker} 拒绝了 {concerned:.0} 次调用，但这些调用都没有 span"),
            (FindingKind::BrokenContext, Language::En) => format!(
                "{concerned:.0} of {of:.0} calls of {operation} to {called} did not fail and have no span there in the same trace, although {called} sends spans"
            ),
            (FindingKind::BrokenContext, Language::Zh) => {
                format!(
                    "对 {called} 的 {operation} 调用共 {of:.0} 次，其中 {concerned:.0} 次未失败，但同一链路中没有 {called} 的 span，而 {called} 是上报 span 的"
                )
            }
            (FindingKind::ErrorsWithoutType, Language::En) => {
                format!("{concerned:.0} of {of:.0} failed spans of {service} have neither code nor reason, status or type")
            }
            (FindingKind::ErrorsWithoutType, Language::Zh) => {
                format!("{service} 的 {of:.0} 个失败的 span 中有 {concerned:.0} 个既没有错误码，也没有原因、状态或类型")
            }
            (FindingKind::UnknownCodes, Language::En) => format!("no catalogue knows these codes of {service}: {codes}"),
            (FindingKind::UnknownCodes, Language::Zh) => format!("{service} 的下列错误码未登记在目录中：{codes}"),
        }
    }

    /// What to change; a sentence without a full stop.
    pub fn advice(&self, language: Language) -> String {
        let Self { service, called, needed, .. } = self;
        match (self.kind, language) {
            (FindingKind::NoBreaker, Language::En) => {
                format!("put a breaker around calls of {service} to {called}, and a time-out shorter than that of whoever calls {service}")
            }
            (FindingKind::NoBreaker, Language::Zh) => {
                format!("为 {service} 对 {called} 的调用加上熔断器，并设置比 {service} 的调用方更短的超时")
            }
            (FindingKind::CannotTrip, Language::En) => {
                format!("set its minimum of requests well below {needed:.0}, or use a breaker that counts errors in a row")
            }
            (FindingKind::CannotTrip, Language::Zh) => format!("把最小请求数设置得远低于 {needed:.0}，或改用按连续错误计数的熔断器"),
            (FindingKind::TracingInside, Language::En) => {
                "put the tracing middleware or interceptor before the breaker, so that refused calls have a span".to_owned()
            }
            (FindingKind::TracingInside, Language::Zh) => "把链路追踪中间件或拦截器放在熔断器之前，使被拒绝的调用也有 span".to_owned(),
            (FindingKind::BrokenContext, Language::En) => {
                format!(
                    "set the same propagator in {service} and {called}, and see that the header `traceparent` gets through what lies between"
                )
            }
            (FindingKind::BrokenContext, Language::Zh) => {
                format!("在 {service} 和 {called} 中使用相同的传播器（propagator），并确认中间环节会透传请求头 `traceparent`")
            }
            (FindingKind::ErrorsWithoutType, Language::En) => {
                "record an error code, or set `error.type` or `exception.type`, where the error is made".to_owned()
            }
            (FindingKind::ErrorsWithoutType, Language::Zh) => {
                "在产生错误的地方记录错误码，或设置 `error.type` 或 `exception.type`".to_owned()
            }
            (FindingKind::UnknownCodes, Language::En) => {
                "import them: POST /api/v1/error-catalog:import takes CSV, TOML, errors.proto and Java enums".to_owned()
            }
            (FindingKind::UnknownCodes, Language::Zh) => {
                "导入这些错误码：POST /api/v1/error-catalog:import 支持 CSV、TOML、errors.proto 和 Java 枚举".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Edge, Guard, Seen, findings};
    use crate::codes::catalogue::Language;

    #[test]
    fn both_languages_say_the_same_numbers() {
        let edge = Edge {
            caller: "order".into(),
            called: "pay".into(),
            operation: "/v2/charges".into(),
            calls: 1_000.0,
            failed: 120.0,
            timed_out: 30.0,
            ..Edge::default()
        };
        let guard = Guard { service: "order".into(), name: "pay".into(), open_ns: 31_000_000_000, ..Guard::default() };
        let found = findings(&Seen { edges: vec![edge], guards: vec![guard], ..Seen::default() });
        let check = |index: usize, en: &str, zh: &str| {
            assert_eq!((found[index].text(Language::En).as_str(), found[index].text(Language::Zh).as_str()), (en, zh));
        };
        check(
            0,
            "120 of 1000 calls of /v2/charges to pay failed, 30 of them by time-out, and no breaker or limiter ever showed",
            "对 pay 的 /v2/charges 调用共 1000 次，失败 120 次，其中超时 30 次，但从未出现过熔断器或限流器",
        );
        check(
            1,
            "breaker pay was open for 31 s, and no record tells of a refused call",
            "熔断器 pay 打开了 31 秒，但没有任何记录提到被拒绝的调用",
        );
        for finding in &found {
            assert_ne!(finding.advice(Language::En), finding.advice(Language::Zh));
        }
    }
}
