//! A page as OTLP: with the labels of its target, after its rules, with `up` and its siblings, and with marks of what is gone.

use std::{
    collections::{BTreeSet, HashSet},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    time::Duration,
};

use schemas::interop::exposition::{self, Exposition, PointKey, Sample, Scraped, Series, Told, parse, write};

use super::{
    fetch::{FetchError, Page},
    relabel::{Labels, relabel},
    target::Target,
};

/// What was there the last time.
#[derive(Debug, Default)]
pub(super) struct Before {
    points: BTreeSet<PointKey>,
    series: HashSet<u64>,
}

/// A page that was fetched or not, as a request.
#[derive(Debug)]
pub(super) struct Request {
    pub body: Vec<u8>,
    /// Samples of the page that are in it, those of the scraper not counted.
    pub samples: u64,
    pub rejected: schemas::otlp::Rejected,
    pub error: Option<String>,
    /// What will have been there, once the request is stored.
    pub now: Before,
}

#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the page is not UTF-8")]
    Utf8,
    #[error(transparent)]
    Parse(#[from] exposition::ParseError),
}

/// The request of a page that was asked for at `time_ms` and took so long. What of `before` is not there any more is marked as gone; so is
/// everything when the page cannot be read.
pub(super) fn request(target: &Target, page: Result<Page, FetchError>, before: &Before, time_ms: i64, took: Duration) -> Request {
    let page =
        page.map_err(PageError::from).and_then(|Page { syntax, body }| Ok((syntax, String::from_utf8(body).map_err(|_| PageError::Utf8)?)));
    let read = page.as_ref().map_err(ToString::to_string).and_then(|(syntax, text)| {
        let exposition = parse(*syntax, text, target.config.samples_max()).map_err(|error| PageError::from(error).to_string())?;
        Ok(exposition)
    });
    let (scraped, mut series, error) = match &read {
        Ok(exposition) => (exposition.samples.len(), series(target, exposition, time_ms), None),
        Err(error) => (0, Vec::new(), Some(error.clone())),
    };
    let samples = series.len() as u64;
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let known: HashSet<u64> = series.iter().map(|one| hasher.hash_one((&one.name, &one.labels))).collect();
    let added = known.iter().filter(|one| !before.series.contains(one)).count();
    let own: exposition::Labels = target.labels.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    for (name, value) in [
        ("up", f64::from(u8::from(error.is_none()))),
        ("scrape_duration_seconds", took.as_secs_f64()),
        ("scrape_samples_scraped", scraped as f64),
        ("scrape_samples_post_metric_relabeling", samples as f64),
        ("scrape_series_added", added as f64),
    ] {
        series.push(Series::gauge(name, own.clone(), value, time_ms));
    }
    let Scraped { protobuf, points, rejected } = write(&series, &before.points, time_ms, &told(target));
    Request { body: protobuf, samples, rejected, error, now: Before { points, series: known } }
}

fn series<'a>(target: &Target, exposition: &Exposition<'a>, time_ms: i64) -> Vec<Series<'a>> {
    const NAME: &str = "__name__";
    let mut kept = Vec::with_capacity(exposition.samples.len());
    for sample in &exposition.samples {
        let mut labels = labels(target, sample);
        labels.insert(NAME.to_owned(), sample.name.clone().into_owned());
        if !relabel(&target.rules, &mut labels) {
            continue;
        }
        let Some(name) = labels.remove(NAME).filter(|name| !name.is_empty()) else { continue };
        labels.retain(|name, _| !name.starts_with("__"));
        let own_time = sample.time_ms.filter(|_| target.config.honor_timestamps);
        let time = (own_time.unwrap_or(time_ms), own_time.is_some());
        let labels = (name, labels.into_iter().collect());
        kept.push(Series::new(exposition, &sample.name, labels, sample.value, time, sample.exemplar.clone()));
    }
    kept
}

/// Those of the page and of the target. Where both have a label, the page's becomes `exported_…`, or wins with `honor_labels`.
fn labels(target: &Target, sample: &Sample<'_>) -> Labels {
    let mut labels: Labels = sample.labels.iter().map(|(name, value)| (name.clone().into_owned(), value.clone().into_owned())).collect();
    for (name, value) in &target.labels {
        match labels.get(name) {
            Some(of_page) if target.config.honor_labels && !of_page.is_empty() => continue,
            Some(of_page) if !target.config.honor_labels && !of_page.is_empty() => {
                let mut exported = format!("exported_{name}");
                while labels.contains_key(&exported) {
                    exported = format!("exported_{exported}");
                }
                labels.insert(exported, of_page.clone());
            }
            _ => {}
        }
        labels.insert(name.clone(), value.clone());
    }
    labels
}

/// What OpenTelemetry's rules for Prometheus want to know of a target.
fn told(target: &Target) -> Told {
    let (host, port) = target.address.rsplit_once(':').unwrap_or((&target.address, ""));
    let attributes = [("server.address", host.trim_matches(['[', ']'])), ("server.port", port), ("url.scheme", target.scheme())];
    Told {
        job: target.label("job").to_owned(),
        instance: target.label("instance").to_owned(),
        attributes: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
    }
}
