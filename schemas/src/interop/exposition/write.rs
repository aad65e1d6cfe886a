//! Points as an OTLP metrics request, with those that were there the last time and are gone.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    points::{Data, Point, PointKey, Target, Value, points},
    series::Series,
};
use crate::{
    interop::prometheus::{
        CUMULATIVE, NO_RECORDED_VALUE, TARGET_INFO, time_ns, write_exemplar, write_explicit_buckets, write_label, write_name,
        write_resource, write_scope,
    },
    otlp::{Rejected, encoder::Encoder, reject},
};

/// What the scraper knows of a target: further attributes of the resource of this job and instance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told {
    pub job: String,
    pub instance: String,
    pub attributes: Vec<(String, String)>,
}

/// A metrics request.
#[derive(Debug, Default, PartialEq)]
pub struct Scraped {
    pub protobuf: Vec<u8>,
    /// What is said in it and would be missed the next time.
    pub points: BTreeSet<PointKey>,
    pub rejected: Rejected,
}

/// All of `series`, and of `before` what is not among them any more, as gone at `time_ms`.
pub fn write(series: &[Series<'_>], before: &BTreeSet<PointKey>, time_ms: i64, told: &Told) -> Scraped {
    let mut scraped = Scraped::default();
    let now = points(series, &mut scraped.rejected);
    let mut all: BTreeMap<&PointKey, Option<&Point<'_, '_>>> = before.iter().map(|key| (key, None)).collect();
    for (key, point) in &now {
        if time_ns(point.time_ms).is_none() {
            scraped.rejected.add(reject::FOREIGN_TIME);
            continue;
        }
        all.insert(key, Some(point));
        if !point.has_own_time {
            scraped.points.insert(key.clone());
        }
    }
    let mut writer = Writer { out: Encoder::default(), info: info(series), time_ms, told };
    let all: Vec<(&PointKey, Option<&Point<'_, '_>>)> = all.into_iter().collect();
    for of_target in all.chunk_by(|(one, _), (next, _)| one.target == next.target) {
        writer.target(of_target);
    }
    scraped.protobuf = writer.out.into_bytes();
    scraped
}

type Info<'s> = BTreeMap<(&'s str, &'s str), BTreeMap<&'s str, &'s str>>;

/// Labels of `target_info`, by job and instance.
fn info<'s>(series: &'s [Series<'_>]) -> Info<'s> {
    let mut info = Info::new();
    for one in series.iter().filter(|one| one.name.as_bytes() == TARGET_INFO) {
        let label = |name: &str| one.labels.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
        let own = one.labels.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        info.entry((label("job"), label("instance"))).or_default().extend(own.filter(|(key, _)| !["job", "instance"].contains(key)));
    }
    info
}

struct Writer<'s> {
    out: Encoder,
    info: Info<'s>,
    time_ms: i64,
    told: &'s Told,
}

type Entry<'e, 's, 'a> = (&'e PointKey, Option<&'e Point<'s, 'a>>);

impl Writer<'_> {
    fn target(&mut self, entries: &[Entry<'_, '_, '_>]) {
        let Some((PointKey { target, .. }, _)) = entries.first() else { return };
        let Target { job, instance, scope_name, scope_version } = target;
        let resource_metrics = self.out.open(1);
        let of_page = self.info.get(&(job.as_str(), instance.as_str())).into_iter().flatten().map(|(key, value)| (*key, *value));
        let is_own = (job, instance) == (&self.told.job, &self.told.instance);
        let of_scraper = self.told.attributes.iter().filter(|_| is_own).map(|(key, value)| (key.as_str(), value.as_str()));
        let told = of_scraper.chain(of_page).map(|(key, value)| (key.as_bytes(), value.as_bytes()));
        write_resource(&mut self.out, job.as_bytes(), instance.as_bytes(), told);
        let scope_metrics = self.out.open(2);
        write_scope(&mut self.out, scope_name.as_bytes(), scope_version.as_bytes());
        let is_same = |one: &PointKey, next: &PointKey| (&one.metric, one.data, &one.unit) == (&next.metric, next.data, &next.unit);
        for of_metric in entries.chunk_by(|(one, _), (next, _)| is_same(one, next)) {
            self.metric(of_metric);
        }
        self.out.close(scope_metrics);
        self.out.close(resource_metrics);
    }

    fn metric(&mut self, entries: &[Entry<'_, '_, '_>]) {
        let Some((PointKey { metric, data, unit, .. }, _)) = entries.first() else { return };
        let help = entries.iter().find_map(|(_, point)| point.map(|point| point.help)).unwrap_or_default();
        let message = self.out.open(2);
        write_name(&mut self.out, metric.as_bytes(), help.as_bytes(), unit.as_bytes());
        let of_data = self.out.open(*data as u32);
        for (key, point) in entries {
            self.point(key, *point);
        }
        if matches!(data, Data::Sum | Data::Histogram) {
            self.out.non_zero_int32(2, CUMULATIVE);
        }
        if *data == Data::Sum {
            self.out.bool(3, true);
        }
        self.out.close(of_data);
        self.out.close(message);
    }

    fn point(&mut self, key: &PointKey, point: Option<&Point<'_, '_>>) {
        let (labels, flags, exemplars) = match key.data {
            Data::Gauge | Data::Sum => (7, 8, 5),
            Data::Histogram => (9, 10, 8),
            Data::Summary => (7, 8, 0),
        };
        let out = &mut self.out;
        let message = out.open(1);
        out.optional_fixed64(2, point.and_then(|point| point.start_ms).and_then(time_ns));
        let time = time_ns(point.map_or(self.time_ms, |point| point.time_ms)).unwrap_or_default();
        out.fixed64(3, time);
        match point {
            Some(point) => write_value(out, &point.value),
            None => out.uint64(flags, NO_RECORDED_VALUE),
        }
        key.labels.iter().for_each(|(name, value)| write_label(out, labels, name.as_bytes(), value.as_bytes()));
        for exemplar in point.iter().flat_map(|point| &point.exemplars).filter(|_| exemplars > 0) {
            let time = exemplar.time_ms.and_then(time_ns).filter(|time| *time > 0).unwrap_or(time);
            let of_exemplar = exemplar.labels.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
            write_exemplar(out, exemplars, (time, exemplar.value), of_exemplar);
        }
        out.close(message);
    }
}

fn write_value(out: &mut Encoder, value: &Value) {
    match value {
        Value::Number(number) => out.double(4, *number),
        Value::Histogram { count, sum, bounds, counts } => write_explicit_buckets(out, (*count, *sum), bounds, counts),
        Value::Summary { count, sum, quantiles } => {
            out.fixed64(4, *count);
            out.double(5, *sum);
            for (quantile, value) in quantiles {
                let message = out.open(6);
                out.double(1, *quantile);
                out.double(2, *value);
                out.close(message);
            }
        }
    }
}
