//! JSON objects put together from texts that are JSON already.
//!
//! The stored attribute texts are passed on as they are: key order, duplicate keys and tags (`$bytes`, `$double`, `$empty`) survive.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// The text of a JSON object, cheap to clone.
#[derive(Debug, Clone, ToSchema)]
#[schema(value_type = Object)]
pub struct JsonObject(Arc<RawValue>);

impl JsonObject {
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// An object under construction.
#[derive(Debug, Default)]
pub(crate) struct ObjectText {
    members: String,
}

impl ObjectText {
    pub(crate) fn push(&mut self, key: &str, value: impl Serialize) {
        self.separate();
        self.members.push_str(&serde_json::to_string(key).expect("a string always serializes"));
        self.members.push(':');
        self.members.push_str(&serde_json::to_string(&value).expect("scalars always serialize"));
    }

    /// The members of `object`, which is the text of a JSON object.
    pub(crate) fn push_members_of(&mut self, object: &str) {
        let inner = object.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default().trim();
        if !inner.is_empty() {
            self.separate();
            self.members.push_str(inner);
        }
    }

    /// What stands between the braces.
    pub(crate) fn members(&self) -> &str {
        &self.members
    }

    /// The finished object. A stored text that is no JSON (a damaged file) gives an object that says so.
    pub(crate) fn finish(self) -> JsonObject {
        let text = format!("{{{}}}", self.members);
        let raw = RawValue::from_string(text)
            .unwrap_or_else(|_| RawValue::from_string(r#"{"fusebox.unreadable":true}"#.to_owned()).expect("a valid constant"));
        JsonObject(raw.into())
    }

    fn separate(&mut self) {
        if !self.members.is_empty() {
            self.members.push(',');
        }
    }
}

/// The text of an object column, `{}` when it is null.
pub(crate) fn object(text: Option<&str>) -> JsonObject {
    let mut object = ObjectText::default();
    object.push_members_of(text.unwrap_or_default());
    object.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_joined_and_kept_verbatim() {
        let mut both = ObjectText::default();
        both.push_members_of(r#"{"a":1.0,"a":"two"}"#);
        both.push("quo\"te", 7);
        both.push_members_of("{}");
        both.push_members_of(r#" {"x":{"$bytes":"AA=="}} "#);
        assert_eq!(both.finish().text(), r#"{"a":1.0,"a":"two","quo\"te":7,"x":{"$bytes":"AA=="}}"#);
        assert_eq!(object(None).text(), "{}");
        assert_eq!(object(Some("{broken}")).text(), r#"{"fusebox.unreadable":true}"#);
    }
}
