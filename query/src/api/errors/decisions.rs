//! Which layout the catalogue knows the codes of each service by.

use std::{cmp::Reverse, collections::HashMap};

use governance::codes::{
    layout::{Decision, Who},
    statistics::CodeCount,
};

use super::row::{is_made, main_service};
use crate::codes::Known;

/// By service.
pub(super) struct Decisions(HashMap<String, Decision>);

impl Decisions {
    pub(super) fn of(codes: &[CodeCount], environment: &str, known: &Known) -> Self {
        let mut by_service: HashMap<&str, Vec<&CodeCount>> = HashMap::new();
        for code in codes.iter().filter(|code| !is_made(&code.code)) {
            by_service.entry(main_service(code)).or_default().push(code);
        }
        let decide = |(service, mut codes): (&str, Vec<&CodeCount>)| {
            codes.sort_by_key(|code| Reverse(code.last_ns));
            let seen = codes.iter().map(|code| (code.code.as_str(), code.count));
            let decided = known.layouts.decide(seen, Who { service, environment }, &known.catalogue)?;
            Some((service.to_owned(), decided))
        };
        Self(by_service.into_iter().filter_map(decide).collect())
    }

    pub(super) fn get(&self, service: &str) -> Option<&Decision> {
        self.0.get(service)
    }
}
