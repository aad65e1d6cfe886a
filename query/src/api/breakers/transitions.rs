//! `GET /api/v1/breakers/{id}/transitions`: each change of state in a window.

use std::time::Instant;

use governance::fold::{self, BreakerId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    super::{
        answer::{Meta, Time, to_json},
        problem::Problem,
        search::{Limits, Pairs, now, parse_limit},
        window::{Window, unknown_parameter},
    },
    load::Folds,
    shapes::{Evidence, Identity, Transition, state_word},
};

const LIMITS: Limits = Limits { default: 500, max: 5000 };

/// Changes of state of one breaker.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerTransitionsAnswer)]
pub(super) struct TransitionsAnswer {
    breaker: Identity,
    /// Of all instances, newest first.
    transitions: Vec<Transition>,
    /// What a weaker source says otherwise.
    conflicts: Vec<Conflict>,
    #[schema(value_type = Object)]
    meta: Meta,
}

/// A source that says otherwise than a better one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BreakerConflict)]
struct Conflict {
    instance: String,
    #[schema(value_type = String)]
    time: Time,
    method: &'static str,
    says: &'static str,
    stands: &'static str,
    /// Calls were refused while it was closed: a change was not reported.
    missed_transition: bool,
    evidence: Vec<Evidence>,
}

pub(super) async fn answer(folds: &Folds, id: BreakerId, pairs: Pairs) -> Result<Vec<u8>, Problem> {
    let (started, now) = (Instant::now(), now());
    let (window, others) = Window::parse(pairs, now)?;
    let mut limit = LIMITS.default;
    for (name, value) in others {
        match name.as_str() {
            "limit" => limit = parse_limit(&value, LIMITS)?,
            _ => return Err(unknown_parameter(&name, "this route knows `start`, `end`, `range` and `limit`")),
        }
    }
    let told = folds.told(window, now).await?;
    let breaker = told.breaker(id)?;
    let mechanism = breaker.key.mechanism;
    let within = |moment: &fold::Moment| (window.start..window.end).contains(&moment.time);
    let mut transitions: Vec<(&str, &fold::Transition)> = Vec::new();
    let mut conflicts = Vec::new();
    for history in &breaker.instances {
        transitions.extend(history.transitions.iter().filter(|one| within(&one.at)).map(|one| (history.instance.as_str(), one)));
        let of_instance = history.conflicts.iter().filter(|conflict| within(&conflict.at));
        conflicts.extend(of_instance.take(limit).map(|conflict| Conflict {
            instance: history.instance.clone(),
            time: Time(conflict.at.time),
            method: conflict.method.name(),
            says: state_word(mechanism, conflict.says),
            stands: state_word(mechanism, conflict.stands),
            missed_transition: conflict.missed_transition,
            evidence: conflict.evidence.iter().map(Evidence::of).collect(),
        }));
    }
    // Of one instance and time, the later in its history first.
    transitions.reverse();
    transitions.sort_by_key(|(_, one)| std::cmp::Reverse(one.at.time));
    let cut = transitions.len() > limit;
    let older = cut.then(|| format!("{} more changes are older than these", transitions.len() - limit));
    let transitions = transitions.iter().take(limit).map(|(instance, one)| Transition::of(mechanism, instance, one)).collect();
    let mut meta = told.cost.meta(started);
    meta.warnings.extend(older);
    meta.truncated = cut;
    Ok(to_json(&TransitionsAnswer { breaker: Identity::of(breaker), transitions, conflicts, meta }))
}
