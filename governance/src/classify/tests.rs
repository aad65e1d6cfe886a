//! Every rule against records as the real libraries build them: OTLP protobuf -> rows -> facts.

mod cases;
mod files;
mod near;
mod otlp;
mod rows;

use otlp::{log, point, span};

use super::*;
use crate::facts::{Facts, Signal};

/// What a record becomes, in one line per fact: rejections, then signals, then actions.
fn said(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    for fact in &facts.rejections {
        let propagated = if fact.says_propagated { " propagated" } else { "" };
        let framework = &fact.framework;
        lines.push(format!("{} {}{propagated} {framework} {}", fact.evidence.rule, fact.kind.word(), fact.name));
    }
    for fact in &facts.breaker_signals {
        let state = |state: Option<crate::facts::State>| state.map_or("?", crate::facts::State::word);
        let what = match fact.signal {
            Signal::Transition { from, to } => format!("{}>{}", state(from), to.word()),
            Signal::Counter { from, to, .. } => format!("count {}>{}", state(from), to.word()),
            Signal::OneHot { state, value } => format!("{}={value}", state.word()),
            Signal::Enum { value, state: meaning } => format!("{value}={}", state(meaning)),
            Signal::Seen { state } => format!("seen {}", state.word()),
            Signal::ConfigReload => "reload".to_owned(),
        };
        lines.push(format!("{} {what} {} {}", fact.evidence.rule, fact.framework, fact.name));
    }
    for fact in &facts.resilience_actions {
        lines.push(format!("{} {} {} {}", fact.evidence.rule, fact.action.word(), fact.framework, fact.name));
    }
    lines
}
