//! Whatever the rows and the question: indexes never rule out a row that matches, and what they call exact is exact.

use std::{borrow::Cow, sync::Arc};

use arrow::{
    array::{ArrayRef, StringArray},
    compute::interleave_record_batch,
    record_batch::RecordBatch,
};
use proptest::prelude::*;
use schemas::{
    Table,
    columns::{BODY, EXCEPTION_MESSAGE},
};
use tantivy::directory::OwnedBytes;

use super::{Candidates, RowTexts, TextFilter, TextIndex, TextQuery, bloom::Bloom, build::Indexer, inverted::Inverted};

const PAGE_ROWS: usize = 4;

/// Words, parts of words, ids, numbers and sentences, so that queries meet texts.
fn piece() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "lock",
        "Lost",
        "time",
        "timeout",
        "TIMEOUTS",
        "库存不足",
        "登录失败",
        "失败",
        "库",
        "不足",
        "order",
        "42",
        "404",
        "8080",
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "4BF92F35",
        "İzmir",
        "straße",
        "К8ы",
        "か",
        "x",
    ])
    .prop_map(str::to_owned)
}

fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let separator = prop::sample::select(vec!["", " ", " ", "-", "，", ": ", "\n"]);
    prop::collection::vec((piece(), separator), pieces).prop_map(|pieces| pieces.into_iter().map(|(piece, after)| piece + after).collect())
}

fn query() -> impl Strategy<Value = TextQuery> {
    let prefix = (text(1..3), any::<prop::sample::Index>()).prop_map(|(text, cut)| {
        let letters = text.chars().count();
        TextQuery::Prefix(text.chars().take(1 + cut.index(letters)).collect())
    });
    let leaf = prop_oneof![
        piece().prop_map(TextQuery::Word),
        text(1..3).prop_map(TextQuery::Word),
        text(0..4).prop_map(TextQuery::Phrase),
        prefix,
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(TextQuery::And),
            prop::collection::vec(inner, 0..3).prop_map(TextQuery::Or),
        ]
    })
}

fn logs(rows: &[(Option<String>, Option<String>)]) -> RecordBatch {
    let bodies = rows.iter().map(|(body, _)| body.as_deref()).collect::<StringArray>();
    let messages = rows.iter().map(|(_, message)| message.as_deref()).collect::<StringArray>();
    let columns = [(BODY, Arc::new(bodies) as ArrayRef, true), (EXCEPTION_MESSAGE, Arc::new(messages) as ArrayRef, true)];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// A word or one character of CJK, and whether that touches the one before it.
type Unit = (String, bool);

/// The definition, character by character.
fn units(text: &str) -> Vec<Unit> {
    let is_cjk = |c: char| ('\u{3040}'..='\u{9fff}').contains(&c);
    let mut units: Vec<Unit> = Vec::new();
    let mut before = ' ';
    for c in text.chars() {
        if is_cjk(c) {
            units.push((c.to_string(), is_cjk(before)));
        } else if c.is_alphanumeric() {
            if !before.is_alphanumeric() || is_cjk(before) {
                units.push((String::new(), false));
            }
            let (word, _) = units.last_mut().unwrap();
            word.extend(c.to_lowercase().filter(|c| c.is_alphanumeric()));
        }
        before = c;
    }
    units
}

fn is_in(phrase: &str, open: bool, text: &str) -> bool {
    let open = open && phrase.chars().last().is_some_and(char::is_alphanumeric);
    let (phrase, text) = (units(phrase), units(text));
    let last = phrase.len().saturating_sub(1);
    let fits = |index: usize, wanted: &Unit, found: &Unit| {
        let same = if open && index == last { found.0.starts_with(&wanted.0) } else { found.0 == wanted.0 };
        same && (index == 0 || !wanted.1 || found.1)
    };
    let begins = |window: &[Unit]| phrase.iter().zip(window).enumerate().all(|(index, (wanted, found))| fits(index, wanted, found));
    phrase.is_empty() || text.windows(phrase.len()).any(begins)
}

fn by_definition(query: &TextQuery, texts: &[String]) -> bool {
    let any = |phrase: &str, open: bool| units(phrase).is_empty() || texts.iter().any(|text| is_in(phrase, open, text));
    match query {
        TextQuery::Word(text) | TextQuery::Phrase(text) => any(text, false),
        TextQuery::Prefix(text) => any(text, true),
        TextQuery::And(all) => all.iter().all(|query| by_definition(query, texts)),
        TextQuery::Or(some) => some.iter().any(|query| by_definition(query, texts)),
    }
}

proptest! {
    #[test]
    fn the_filter_does_what_its_definition_says(query in query(), texts in prop::collection::vec(text(0..6), 0..3)) {
        prop_assert_eq!(TextFilter::new(&query).matches_row(&texts), by_definition(&query, &texts));
        if let [text] = texts.as_slice() {
            prop_assert_eq!(query.matches(text), by_definition(&query, &texts));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn indexes_only_prune(
        rows in prop::collection::vec((prop::option::weighted(0.9, text(0..5)), prop::option::weighted(0.2, text(0..3))), 1..60),
        split in any::<prop::sample::Index>(),
        row_group in any::<prop::sample::Index>(),
        queries in prop::collection::vec(query(), 1..40),
    ) {
        let total = rows.len();
        let (first, second) = rows.split_at(split.index(total));
        let batches = [logs(first), logs(second)];
        // The block has the rows of the second batch first.
        let places: Vec<(usize, usize)> = [1, 0].into_iter().flat_map(|batch| (0..batches[batch].num_rows()).map(move |row| (batch, row))).collect();
        let (first_group, second_group) = places.split_at(1 + row_group.index(total));
        let batches: Vec<&RecordBatch> = batches.iter().collect();
        let mut indexer = Indexer::new(Table::Logs, PAGE_ROWS, true);
        for group in [first_group, second_group].into_iter().filter(|group| !group.is_empty()) {
            indexer.add(&interleave_record_batch(&batches, group).unwrap()).unwrap();
        }
        let built = indexer.finish();
        let (bloom, inverted) = (built.bloom, built.inverted.unwrap().unwrap());
        let of = |with_bloom: bool, with_inverted: bool| {
            let bloom = with_bloom.then(|| Bloom::decode(&bloom, total as u32).unwrap());
            let inverted = with_inverted.then(|| Inverted::open(OwnedBytes::new(inverted.clone()), total as u32).unwrap());
            TextIndex::new(total as u32, bloom, inverted)
        };
        let indexes = [of(true, false), of(false, true), of(true, true), of(false, false)];

        let texts: Vec<RowTexts<'_>> = batches.iter().map(|batch| RowTexts::new(Table::Logs, batch).unwrap()).collect();
        let texts_of = |(batch, row): &(usize, usize)| {
            let mut of_row: Vec<Cow<'_, str>> = Vec::new();
            texts[*batch].of_row(*row, &mut of_row);
            of_row
        };
        for query in queries {
            let filter = TextFilter::new(&query);
            let matches: Vec<usize> = (0..total).filter(|row| filter.matches_row(&texts_of(&places[*row]))).collect();
            let masks: Vec<bool> = texts.iter().rev().flat_map(|texts| filter.matches_rows(texts).values().iter().collect::<Vec<_>>()).collect();
            prop_assert_eq!(&(0..total).filter(|row| masks[*row]).collect::<Vec<_>>(), &matches);
            for index in &indexes {
                let possible = index.possible_rows(&filter);
                if let Some(possible) = &possible {
                    prop_assert!(possible.windows(2).all(|pair| pair[0].end < pair[1].start) && possible.iter().all(|range| !range.is_empty() && range.end <= total));
                    let missed = matches.iter().find(|row| !possible.iter().any(|range| range.contains(row)));
                    prop_assert_eq!(missed, None, "{:?} leaves {:?}", query, possible);
                }
                match index.candidates(&filter) {
                    Candidates::All => {}
                    Candidates::Rows(rows) => prop_assert_eq!(Some(rows), possible),
                }
                if let Some(exact) = index.exact_rows(&filter) {
                    prop_assert_eq!(exact.into_iter().flatten().collect::<Vec<_>>(), matches.clone(), "{:?}", query);
                }
            }
        }
    }
}

#[test]
fn what_is_too_common_does_not_prune() {
    let rows: Vec<(Option<String>, Option<String>)> = (0..100)
        .map(|row| {
            (Some(format!("common {} {}", if row % 4 == 0 { "quarter" } else { "rest" }, if row == 50 { "rare" } else { "" })), None)
        })
        .collect();
    let batch = logs(&rows);
    let mut indexer = Indexer::new(Table::Logs, 10, true);
    indexer.add(&batch).unwrap();
    let built = indexer.finish();
    let bloom = || Some(Bloom::decode(&built.bloom, 100).unwrap());
    let pages = TextIndex::new(100, bloom(), None);
    let inverted = Inverted::open(OwnedBytes::new(built.inverted.unwrap().unwrap()), 100).unwrap();
    let both = TextIndex::new(100, bloom(), Some(inverted));
    let check = |index: &TextIndex, word: &str, expected: Candidates| {
        assert_eq!(index.candidates(&TextFilter::new(&TextQuery::Word(word.to_owned()))), expected, "{word}");
    };
    check(&pages, "common", Candidates::All);
    check(&pages, "quarter", Candidates::All);
    check(&pages, "rare", Candidates::Rows(vec![50..60; 1]));
    check(&pages, "absent", Candidates::Rows(vec![]));
    check(&both, "common", Candidates::All);
    check(&both, "quarter", Candidates::All);
    check(&both, "rare", Candidates::Rows(vec![50..51; 1]));
    check(&both, "rest rare", Candidates::Rows(vec![50..51; 1]));
    check(&both, "common rare", Candidates::Rows(vec![]));
    check(&both, "absent", Candidates::Rows(vec![]));
    check(&both, "", Candidates::All);
}
