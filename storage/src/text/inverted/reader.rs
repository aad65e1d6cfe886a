//! Finds rows in the index of a block.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tantivy::{
    DocSet, Index, InvertedIndexReader, SegmentReader, TERMINATED,
    directory::OwnedBytes,
    postings::{SegmentPostings, TermInfo},
    schema::IndexRecordOption,
};

use super::{
    super::{needs::Needs, packed::Packed},
    FIELD, InvertedError,
    writer::is_indexed,
};

/// A prefix that begins more words than this prunes nothing.
const PREFIX_WORDS_MAX: usize = 256;

/// An open index, all of it in memory.
pub(crate) struct Inverted {
    words: Arc<InvertedIndexReader>,
    bytes: usize,
}

/// Rows that have what is needed, ascending.
type Rows = Vec<u32>;

impl Inverted {
    /// Opens a packed index, which must have a document for each of `rows`.
    pub(crate) fn open(packed: OwnedBytes, rows: u32) -> Result<Self, String> {
        let bytes = packed.len();
        let directory = Packed::open(packed).map_err(|error| error.to_string())?;
        let opened = catch_unwind(AssertUnwindSafe(|| open_segment(directory))).map_err(|_| "tantivy panicked".to_owned())?;
        let (words, documents) = opened.map_err(|error| error.to_string())?;
        match documents == rows {
            true => Ok(Self { words, bytes }),
            false => Err(format!("{documents} documents for {rows} rows")),
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.bytes
    }

    /// Rows outside of which nothing has what is needed. `None` when that would be most rows: words of more than `rows_max` rows
    /// are not looked at, and neither are those that only Bloom filters know.
    pub(crate) fn rows_of(&self, needs: &Needs, rows_max: u32) -> io::Result<Option<Rows>> {
        let mut found: Option<Rows> = None;
        let mut words = Vec::with_capacity(needs.words.len());
        for token in needs.words.iter().filter(|token| is_indexed(&token.text)) {
            match self.words.terms().get(&token.text)? {
                None => return Ok(Some(Rows::new())),
                Some(word) => words.push(word),
            }
        }
        words.sort_unstable_by_key(|word| word.doc_freq);
        if let Some((rarest, others)) = words.split_first().filter(|(rarest, _)| rarest.doc_freq <= rows_max) {
            let mut rows = self.all_rows(rarest)?;
            for word in others {
                keep(&mut rows, self.postings(word)?);
            }
            found = Some(rows);
        }
        for prefix in &needs.prefixes {
            found = both(found, self.rows_of_prefix(prefix, rows_max)?);
        }
        for alternatives in &needs.choices {
            found = both(found, self.rows_of_any(alternatives, rows_max)?);
        }
        Ok(found)
    }

    /// The rows that match, when the index knows them all: having what is needed is to match, and every need is a word that it has.
    /// `None` otherwise.
    pub(crate) fn exact_rows_of(&self, needs: &Needs) -> io::Result<Option<Rows>> {
        match !needs.says_too_little && knows(needs) {
            true => self.rows_of(needs, u32::MAX),
            false => Ok(None),
        }
    }

    fn rows_of_any(&self, alternatives: &[Needs], rows_max: u32) -> io::Result<Option<Rows>> {
        let mut any = Rows::new();
        for needs in alternatives {
            let Some(rows) = self.rows_of(needs, rows_max)? else { return Ok(None) };
            any.extend(rows);
        }
        Ok(Some(sorted(any)))
    }

    fn rows_of_prefix(&self, prefix: &str, rows_max: u32) -> io::Result<Option<Rows>> {
        // It may begin an id or a number, which are not here.
        if prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(None);
        }
        let mut words: Vec<TermInfo> = Vec::new();
        let mut rows = 0;
        let mut stream = self.words.terms().range().ge(prefix).into_stream()?;
        while let Some((word, found)) = stream.next() {
            if !word.starts_with(prefix.as_bytes()) {
                break;
            }
            rows += u64::from(found.doc_freq);
            if words.len() == PREFIX_WORDS_MAX || rows > rows_max.into() {
                return Ok(None);
            }
            words.push(found.clone());
        }
        let mut any = Rows::new();
        for word in &words {
            any.extend(self.all_rows(word)?);
        }
        Ok(Some(sorted(any)))
    }

    fn postings(&self, word: &TermInfo) -> io::Result<SegmentPostings> {
        self.words.read_postings_from_terminfo(word, IndexRecordOption::Basic)
    }

    fn all_rows(&self, word: &TermInfo) -> io::Result<Rows> {
        let mut postings = self.postings(word)?;
        let mut rows = Rows::with_capacity(word.doc_freq as usize);
        let mut row = postings.doc();
        while row != TERMINATED {
            rows.push(row);
            row = postings.advance();
        }
        Ok(rows)
    }
}

fn open_segment(directory: Packed) -> Result<(Arc<InvertedIndexReader>, u32), InvertedError> {
    let index = Index::open(directory)?;
    let segments = index.searchable_segments()?;
    let [segment] = segments.as_slice() else { return Err(InvertedError::Segments(segments.len())) };
    let reader = SegmentReader::open(segment)?;
    Ok((reader.inverted_index(index.schema().get_field(FIELD)?)?, reader.max_doc()))
}

/// Whether every word is one that the index has, when a row has it.
fn knows(needs: &Needs) -> bool {
    needs.prefixes.is_empty()
        && needs.words.iter().all(|token| is_indexed(&token.text))
        && needs.choices.iter().all(|any| any.iter().all(knows))
        && !needs.is_nothing()
}

/// Keeps the rows that `postings` have too.
fn keep(rows: &mut Rows, mut postings: SegmentPostings) {
    rows.retain(|row| {
        let at = postings.doc();
        row == &if at < *row { postings.seek(*row) } else { at }
    });
}

/// Rows in both; an unknown set is every row.
fn both(a: Option<Rows>, b: Option<Rows>) -> Option<Rows> {
    match (a, b) {
        (Some(mut a), Some(b)) => {
            let mut b = b.into_iter().peekable();
            a.retain(|row| {
                while b.next_if(|other| other < row).is_some() {}
                b.peek() == Some(row)
            });
            Some(a)
        }
        (a, b) => a.or(b),
    }
}

fn sorted(mut rows: Rows) -> Rows {
    rows.sort_unstable();
    rows.dedup();
    rows
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{TextFilter, TextQuery, inverted::InvertedWriter};

    fn inverted(rows: &[&str]) -> Inverted {
        let mut writer = InvertedWriter::new().unwrap();
        for row in rows {
            row.split(' ').filter(|token| !token.is_empty()).for_each(|token| writer.add(token));
            writer.end_row().unwrap();
        }
        Inverted::open(OwnedBytes::new(writer.finish().unwrap()), rows.len() as u32).unwrap()
    }

    fn word(word: &str) -> TextQuery {
        TextQuery::Word(word.to_owned())
    }

    #[test]
    fn rows_of_words() {
        let index = inverted(&["lock lost", "lock", "", "lost found lock lock", "code 404 8080", "库存 存不 不足"]);
        let check = |query: TextQuery, rows_max: u32, expected: Option<&[u32]>| {
            let found = index.rows_of(TextFilter::new(&query).needs(), rows_max).unwrap();
            assert_eq!(found.as_deref(), expected, "{query:?}");
        };
        check(word("lock"), 9, Some(&[0, 1, 3]));
        check(word("lock"), 2, None);
        check(word("lock lost"), 9, Some(&[0, 3]));
        check(word("lock found"), 1, Some(&[3]));
        check(word("absent"), 9, Some(&[]));
        check(word("lock absent"), 0, Some(&[]));
        check(word("404"), 9, Some(&[4]));
        check(word("8080"), 9, None);
        check(word("code 8080"), 9, Some(&[4]));
        check(word("库存不足"), 9, Some(&[5]));
        check(word("库"), 9, None);
        check(TextQuery::Prefix("lo".to_owned()), 9, Some(&[0, 1, 3]));
        check(TextQuery::Prefix("lo".to_owned()), 4, None);
        check(TextQuery::Prefix("fo".to_owned()), 9, Some(&[3]));
        check(TextQuery::Prefix("nowhere".to_owned()), 9, Some(&[]));
        check(TextQuery::Prefix("40".to_owned()), 9, None);
        check(TextQuery::Prefix("fa".to_owned()), 9, None);
        check(TextQuery::Or(vec![word("found"), word("code")]), 9, Some(&[3, 4]));
        check(TextQuery::Or(vec![word("found"), word("8080")]), 9, None);
        check(TextQuery::And(vec![word("lock"), TextQuery::Or(vec![word("found"), word("code")])]), 9, Some(&[3]));
        check(TextQuery::Or(vec![]), 9, Some(&[]));
        check(TextQuery::And(vec![]), 9, None);
    }

    #[test]
    fn exact_only_when_every_word_is_known() {
        let index = inverted(&["lock lost", "lock", "code 404 8080"]);
        let check = |query: TextQuery, expected: Option<&[u32]>| {
            let found = index.exact_rows_of(TextFilter::new(&query).needs()).unwrap();
            assert_eq!(found.as_deref(), expected, "{query:?}");
        };
        check(word("lock"), Some(&[0, 1]));
        check(TextQuery::And(vec![word("lock"), word("lost")]), Some(&[0]));
        check(TextQuery::Or(vec![word("lost"), word("code")]), Some(&[0, 2]));
        check(word("lock lost"), None);
        check(word("8080"), None);
        check(TextQuery::Or(vec![word("lost"), word("8080")]), None);
        check(TextQuery::Prefix("lo".to_owned()), None);
    }

    #[test]
    fn what_is_no_index_of_these_rows_is_refused() {
        let mut writer = InvertedWriter::new().unwrap();
        writer.add("word");
        writer.end_row().unwrap();
        let bytes = writer.finish().unwrap();
        assert!(Inverted::open(OwnedBytes::new(bytes.clone()), 1).is_ok());
        assert!(Inverted::open(OwnedBytes::new(bytes.clone()), 2).is_err());
        assert!(Inverted::open(OwnedBytes::new(bytes[..bytes.len() - 1].to_vec()), 1).is_err());
        assert!(Inverted::open(OwnedBytes::new(vec![0; 4]), 0).is_err());
    }

    #[test]
    fn long_lists_are_read_across_their_chunks() {
        let rows: Vec<String> = (0..1000).map(|row| format!("all {} x{row}", if row % 7 == 0 { "seventh" } else { "other" })).collect();
        let index = inverted(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        let find = |query: &str| index.rows_of(TextFilter::new(&word(query)).needs(), 1000).unwrap().unwrap();
        assert_eq!(find("all"), (0..1000).collect::<Vec<u32>>());
        assert_eq!(find("all seventh"), (0..1000).step_by(7).collect::<Vec<u32>>());
        assert_eq!(find("all x999 other"), [999]);
    }

    proptest! {
        #[test]
        fn both_is_the_intersection(a in prop::collection::btree_set(0..40u32, 0..20), b in prop::collection::btree_set(0..40u32, 0..20)) {
            let expected: Vec<u32> = a.intersection(&b).copied().collect();
            prop_assert_eq!(both(Some(a.into_iter().collect()), Some(b.into_iter().collect())), Some(expected));
        }
    }
}
