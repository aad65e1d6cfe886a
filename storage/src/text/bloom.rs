//! One Bloom filter of tokens per data page: says which pages cannot have a word.
//!
//! ```text
//! (header, see `sidecar`)
//!  0  4    number of pages n
//!  4  8n   first row of the page, first block of its filter
//!     32b  blocks: eight words of 32 bits each
//! ```
//! Besides the tokens themselves a filter has those that follow each other (see [`super::needs::neighbours`]); version 1 has not.
//!
//! Little-endian. A token sets one bit in each word of one block of its page (a split block Bloom filter,
//! <https://parquet.apache.org/docs/file-format/bloomfilter/>), so a probe costs one cache line. The number of blocks
//! follows the tokens of the page. A page without blocks has too many tokens to say anything: every word may be there.

#![deny(clippy::indexing_slicing)]

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
    ops::Range,
};

use super::{
    needs::Needs,
    ranges::{self, Ranges},
    sidecar::SidecarError,
};

/// Half of the bits that a token takes; 10.5 bits make 1 % of wrong answers.
const HALF_BITS_PER_TOKEN: usize = 21;
const WORDS: usize = 8;
const BLOCK_BITS: usize = WORDS * 32;
/// A page with more different tokens (200 a row) gets no filter, which bounds the memory of writing.
const PAGE_TOKENS_MAX: usize = 200 * 1024;
/// As in Parquet: odd numbers that spread the hash.
const SALT: [u32; WORDS] = [0x47b6_137b, 0x4497_4d91, 0x8824_ad5b, 0xa2b7_289d, 0x7054_95c7, 0x2df1_424b, 0x9efc_4947, 0x5c6b_fb31];

type Block = [u32; WORDS];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Page {
    first_row: u32,
    first_block: u32,
}

/// The filters of a block, in the order of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bloom {
    pages: Box<[Page]>,
    blocks: Box<[Block]>,
    rows: u32,
    knows_neighbours: bool,
}

/// Builds a [`Bloom`] page by page.
#[derive(Default)]
pub(crate) struct BloomWriter {
    pages: Vec<Page>,
    blocks: Vec<Block>,
    /// Hashes of the tokens of the page that is being written.
    tokens: HashSet<u64, BuildHasherDefault<AsIs>>,
    /// The page has tokens that are not known.
    given_up: bool,
    rows: u32,
}

/// Hashes need no hashing.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0 << 8 | u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

fn bits(hash: u64) -> Block {
    SALT.map(|salt| 1 << ((hash as u32).wrapping_mul(salt) >> 27))
}

/// Which of `blocks` a token is in.
fn place(hash: u64, blocks: usize) -> usize {
    (((hash >> 32) * blocks as u64) >> 32) as usize
}

impl BloomWriter {
    /// Adds a token of the current page.
    pub(crate) fn add(&mut self, hash: u64) {
        if self.tokens.len() <= PAGE_TOKENS_MAX {
            self.tokens.insert(hash);
        }
    }

    /// The current page will rule nothing out.
    pub(crate) fn give_up_page(&mut self) {
        self.given_up = true;
    }

    /// Ends a page of so many rows.
    pub(crate) fn end_page(&mut self, rows: usize) {
        let first_block = self.blocks.len();
        self.pages.push(Page { first_row: self.rows, first_block: first_block as u32 });
        self.rows += rows as u32;
        if self.tokens.len() <= PAGE_TOKENS_MAX && !std::mem::take(&mut self.given_up) {
            let blocks = (self.tokens.len() * HALF_BITS_PER_TOKEN / 2).div_ceil(BLOCK_BITS).max(1);
            self.blocks.resize(first_block + blocks, Block::default());
            for hash in &self.tokens {
                if let Some(block) = self.blocks.get_mut(first_block + place(*hash, blocks)) {
                    block.iter_mut().zip(bits(*hash)).for_each(|(word, bit)| *word |= bit);
                }
            }
        }
        self.tokens.clear();
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 + self.pages.len() * size_of::<Page>() + self.blocks.len() * size_of::<Block>());
        bytes.extend((self.pages.len() as u32).to_le_bytes());
        bytes.extend(self.pages.iter().flat_map(|page| [page.first_row, page.first_block]).flat_map(u32::to_le_bytes));
        bytes.extend(self.blocks.iter().flatten().flat_map(|word| word.to_le_bytes()));
        bytes
    }
}

impl Bloom {
    /// The filters of a block of so many rows.
    pub(crate) fn decode(bytes: &[u8], rows: u32) -> Result<Self, SidecarError> {
        let malformed = SidecarError::Malformed;
        let (count, rest) = bytes.split_first_chunk::<4>().ok_or(malformed("no number of pages"))?;
        let count = u32::from_le_bytes(*count) as usize;
        let (pages, blocks) = rest.split_at_checked(count.saturating_mul(size_of::<Page>())).ok_or(malformed("pages are missing"))?;
        let page = |[first_row, first_block]: &[[u8; 4]; 2]| Page {
            first_row: u32::from_le_bytes(*first_row),
            first_block: u32::from_le_bytes(*first_block),
        };
        let pages: Box<[Page]> = pages.as_chunks::<4>().0.as_chunks::<2>().0.iter().map(page).collect();
        let (words, left_over) = blocks.as_chunks::<4>();
        let (blocks, words_left_over) = words.as_chunks::<WORDS>();
        if !left_over.is_empty() || !words_left_over.is_empty() {
            return Err(malformed("a block is cut off"));
        }
        let blocks: Box<[Block]> = blocks.iter().map(|block| block.map(u32::from_le_bytes)).collect();
        let ascend = pages.windows(2).all(|pair| match pair {
            [a, b] => a.first_row < b.first_row && a.first_block <= b.first_block,
            _ => true,
        });
        let ends_fit = pages.first().is_none_or(|page| page.first_row == 0)
            && pages.last().is_none_or(|page| page.first_row < rows && page.first_block as usize <= blocks.len());
        if !ascend || !ends_fit || (pages.is_empty() && rows > 0) {
            return Err(malformed("pages do not follow each other"));
        }
        Ok(Self { pages, blocks, rows, knows_neighbours: true })
    }

    /// Of a build that wrote single tokens only.
    pub(super) fn without_neighbours(self) -> Self {
        Self { knows_neighbours: false, ..self }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.pages) + size_of_val(&*self.blocks)
    }

    /// The rows of the pages that may have what is needed.
    pub(crate) fn rows_of(&self, needs: &Needs) -> Ranges {
        let mut rows = Ranges::new();
        for (index, page) in self.pages.iter().enumerate() {
            let next = self.pages.get(index + 1);
            let end = next.map_or(self.rows, |next| next.first_row);
            let last_block = next.map_or(self.blocks.len(), |next| next.first_block as usize);
            if self.may_have(self.blocks.get(page.first_block as usize..last_block).unwrap_or_default(), needs) {
                ranges::push(&mut rows, Range { start: page.first_row as usize, end: end as usize });
            }
        }
        rows
    }

    /// Prefixes are no tokens: a filter cannot know them.
    fn may_have(&self, page: &[Block], needs: &Needs) -> bool {
        page.is_empty()
            || (needs.words.iter().all(|token| has(page, token.hash))
                && (!self.knows_neighbours || needs.neighbours.iter().all(|hash| has(page, *hash)))
                && needs.choices.iter().all(|any| any.iter().any(|needs| self.may_have(page, needs))))
    }
}

fn has(page: &[Block], hash: u64) -> bool {
    let Some(block) = page.get(place(hash, page.len())) else { return true };
    block.iter().zip(bits(hash)).all(|(word, bit)| word & bit != 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{
        TextFilter, TextQuery,
        needs::{hash, neighbours},
    };

    fn bloom(pages: &[&[&str]]) -> Bloom {
        let mut writer = BloomWriter::default();
        for tokens in pages {
            tokens.iter().for_each(|token| writer.add(hash(token)));
            tokens.windows(2).for_each(|two| writer.add(neighbours(hash(two[0]), hash(two[1]))));
            writer.end_page(10);
        }
        Bloom::decode(&writer.encode(), 10 * pages.len() as u32).unwrap()
    }

    #[test]
    fn pages_without_a_word_are_ruled_out() {
        let bloom = bloom(&[&["lock", "lost"], &["lock"], &[], &["lost", "found", "lock"]]);
        let word = |word: &str| TextQuery::Word(word.to_owned());
        let check = |query: TextQuery, expected: &[Range<usize>]| {
            assert_eq!(bloom.rows_of(TextFilter::new(&query).needs()), expected, "{query:?}");
        };
        check(word("lock"), &[0..20, 30..40]);
        check(word("lock lost"), &vec![0..10; 1]);
        check(word("found lock"), &vec![30..40; 1]);
        check(word("lock found"), &[]);
        check(TextQuery::And(vec![word("lock"), word("lost")]), &[0..10, 30..40]);
        assert_eq!(bloom.clone().without_neighbours().rows_of(TextFilter::new(&word("lock found")).needs()), vec![30..40; 1]);
        check(word("absent"), &[]);
        check(TextQuery::Or(vec![word("found"), TextQuery::And(vec![word("lock"), word("lost")])]), &[0..10, 30..40]);
        check(TextQuery::Prefix("lock fo".to_owned()), &[0..20, 30..40]);
        check(TextQuery::Or(vec![]), &[]);
        check(TextQuery::And(vec![]), &vec![0..40; 1]);
    }

    #[test]
    fn one_wrong_answer_in_a_hundred() {
        for tokens in [24, 1000, 20_000] {
            let mut writer = BloomWriter::default();
            (0..tokens).for_each(|number| writer.add(hash(&format!("token{number}"))));
            writer.end_page(1024);
            let bloom = Bloom::decode(&writer.encode(), 1024).unwrap();
            assert!((0..tokens).all(|number| has(&bloom.blocks, hash(&format!("token{number}")))));
            let wrong = (0..20_000).filter(|number| has(&bloom.blocks, hash(&format!("other{number}")))).count();
            assert!(wrong <= 300, "{wrong} of 20000 with {tokens} tokens");
            assert!(bloom.memory_bytes() * 8 <= tokens * 11 + 2 * BLOCK_BITS);
        }
    }

    #[test]
    fn a_page_of_too_many_tokens_rules_nothing_out() {
        let mut writer = BloomWriter::default();
        (0..=PAGE_TOKENS_MAX as u64 * 2).for_each(|number| writer.add(number));
        writer.end_page(5);
        writer.end_page(5);
        let bloom = Bloom::decode(&writer.encode(), 10).unwrap();
        assert_eq!(bloom.blocks.len(), 1);
        assert_eq!(bloom.rows_of(TextFilter::new(&TextQuery::Word("any".to_owned())).needs()), vec![0..5; 1]);
    }

    /// What a file looks like. Never edited: a change of the format raises the version.
    #[test]
    fn the_bytes_of_a_filter() {
        let mut writer = BloomWriter::default();
        writer.add(hash("库存"));
        writer.end_page(3);
        let words: Vec<u32> = writer.encode().as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        assert_eq!(words, [1, 0, 0, 0x2_0000, 0x200_0000, 0x1_0000, 0x8000, 0x400_0000, 0x40_0000, 1, 0x8000_0000]);
    }

    #[test]
    fn malformed_files_are_refused() {
        let check = |words: &[u32], rows: u32| {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            assert!(matches!(Bloom::decode(&bytes, rows), Err(SidecarError::Malformed(_))), "{words:?}");
        };
        check(&[], 1);
        check(&[0], 1);
        check(&[2, 0, 0], 1);
        check(&[1, 0, 0, 7], 1);
        check(&[1, 1, 0], 9);
        check(&[1, 0, 9], 9);
        check(&[2, 0, 0, 9, 0], 9);
        check(&[2, 0, 0, 0, 0], 9);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), rows: u32) {
            if let Ok(bloom) = Bloom::decode(&bytes, rows) {
                bloom.rows_of(TextFilter::new(&TextQuery::Word("word".to_owned())).needs());
            }
        }
    }
}
