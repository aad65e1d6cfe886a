//! `logproto.PushRequest`.

#![deny(clippy::indexing_slicing)]

use std::borrow::Cow;

use super::{FORMAT, labels, record::Writer};
use crate::{
    interop::{
        model::ForeignError,
        read::{for_each, text},
        translate::Translated,
    },
    otlp::wire::{Value as Wire, WireError},
};

pub(crate) fn translate(document: &[u8], bytes_max: usize) -> Result<Translated, ForeignError> {
    let mut writer = Writer::new(bytes_max);
    // What goes wrong inside a stream that is no fault of protobuf's.
    let mut failed = None;
    let walked = for_each(document, |field| {
        if let (1, Wire::Bytes(stream)) = field
            && failed.is_none()
            && let Err(error) = stream_of(&mut writer, stream)?
        {
            failed = Some(error);
        }
        Ok(())
    });
    walked.map_err(|WireError { what, .. }| ForeignError::Protobuf { format: FORMAT, what })?;
    match failed {
        Some(error) => Err(error),
        None => Ok(writer.finish()),
    }
}

fn stream_of(writer: &mut Writer, message: &[u8]) -> Result<Result<(), ForeignError>, WireError> {
    let mut said = &[][..];
    for_each(message, |field| {
        if let (1, Wire::Bytes(labels)) = field {
            said = labels;
        }
        Ok(())
    })?;
    let said = text(said);
    let labels = match labels::parse(&said) {
        Ok(labels) => labels,
        Err(error) => return Ok(Err(error)),
    };
    let stream = writer.open(labels.iter().map(|(name, value)| (*name, value.as_str())));
    let mut full = Ok(());
    for_each(message, |field| {
        if let (2, Wire::Bytes(entry)) = field
            && full.is_ok()
        {
            let (time_ns, line, metadata) = read_entry(entry)?;
            full = writer.entry(&stream, time_ns, &line, &metadata);
        }
        Ok(())
    })?;
    writer.close(stream);
    Ok(full)
}

type Entry<'a> = (Option<u64>, Cow<'a, str>, Vec<(Cow<'a, str>, Cow<'a, str>)>);

fn read_entry(message: &[u8]) -> Result<Entry<'_>, WireError> {
    let (mut time, mut line, mut metadata) = (Some(0), Cow::default(), Vec::new());
    for_each(message, |field| {
        match field {
            (1, Wire::Bytes(timestamp)) => time = read_time(timestamp)?,
            (2, Wire::Bytes(bytes)) => line = text(bytes),
            (3, Wire::Bytes(pair)) => metadata.push(read_pair(pair)?),
            _ => {}
        }
        Ok(())
    })?;
    Ok((time, line, metadata))
}

/// `google.protobuf.Timestamp` in ns; none before 1970 or where ns do not reach.
fn read_time(message: &[u8]) -> Result<Option<u64>, WireError> {
    let (mut seconds, mut nanos) = (0, 0);
    for_each(message, |field| {
        match field {
            (1, Wire::Varint(value)) => seconds = value.cast_signed(),
            (2, Wire::Varint(value)) => nanos = value,
            _ => {}
        }
        Ok(())
    })?;
    Ok(u64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1_000_000_000)?.checked_add(nanos)))
}

fn read_pair(message: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), WireError> {
    let mut pair = (Cow::default(), Cow::default());
    for_each(message, |field| {
        match field {
            (1, Wire::Bytes(name)) => pair.0 = text(name),
            (2, Wire::Bytes(value)) => pair.1 = text(value),
            _ => {}
        }
        Ok(())
    })?;
    Ok(pair)
}
