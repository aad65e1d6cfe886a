//! A rule that matched a row --> facts.

use xxhash_rust::xxh3::xxh3_64;

use super::{
    field::Field,
    file::SignalKind,
    framework::Frameworks,
    matching::{Origin, Subject},
    rules::{ActionRule, RejectionRule, Rule, SignalRule, Word},
    template::Template,
};
use crate::facts::{Amount, BreakerSignal, Evidence, Facts, Mechanism, Rejection, ResilienceAction, Signal, Source, State};

/// Longer names and operations are cut and end with a hash of the whole.
const NAME_BYTES_MAX: usize = 256;
const TEXT_BYTES_MAX: usize = 2_048;

/// What was made of a row so far: one rule gives its rejection, one its signal, one its action.
#[derive(Debug, Default)]
pub(super) struct Emitted {
    rejection: bool,
    signal: bool,
    action: bool,
}

impl Emitted {
    pub fn any(&self) -> bool {
        self.rejection || self.signal || self.action
    }

    /// Whether nothing that `rule` makes is missing.
    pub fn covers(&self, rule: &Rule) -> bool {
        (rule.rejection.is_none() || self.rejection) && (rule.signal.is_none() || self.signal) && (rule.action.is_none() || self.action)
    }

    pub fn emit(&mut self, rule: &Rule, mut subject: Subject<'_>, facts: &mut Facts) {
        let parts = match &rule.split {
            None => vec![String::new()],
            Some(template) => {
                let whole = render(&subject, Some(template));
                whole.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
            }
        };
        let mut origin = subject.row.origin(subject.event);
        if rule.access_log && origin.source == Source::Log {
            origin.source = Source::AccessLog;
        }
        let taken = Self { ..*self };
        for part in parts {
            subject.part = part;
            let Some(shared) = Shared::of(rule, &mut subject, &origin) else { return };
            if let Some(of) = rule.rejection.as_ref().filter(|_| !taken.rejection) {
                let rejection = rejection(of, &subject, &origin, &shared, self.rejection);
                self.rejection |= rejection.is_some();
                facts.rejections.extend(rejection);
            }
            if let Some(of) = rule.signal.as_ref().filter(|_| !taken.signal) {
                let signal = signal(of, &subject, &origin, &shared);
                self.signal |= signal.is_some();
                facts.breaker_signals.extend(signal);
            }
            if let Some(of) = rule.action.as_ref().filter(|_| !taken.action) {
                let action = action(of, &subject, &origin, &shared);
                self.action |= action.is_some();
                facts.resilience_actions.extend(action);
            }
        }
    }
}

/// What rejection, signal and action of a match share.
struct Shared {
    framework: String,
    mechanism: Mechanism,
    name: String,
    operation: String,
    target: String,
    amount: Option<Amount>,
    evidence: Evidence,
}

impl Shared {
    /// `None` when the record says that nothing happened: a count of 0.
    fn of(rule: &Rule, subject: &mut Subject<'_>, origin: &Origin) -> Option<Self> {
        let operation = match &rule.operation {
            Some(template) => render(subject, Some(template)),
            None => subject.row.value(&Field::Name, None).unwrap_or_default().into_owned(),
        };
        let operation = bounded(operation, NAME_BYTES_MAX);
        subject.operation.clone_from(&operation);
        let framework = match &rule.framework {
            Some(template) => Frameworks::version_of(render(subject, Some(template)), subject.row),
            None => {
                subject.value(&Field::Framework).filter(|id| subject.rules.frameworks.may_write(id, rule)).unwrap_or_default().into_owned()
            }
        };
        let known = subject.rules.frameworks.named(&framework);
        let mechanism = rule.mechanism.or(known.and_then(|known| known.mechanism)).unwrap_or(Mechanism::Breaker);
        let name =
            match rule.name.as_ref().map(|template| render(subject, Some(template)).trim().to_owned()).filter(|name| !name.is_empty()) {
                Some(name) => bounded(name, NAME_BYTES_MAX),
                None if operation.is_empty() => String::new(),
                None => format!("op:{operation}"),
            };
        let counted = rule.count.as_ref().map(|template| render(subject, Some(template)).trim().parse::<f64>());
        let amount = match (counted, origin.amount) {
            (Some(Ok(count)), Some(Amount::Count(weight))) if count > 0.0 && count.is_finite() => Some(Amount::Count(count * weight)),
            (Some(_), _) => return None,
            (None, Some(Amount::Count(count))) if count <= 0.0 => return None,
            (None, amount) => amount,
        };
        let evidence = Evidence {
            source: origin.source,
            rule: rule.id.clone(),
            confidence: rule.confidence,
            trace_id: origin.trace_id,
            span_id: origin.span_id,
            parent_span_id: origin.parent_span_id,
        };
        let target = bounded(render(subject, rule.target.as_ref()), NAME_BYTES_MAX);
        Some(Self { framework, mechanism, name, operation, target, amount, evidence })
    }
}

fn rejection(rule: &RejectionRule, subject: &Subject<'_>, origin: &Origin, shared: &Shared, is_secondary: bool) -> Option<Rejection> {
    let kind = read(&rule.kind, subject)?;
    let optional = |template: &Option<Template>, field: &Field| match template {
        Some(template) => render(subject, Some(template)),
        None => subject.value(field).unwrap_or_default().into_owned(),
    };
    let mut evidence = shared.evidence.clone();
    if is_secondary {
        // The same call, refused for one more reason: the first that the record names is the likelier one.
        evidence.confidence /= 2;
    }
    Some(Rejection {
        time: origin.time,
        duration_ns: origin.duration_ns,
        emitter: origin.emitter.clone(),
        kind,
        amount: shared.amount?,
        framework: shared.framework.clone(),
        mechanism: shared.mechanism,
        name: shared.name.clone(),
        operation: shared.operation.clone(),
        target: shared.target.clone(),
        span_kind: origin.span_kind,
        code: bounded(render(subject, rule.code.as_ref()), NAME_BYTES_MAX),
        reason: bounded(render(subject, rule.reason.as_ref()), NAME_BYTES_MAX),
        http_status: optional(&rule.http_status, &Field::HttpStatus).trim().parse().ok(),
        grpc_status: bounded(optional(&rule.grpc_status, &Field::GrpcStatus), NAME_BYTES_MAX),
        says_propagated: rule.propagated,
        evidence,
    })
}

fn signal(rule: &SignalRule, subject: &Subject<'_>, origin: &Origin, shared: &Shared) -> Option<BreakerSignal> {
    let state = |word: &Option<Word<State>>| word.as_ref().and_then(|word| read(word, subject));
    let signal = match rule.kind {
        SignalKind::Transition => Signal::Transition { from: state(&rule.from), to: state(&rule.to)? },
        SignalKind::Counter => Signal::Counter { from: state(&rule.from), to: state(&rule.to)?, amount: shared.amount? },
        SignalKind::OneHot => Signal::OneHot { state: state(&rule.state)?, value: origin.value? },
        SignalKind::Gauge => {
            let value = origin.value?;
            let frameworks = &subject.rules.frameworks;
            let of_framework = || frameworks.named(&shared.framework).and_then(|framework| framework.encoding.as_deref());
            let encoding = rule.encoding.as_deref().or_else(of_framework).and_then(|id| frameworks.encoding(id));
            Signal::Enum { value, state: encoding.and_then(|encoding| encoding.state(value)) }
        }
        SignalKind::Seen => Signal::Seen { state: state(&rule.state)? },
        SignalKind::ConfigReload => Signal::ConfigReload,
    };
    Some(BreakerSignal {
        time: origin.time,
        emitter: origin.emitter.clone(),
        framework: shared.framework.clone(),
        mechanism: shared.mechanism,
        name: shared.name.clone(),
        operation: shared.operation.clone(),
        target: shared.target.clone(),
        signal,
        cause: bounded(render(subject, rule.cause.as_ref()), NAME_BYTES_MAX),
        text: bounded(render(subject, rule.text.as_ref()), TEXT_BYTES_MAX),
        series: origin.series,
        evidence: shared.evidence.clone(),
    })
}

fn action(rule: &ActionRule, subject: &Subject<'_>, origin: &Origin, shared: &Shared) -> Option<ResilienceAction> {
    Some(ResilienceAction {
        time: origin.time,
        emitter: origin.emitter.clone(),
        action: read(&rule.action, subject)?,
        amount: shared.amount?,
        framework: shared.framework.clone(),
        name: shared.name.clone(),
        operation: shared.operation.clone(),
        target: shared.target.clone(),
        outcome: bounded(render(subject, rule.outcome.as_ref()), NAME_BYTES_MAX),
        attempt: render(subject, rule.attempt.as_ref()).trim().parse().ok(),
        evidence: shared.evidence.clone(),
    })
}

fn read<T: Copy>(word: &Word<T>, subject: &Subject<'_>) -> Option<T> {
    word.read(&render(subject, Some(&word.template)))
}

/// Empty when there is no template, or a place of it has no value.
fn render(subject: &Subject<'_>, template: Option<&Template>) -> String {
    let value = |field: &Field| subject.value(field).map(|value| value.into_owned());
    template.and_then(|template| template.render(value)).unwrap_or_default()
}

/// `text`, or its start and a hash of the whole, `max` bytes in all.
fn bounded(mut text: String, max: usize) -> String {
    if text.len() > max {
        let hash = format!("~{:016x}", xxh3_64(text.as_bytes()));
        text.truncate(text.floor_char_boundary(max - hash.len()));
        text.push_str(&hash);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_stay_distinct() {
        assert_eq!(bounded("short".to_owned(), 256), "short");
        let long = "长".repeat(200);
        let (one, other) = (bounded(format!("{long}a"), 256), bounded(format!("{long}b"), 256));
        assert_ne!(one, other);
        assert!(one.len() <= 256 && one.starts_with("长长"), "{one}");
    }
}
