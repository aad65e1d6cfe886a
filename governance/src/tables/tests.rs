use proptest::prelude::*;
use schemas::{SpanId, Table, TableBatch, TraceId, UnixNanos};

use super::*;
use crate::{codes::statistics::Reported, facts::*};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "[a-z]{1,4}", Just("库存不足 \"x\"".to_owned())]
}

fn emitter() -> impl Strategy<Value = Emitter> {
    (text(), text(), text(), text(), text()).prop_map(|(service, namespace, environment, version, instance)| Emitter {
        service,
        namespace,
        environment,
        version,
        instance,
    })
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let ids = (1..=u128::MAX, 1..=u64::MAX, prop::option::of(1..=u64::MAX), any::<bool>());
    (one_of(Source::ALL), "[a-z.]{1,6}", 0..=100u8, ids).prop_map(|(source, rule, confidence, (trace, span, parent, known))| Evidence {
        source,
        rule,
        confidence,
        trace_id: known.then_some(TraceId(trace.to_be_bytes())),
        span_id: known.then_some(SpanId(span.to_be_bytes())),
        parent_span_id: parent.map(|parent| SpanId(parent.to_be_bytes())),
    })
}

fn amount() -> impl Strategy<Value = Amount> {
    let start = prop::option::of(any::<i64>().prop_map(UnixNanos));
    prop_oneof![
        (0.0..1e9).prop_map(Amount::Count),
        (0.0..1e9, any::<u64>(), start).prop_map(|(value, series, start_time)| Amount::Cumulative { value, series, start_time }),
    ]
}

fn time() -> impl Strategy<Value = UnixNanos> {
    any::<i64>().prop_map(UnixNanos)
}

fn span_kind() -> impl Strategy<Value = Option<SpanKind>> {
    (0..7).prop_map(SpanKind::from_number)
}

prop_compose! {
    fn rejection()(
        (time, duration_ns, emitter, kind, amount) in (time(), any::<Option<i64>>(), emitter(), one_of(RejectionKind::ALL), amount()),
        (mechanism, framework, name, operation, target) in (one_of(Mechanism::ALL), text(), text(), text(), text()),
        (span_kind, code, reason, http_status, grpc_status) in (span_kind(), text(), text(), any::<Option<i64>>(), text()),
        (says_propagated, evidence) in (any::<bool>(), evidence()),
    ) -> Rejection {
        Rejection {
            time, duration_ns, emitter, kind, amount, framework, mechanism, name, operation, target, span_kind, code, reason, http_status,
            grpc_status, says_propagated, evidence,
        }
    }
}

fn signal() -> impl Strategy<Value = Signal> {
    let state = || one_of(State::ALL);
    prop_oneof![
        (prop::option::of(state()), state()).prop_map(|(from, to)| Signal::Transition { from, to }),
        (prop::option::of(state()), state(), amount()).prop_map(|(from, to, amount)| Signal::Counter { from, to, amount }),
        (state(), 0.0..2.0).prop_map(|(state, value)| Signal::OneHot { state, value }),
        (0.0..5.0, prop::option::of(state())).prop_map(|(value, state)| Signal::Enum { value, state }),
        state().prop_map(|state| Signal::Seen { state }),
        Just(Signal::ConfigReload),
    ]
}

prop_compose! {
    fn breaker_signal()(
        (time, emitter, mechanism, framework, name) in (time(), emitter(), one_of(Mechanism::ALL), text(), text()),
        (operation, target, signal, cause, text) in (text(), text(), signal(), text(), text()),
        (series, evidence) in (any::<Option<u64>>(), evidence()),
    ) -> BreakerSignal {
        // A running total names its series itself.
        let series = match signal {
            Signal::Counter { amount: Amount::Cumulative { series, .. }, .. } => Some(series),
            _ => series,
        };
        BreakerSignal { time, emitter, framework, mechanism, name, operation, target, signal, cause, text, series, evidence }
    }
}

prop_compose! {
    fn resilience_action()(
        (time, emitter, action, amount, framework) in (time(), emitter(), one_of(Action::ALL), amount(), text()),
        (name, operation, target, outcome, attempt) in (text(), text(), text(), text(), any::<Option<i64>>()),
        evidence in evidence(),
    ) -> ResilienceAction {
        ResilienceAction { time, emitter, action, amount, framework, name, operation, target, outcome, attempt, evidence }
    }
}

prop_compose! {
    fn error()(
        (time, emitter, operation, span_kind, code) in (time(), emitter(), text(), span_kind(), text()),
        (reason, domain, message, solution, http_status) in (text(), text(), text(), text(), any::<Option<i64>>()),
        (grpc_status, exception_type, framework, is_rejection, fingerprint) in (text(), text(), text(), any::<bool>(), any::<u64>()),
        (amount, code_source, span_failed, duration_ns, evidence) in
            (amount(), one_of(CodeSource::ALL), any::<bool>(), any::<Option<i64>>(), evidence()),
    ) -> Error {
        Error {
            time, emitter, operation, span_kind, code, reason, domain, message, solution, http_status, grpc_status, exception_type,
            framework, is_rejection, fingerprint, amount, code_source, span_failed, duration_ns, evidence,
        }
    }
}

fn many<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    prop::collection::vec(of, 0..6)
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        rejections in many(rejection()),
        breaker_signals in many(breaker_signal()),
        resilience_actions in many(resilience_action()),
        errors in many(error()),
    ) {
        let facts = Facts { rejections, breaker_signals, resilience_actions, errors };
        let mut read = Facts::default();
        for TableBatch { table, batch } in to_batches(&facts, UnixNanos(7)) {
            prop_assert_eq!(batch.schema(), table.schema());
            prop_assert!(batch.num_rows() > 0);
            match table {
                Table::Rejections => read.rejections = rejections::read(&batch).expect("just written"),
                Table::BreakerSignals => read.breaker_signals = breaker_signals::read(&batch).expect("just written"),
                Table::ResilienceActions => read.resilience_actions = resilience_actions::read(&batch).expect("just written"),
                Table::Errors => {
                    read.errors = errors::read(&batch).expect("just written");
                    let rows = ReportedRows::of(&batch).expect("just written");
                    let reported: Vec<_> = (0..rows.len()).map(|row| format!("{:?}", rows.get(row).expect("just written"))).collect();
                    let expected: Vec<_> = facts.errors.iter().map(|error| format!("{:?}", Reported::of(error, 7))).collect();
                    prop_assert_eq!(reported, expected);
                }
                _ => prop_assert!(false, "{} is no table of facts", table),
            }
        }
        prop_assert_eq!(read, facts);
    }
}

#[test]
fn a_batch_without_a_column_or_with_a_strange_word_is_refused_by_name() {
    let batch = rejections::write(&[], UnixNanos(0)).batch;
    let without = batch.project(&[0, 1]).expect("two columns");
    assert_eq!(rejections::read(&without).expect_err("no kind").to_string(), "column `kind` is missing");
    assert!(breaker_signals::read(&batch).is_err());
    assert_eq!(State::from_word("ajar"), None);
}
