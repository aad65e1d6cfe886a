//! Hundreds of generated searches, each against an evaluator that reads the records one by one.

mod searches;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use query::search::{Search, parse};
use schemas::Table;
use serde_json::Value;

use super::ask;
use crate::{
    loaded::Loaded,
    made_up::{Batch, batches},
    naive::World,
    records::Any,
};

/// What identifies a record: the id of a span, the number of a log record.
async fn found(loaded: &Loaded, table: Table, search: &str) -> BTreeSet<u64> {
    let answer = ask(loaded, table.name(), &[("q", search), ("limit", "10000")]).await;
    let of_span = |span: &Value| span["span_id"].as_str().and_then(|id| u64::from_str_radix(id, 16).ok());
    let of_log = |log: &Value| log["attributes"]["record"].as_u64();
    let rows = answer[table.name()].as_array().expect("rows");
    let ids: BTreeSet<u64> =
        rows.iter().map(|row| if table == Table::Spans { of_span(row) } else { of_log(row) }.expect("it has an id")).collect();
    assert_eq!(ids.len(), rows.len(), "a record is found once");
    ids
}

fn expected(batches: &[Batch], table: Table, search: &Search) -> BTreeSet<u64> {
    of_world(&World::new(batches.iter().flat_map(|batch| &batch.spans), batches.iter().flat_map(|batch| &batch.logs)), table, search)
}

fn of_world(world: &World<'_>, table: Table, search: &Search) -> BTreeSet<u64> {
    let number = |value: &Any| if let Any::Int(number) = value { Some(*number as u64) } else { None };
    match table {
        Table::Spans => world.spans(search).into_iter().map(|span| span.id).collect(),
        _ => world.logs(search).into_iter().filter_map(|log| number(&log.attributes.last()?.1)).collect(),
    }
}

fn search() -> impl Strategy<Value = (Table, Search)> {
    prop_oneof![
        5 => searches::records(Table::Spans).prop_map(|search| (Table::Spans, search)),
        5 => searches::records(Table::Logs).prop_map(|search| (Table::Logs, search)),
        2 => searches::structures().prop_map(|search| (Table::Spans, search)),
    ]
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::default() }
}

/// `prepare` puts the batches into the store, wherever in it they go.
fn check(seed: u64, cases: u32, prepare: impl Fn(&Loaded, &[Batch])) {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let batches = batches(seed, 6, 40);
    let loaded = Loaded::empty();
    prepare(&loaded, &batches);
    let findings = AtomicUsize::new(0);
    proptest!(config(cases), |((table, search) in search())| {
        let text = search.to_string();
        prop_assert_eq!(parse(&text).map(|again| again.to_string()), Ok(text.clone()));
        let expected = expected(&batches, table, &search);
        let found = runtime.block_on(found(&loaded, table, &text));
        let (missed, wrong): (Vec<u64>, Vec<u64>) = found.symmetric_difference(&expected).copied().partition(|id| expected.contains(id));
        prop_assert!(found == expected, "{} in {} misses {:?} and finds {:?}", text, table, missed, wrong);
        findings.fetch_add(usize::from(!expected.is_empty()), Ordering::Relaxed);
    });
    // Searches that find nothing prove little.
    assert!(findings.into_inner() > cases as usize / 3);
}

#[test]
fn in_memory() {
    check(1, 60, |loaded, batches| batches.iter().for_each(|batch| batch.send(loaded)));
}

#[test]
fn in_blocks_with_indexes_of_text() {
    check(2, 80, |loaded, batches| {
        for batch in batches {
            batch.send(loaded);
            loaded.store.flush().expect("a working disk");
        }
        assert!(loaded.text_indexes().len() > 6, "blocks have indexes of their text");
    });
}

#[test]
fn in_both() {
    check(3, 80, |loaded, batches| {
        for (index, batch) in batches.iter().enumerate() {
            batch.send(loaded);
            if index % 2 == 0 {
                loaded.store.flush().expect("a working disk");
            }
        }
    });
}

#[test]
fn in_blocks_without_indexes_of_text() {
    check(2, 50, |loaded, batches| {
        for batch in batches {
            batch.send(loaded);
            loaded.store.flush().expect("a working disk");
        }
        for index in loaded.text_indexes() {
            std::fs::remove_file(index).expect("it was there");
        }
    });
}

/// An answer is that of one moment: between what was acknowledged before it was asked and what was sent before it came.
#[test]
fn while_records_arrive_and_are_flushed() {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let batches = batches(4, 40, 12);
    let loaded = Loaded::empty();
    // Spans, then logs: two requests for each batch.
    let (begun, acknowledged) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut runner = TestRunner::new(config(1));
    let mut asked = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for (index, batch) in batches.iter().enumerate() {
                begun.store(index + 1, Ordering::SeqCst);
                batch.send(&loaded);
                acknowledged.store(index + 1, Ordering::SeqCst);
                if index % 3 == 0 {
                    loaded.store.flush().expect("a working disk");
                }
            }
        });
        while acknowledged.load(Ordering::SeqCst) < batches.len() || asked < 40 {
            let (table, search) = search().new_tree(&mut runner).expect("no filter fails so often").current();
            let before = acknowledged.load(Ordering::SeqCst);
            let found = runtime.block_on(found(&loaded, table, &search.to_string()));
            let after = begun.load(Ordering::SeqCst);
            // The spans of a batch may be there before its logs, which only what is asked of traces can tell.
            let moments = (before..=after).flat_map(|whole| [(whole, whole), (whole + 1, whole)]);
            let answers = moments.map(|(spans, logs)| {
                let (spans, logs) = (spans.min(batches.len()), logs.min(batches.len()));
                let world = World::new(
                    batches[..spans].iter().flat_map(|batch| &batch.spans),
                    batches[..logs].iter().flat_map(|batch| &batch.logs),
                );
                of_world(&world, table, &search)
            });
            assert!(answers.into_iter().any(|answer| answer == found), "{search} in {table} between {before} and {after} found {found:?}");
            asked += 1;
        }
    });
}
