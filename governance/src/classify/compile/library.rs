//! Libraries: what tells that a record is from one, and the numbers that a fold must know of it.

use toml::Spanned;

use super::super::{
    error::Mistakes,
    file::FrameworkSource,
    framework::{Framework, Start},
    names::canonical,
};
use crate::fold::Library;

/// A day in seconds.
const NUMBER_MAX: f64 = 86_400.0;

pub(super) fn framework_of(source: FrameworkSource, mistakes: &mut Mistakes<'_>) -> Framework {
    let starts = |patterns: &[String]| patterns.iter().map(|pattern| Start::new(pattern)).collect();
    let prefix = |prefix: &String| canonical(&format!("{prefix}x")).trim_end_matches('x').to_owned();
    Framework {
        library: library_of(&source, mistakes),
        mechanism: source.mechanism.map(Into::into),
        scope: starts(&source.scope),
        metric_prefix: source.metric_prefix.iter().map(prefix).collect(),
        exception_type: starts(&source.exception_type),
        encoding: source.encoding.map(Spanned::into_inner),
        id: source.id,
    }
}

fn library_of(source: &FrameworkSource, mistakes: &mut Mistakes<'_>) -> Library {
    const SECOND: f64 = 1e9;
    let mut number = |field: &str, value: &Option<Spanned<f64>>, min: f64| {
        let value = value.as_ref()?;
        let number = *value.as_ref();
        if number >= min && number <= NUMBER_MAX {
            return Some(number);
        }
        let place = format!("framework `{}`, `{field}`", source.id);
        mistakes.add(value.span(), place, format!("{number} is not from {min} to {NUMBER_MAX}"));
        None
    };
    let ns = |seconds: Option<f64>| seconds.map(|seconds| (seconds * SECOND) as i64);
    Library {
        open_n: number("open_n", &source.open_n, 1.0),
        open_w_ns: ns(number("open_within_s", &source.open_within_s, 0.001)),
        close_gap_ns: ns(number("close_gap_s", &source.close_gap_s, 0.001)),
        window_ns: ns(number("window_s", &source.window_s, 0.001)),
        k: number("k", &source.k, 1.0),
        calls_min: number("calls_min", &source.calls_min, 1.0),
    }
}
