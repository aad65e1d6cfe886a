//! Series as an OTLP metrics request.

use super::{
    FORMAT,
    entries::{self, Entry, Metric, NAME, Target, TargetInfo},
    histograms::{self, Histogram},
    points::{self, Exemplar, STALE, Sample, write_exemplar},
    request::{Labels, Part, Request, Version, malformed},
};
use crate::{
    interop::{
        model::ForeignError,
        prometheus::{
            CUMULATIVE, INSTANCE, JOB, NO_RECORDED_VALUE, SCOPE_NAME, SCOPE_VERSION, time_ns, write_label, write_name, write_resource,
            write_scope,
        },
        translate::Translated,
    },
    otlp::{Rejected, encoder::Encoder, reject, wire::Reader},
};

const NO_SAMPLE: &str = "an exemplar without a sample of its series in the same request";

/// # Errors
/// When `document` is no such request, or larger than `bytes_max` as OTLP. Series, samples, histograms and exemplars are rejected alone.
pub(crate) fn translate(version: Version, document: &[u8], bytes_max: usize) -> Result<Translated, ForeignError> {
    let request = Request::read(version, document)?;
    let mut rejected = Rejected::default();
    let (entries, info) = entries::entries(&request, &mut rejected)?;
    let mut writer = Writer { request: &request, info: &info, out: Encoder::default(), translated: Translated::default(), bytes_max };
    writer.translated.rejected = rejected;
    for of_target in entries.chunk_by(|one, next| one.target == next.target) {
        writer.target(of_target)?;
    }
    Ok(Translated { protobuf: writer.out.into_bytes(), ..writer.translated })
}

struct Writer<'r, 'a> {
    request: &'r Request<'a>,
    info: &'r TargetInfo<'a>,
    out: Encoder,
    translated: Translated,
    bytes_max: usize,
}

/// Points of one metric, by the kind of metric that OTLP keeps them in.
#[derive(Default)]
struct Points {
    numbers: Encoder,
    exponential: Encoder,
    explicit: Encoder,
}

/// What the entries of one series hold together, samples and histograms by time.
#[derive(Default)]
struct Series<'a> {
    samples: Vec<Sample>,
    histograms: Vec<(histograms::Native<'a>, Histogram)>,
    exemplars: Vec<Exemplar<'a>>,
}

impl<'a> Writer<'_, 'a> {
    fn target(&mut self, entries: &[Entry<'a>]) -> Result<(), ForeignError> {
        let Some(Entry { target, .. }) = entries.first() else { return Ok(()) };
        let resource_metrics = self.out.open(1);
        self.resource(target);
        let scope_metrics = self.out.open(2);
        write_scope(&mut self.out, target.scope_name, target.scope_version);
        for of_metric in entries.chunk_by(|one, next| one.metric == next.metric) {
            self.metric(of_metric)?;
        }
        self.out.close(scope_metrics);
        self.out.close(resource_metrics);
        Ok(())
    }

    fn resource(&mut self, target: &Target<'a>) {
        let Target { job, instance, .. } = *target;
        let told = self.info.get(&(job, instance)).into_iter().flatten().map(|(key, value)| (*key, *value));
        write_resource(&mut self.out, job, instance, told);
    }

    fn metric(&mut self, entries: &[Entry<'a>]) -> Result<(), ForeignError> {
        let Some(Entry { metric, .. }) = entries.first() else { return Ok(()) };
        let mut points = Points::default();
        for of_series in entries.chunk_by(|one, next| one.series == next.series) {
            self.series(of_series, &mut points)?;
            let bytes = self.out.len() + points.numbers.len() + points.exponential.len() + points.explicit.len();
            if bytes > self.bytes_max {
                return Err(ForeignError::TooLarge { format: FORMAT, limit: self.bytes_max });
            }
        }
        let Metric { name, counts, help, unit } = *metric;
        let Points { numbers, exponential, explicit } = points;
        let number_of_numbers = if counts { 7 } else { 5 };
        for (number, points) in [(number_of_numbers, numbers), (9, explicit), (10, exponential)] {
            if points.len() == 0 {
                continue;
            }
            let out = &mut self.out;
            let message = out.open(2);
            write_name(out, name, help, unit);
            let data = out.open(number);
            out.append(&points.into_bytes());
            if number != 5 {
                out.non_zero_int32(2, CUMULATIVE);
            }
            if number == 7 {
                out.bool(3, true);
            }
            out.close(data);
            out.close(message);
        }
        Ok(())
    }

    fn series(&mut self, entries: &[Entry<'a>], points: &mut Points) -> Result<(), ForeignError> {
        let Some(first) = entries.first() else { return Ok(()) };
        let Series { samples, histograms, exemplars } = self.read_series(entries)?;
        let mut labels = Labels::new();
        self.request.labels(first.message, &mut labels)?;
        labels.retain(|(name, _)| ![NAME, JOB, INSTANCE, SCOPE_NAME, SCOPE_VERSION].contains(name));
        let times: Vec<i64> = match samples.is_empty() {
            true => histograms.iter().map(|(native, _)| native.time_ms).collect(),
            false => samples.iter().map(|sample| sample.time_ms).collect(),
        };
        let mut exemplars = OfPoints::new(exemplars, &times);
        for (place, sample) in samples.iter().enumerate() {
            self.number(&mut points.numbers, &labels, sample, exemplars.of(place))?;
        }
        for (place, (native, histogram)) in histograms.iter().enumerate() {
            let own = if samples.is_empty() { exemplars.of(place) } else { &[] };
            self.histogram(points, &labels, (native, histogram), own)?;
        }
        if samples.is_empty() && histograms.is_empty() {
            exemplars.of(0).iter().for_each(|_| self.translated.rejected.add(NO_SAMPLE));
        }
        Ok(())
    }

    /// What can be written.
    fn read_series(&mut self, entries: &[Entry<'a>]) -> Result<Series<'a>, ForeignError> {
        let mut series = Series::default();
        let rejected = &mut self.translated.rejected;
        for entry in entries {
            let (mut created, before) = (0, (series.samples.len(), series.histograms.len()));
            let mut reader = Reader::new(entry.message);
            while let Some(field) = reader.field().map_err(malformed)? {
                match self.request.part(field) {
                    Part::Sample(message) => {
                        let sample = points::read_sample(message)?;
                        if time_ns(sample.time_ms).is_some() { series.samples.push(sample) } else { rejected.add(reject::FOREIGN_TIME) }
                    }
                    Part::Exemplar(message) => series.exemplars.push(points::read_exemplar(message)?),
                    Part::Histogram(message) => {
                        let native = histograms::read(message)?;
                        match native.to_histogram()? {
                            Ok(_) if time_ns(native.time_ms).is_none() => rejected.add(reject::FOREIGN_TIME),
                            Ok(histogram) => series.histograms.push((native, histogram)),
                            Err(reason) => rejected.add(reason),
                        }
                    }
                    Part::Created(time) => created = time.cast_signed(),
                    Part::Other => {}
                }
            }
            let start = |start_ms: &mut i64| {
                if *start_ms == 0 {
                    *start_ms = created
                }
            };
            series.samples.iter_mut().skip(before.0).for_each(|sample| start(&mut sample.start_ms));
            series.histograms.iter_mut().skip(before.1).for_each(|(native, _)| start(&mut native.start_ms));
        }
        series.samples.sort_by_key(|sample| sample.time_ms);
        series.histograms.sort_by_key(|(native, _)| native.time_ms);
        Ok(series)
    }

    fn number(
        &mut self,
        out: &mut Encoder,
        labels: &Labels<'a>,
        sample: &Sample,
        exemplars: &[(usize, Exemplar<'a>)],
    ) -> Result<(), ForeignError> {
        let point = out.open(1);
        let time = time_ns(sample.time_ms).unwrap_or_default();
        out.optional_fixed64(2, time_ns(sample.start_ms).filter(|start| *start > 0));
        out.fixed64(3, time);
        if sample.value.to_bits() == STALE {
            out.uint64(8, NO_RECORDED_VALUE);
        } else {
            out.double(4, sample.value);
        }
        labels.iter().for_each(|(name, value)| write_label(out, 7, name, value));
        self.exemplars(out, 5, exemplars, time)?;
        out.close(point);
        self.translated.samples += 1;
        Ok(())
    }

    fn histogram(
        &mut self,
        points: &mut Points,
        labels: &Labels<'a>,
        (native, histogram): (&histograms::Native<'a>, &Histogram),
        exemplars: &[(usize, Exemplar<'a>)],
    ) -> Result<(), ForeignError> {
        let explicit = matches!(histogram, Histogram::Explicit { .. } | Histogram::Stale { custom: true });
        let (out, of_labels, of_exemplars) = if explicit { (&mut points.explicit, 9, 8) } else { (&mut points.exponential, 1, 11) };
        let point = out.open(1);
        let time = time_ns(native.time_ms).unwrap_or_default();
        out.optional_fixed64(2, time_ns(native.start_ms).filter(|start| *start > 0));
        out.fixed64(3, time);
        histograms::write_fields(out, histogram);
        if matches!(histogram, Histogram::Stale { .. }) {
            out.uint64(10, NO_RECORDED_VALUE);
        }
        labels.iter().for_each(|(name, value)| write_label(out, of_labels, name, value));
        self.exemplars(out, of_exemplars, exemplars, time)?;
        out.close(point);
        self.translated.histograms += 1;
        Ok(())
    }

    fn exemplars(
        &mut self,
        out: &mut Encoder,
        number: u32,
        exemplars: &[(usize, Exemplar<'a>)],
        point_ns: u64,
    ) -> Result<(), ForeignError> {
        let mut labels = Labels::new();
        for (_, exemplar) in exemplars {
            write_exemplar(out, number, self.request, exemplar, &mut labels, point_ns)?;
            self.translated.exemplars += 1;
        }
        Ok(())
    }
}

/// Exemplars by the point that they belong to: the first that is not before them, else the last.
struct OfPoints<'a> {
    exemplars: Vec<(usize, Exemplar<'a>)>,
    taken: usize,
}

impl<'a> OfPoints<'a> {
    /// `times` rise.
    fn new(exemplars: Vec<Exemplar<'a>>, times: &[i64]) -> Self {
        let last = times.len().saturating_sub(1);
        let place = |exemplar: &Exemplar<'_>| times.partition_point(|time| *time < exemplar.time_ms).min(last);
        let mut exemplars: Vec<_> = exemplars.into_iter().map(|exemplar| (place(&exemplar), exemplar)).collect();
        exemplars.sort_by_key(|(place, _)| *place);
        Self { exemplars, taken: 0 }
    }

    /// Those of the point at `place`. Places are asked for in their order.
    fn of(&mut self, place: usize) -> &[(usize, Exemplar<'a>)] {
        let rest = self.exemplars.get(self.taken..).unwrap_or_default();
        let own = rest.get(..rest.partition_point(|(of, _)| *of <= place)).unwrap_or_default();
        self.taken += own.len();
        own
    }
}
