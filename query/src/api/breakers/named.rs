//! Logs that say that calls were refused and not by what, beside records that do: the same calls, counted once.
//!
//! Sentinel's metric log has a line for each resource and second with all that was blocked, its block log one for each rule, and each
//! exception says what threw it but perhaps not of which resource.

use std::collections::HashSet;

use governance::{
    facts::{Rejection, RejectionKind, Source},
    fold::Refusal,
};

use super::{super::window::Window, load::Told};

const SECOND_NS: i64 = 1_000_000_000;
/// Files are written so many seconds after the calls, each when its library pleases.
const APART: i64 = 2;

/// In one process and second: of a resource, or of one that is not known, with the library whose rules tell of it.
type Key<'a> = (&'a str, &'a str, i64, &'a str);

/// Refusals whose kind is known, as far as logs tell of unknown ones within a window.
#[derive(Debug, Default)]
pub(super) struct Named<'a> {
    of_resource: HashSet<Key<'a>>,
    of_library: HashSet<Key<'a>>,
}

impl<'a> Named<'a> {
    pub(super) fn of(told: &'a Told, window: Window) -> Self {
        let mut named = Self::default();
        let reach = APART * SECOND_NS + SECOND_NS;
        let near = window.start.0.saturating_sub(reach)..window.end.0.saturating_add(reach);
        let refusals = || told.refusals().map(|(refusal, _)| refusal).filter(|refusal| near.contains(&refusal.time.0));
        // The seconds of processes in which others matter: most have none.
        let mut seconds: HashSet<(&str, &str, i64)> = HashSet::new();
        for refusal in refusals().filter(is_unsaid) {
            let (service, instance, second, _) = key(refusal.of, second(&refusal), "");
            seconds.extend((second - APART..=second + APART).map(|second| (service, instance, second)));
        }
        if seconds.is_empty() {
            return named;
        }
        for refusal in refusals().filter(|refusal| !is_unknown(refusal.kind)) {
            let (service, instance, second, _) = key(refusal.of, second(&refusal), "");
            if !seconds.contains(&(service, instance, second)) {
                continue;
            }
            if is_nameless(&refusal.of.name) {
                named.of_library.insert(key(refusal.of, second, library(refusal.of)));
            } else {
                named.of_resource.insert(key(refusal.of, second, &refusal.of.name));
            }
        }
        named
    }

    /// Whether others say of what kind these refused calls are.
    pub(super) fn tell_of(&self, refusal: &Refusal<'a>) -> bool {
        let of = refusal.of;
        let told_at =
            |second: i64| self.of_resource.contains(&key(of, second, &of.name)) || self.of_library.contains(&key(of, second, library(of)));
        is_unsaid(refusal) && (second(refusal) - APART..=second(refusal) + APART).any(told_at)
    }
}

fn is_unsaid(refusal: &Refusal<'_>) -> bool {
    is_unknown(refusal.kind) && refusal.evidence.source == Source::Log
}

fn is_unknown(kind: RejectionKind) -> bool {
    matches!(kind, RejectionKind::Unknown503 | RejectionKind::Unknown429)
}

fn is_nameless(name: &str) -> bool {
    name.is_empty() || name.starts_with("op:")
}

/// The first part of a rule's name.
fn library(of: &Rejection) -> &str {
    of.evidence.rule.split('.').next().unwrap_or_default()
}

fn second(refusal: &Refusal<'_>) -> i64 {
    refusal.time.0.div_euclid(SECOND_NS)
}

fn key<'a>(of: &'a Rejection, second: i64, what: &'a str) -> Key<'a> {
    (&of.emitter.service, &of.emitter.instance, second, what)
}
