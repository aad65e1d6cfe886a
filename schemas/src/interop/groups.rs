//! Spans back under their resource and scope.

use std::collections::HashMap;

use super::model::{Scope, Span, SpanGroup};
use crate::otlp::attributes_json::Attributes;

/// Groups in the order of their first span, found by what tells them apart.
#[derive(Default)]
pub(super) struct Groups {
    places: HashMap<String, usize>,
    groups: Vec<SpanGroup<'static>>,
}

impl Groups {
    /// Adds a span to the group of `resource` (its name, and its attributes when it is new) and `scope`.
    pub(super) fn push(
        &mut self,
        resource: &str,
        attributes: impl FnOnce() -> Attributes<'static>,
        scope: Scope<'static>,
        span: Span<'static>,
    ) {
        let key = format!("{resource}\0{}\0{}", scope.name, scope.version);
        let groups = &mut self.groups;
        let place = *self.places.entry(key).or_insert_with(|| {
            groups.push(SpanGroup { resource: attributes(), scope, spans: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.spans.push(span);
        }
    }

    pub(super) fn into_groups(self) -> Vec<SpanGroup<'static>> {
        self.groups
    }
}
