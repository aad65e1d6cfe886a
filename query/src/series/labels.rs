//! What names a series: label names with their values, as in Prometheus.
//!
//! ```text
//! resource attribute service.name = pay   -> service_name="pay"            the columns of IDENTITY, under their own names
//! point attribute    http.request.method  -> http_request_method="GET"     every character but letters, digits and _ becomes _
//! point attribute    service.name         -> exported_service_name="…"     the name of a resource's column is taken
//! ```

use std::{borrow::Cow, fmt};

use schemas::columns as c;
use serde_json::{Map, Value};

/// Columns that say whose series it is; labels have their names.
pub const IDENTITY: [&str; 8] = [
    c::SERVICE_NAME,
    c::SERVICE_NAMESPACE,
    c::SERVICE_INSTANCE_ID,
    c::SERVICE_VERSION,
    c::DEPLOYMENT_ENVIRONMENT,
    c::K8S_POD_NAME,
    c::K8S_NAMESPACE_NAME,
    c::HOST_NAME,
];

/// Names and values, sorted by name, each name once, no value empty: an empty value is as good as none.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels(Vec<(Box<str>, Box<str>)>);

/// Which labels stay when series are put together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grouping {
    /// Only these.
    By(Vec<String>),
    /// All but these.
    Without(Vec<String>),
}

impl Labels {
    /// Labels of the columns of [`IDENTITY`], and of the JSON object in column `attributes`.
    pub fn of_series<'a>(identity: impl IntoIterator<Item = (&'static str, &'a str)>, attributes: Option<&str>) -> Self {
        let mut labels: Vec<(Box<str>, Box<str>)> = identity.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let object: Map<String, Value> = attributes.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let mut own: Vec<(Box<str>, Box<str>)> = Vec::with_capacity(object.len());
        for (key, value) in &object {
            let name = label_name(key);
            let name = if IDENTITY.contains(&name.as_ref()) { format!("exported_{name}").into() } else { name };
            let value = label_value(value);
            match own.iter_mut().find(|(known, _)| **known == *name) {
                // Two keys that differ only in what a label name cannot have.
                Some((_, known)) => *known = format!("{known};{value}").into(),
                None => own.push((name.into(), value.into())),
            }
        }
        labels.append(&mut own);
        Self::new(labels)
    }

    fn new(mut labels: Vec<(Box<str>, Box<str>)>) -> Self {
        labels.retain(|(_, value)| !value.is_empty());
        labels.sort();
        labels.dedup_by(|later, earlier| later.0 == earlier.0);
        Self(labels)
    }

    /// Empty when there is none.
    pub fn get(&self, name: &str) -> &str {
        self.0.binary_search_by(|(known, _)| (**known).cmp(name)).map_or("", |at| &self.0[at].1)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn grouped(&self, grouping: &Grouping) -> Self {
        let kept = |name: &str| match grouping {
            Grouping::By(names) => names.iter().any(|known| known == name),
            Grouping::Without(names) => !names.iter().any(|known| known == name),
        };
        Self(self.0.iter().filter(|(name, _)| kept(name)).cloned().collect())
    }

    /// Memory, roughly.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.len() + size_of::<(Box<str>, Box<str>)>()).sum()
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Labels {
    fn from(labels: [(&str, &str); N]) -> Self {
        Self::new(labels.map(|(name, value)| (name.into(), value.into())).into())
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            write!(f, "{}{name}={value:?}", if index == 0 { "" } else { ", " })?;
        }
        f.write_str("}")
    }
}

/// An attribute's key as the name of a label: every character but ASCII letters, digits and `_` becomes `_`; `key_` stands before a digit.
pub fn label_name(key: &str) -> Cow<'_, str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins_with_digit = key.starts_with(|c: char| c.is_ascii_digit());
    if !begins_with_digit && key.chars().all(allowed) {
        return Cow::Borrowed(key);
    }
    let name = key.chars().map(|c| if allowed(c) { c } else { '_' });
    Cow::Owned(if begins_with_digit { "key_".chars().chain(name).collect() } else { name.collect() })
}

/// Texts as they are, an empty value as an empty text, all else as JSON.
fn label_value(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(object) if object.contains_key("$empty") => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_labels() {
        let check = |key: &str, expected: &str| assert_eq!(label_name(key), expected);
        check("service_name", "service_name");
        check("http.request.method", "http_request_method");
        check("5xx", "key_5xx");
        check("库存", "__");
        check("", "");
    }

    #[test]
    fn labels_of_a_series() {
        let identity = [("service_name", "pay"), ("host_name", "")];
        let labels = Labels::of_series(identity, Some(r#"{"a.b":"x","a-b":"y","n":200,"ok":true,"service.name":"z","e":{"$empty":true}}"#));
        assert_eq!(labels.to_string(), r#"{a_b="y;x", exported_service_name="z", n="200", ok="true", service_name="pay"}"#);
        assert_eq!((labels.get("n"), labels.get("e"), labels.get("x")), ("200", "", ""));
        assert_eq!(Labels::of_series([], Some("not JSON")), Labels::default());
    }

    #[test]
    fn grouping() {
        let labels = Labels::from([("a", "1"), ("b", "2"), ("c", "3")]);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(labels.grouped(&Grouping::By(names(&["c", "a", "d"]))), Labels::from([("a", "1"), ("c", "3")]));
        assert_eq!(labels.grouped(&Grouping::Without(names(&["c", "a", "d"]))), Labels::from([("b", "2")]));
        assert_eq!(labels.grouped(&Grouping::By(Vec::new())), Labels::default());
    }
}
