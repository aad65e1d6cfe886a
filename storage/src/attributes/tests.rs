//! Keys are listed, and whatever the attributes and the question, the index never rules out a row that matches.

use std::{path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, DictionaryArray, StringArray},
    datatypes::Int32Type,
    record_batch::RecordBatch,
};
use proptest::prelude::*;
use schemas::{
    Table,
    attribute::{AttributeKey, RawValue},
    columns::{ATTRIBUTES, RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES},
};

use super::{AttributeQuery, AttributesBuilder, index::AttributeIndex};
use crate::{
    block::BlockKeys,
    text::{Bloom, Candidates},
};

const COLUMNS: [&str; 3] = [RESOURCE_ATTRIBUTES, SCOPE_ATTRIBUTES, ATTRIBUTES];
const FIELDS: [i32; 3] = [10, 17, 127];
const HEADER_BYTES: usize = 24;
const PATH: &str = "data/1/spans/block.parquet";

fn batch(columns: [ArrayRef; 3]) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(COLUMNS.into_iter().zip(columns).map(|(name, column)| (name, column, true))).unwrap()
}

fn keys(batches: &[[ArrayRef; 3]]) -> BlockKeys {
    let mut builder = AttributesBuilder::new(Table::Spans, Path::new(PATH), 10, 4);
    batches.iter().for_each(|columns| builder.add(&batch(columns.clone())));
    builder.finish().0
}

fn grouped(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(values.iter().copied().collect::<DictionaryArray<Int32Type>>())
}

fn texts(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn keys_of_every_level() {
    let first = [grouped(&[Some(r#"{"os":"linux"}"#); 2]), grouped(&[None; 2]), texts(&[Some(r#"{"b":1,"a":{"x":2}}"#), None])];
    let second = [grouped(&[Some(r#"{"os":1,"库":[]}"#)]), grouped(&[None]), texts(&[Some(r#"{"q\"uote":"}"}"#)])];
    let found = keys(&[first, second]);
    let listed: Vec<(i32, &str)> = found.0.iter().map(|column| (column.field_id, &*column.keys)).collect();
    assert_eq!(listed, FIELDS.into_iter().zip(["os\n库", "", "a\nb\nq\"uote"]).collect::<Vec<_>>());
    assert!(found.may_have(FIELDS[2], "a") && !found.may_have(FIELDS[2], "x") && !found.may_have(FIELDS[1], "a"));
}

#[test]
fn what_cannot_be_listed_may_have_any_key() {
    let json = |keys: usize| (0..keys).map(|key| format!(r#"{{"k{key}":1}}"#)).collect::<Vec<_>>();
    let column = |json: &[String]| texts(&json.iter().map(|json| Some(json.as_str())).collect::<Vec<_>>());
    let one = |json| texts(&[Some(json)]);
    let check = |column: ArrayRef, listed: usize| {
        let nothing = grouped(&vec![None; column.len()]);
        let found = keys(&[[Arc::clone(&nothing), nothing, column]]);
        assert_eq!(found.0.len(), listed);
        assert!(found.may_have(FIELDS[2], "anything") == (listed == 2) && !found.may_have(FIELDS[0], "anything"));
    };
    check(column(&json(1000)), 3);
    check(column(&json(1001)), 2);
    for column in [one("{\"a\":"), one("{\"\":1}"), one("{\"a\\nb\":1}")] {
        check(column, 2);
    }
}

/// As files and blocks have it, with pages of four rows and row groups of ten.
fn index(rows: &[Row]) -> AttributeIndex {
    let mut builder = AttributesBuilder::new(Table::Spans, Path::new(PATH), rows.len(), 4);
    for group in rows.chunks(10) {
        let column = |of: fn(&Row) -> Option<&str>| group.iter().map(of).collect::<Vec<_>>();
        let resources = grouped(&column(|row| row.resource.as_deref()));
        builder.add(&batch([resources, grouped(&vec![None; group.len()]), texts(&column(|row| row.own.as_deref()))]));
    }
    let file = builder.finish().1.unwrap();
    let filters = Bloom::decode(&file[HEADER_BYTES..], rows.len() as u32).unwrap();
    AttributeIndex::new(Table::Spans, rows.len() as u32, Some(filters))
}

#[derive(Debug, Clone)]
struct Row {
    resource: Option<String>,
    own: Option<String>,
}

/// Pieces of JSON as they stand in a column, damaged ones too.
fn object() -> impl Strategy<Value = Option<String>> {
    let key = prop::sample::select(vec![r#""a""#, r#""b""#, r#""q\"""#, r#""库""#]);
    let value = prop::sample::select(vec![
        "500",
        "500.0",
        "-0.0",
        "0",
        r#""500""#,
        r#"" 5e2 ""#,
        r#"".5""#,
        "0.5",
        "true",
        r#""TRUE""#,
        r#""o-1""#,
        r#""O-1""#,
        r#""a\\b""#,
        r#"{"$double":"NaN"}"#,
        r#"{"$bytes":"AAE="}"#,
        r#"{"$empty":true}"#,
        r#"[1,"x"]"#,
        r#"{"n":1}"#,
    ]);
    let member = (key, value).prop_map(|(key, value)| format!("{key}:{value}"));
    let whole = prop::collection::vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(",")));
    prop_oneof![
        9 => whole.prop_map(Some),
        1 => prop::sample::select(vec![None, Some(r#"{"a":1 "b":2}"#.to_owned()), Some(r#"{"a":"o-1","b":"#.to_owned()), Some(String::new())]),
    ]
}

fn query() -> impl Strategy<Value = AttributeQuery> {
    let column = prop::sample::select(vec![RESOURCE_ATTRIBUTES, ATTRIBUTES, "no_column"]);
    let key = prop::sample::select(vec!["a", "b", "q\"", "库", "nowhere"]);
    let value =
        prop::sample::select(vec!["500", "5e2", "0", "0.5", "true", "o-1", "a\\b", "NaN", "AAE=", r#"[1,"x"]"#, r#"{"n":1}"#, "absent"]);
    let leaf = (column, key, value).prop_map(|(column, key, value)| is(column, key, value));
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(AttributeQuery::All),
            prop::collection::vec(inner, 0..3).prop_map(AttributeQuery::Any),
        ]
    })
}

fn is(column: &str, key: &str, value: &str) -> AttributeQuery {
    AttributeQuery::Is { column: column.to_owned(), key: key.to_owned(), value: value.to_owned() }
}

/// By the getters that questions are answered with: as text in any case, and as a number.
fn holds(query: &AttributeQuery, row: &Row) -> bool {
    match query {
        AttributeQuery::Is { column, key, value } => {
            let json = match column.as_str() {
                RESOURCE_ATTRIBUTES => row.resource.as_deref(),
                ATTRIBUTES => row.own.as_deref(),
                // Of what no index knows anything may be true.
                _ => return true,
            };
            let found = json.and_then(|json| AttributeKey::new(key).find(json));
            let number = found.and_then(RawValue::number).zip(value.parse().ok());
            found.and_then(RawValue::text).is_some_and(|text| text.eq_ignore_ascii_case(value))
                || number.is_some_and(|(found, wanted): (f64, f64)| found == wanted)
        }
        AttributeQuery::All(all) => all.iter().all(|query| holds(query, row)),
        AttributeQuery::Any(any) => any.iter().any(|query| holds(query, row)),
    }
}

proptest! {
    #[test]
    fn the_index_only_prunes(
        rows in prop::collection::vec((object(), object()).prop_map(|(resource, own)| Row { resource, own }), 1..40),
        queries in prop::collection::vec(query(), 1..20),
    ) {
        let index = index(&rows);
        for query in queries {
            let Candidates::Rows(candidates) = index.candidates(&query) else { continue };
            let missed = (0..rows.len()).find(|row| holds(&query, &rows[*row]) && !candidates.iter().any(|range| range.contains(row)));
            prop_assert_eq!(missed, None, "{:?} leaves {:?}", query, candidates);
        }
    }
}

#[test]
fn pages_without_a_value_are_ruled_out() {
    let row = |resource: Option<&str>, own: &str| Row { resource: resource.map(str::to_owned), own: Some(own.to_owned()) };
    let mut rows: Vec<Row> = (0..12).map(|number| row(Some(r#"{"pod":"p-1"}"#), &format!(r#"{{"order":{number}}}"#))).collect();
    rows[9].resource = Some(r#"{"pod":"p-2"}"#.to_owned());
    let whole = index(&rows);
    let check =
        |index: &AttributeIndex, query: AttributeQuery, expected: Candidates| assert_eq!(index.candidates(&query), expected, "{query:?}");
    let of = |rows: &[std::ops::Range<usize>]| Candidates::Rows(rows.to_vec());
    let one = |rows: std::ops::Range<usize>| of(&vec![rows; 1]);
    check(&whole, is(ATTRIBUTES, "order", "5.0"), one(4..8));
    check(&whole, is(ATTRIBUTES, "order", "77"), of(&[]));
    check(&whole, is(ATTRIBUTES, "pod", "p-1"), of(&[]));
    check(&whole, is(RESOURCE_ATTRIBUTES, "pod", "p-1"), Candidates::All);
    check(&whole, is(RESOURCE_ATTRIBUTES, "pod", "P-2"), one(8..10));
    let (first, other) = (is(ATTRIBUTES, "order", "1"), is(RESOURCE_ATTRIBUTES, "pod", "p-2"));
    check(&whole, AttributeQuery::All(vec![first.clone(), other.clone()]), of(&[]));
    check(&whole, AttributeQuery::Any(vec![first.clone(), other]), of(&[0..4, 8..10]));
    check(&whole, AttributeQuery::Any(vec![first.clone(), is("name", "order", "1")]), Candidates::All);
    check(&whole, AttributeQuery::All(vec![first, is("name", "order", "1")]), one(0..4));
    check(&whole, AttributeQuery::All(vec![]), Candidates::All);
    check(&whole, AttributeQuery::Any(vec![]), of(&[]));
    // What is damaged may have anything.
    rows[5].own = Some(r#"{"order":"#.to_owned());
    check(&index(&rows), is(ATTRIBUTES, "order", "77"), one(4..8));
    check(&AttributeIndex::new(Table::Spans, 12, None), is(ATTRIBUTES, "order", "77"), Candidates::All);
}
