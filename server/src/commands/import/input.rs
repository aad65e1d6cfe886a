//! A file, or standard input, decompressed, with a look at its beginning.

use std::{
    fs::File,
    io::{self, BufReader, Cursor, Read},
    path::Path,
};

use indicatif::ProgressBar;

/// Enough to see what it is.
pub(super) const BEGINNING_BYTES: usize = 64 << 10;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

pub(super) type Reader = Box<dyn Read>;

/// What a file begins with, and all of it.
pub(super) struct Input {
    pub(super) beginning: Vec<u8>,
    pub(super) reader: Reader,
}

/// `-` is standard input. `progress` is told what is read.
///
/// # Errors
/// As the operating system says, or when it is compressed and damaged.
pub(super) fn open(path: &Path, progress: &ProgressBar) -> io::Result<Input> {
    let raw: Reader = if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path)?) };
    decompressed(Box::new(progress.wrap_read(raw)))
}

fn decompressed(raw: Reader) -> io::Result<Input> {
    let Input { beginning, reader } = look(raw)?;
    if beginning.starts_with(&GZIP) {
        look(Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(reader))))
    } else if beginning.starts_with(&ZSTD) {
        look(Box::new(zstd::stream::read::Decoder::new(reader)?))
    } else {
        Ok(Input { beginning, reader })
    }
}

fn look(mut reader: Reader) -> io::Result<Input> {
    let mut beginning = Vec::new();
    reader.by_ref().take(BEGINNING_BYTES as u64).read_to_end(&mut beginning)?;
    Ok(Input { reader: Box::new(Cursor::new(beginning.clone()).chain(reader)), beginning })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn compression_is_recognised() {
        let text = "some bytes, ".repeat(20_000);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text.as_bytes()).expect("in memory");
        let forms =
            [text.clone().into_bytes(), gzip.finish().expect("in memory"), zstd::encode_all(text.as_bytes(), 1).expect("in memory")];
        for form in forms {
            let Input { beginning, mut reader } = decompressed(Box::new(Cursor::new(form))).expect("readable");
            let mut whole = String::new();
            reader.read_to_string(&mut whole).expect("readable");
            assert!(whole == text && beginning.len() == BEGINNING_BYTES && text.as_bytes().starts_with(&beginning));
        }
        assert!(decompressed(Box::new(Cursor::new(vec![]))).expect("readable").beginning.is_empty());
    }
}
