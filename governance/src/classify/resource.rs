//! Who sent a record: resource and scope, and the emitter they name.

use std::borrow::Cow;

use arrow::array::RecordBatch;
use schemas::{
    attribute::{AttributeKey, RawValue},
    columns as c,
};

use super::{
    columns::{GroupText, group},
    field::Field,
    keys,
};
use crate::facts::Emitter;

/// The columns that every table has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Groups<'a> {
    service: GroupText<'a>,
    namespace: GroupText<'a>,
    environment: GroupText<'a>,
    version: GroupText<'a>,
    instance: GroupText<'a>,
    pod: GroupText<'a>,
    host: GroupText<'a>,
    attributes: GroupText<'a>,
    pub scope: GroupText<'a>,
}

impl<'a> Groups<'a> {
    pub fn of(batch: &'a RecordBatch) -> Option<Self> {
        Some(Self {
            service: group(batch, c::SERVICE_NAME)?,
            namespace: group(batch, c::SERVICE_NAMESPACE)?,
            environment: group(batch, c::DEPLOYMENT_ENVIRONMENT)?,
            version: group(batch, c::SERVICE_VERSION)?,
            instance: group(batch, c::SERVICE_INSTANCE_ID)?,
            pod: group(batch, c::K8S_POD_NAME)?,
            host: group(batch, c::HOST_NAME)?,
            attributes: group(batch, c::RESOURCE_ATTRIBUTES)?,
            scope: group(batch, c::SCOPE_NAME)?,
        })
    }

    pub fn value(&self, field: &Field, row: usize) -> Option<Cow<'a, str>> {
        match field {
            Field::ScopeName => self.scope.get(row).map(Cow::Borrowed),
            Field::ServiceName => self.service.get(row).map(Cow::Borrowed),
            Field::Resource(key) => self.attribute(key, row),
            _ => None,
        }
    }

    pub fn attribute(&self, key: &AttributeKey, row: usize) -> Option<Cow<'a, str>> {
        self.attributes.get(row).and_then(|json| key.find(json)).and_then(RawValue::text)
    }

    /// `labels` are the attributes of a point: what a scraped target says about itself when its resource says nothing.
    pub fn emitter(&self, row: usize, labels: Option<&str>) -> Emitter {
        let label = |key: &AttributeKey| labels.and_then(|labels| key.find(labels)).and_then(RawValue::text);
        let owned = |group: GroupText<'_>| group.get(row).unwrap_or_default().to_owned();
        let service = match self.service.get(row) {
            Some(name) => name.to_owned(),
            None => label(&keys::LABEL_APP).unwrap_or_default().into_owned(),
        };
        let of_process = || Some(format!("{}:{}", self.host.get(row)?, self.attribute(&keys::PROCESS_PID, row)?));
        let of_labels = || Some(format!("{}:{}", label(&keys::LABEL_HOST)?, label(&keys::LABEL_PID)?));
        let instance = (self.instance.get(row).map(str::to_owned))
            .or_else(|| self.attribute(&keys::POD_UID, row).map(Cow::into_owned))
            .or_else(|| self.pod.get(row).map(str::to_owned))
            .or_else(of_process)
            .or_else(of_labels)
            .or_else(|| label(&keys::LABEL_INSTANCE).map(Cow::into_owned))
            .unwrap_or_else(|| "-".to_owned());
        Emitter { service, namespace: owned(self.namespace), environment: owned(self.environment), version: owned(self.version), instance }
    }
}
