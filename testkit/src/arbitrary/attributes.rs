//! Arbitrary attributes, values and texts.

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, KeyValueList, any_value::Value};
use proptest::{collection::vec, option, prelude::*, sample::select};
use schemas::promoted::{self, Promoted};

use super::{any_f64, any_i64};

/// Levels of AnyValue that every decoder must take; a scalar is one.
const DEPTH_MAX: usize = 32;

/// Attributes with duplicate keys, keys that have columns, and keys that look like tags of our JSON.
pub fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    vec(key_value(any_value()), 0..6)
}

/// A value of any kind, nested or not.
pub fn any_value() -> impl Strategy<Value = AnyValue> + Clone {
    let nested = scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|values| Value::ArrayValue(ArrayValue { values })),
            vec(key_value(inner), 0..4).prop_map(|values| Value::KvlistValue(KeyValueList { values })),
        ]
        .prop_map(|value| AnyValue { value: Some(value) })
    });
    prop_oneof![6 => scalar(), 4 => nested, 1 => deep()]
}

/// Text that breaks encoders: empty, quotes, controls, beyond the BMP, long.
pub fn text() -> impl Strategy<Value = String> + Clone {
    let nasty = [
        "",
        "",
        "GET",
        "200",
        "\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}",
        "日本語",
        "e\u{301}\u{202e}\u{feff}",
        "🦀\u{10ffff}",
        "\u{fffd}",
        "null",
        "{\"$bytes\":\"AA==\"}",
    ];
    prop_oneof![
        6 => select(nasty.to_vec()).prop_map(str::to_owned),
        3 => vec(any::<char>(), 0..12).prop_map(String::from_iter),
        1 => (0..300usize).prop_map(|length| "x".repeat(length)),
    ]
}

fn scalar() -> BoxedStrategy<AnyValue> {
    prop_oneof![
        4 => text().prop_map(Value::StringValue).prop_map(Some),
        3 => any_i64().prop_map(Value::IntValue).prop_map(Some),
        1 => any::<bool>().prop_map(Value::BoolValue).prop_map(Some),
        2 => any_f64().prop_map(Value::DoubleValue).prop_map(Some),
        1 => vec(any::<u8>(), 0..20).prop_map(Value::BytesValue).prop_map(Some),
        1 => Just(None),
    ]
    .prop_map(|value| AnyValue { value })
    .boxed()
}

/// One value under as many lists and maps as are allowed.
fn deep() -> impl Strategy<Value = AnyValue> + Clone {
    (scalar(), vec((any::<bool>(), key()), 0..DEPTH_MAX)).prop_map(|(scalar, levels)| {
        levels.into_iter().fold(scalar, |inner, (is_map, key)| {
            let value = match is_map {
                true => Value::KvlistValue(KeyValueList { values: vec![KeyValue { key, value: Some(inner), key_strindex: 0 }] }),
                false => Value::ArrayValue(ArrayValue { values: vec![inner] }),
            };
            AnyValue { value: Some(value) }
        })
    })
}

fn key_value(value: impl Strategy<Value = AnyValue>) -> impl Strategy<Value = KeyValue> {
    (key(), option::weighted(0.95, value)).prop_map(|(key, value)| KeyValue { key, value, key_strindex: 0 })
}

fn key() -> impl Strategy<Value = String> + Clone {
    let promoted: Vec<&str> = [promoted::RESOURCE, promoted::SPAN, promoted::LOG].into_iter().flatten().flat_map(keys).collect();
    let like_tags = vec!["$bytes", "$double", "$empty", "$map", "$", "$other"];
    prop_oneof![
        4 => select(promoted).prop_map(str::to_owned),
        3 => select(vec!["a", "b", "http.status_code", "http.response.status_code"]).prop_map(str::to_owned),
        2 => select(like_tags).prop_map(str::to_owned),
        1 => text(),
    ]
}

fn keys(promoted: &'static Promoted) -> impl Iterator<Item = &'static str> {
    std::iter::once(promoted.key).chain(promoted.aliases.iter().map(|alias| alias.key))
}
