//! What the comparison says: a table in a terminal, a JSON object a class elsewhere.

use std::io::{self, IsTerminal};

use anyhow::Context;
use serde_json::json;

use super::{
    super::ShopPlan,
    matching::{Class, Score},
};
use crate::{
    failure::Failure,
    terminal::{print, say},
};

/// Trips that were told wrongly and are named.
const WRONG_MAX: usize = 20;

pub(super) fn tell(score: &Score, plan: ShopPlan, minutes: u32) -> Result<(), Failure> {
    let classes = [("explicit", &score.explicit), ("inferred", &score.inferred)];
    let people = io::stdout().is_terminal();
    if people {
        print(format_args!("source    happened  too small  found  right  precision  recall  median error")).context("print")?;
    }
    for (name, class) in classes {
        let text = if people { row(name, class) } else { line(name, class, plan, minutes) };
        print(format_args!("{text}")).context("print")?;
        class.wrong.iter().take(WRONG_MAX).for_each(|wrong| say(format_args!("{name}: {wrong}")));
    }
    Ok(())
}

fn row(name: &str, class: &Class) -> String {
    let share = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"));
    let error = class.median_error_ns().map_or_else(|| "-".to_owned(), |error| format!("{:.3} s", error as f64 / 1e9));
    let Class { happened, below_floor, found, right, .. } = class;
    let (precision, recall) = (share(class.precision()), share(class.recall()));
    format!("{name:<8}  {happened:>8}  {below_floor:>9}  {found:>5}  {right:>5}  {precision:>9}  {recall:>6}  {error:>12}")
}

fn line(name: &str, class: &Class, plan: ShopPlan, minutes: u32) -> String {
    let Class { happened, below_floor, found, right, .. } = class;
    json!({
        "source": name,
        "seed": plan.seed,
        "requests_per_second": plan.requests_per_second,
        "minutes": minutes,
        "happened": happened,
        "below_floor": below_floor,
        "found": found,
        "right": right,
        "precision": class.precision(),
        "recall": class.recall(),
        "median_error_ns": class.median_error_ns(),
    })
    .to_string()
}
