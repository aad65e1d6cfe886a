//! `prometheus.WriteRequest` (1.0) and `io.prometheus.write.v2.Request` (2.0): where which version keeps what.

#![deny(clippy::indexing_slicing)]

use super::FORMAT;
use crate::{
    interop::model::ForeignError,
    otlp::wire::{Reader, Value as Wire, WireError},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V1,
    V2,
}

/// A request whose series can be read.
pub(super) struct Request<'a> {
    pub version: Version,
    /// Texts that 2.0 refers to by their place.
    symbols: Vec<&'a [u8]>,
    pub series: Vec<&'a [u8]>,
}

/// What a series of 2.0 says about its metric.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Metadata<'a> {
    pub kind: u64,
    pub help: &'a [u8],
    pub unit: &'a [u8],
}

/// A number of [`Metadata::kind`].
pub(super) const COUNTER: u64 = 1;
pub(super) const HISTOGRAM: u64 = 3;
pub(super) const SUMMARY: u64 = 5;

/// Labels in their order.
pub(super) type Labels<'a> = Vec<(&'a [u8], &'a [u8])>;

/// A field of a series, whatever the version numbers it.
pub(super) enum Part<'a> {
    Sample(&'a [u8]),
    Exemplar(&'a [u8]),
    Histogram(&'a [u8]),
    Created(u64),
    Other,
}

impl<'a> Request<'a> {
    /// # Errors
    /// When `document` is no such message.
    pub(super) fn read(version: Version, document: &'a [u8]) -> Result<Self, ForeignError> {
        let mut request = Self { version, symbols: Vec::new(), series: Vec::new() };
        let mut reader = Reader::new(document);
        while let Some(field) = reader.field().map_err(malformed)? {
            match (version, field) {
                (Version::V1, (1, Wire::Bytes(series))) | (Version::V2, (5, Wire::Bytes(series))) => request.series.push(series),
                (Version::V2, (4, Wire::Bytes(symbol))) => request.symbols.push(symbol),
                // Where 1.0 has its series: a sender that announces the wrong version must not be told that all is well.
                (Version::V2, (1, Wire::Bytes(_))) => return Err(wrong_version("it holds series of version 1.0")),
                (Version::V1, (4 | 5, Wire::Bytes(_))) => return Err(wrong_version("it holds series of version 2.0")),
                _ => {}
            }
        }
        Ok(request)
    }

    pub(super) fn part(&self, field: (u32, Wire<'a>)) -> Part<'a> {
        match (self.version, field) {
            (_, (2, Wire::Bytes(sample))) => Part::Sample(sample),
            (Version::V1, (3, Wire::Bytes(exemplar))) | (Version::V2, (4, Wire::Bytes(exemplar))) => Part::Exemplar(exemplar),
            (Version::V1, (4, Wire::Bytes(histogram))) | (Version::V2, (3, Wire::Bytes(histogram))) => Part::Histogram(histogram),
            (Version::V2, (6, Wire::Varint(created))) => Part::Created(created),
            _ => Part::Other,
        }
    }

    /// The labels of a series or an exemplar, which have them in field 1 alike.
    ///
    /// # Errors
    /// When they are malformed, or refer to a text that is not there.
    pub(super) fn labels(&self, message: &'a [u8], labels: &mut Labels<'a>) -> Result<(), ForeignError> {
        labels.clear();
        let mut name = None;
        let mut symbol = |labels: &mut Labels<'a>, place: u64| {
            let text = self.symbol(place)?;
            match name.take() {
                Some(name) => labels.push((name, text)),
                None => name = Some(text),
            }
            Ok(())
        };
        let mut reader = Reader::new(message);
        while let Some(field) = reader.field().map_err(malformed)? {
            match (self.version, field) {
                (Version::V1, (1, Wire::Bytes(label))) => labels.push(read_label(label)?),
                (Version::V2, (1, Wire::Varint(place))) => symbol(labels, place)?,
                (Version::V2, (1, Wire::Bytes(places))) => {
                    let mut places = Reader::new(places);
                    while !places.rest().is_empty() {
                        symbol(labels, places.varint().map_err(malformed)?)?;
                    }
                }
                _ => {}
            }
        }
        if name.is_some() { Err(ForeignError::Protobuf { format: FORMAT, what: "a label has no value" }) } else { Ok(()) }
    }

    /// # Errors
    /// As [`Self::labels`].
    pub(super) fn metadata(&self, series: &'a [u8]) -> Result<Metadata<'a>, ForeignError> {
        let mut metadata = Metadata::default();
        if self.version == Version::V1 {
            return Ok(metadata);
        }
        let mut reader = Reader::new(series);
        while let Some(field) = reader.field().map_err(malformed)? {
            let (5, Wire::Bytes(message)) = field else { continue };
            let mut reader = Reader::new(message);
            while let Some(field) = reader.field().map_err(malformed)? {
                match field {
                    (1, Wire::Varint(kind)) => metadata.kind = kind,
                    (3, Wire::Varint(place)) => metadata.help = self.symbol(place)?,
                    (4, Wire::Varint(place)) => metadata.unit = self.symbol(place)?,
                    _ => {}
                }
            }
        }
        Ok(metadata)
    }

    fn symbol(&self, place: u64) -> Result<&'a [u8], ForeignError> {
        let symbol = usize::try_from(place).ok().and_then(|place| self.symbols.get(place));
        symbol.copied().ok_or(ForeignError::Protobuf { format: FORMAT, what: "a reference to a symbol that is not there" })
    }
}

pub(super) fn malformed(WireError { what, .. }: WireError) -> ForeignError {
    ForeignError::Protobuf { format: FORMAT, what }
}

fn wrong_version(what: &'static str) -> ForeignError {
    ForeignError::Protobuf { format: FORMAT, what }
}

fn read_label(message: &[u8]) -> Result<(&[u8], &[u8]), ForeignError> {
    let mut label = (&[][..], &[][..]);
    let mut reader = Reader::new(message);
    while let Some(field) = reader.field().map_err(malformed)? {
        match field {
            (1, Wire::Bytes(name)) => label.0 = name,
            (2, Wire::Bytes(value)) => label.1 = value,
            _ => {}
        }
    }
    Ok(label)
}
