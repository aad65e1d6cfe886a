//! A file as OTLP requests, one after the other.

use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use indicatif::ProgressBar;
use schemas::{
    Signal,
    interop::{self, Foreign, jaeger, zipkin},
    otlp::{Format, Rejected},
};
use serde_json::{StreamDeserializer, de::IoRead, value::RawValue};

use super::{
    content::{Content, content, signal_in_json},
    input::{self, Input, Reader},
    unreadable,
};
use crate::{
    cli::ImportFormat,
    failure::{Exit, Failure},
    send::{Payload, signal_in_name, signal_in_protobuf},
};

/// Spans of one request that is made of another system's document.
const REQUEST_SPANS_MAX: usize = 1000;
/// Of one request. What is longer is no length.
const REQUEST_BYTES_MAX: u32 = 1 << 30;

pub(super) struct Requests {
    path: PathBuf,
    signal: Option<Signal>,
    source: Source,
    rejected: Rejected,
    ordinal: usize,
}

enum Source {
    Framed(Reader),
    Json(Box<StreamDeserializer<'static, IoRead<io::BufReader<Reader>>, Box<RawValue>>>),
    Ready(std::vec::IntoIter<Vec<u8>>),
}

impl Requests {
    /// # Errors
    /// When the file cannot be read, or is none of what can be imported.
    pub(super) fn open(path: &Path, format: ImportFormat, signal: Option<Signal>, progress: &ProgressBar) -> Result<Self, Failure> {
        let Input { beginning, reader } = input::open(path, progress).map_err(|error| unreadable(path, error))?;
        let Some(content) = content(format, &beginning) else {
            let known = "OTLP in protobuf or JSON, Jaeger JSON and Zipkin JSON";
            return Err(Failure::message(Exit::Failed, format_args!("{}: this is none of what is known: {known}", path.display())));
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let mut requests = Self {
            path: path.to_owned(),
            signal: signal.or_else(|| signal_in_name(&name)),
            source: Source::Ready(Vec::new().into_iter()),
            rejected: Rejected::default(),
            ordinal: 0,
        };
        requests.source = match content {
            Content::Empty => Source::Ready(Vec::new().into_iter()),
            Content::Framed => Source::Framed(reader),
            Content::Single => Source::Ready(vec![requests.whole(reader)?].into_iter()),
            Content::OtlpJson => {
                let values = serde_json::Deserializer::from_reader(io::BufReader::new(reader));
                Source::Json(Box::new(values.into_iter()))
            }
            Content::Jaeger => requests.converted(reader, jaeger::read)?,
            Content::Zipkin => requests.converted(reader, zipkin::read)?,
        };
        Ok(requests)
    }

    /// Spans that are no spans of OTLP.
    pub(super) fn rejected(&self) -> &Rejected {
        &self.rejected
    }

    /// The next request; `None` at the end.
    ///
    /// # Errors
    /// When the file ends inside a request, or holds one that is no OTLP.
    pub(super) fn next(&mut self) -> Result<Option<Payload>, Failure> {
        self.ordinal += 1;
        match &mut self.source {
            Source::Ready(bodies) => match bodies.next() {
                Some(body) => self.payload(Format::Protobuf, body.into()),
                None => Ok(None),
            },
            Source::Framed(reader) => match frame(reader).map_err(|error| unreadable(&self.path, error))? {
                Some(body) => self.payload(Format::Protobuf, body.into()),
                None => Ok(None),
            },
            Source::Json(values) => match values.next() {
                Some(Ok(value)) => self.payload(Format::Json, Bytes::copy_from_slice(value.get().as_bytes())),
                Some(Err(error)) => Err(unreadable(&self.path, error)),
                None => Ok(None),
            },
        }
    }

    fn payload(&self, format: Format, body: Bytes) -> Result<Option<Payload>, Failure> {
        let by_content = match format {
            Format::Json => signal_in_json(&body),
            Format::Protobuf => signal_in_protobuf(&body),
        };
        // What a document says itself is more than what a name says.
        let signal = if format == Format::Json { by_content.or(self.signal) } else { self.signal.or(by_content) };
        // A request without records is of any signal.
        let signal = signal.unwrap_or(Signal::Traces);
        let payload = Payload::new(signal, format, body);
        payload.map(Some).map_err(|error| unreadable(&self.path, anyhow::Error::from(error).context(format!("request {}", self.ordinal))))
    }

    fn converted(&mut self, reader: Reader, read: fn(&[u8]) -> Result<Foreign, interop::ForeignError>) -> Result<Source, Failure> {
        let document = self.whole(reader)?;
        let Foreign { groups, rejected } = read(&document).map_err(|error| unreadable(&self.path, error))?;
        (self.signal, self.rejected) = (Some(Signal::Traces), rejected);
        Ok(Source::Ready(interop::requests(&groups, REQUEST_SPANS_MAX).into_iter()))
    }

    fn whole(&self, mut reader: Reader) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        reader.read_to_end(&mut whole).map_err(|error| unreadable(&self.path, error))?;
        Ok(whole)
    }
}

/// The next request after its length; `None` at the end.
fn frame(reader: &mut Reader) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    let mut read = 0;
    while read < length.len() {
        match reader.read(&mut length[read..]) {
            Ok(0) if read == 0 => return Ok(None),
            Ok(0) => return Err(cut_off()),
            Ok(count) => read += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let length = u32::from_be_bytes(length);
    if length > REQUEST_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a request of {length} bytes: the file is damaged")));
    }
    let mut body = Vec::new();
    reader.by_ref().take(length.into()).read_to_end(&mut body)?;
    if body.len() < length as usize { Err(cut_off()) } else { Ok(Some(body)) }
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends inside a request")
}
