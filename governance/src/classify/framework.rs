//! Which library a record is from: resource, scope, metric name, type of the exception, in this order.

use std::borrow::Cow;

use super::{encoding::Encoding, field::Field, keys, matching::Row, names::canonical, rules::Rule};
use crate::{
    facts::Mechanism,
    fold::{Library, family},
};

#[derive(Debug, Clone)]
pub(super) struct Framework {
    pub id: String,
    pub mechanism: Option<Mechanism>,
    pub scope: Vec<Start>,
    pub metric_prefix: Vec<String>,
    pub exception_type: Vec<Start>,
    /// Id of the encoding of its gauges.
    pub encoding: Option<String>,
    /// What a fold must know of it.
    pub library: Library,
}

/// A whole text, or its start.
#[derive(Debug, Clone)]
pub(super) struct Start {
    text: String,
    whole: bool,
}

impl Start {
    pub fn new(pattern: &str) -> Self {
        match pattern.strip_suffix('*') {
            Some(start) => Self { text: start.to_owned(), whole: false },
            None => Self { text: pattern.to_owned(), whole: true },
        }
    }

    fn matches(&self, text: &str) -> bool {
        if self.whole { text == self.text } else { text.starts_with(&self.text) }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Frameworks {
    pub all: Vec<Framework>,
    pub encodings: Vec<(String, Encoding)>,
}

impl Frameworks {
    pub fn named(&self, id: &str) -> Option<&Framework> {
        self.all.iter().find(|framework| framework.id == id)
    }

    /// Whether the library `id` may have written what `rule` looks for. Kratos' spans carry errors of any breaker that is around a call.
    pub fn may_write(&self, id: &str, rule: &Rule) -> bool {
        rule.frameworks.is_empty() || rule.frameworks.iter().any(|known| known == id) || self.named(id).is_none()
    }

    pub fn encoding(&self, id: &str) -> Option<&Encoding> {
        self.encodings.iter().find_map(|(name, encoding)| (name == id).then_some(encoding))
    }

    /// The version of a library that the sender of `row` names, or `framework` as it is.
    pub fn version_of(framework: String, row: &dyn Row) -> String {
        match said(row) {
            Some(said) if said.len() > framework.len() && family(&said) == framework => said,
            _ => framework,
        }
    }

    /// The library that `row` is from, as far as it says.
    pub fn of(&self, row: &dyn Row) -> Option<String> {
        if let Some(said) = said(row) {
            return Some(said);
        }
        let by = |field: &Field, matches: &dyn Fn(&Framework, &str) -> bool| {
            let value = row.value(field, None)?;
            self.all.iter().find(|framework| matches(framework, &value)).map(|framework| framework.id.clone())
        };
        by(&Field::ScopeName, &|framework, scope| framework.scope.iter().any(|start| start.matches(scope)))
            .or_else(|| {
                by(&Field::MetricName, &|framework, name| {
                    let name = canonical(name);
                    framework.metric_prefix.iter().any(|prefix| name.starts_with(prefix))
                })
            })
            .or_else(|| by(&Field::ExceptionType, &|framework, kind| framework.exception_type.iter().any(|start| start.matches(kind))))
    }
}

fn said(row: &dyn Row) -> Option<String> {
    row.value(&Field::Resource(keys::SERVICE_FRAMEWORK.clone()), None).map(Cow::into_owned)
}
