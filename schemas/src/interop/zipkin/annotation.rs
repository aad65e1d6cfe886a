//! Events as texts with a time: the name alone, or `"name": {attributes}`.

use crate::{
    interop::{
        model::Event,
        text::{attributes_json, of_json},
    },
    otlp::{attributes_json::Attributes, text::write_json_string},
};

use super::document::Annotation;

pub(super) fn of_event(event: &Event<'_>) -> Annotation {
    let mut value = String::new();
    if event.attributes.is_empty() {
        value.push_str(&event.name);
    } else {
        write_json_string(&mut value, &event.name);
        value.push_str(": ");
        value.push_str(&attributes_json(&event.attributes));
    }
    Annotation { timestamp: event.time_ns / 1000, value }
}

pub(super) fn to_event(Annotation { timestamp, value }: Annotation) -> Event<'static> {
    let (name, attributes) = match named_attributes(&value) {
        Some((name, attributes)) => (name, attributes),
        None => (value, Vec::new()),
    };
    Event { time_ns: timestamp.saturating_mul(1000), name: name.into(), attributes, dropped_attributes_count: 0 }
}

fn named_attributes(value: &str) -> Option<(String, Attributes<'static>)> {
    let mut names = serde_json::Deserializer::from_str(value).into_iter::<String>();
    let name = names.next()?.ok()?;
    let rest = value.get(names.byte_offset()..)?.trim_start().strip_prefix(':')?;
    let serde_json::Value::Object(members) = serde_json::from_str(rest).ok()? else { return None };
    Some((name, members.into_iter().map(|(key, value)| (key.into(), of_json(value))).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::attributes_json::Value;

    #[test]
    fn events_survive_as_text() {
        let check = |event: Event<'static>, text: &str| {
            let annotation = of_event(&event);
            assert_eq!(annotation.value, text);
            assert_eq!(to_event(annotation), event);
        };
        let named = |name: &'static str| Event { time_ns: 5000, name: name.into(), ..Event::default() };
        check(named("retry"), "retry");
        check(named("\"quoted"), "\"quoted");
        let attributes = vec![("n".into(), Value::Int(1)), ("why".into(), Value::String("lock \"a\"".into()))];
        check(Event { attributes, ..named("lock lost") }, r#""lock lost": {"n":1,"why":"lock \"a\""}"#);
    }
}
