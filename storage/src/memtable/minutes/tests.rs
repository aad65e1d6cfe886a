use proptest::prelude::*;
use schemas::{Table, TableBatch, TenantId};

use super::*;
use crate::{
    memtable::Memtable,
    rollup::tests::{TestSpan, batch, span},
    wal::Lsn,
};

const TENANT: TenantId = TenantId::DEFAULT;

/// A moment: what the memtable had.
type Moment = Vec<Arc<Chunk>>;

fn moment(memtable: &Memtable) -> Moment {
    memtable.chunks(TENANT, Table::Spans).to_vec()
}

fn at_once(spans: &[TestSpan]) -> RecordBatch {
    let mut sums = OperationMinutes::default();
    sums.add_spans(&batch(spans)).unwrap();
    sums.finish().unwrap()
}

fn added_up(pieces: &[RecordBatch]) -> RecordBatch {
    let mut sums = OperationMinutes::default();
    pieces.iter().for_each(|piece| sums.add_rows(piece).unwrap());
    sums.finish().unwrap()
}

fn insert(memtable: &mut Memtable, lsn: usize, spans: &[TestSpan]) {
    memtable.insert(TENANT, Lsn(lsn as u64 + 1), vec![TableBatch { table: Table::Spans, batch: batch(spans) }]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whoever asks when, of the newest moment or of an earlier one, while small chunks become larger ones.
    #[test]
    fn every_moment_has_the_sums_of_its_spans(
        requests in prop::collection::vec((prop::collection::vec(span(), 1..6), any::<prop::sample::Index>()), 1..40),
    ) {
        let (mut memtable, mut all) = (Memtable::default(), Vec::new());
        let mut moments: Vec<(Moment, usize)> = Vec::new();
        for (nth, (spans, asked)) in requests.into_iter().enumerate() {
            insert(&mut memtable, nth, &spans);
            all.extend(spans);
            moments.push((moment(&memtable), all.len()));
            // Mostly of the last few moments.
            let asked = moments.len() - 1 - asked.index(moments.len().min(3));
            let (chunks, rows) = &moments[asked];
            let minutes = memtable.minutes(TENANT).expect("it has spans");
            let pieces = minutes.of(chunks, &Arc::default(), 1000).unwrap();
            prop_assert!(pieces.len() <= PIECES_MAX);
            prop_assert_eq!(added_up(&pieces), at_once(&all[..*rows]));
        }
        for (chunks, rows) in &moments {
            let pieces = memtable.minutes(TENANT).expect("it has spans").of(chunks, &Arc::default(), 1000).unwrap();
            prop_assert_eq!(added_up(&pieces), at_once(&all[..*rows]));
        }
    }
}

#[test]
fn nothing_is_added_up_twice() {
    let mut memtable = Memtable::default();
    let call = |name| TestSpan { service: "cart", name, ..TestSpan::default() };
    insert(&mut memtable, 0, &vec![call("a"); 100]);
    let of = |memtable: &Memtable| memtable.minutes(TENANT).unwrap().of(&moment(memtable), &Arc::default(), 1000).unwrap();
    let first = of(&memtable);
    insert(&mut memtable, 1, &vec![call("b"); 100]);
    let second = of(&memtable);
    let same =
        |one: &RecordBatch, other: &RecordBatch| one.columns().iter().zip(other.columns()).all(|(one, other)| Arc::ptr_eq(one, other));
    assert_eq!((first.len(), second.len()), (1, 2));
    assert!(same(&first[0], &second[0]), "the sums of the first question");
    assert!(of(&memtable).iter().zip(&second).all(|(again, before)| same(again, before)));
}

/// Those of the first piece stay: rows of one memtable agree.
#[test]
fn pieces_agree_what_has_rows_of_its_own() {
    let mut memtable = Memtable::default();
    let of = |memtable: &Memtable| {
        let pieces = memtable.minutes(TENANT).unwrap().of(&moment(memtable), &Arc::default(), 1).unwrap();
        let rows = added_up(&pieces);
        let rows = crate::rollup::MinuteRows::of(&rows).unwrap();
        (0..rows.len()).map(|row| rows.get(row)).map(|row| (row.operation.unwrap_or("").to_owned(), row.spans)).collect::<Vec<_>>()
    };
    let call = |name| TestSpan { service: "cart", name, ..TestSpan::default() };
    insert(&mut memtable, 0, &[call("a"), call("a"), call("b")]);
    assert_eq!(of(&memtable), [(String::new(), 1), ("a".to_owned(), 2)]);
    insert(&mut memtable, 1, &[call("b"), call("b"), call("b"), call("a")]);
    assert_eq!(of(&memtable), [(String::new(), 4), ("a".to_owned(), 3)]);
}
