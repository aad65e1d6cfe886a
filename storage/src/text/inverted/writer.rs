//! Builds the index in memory while a block is written.

use std::{iter, path::Path, sync::Arc};

use tantivy::{
    Directory, Index, IndexSettings, SingleSegmentIndexWriter,
    directory::{OwnedBytes, RamDirectory, error::OpenReadError},
    index::SegmentComponent,
    schema::{Document, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
    store::Compressor,
    tokenizer::{Token, TokenStream, Tokenizer, TokenizerManager},
};

use super::{super::packed::pack, FIELD, ID_DIGITS_MIN, NUMBER_DIGITS_MIN};

/// Sizes the hash table at the start; the index grows past it.
const TABLE_BYTES: usize = 32 << 20;
/// A block that takes more memory to index gets none.
const MEMORY_BYTES_MAX: usize = 512 << 20;
/// The tokens of a row in their way through tantivy.
const TOKENIZER: &str = "space";
const SPACE: char = ' ';
const META: &str = "meta.json";

#[derive(Debug, thiserror::Error)]
pub(crate) enum InvertedError {
    #[error(transparent)]
    Tantivy(#[from] tantivy::TantivyError),
    #[error("read what was written")]
    Read(#[from] OpenReadError),
    #[error("read what was written")]
    Io(#[from] std::io::Error),
    #[error("{bytes} bytes of memory are more than {MEMORY_BYTES_MAX}")]
    Memory { bytes: usize },
    #[error("{0} segments where one was expected")]
    Segments(usize),
}

/// Takes rows in the order of the block.
pub(crate) struct InvertedWriter {
    writer: SingleSegmentIndexWriter<Row>,
    directory: RamDirectory,
    row: Row,
}

/// The tokens of a row, a space after each. Shared with the document that tantivy takes, so that its memory is reused.
#[derive(Debug, Clone)]
struct Row {
    field: Field,
    tokens: Arc<String>,
}

/// Whether the index has this token; others are in the Bloom filters only.
pub(super) fn is_indexed(token: &str) -> bool {
    let bytes = token.as_bytes();
    let is_number = bytes.len() >= NUMBER_DIGITS_MIN && bytes.iter().all(u8::is_ascii_digit);
    let is_id = bytes.len() >= ID_DIGITS_MIN && bytes.iter().all(u8::is_ascii_hexdigit);
    !is_number && !is_id
}

impl InvertedWriter {
    pub(crate) fn new() -> Result<Self, InvertedError> {
        let mut schema = Schema::builder();
        let indexing =
            TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(IndexRecordOption::Basic).set_fieldnorms(false);
        let field = schema.add_text_field(FIELD, TextOptions::default().set_indexing_options(indexing));
        let tokenizers = TokenizerManager::new();
        tokenizers.register(TOKENIZER, Spaces::default());
        let settings =
            IndexSettings { docstore_compression: Compressor::None, docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
        let directory = RamDirectory::create();
        let index = Index::builder().schema(schema.build()).settings(settings).tokenizers(tokenizers);
        let writer = index.single_segment_index_writer(directory.clone(), TABLE_BYTES)?;
        Ok(Self { writer, directory, row: Row { field, tokens: Arc::default() } })
    }

    /// Adds a token of the current row.
    pub(crate) fn add(&mut self, token: &str) {
        if is_indexed(token) {
            let tokens = Arc::make_mut(&mut self.row.tokens);
            tokens.push_str(token);
            tokens.push(SPACE);
        }
    }

    pub(crate) fn end_row(&mut self) -> Result<(), InvertedError> {
        self.writer.add_document(self.row.clone())?;
        Arc::make_mut(&mut self.row.tokens).clear();
        Ok(())
    }

    /// # Errors
    /// When building has taken too much memory and should end.
    pub(crate) fn check_memory(&self) -> Result<(), InvertedError> {
        let bytes = self.writer.mem_usage();
        if bytes > MEMORY_BYTES_MAX { Err(InvertedError::Memory { bytes }) } else { Ok(()) }
    }

    /// The packed index.
    pub(crate) fn finish(self) -> Result<Vec<u8>, InvertedError> {
        let segments = self.writer.finalize()?.searchable_segment_metas()?;
        let [segment] = segments.as_slice() else { return Err(InvertedError::Segments(segments.len())) };
        let mut files = vec![(META.to_owned(), OwnedBytes::new(self.directory.atomic_read(Path::new(META))?))];
        // What opening a segment reads.
        let components = [
            SegmentComponent::Terms,
            SegmentComponent::Postings,
            SegmentComponent::Positions,
            SegmentComponent::FastFields,
            SegmentComponent::FieldNorms,
            SegmentComponent::Store,
        ];
        for component in components {
            let is_store = matches!(component, SegmentComponent::Store);
            let path = segment.relative_path(component);
            let file = self.directory.open_read(&path)?.read_bytes()?;
            let file = if is_store { footer(&file) } else { file };
            files.push((path.to_string_lossy().into_owned(), file));
        }
        Ok(pack(&files))
    }
}

/// The end of a file, which says which version wrote it. That is all that is read of the store: its documents are empty, and five
/// bytes each.
fn footer(file: &OwnedBytes) -> OwnedBytes {
    const TAIL_BYTES: usize = 8;
    let tail = file.last_chunk::<TAIL_BYTES>();
    let length = tail.map_or(0, |[l0, l1, l2, l3, ..]| u32::from_le_bytes([*l0, *l1, *l2, *l3]) as usize);
    let start = file.len().saturating_sub(length + TAIL_BYTES);
    file.slice(start..file.len())
}

impl Document for Row {
    type Value<'a> = &'a str;
    type FieldsValuesIter<'a> = iter::Once<(Field, &'a str)>;

    fn iter_fields_and_values(&self) -> Self::FieldsValuesIter<'_> {
        iter::once((self.field, self.tokens.as_str()))
    }
}

/// Gives the tokens of a [`Row`] back one by one.
#[derive(Clone, Default)]
struct Spaces {
    token: Token,
}

struct SpacesStream<'a> {
    rest: &'a str,
    token: &'a mut Token,
}

impl Tokenizer for Spaces {
    type TokenStream<'a> = SpacesStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SpacesStream<'a> {
        self.token.reset();
        SpacesStream { rest: text, token: &mut self.token }
    }
}

impl TokenStream for SpacesStream<'_> {
    fn advance(&mut self) -> bool {
        let Some((token, rest)) = self.rest.split_once(SPACE) else { return false };
        self.rest = rest;
        self.token.text.clear();
        self.token.text.push_str(token);
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_numbers_are_left_out() {
        let check = |token: &str, expected: bool| assert_eq!(is_indexed(token), expected, "{token}");
        check("timeout", true);
        check("库存", true);
        check("404", true);
        check("8080", false);
        check("1790000000123456789", false);
        check("4bf92f3577b34da6", false);
        check("4bf92f3577b34da", true);
        check("4bf92f3577b34da6x", true);
        check("feedbeef", true);
    }
}
