//! Where an export goes. A file appears under its name when it is whole; until then it is `NAME.part`.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use flate2::write::GzEncoder;

const BUFFER_BYTES: usize = 1 << 20;

pub(super) struct Output {
    sink: Sink,
    file: Option<Unfinished>,
    bytes: u64,
}

enum Sink {
    Plain(Box<dyn Write>),
    Gzip(GzEncoder<Box<dyn Write>>),
    Zstd(zstd::stream::write::Encoder<'static, Box<dyn Write>>),
}

/// Removed when dropped before it is whole.
struct Unfinished {
    part: PathBuf,
    name: PathBuf,
    whole: bool,
}

impl Output {
    /// `-` is standard output.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self { sink: Sink::Plain(Box::new(io::stdout())), file: None, bytes: 0 });
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let file = Unfinished { part: part.into(), name: path.to_owned(), whole: false };
        let writer: Box<dyn Write> = Box::new(BufWriter::with_capacity(BUFFER_BYTES, File::create(&file.part)?));
        let sink = match path.extension().and_then(|extension| extension.to_str()) {
            Some("gz") => Sink::Gzip(GzEncoder::new(writer, flate2::Compression::default())),
            Some("zst") => Sink::Zstd(zstd::stream::write::Encoder::new(writer, 3)?),
            _ => Sink::Plain(writer),
        };
        Ok(Self { sink, file: Some(file), bytes: 0 })
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        match &mut self.sink {
            Sink::Plain(writer) => writer.write_all(bytes),
            Sink::Gzip(writer) => writer.write_all(bytes),
            Sink::Zstd(writer) => writer.write_all(bytes),
        }
    }

    /// Gives the file its name. How many bytes were written, before compression.
    pub(super) fn finish(self) -> io::Result<u64> {
        let Self { sink, file, bytes } = self;
        let mut writer = match sink {
            Sink::Plain(writer) => writer,
            Sink::Gzip(writer) => writer.finish()?,
            Sink::Zstd(writer) => writer.finish()?,
        };
        writer.flush()?;
        drop(writer);
        if let Some(mut file) = file {
            fs::rename(&file.part, &file.name)?;
            file.whole = true;
        }
        Ok(bytes)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.whole {
            let _ = fs::remove_file(&self.part);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_file_is_whole_or_not_there() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = |name: &str| dir.path().join(name);
        for name in ["plain", "b.gz", "c.zst"] {
            let mut output = Output::create(&path(name)).expect("created");
            output.write_all(b"some ").expect("written");
            output.write_all(b"bytes").expect("written");
            assert!(!path(name).exists());
            assert_eq!(output.finish().expect("finished"), 10);
            let content = fs::read(path(name)).expect("there");
            let mut text = String::new();
            match name {
                "b.gz" => drop(flate2::read::GzDecoder::new(content.as_slice()).read_to_string(&mut text).expect("gzip")),
                "c.zst" => text = String::from_utf8(zstd::decode_all(content.as_slice()).expect("zstd")).expect("text"),
                _ => text = String::from_utf8(content).expect("text"),
            }
            assert_eq!(text, "some bytes", "{name}");
        }
        let mut broken = Output::create(&path("broken")).expect("created");
        broken.write_all(b"some").expect("written");
        drop(broken);
        assert_eq!(fs::read_dir(dir.path()).expect("readable").count(), 3, "nothing is left behind");
    }
}
