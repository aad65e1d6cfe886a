//! `{"streams": [{"stream": {labels}, "values": [["ns", "line", {metadata}]]}]}`, and as it was before Loki's first version, which some clients
//! still send: `{"streams": [{"labels": "{labels}", "entries": [{"ts": "RFC 3339", "line": "line"}]}]}`.

use std::borrow::Cow;

use serde::{
    Deserialize,
    de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{FORMAT, labels, record::Writer};
use crate::interop::{lines::time_of, model::ForeignError, translate::Translated};

#[derive(Deserialize)]
struct Push<'a> {
    #[serde(borrow, default)]
    streams: Vec<Stream<'a>>,
}

#[derive(Deserialize)]
struct Stream<'a> {
    #[serde(borrow, default)]
    stream: Pairs<'a>,
    #[serde(borrow)]
    values: Option<Vec<Entry<'a>>>,
    #[serde(borrow)]
    labels: Option<Text<'a>>,
    #[serde(borrow)]
    entries: Option<Vec<OlderEntry<'a>>>,
}

#[derive(Deserialize)]
struct OlderEntry<'a> {
    #[serde(borrow)]
    ts: Text<'a>,
    #[serde(borrow)]
    line: Text<'a>,
}

/// A text, held only where it has escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// An object of texts. Numbers and truth values, which some agents send, are taken as they are written.
#[derive(Default)]
struct Pairs<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

struct Entry<'a> {
    time_ns: Option<u64>,
    line: Cow<'a, str>,
    metadata: Pairs<'a>,
}

pub(crate) fn translate(document: &[u8], bytes_max: usize) -> Result<Translated, ForeignError> {
    let push: Push<'_> = serde_json::from_slice(document).map_err(malformed)?;
    let mut writer = Writer::new(bytes_max);
    for stream in &push.streams {
        match stream {
            Stream { values: Some(values), stream, .. } => write(&mut writer, stream, values)?,
            Stream { entries: Some(entries), labels, .. } => write_older(&mut writer, labels.as_ref(), entries)?,
            Stream { .. } => return Err(malformed(serde_json::Error::custom("a stream has neither `values` nor `entries`"))),
        }
    }
    Ok(writer.finish())
}

fn malformed(source: serde_json::Error) -> ForeignError {
    ForeignError::Json { format: FORMAT, source }
}

fn write(writer: &mut Writer, Pairs(labels): &Pairs<'_>, values: &[Entry<'_>]) -> Result<(), ForeignError> {
    let stream = writer.open(labels.iter().map(|(name, value)| (name.as_ref(), value.as_ref())));
    for Entry { time_ns, line, metadata: Pairs(metadata) } in values {
        writer.entry(&stream, *time_ns, line, metadata)?;
    }
    writer.close(stream);
    Ok(())
}

fn write_older(writer: &mut Writer, labels: Option<&Text<'_>>, entries: &[OlderEntry<'_>]) -> Result<(), ForeignError> {
    let labels = labels.map_or(Ok(Vec::new()), |Text(labels)| labels::parse(labels))?;
    let stream = writer.open(labels.iter().map(|(name, value)| (*name, value.as_str())));
    for OlderEntry { ts: Text(time), line: Text(line) } in entries {
        writer.entry(&stream, time_of(time, &|_| 0), line, &[])?;
    }
    writer.close(stream);
    Ok(())
}

impl<'de: 'a, 'a> Deserialize<'de> for Entry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfList;
        impl<'de> Visitor<'de> for OfList {
            type Value = Entry<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("[\"time in ns\", \"line\", {metadata}]")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Entry<'de>, A::Error> {
                let Text(time) = list.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
                let Text(line) = list.next_element()?.ok_or_else(|| A::Error::invalid_length(1, &self))?;
                let metadata = list.next_element()?.unwrap_or_default();
                while list.next_element::<IgnoredAny>()?.is_some() {}
                let time: i128 = time.parse().map_err(|_| A::Error::custom(format_args!("{time:?} is not a time in ns")))?;
                Ok(Entry { time_ns: u64::try_from(time).ok(), line, metadata })
            }
        }
        deserializer.deserialize_seq(OfList)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some((Text(key), Scalar(value))) = map.next_entry()? {
                    pairs.push((key, value));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

struct Scalar<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfAny;
        impl<'de> Visitor<'de> for OfAny {
            type Value = Scalar<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
                Ok(Scalar(text.into()))
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
                Ok(Scalar(text.to_owned().into()))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Scalar<'de>, E> {
                Ok(Scalar(value.to_string().into()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(value.to_string().into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(value.to_string().into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Scalar<'de>, E> {
                Ok(Scalar(value.to_string().into()))
            }
        }
        deserializer.deserialize_any(OfAny)
    }
}
