//! As much of JSON Schema as the document uses. Members that a schema does not name are mistakes here: nobody would know of them.

use serde_json::Value;

pub(super) struct Schemas<'a>(pub(super) &'a Value);

impl Schemas<'_> {
    /// What in `value` is not as `schema` says; `at` is where in the answer.
    pub(super) fn mistakes(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let mut mistakes = self.of_one(schema, value, at);
        if mistakes.is_empty()
            && let Some(members) = value.as_object()
            && !self.is_open(schema)
        {
            let unknown = members.keys().filter(|name| self.member(schema, name).is_none());
            mistakes.extend(unknown.map(|name| format!("{at}.{name} is not described")));
        }
        mistakes
    }

    fn of_one(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let schema = self.resolved(schema);
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            let tried: Vec<Vec<String>> = choices.iter().map(|choice| self.of_one(choice, value, at)).collect();
            if !tried.iter().any(Vec::is_empty) {
                return vec![format!("{at} is nothing of what it may be: {tried:?}")];
            }
        }
        let parts = schema["allOf"].as_array().into_iter().flatten();
        let mut mistakes: Vec<String> = parts.flat_map(|part| self.of_one(part, value, at)).collect();
        if !of_type(&schema["type"], value) {
            mistakes.push(format!("{at} is no {}: {value}", schema["type"]));
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            mistakes.push(format!("{at} is none of {allowed:?}: {value}"));
        }
        if let Some(members) = value.as_object() {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            mistakes.extend(required.filter(|name| !members.contains_key(*name)).map(|name| format!("{at}.{name} is missing")));
            for (name, member) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(value) = members.get(name) {
                    mistakes.extend(self.mistakes(member, value, &format!("{at}.{name}")));
                }
            }
        }
        if let (Some(values), items @ Value::Object(_)) = (value.as_array(), &schema["items"]) {
            let each = values.iter().enumerate();
            mistakes.extend(each.flat_map(|(index, value)| self.mistakes(items, value, &format!("{at}[{index}]"))));
        }
        mistakes
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(name) = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/components/schemas/")) else { return schema };
        let schema = &self.0["components"]["schemas"][name];
        assert!(schema.is_object(), "there is no schema {name}");
        schema
    }

    /// Whether an object may have members that are not named.
    fn is_open(&self, schema: &Value) -> bool {
        let schema = self.resolved(schema);
        let combined = ["allOf", "oneOf", "anyOf"].iter().any(|kind| schema[kind].is_array());
        schema["properties"].is_null() && !combined
    }

    fn member<'a>(&'a self, schema: &'a Value, name: &str) -> Option<&'a Value> {
        let schema = self.resolved(schema);
        let own = schema["properties"].get(name);
        let parts = ["allOf", "oneOf", "anyOf"].into_iter().flat_map(|kind| schema[kind].as_array().into_iter().flatten());
        own.or_else(|| parts.filter_map(|part| self.member(part, name)).next())
    }
}

fn of_type(kind: &Value, value: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    };
    match kind {
        Value::Null => true,
        Value::Array(kinds) => kinds.iter().any(is),
        kind => is(kind),
    }
}

#[test]
fn mistakes_are_found() {
    let document = serde_json::json!({"components": {"schemas": {"Row": {
        "type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "count": {"type": ["integer", "null"]}}
    }}}});
    let check = |value: Value, expected: &[&str]| {
        let schema = serde_json::json!({"type": "array", "items": {"$ref": "#/components/schemas/Row"}});
        assert_eq!(Schemas(&document).mistakes(&schema, &value, "rows"), expected, "{value}");
    };
    check(serde_json::json!([{"id": "a", "count": 1}, {"id": "b", "count": null}, {"id": "c"}]), &[]);
    check(serde_json::json!([{"count": 1}]), &["rows[0].id is missing"]);
    check(serde_json::json!([{"id": 1}]), &["rows[0].id is no \"string\": 1"]);
    check(serde_json::json!([{"id": "a", "other": 1}]), &["rows[0].other is not described"]);
    check(serde_json::json!({}), &["rows is no \"array\": {}"]);
}
