//! What is counted of the lines of one template.

use serde::Serialize;

use super::{Limits, Line, Pattern, template::Template};

/// Lines by severity, in the ranges of the OpenTelemetry log data model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Severities {
    pub unspecified: u64,
    pub trace: u64,
    pub debug: u64,
    pub info: u64,
    pub warn: u64,
    pub error: u64,
    pub fatal: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceCount {
    pub service_name: String,
    pub count: u64,
}

#[derive(Debug)]
pub(super) struct Group {
    pub(super) template: Template,
    count: u64,
    severities: Severities,
    services: Vec<ServiceCount>,
    other_services_count: u64,
    samples: Vec<String>,
}

impl Group {
    pub(super) fn new(template: Template) -> Self {
        let severities = Severities::default();
        Self { template, count: 0, severities, services: Vec::new(), other_services_count: 0, samples: Vec::new() }
    }

    pub(super) fn count_line(&mut self, line: &Line<'_>, limits: &Limits) {
        self.count += 1;
        *self.severities.of(line.severity_number) += 1;
        self.count_service(line.service_name, limits.services_max);
        if self.samples.len() < limits.samples_max {
            let sample = &line.body[..line.body.floor_char_boundary(limits.sample_bytes_max)];
            if !self.samples.iter().any(|known| known == sample) {
                self.samples.push(sample.to_owned());
            }
        }
    }

    fn count_service(&mut self, name: Option<&str>, services_max: usize) {
        let known = self.services.iter().position(|known| Some(known.service_name.as_str()) == name);
        match (known, name) {
            (Some(place), _) => self.services[place].count += 1,
            (None, Some(name)) if self.services.len() < services_max => {
                self.services.push(ServiceCount { service_name: name.to_owned(), count: 1 });
            }
            (None, _) => self.other_services_count += 1,
        }
    }

    pub(super) fn finish(mut self, id: usize, line_count: u64) -> Pattern {
        self.services.sort_by(|one, other| other.count.cmp(&one.count).then_with(|| one.service_name.cmp(&other.service_name)));
        Pattern {
            id,
            template: self.template.to_string(),
            count: self.count,
            share: self.count as f64 / line_count as f64,
            severities: self.severities,
            services: self.services,
            other_services_count: self.other_services_count,
            samples: self.samples,
        }
    }
}

impl Severities {
    fn of(&mut self, severity_number: i32) -> &mut u64 {
        match severity_number {
            1..=4 => &mut self.trace,
            5..=8 => &mut self.debug,
            9..=12 => &mut self.info,
            13..=16 => &mut self.warn,
            17..=20 => &mut self.error,
            21..=24 => &mut self.fatal,
            _ => &mut self.unspecified,
        }
    }

    pub fn total(&self) -> u64 {
        self.unspecified + self.trace + self.debug + self.info + self.warn + self.error + self.fatal
    }
}
