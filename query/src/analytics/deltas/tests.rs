//! Properties of the whole analysis.

use proptest::prelude::*;

use super::{Deltas, Limits, Ranking, Side, Value};

/// Pseudo-random, the same in every run.
fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |sides| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % sides
    }
}

/// Attributes of records that are drawn alike: few and many values, numbers, one that most lack, an id.
fn draw(deltas: &mut Deltas, side: Side, roll: &mut impl FnMut(u64) -> u64) {
    deltas.add_records(side, 1);
    deltas.add_text(side, "region", ["eu", "us", "cn"][roll(3) as usize], 1);
    deltas.add_text(side, "user", &format!("user-{}", roll(500)), 1);
    deltas.add_number(side, "size", roll(1_000_000) as f64, 1);
    deltas.add_text(side, "id", &format!("{:016x}", roll(u64::MAX)), 1);
    if roll(20) == 0 {
        deltas.add_text(side, "rare", "yes", 1);
    }
}

fn drawn(seed: u64, selection: usize, baseline: usize) -> Deltas {
    let mut roll = dice(seed);
    let mut deltas = Deltas::new(Limits::default());
    (0..selection).for_each(|_| draw(&mut deltas, Side::Selection, &mut roll));
    (0..baseline).for_each(|_| draw(&mut deltas, Side::Baseline, &mut roll));
    deltas
}

fn score(ranking: &Ranking, name: &str) -> f64 {
    ranking.attributes.iter().find(|one| one.attribute == name).map_or(0.0, |one| one.score)
}

#[test]
fn absence_is_a_value() {
    let mut deltas = Deltas::new(Limits::default());
    deltas.add_records(Side::Selection, 100);
    deltas.add_records(Side::Baseline, 100);
    deltas.add_text(Side::Selection, "error.type", "timeout", 90);
    let ranking = deltas.rank(10, 10);
    let found = &ranking.attributes[0];
    assert_eq!((found.attribute.as_str(), found.selection_count, found.baseline_count), ("error.type", 90, 0));
    let values: Vec<(&Value, u64, u64)> =
        found.values.iter().map(|value| (&value.value, value.selection_count, value.baseline_count)).collect();
    assert_eq!(values, [(&Value::Text("timeout".to_owned()), 90, 0), (&Value::Absent, 10, 100)]);
    assert!(found.values[0].lift > 100.0 && found.values[1].lift < 0.2, "{found:?}");
    let json = serde_json::to_value(found).expect("JSON");
    assert_eq!((&json["values"][0]["value"], &json["values"][1]["value"]), (&serde_json::json!("timeout"), &serde_json::Value::Null));
}

#[test]
fn an_empty_side_has_nothing_to_tell() {
    let mut deltas = Deltas::new(Limits::default());
    deltas.add_records(Side::Selection, 100);
    deltas.add_text(Side::Selection, "error.type", "timeout", 90);
    assert_eq!(deltas.rank(10, 10).attributes, []);
}

#[test]
fn attributes_are_bounded_whatever_comes_first() {
    let names: Vec<String> = (0..50).map(|number| format!("key-{number:02}")).collect();
    let ranked = |names: &mut dyn Iterator<Item = &String>| {
        let mut deltas = Deltas::new(Limits { attributes_max: 10, ..Limits::default() });
        deltas.add_records(Side::Selection, 100);
        deltas.add_records(Side::Baseline, 100);
        names.for_each(|name| deltas.add_text(Side::Selection, name, "x", 100));
        deltas.rank(100, 1)
    };
    let forward = ranked(&mut names.iter());
    assert_eq!((forward.attributes.len(), forward.attributes_compared, forward.has_more_attributes), (10, 10, true));
    assert_eq!(forward, ranked(&mut names.iter().rev()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Two deviations of chance are exceeded now and then, but never by much; values of few records weigh a little more than chi-square
    /// says.
    #[test]
    fn what_is_drawn_alike_scores_about_0(seed: u64, selection in 50..2000_usize, baseline in 50..2000_usize) {
        let ranking = drawn(seed, selection, baseline).rank(10, 3);
        let allowed = 0.01 + 8.0 / selection.min(baseline) as f64;
        prop_assert!(ranking.attributes.iter().all(|one| one.score <= allowed), "{ranking:?}");
    }

    #[test]
    fn what_was_planted_comes_first(seed: u64, selection in 40..1000_usize, baseline in 200..2000_usize, of_user: bool) {
        let mut deltas = drawn(seed, selection, baseline);
        let (attribute, value) = if of_user { ("customer", "acme") } else { ("version", "2.3.1") };
        // Nine of ten against one of ten.
        deltas.add_text(Side::Selection, attribute, value, selection as u64 * 9 / 10);
        deltas.add_text(Side::Baseline, attribute, value, baseline as u64 / 10);
        let ranking = deltas.rank(10, 3);
        prop_assert_eq!(&ranking.attributes[0].attribute, attribute);
        prop_assert!(ranking.attributes[0].score > 0.3, "{:?}", ranking);
        prop_assert!(ranking.attributes[0].values.iter().any(|one| one.value == Value::Text(value.to_owned()) && one.lift > 4.0));
    }

    #[test]
    fn slow_ones_are_found_among_numbers(seed: u64) {
        let mut roll = dice(seed);
        let mut deltas = drawn(seed, 300, 1000);
        (0..300).for_each(|_| deltas.add_number(Side::Selection, "duration_ns", 1e9 + roll(1000) as f64, 1));
        (0..1000).for_each(|_| deltas.add_number(Side::Baseline, "duration_ns", roll(1_000_000) as f64, 1));
        let ranking = deltas.rank(10, 20);
        prop_assert_eq!(&ranking.attributes[0].attribute, "duration_ns");
        prop_assert!(score(&ranking, "duration_ns") > 0.9, "{:?}", ranking);
        let slow = |value: &Value| matches!(value, Value::Range { from, .. } if *from >= 1e9);
        prop_assert!(ranking.attributes[0].values.iter().any(|one| slow(&one.value) && one.baseline_count == 0));
    }

    #[test]
    fn the_order_of_records_makes_no_difference(
        mut records in prop::collection::vec((any::<bool>(), 0..4_u64, 0..30_u64), 20..200),
    ) {
        let rank = |records: &[(bool, u64, u64)]| {
            let mut deltas = Deltas::new(Limits::default());
            for (selected, text, number) in records {
                let side = if *selected { Side::Selection } else { Side::Baseline };
                deltas.add_records(side, 1);
                deltas.add_text(side, "text", &format!("value {text}"), 1);
                deltas.add_number(side, "number", *number as f64 / 3.0, 1);
            }
            deltas.rank(10, 30)
        };
        let forward = rank(&records);
        records.reverse();
        prop_assert_eq!(&forward, &rank(&records));
        records.sort_unstable();
        prop_assert_eq!(&forward, &rank(&records));
    }
}
