//! One code: what it means, how it does, and what becomes of it.

use std::{collections::BTreeMap, fmt::Write};

use serde::Deserialize;

use super::{super::query::table::Style, Meta, sparkline};
use crate::text;

const TREND_COLUMNS: usize = 60;
const WAYS_MAX: usize = 8;
/// Between names and values.
const GAP: usize = 2;

#[derive(Debug, Deserialize)]
pub(super) struct Code {
    code: String,
    #[serde(default)]
    reason: String,
    title: String,
    #[serde(default)]
    class: String,
    message: String,
    #[serde(default)]
    solution: String,
    #[serde(default)]
    owner: String,
    #[serde(default)]
    runbook: String,
    count: f64,
    share: f64,
    status: String,
    usual: Option<f64>,
    records: f64,
    first_seen: String,
    last_seen: String,
    born: Vec<Born>,
    reaches: Vec<String>,
    layout: Layout,
    trend: Vec<f64>,
    exemplars: BTreeMap<String, String>,
    pub(super) meta: Meta,
}

#[derive(Debug, Deserialize)]
struct Born {
    service: String,
    count: f64,
}

#[derive(Debug, Deserialize)]
struct Layout {
    reading: String,
    layouts: Vec<String>,
    parts: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Ways {
    chains: Vec<Chain>,
    pub(super) meta: Meta,
}

#[derive(Debug, Deserialize)]
struct Chain {
    steps: Vec<Step>,
    count: f64,
}

#[derive(Debug, Deserialize)]
struct Step {
    code: String,
    service: String,
}

pub(super) fn draw(code: &Code, ways: &Ways, style: Style) -> String {
    let born = code.born.iter().map(|born| format!("{} {}", born.service, born.count.round())).collect::<Vec<_>>().join(", ");
    let times = code.usual.filter(|usual| *usual > 0.0).map_or(String::new(), |usual| format!(", ×{:.1} of usual", code.records / usual));
    let mut lines = vec![
        ("code", code.code.clone()),
        ("title", code.title.clone()),
        ("reason", code.reason.clone()),
        ("class", code.class.clone()),
        ("message", code.message.clone()),
        ("solution", code.solution.clone()),
        ("owner", code.owner.clone()),
        ("runbook", code.runbook.clone()),
        ("parts", parts(&code.layout)),
        ("errors", format!("{}, {:.1} % of all{times}", code.count.round(), code.share * 100.0)),
        ("status", code.status.clone()),
        ("trend", sparkline::draw(&code.trend, TREND_COLUMNS)),
        ("first seen", code.first_seen.clone()),
        ("last seen", code.last_seen.clone()),
        ("born in", born),
        ("reaches", code.reaches.join(", ")),
    ];
    for (at, chain) in ways.chains.iter().take(WAYS_MAX).enumerate() {
        let steps: Vec<String> = chain.steps.iter().map(|step| format!("{} {}", step.service, step.code)).collect();
        lines.push((if at == 0 { "becomes" } else { "" }, format!("{}  ({}×)", steps.join(" → "), chain.count.round())));
    }
    let mut before = "";
    for (kind, trace) in &code.exemplars {
        lines.push((if before.is_empty() { "traces" } else { "" }, format!("{trace}  {kind}")));
        before = kind;
    }
    let widest = lines.iter().map(|(name, _)| text::width(name)).max().unwrap_or(0);
    let mut drawn = String::new();
    for (name, value) in lines.iter().filter(|(_, value)| !value.is_empty()) {
        let room = style.width.map_or(usize::MAX, |width| width.saturating_sub(widest + GAP));
        let value = text::cut(&text::clean(value), room);
        let _ = writeln!(drawn, "{}{}{value}", text::pad(name, widest, false), " ".repeat(GAP));
    }
    drawn
}

/// `5 order · 001 inventory · 003`.
fn parts(layout: &Layout) -> String {
    if layout.reading == "ambiguous" {
        return format!("ambiguous: {}", layout.layouts.join(", "));
    }
    let part = |name: &str| {
        let value = layout.parts.get(name)?;
        Some(match layout.names.get(name) {
            Some(called) => format!("{value} {called}"),
            None => value.clone(),
        })
    };
    let order = ["service", "http", "level", "source", "class", "module", "code"];
    order.into_iter().filter_map(part).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(layout: serde_json::Value) -> Code {
        let body = serde_json::json!({
            "code": "5001003", "title": "库存不足", "class": "business", "message": "insufficient stock", "count": 12.0, "share": 0.5,
            "status": "spiking", "usual": 4.0, "records": 12, "first_seen": "2026-09-21T14:13:20Z", "last_seen": "2026-09-21T14:13:25Z",
            "born": [{"service": "stock", "count": 12.0}], "reaches": ["gateway", "stock"], "layout": layout, "trend": [0.0, 4.0, 8.0],
            "exemplars": {"newest": "01", "oldest": "02"}, "meta": {},
        });
        serde_json::from_value(body).expect("an answer")
    }

    #[test]
    fn all_that_is_known_and_nothing_else() {
        let read = serde_json::json!({
            "reading": "parts", "layouts": ["1-3-3"], "parts": {"service": "5", "module": "001", "code": "003"},
            "names": {"service": "订单"},
        });
        let chain = serde_json::json!({
            "chains": [{"steps": [{"code": "5001003", "service": "stock"}, {"code": "http:500", "service": "gateway"}], "count": 11.0}],
            "meta": {},
        });
        let ways: Ways = serde_json::from_value(chain).expect("an answer");
        let expected = "\
code        5001003
title       库存不足
class       business
message     insufficient stock
parts       5 订单 · 001 · 003
errors      12, 50.0 % of all, ×3.0 of usual
status      spiking
trend       ·▄█
first seen  2026-09-21T14:13:20Z
last seen   2026-09-21T14:13:25Z
born in     stock 12
reaches     gateway, stock
becomes     stock 5001003 → gateway http:500  (11×)
traces      01  newest
            02  oldest
";
        assert_eq!(draw(&code(read), &ways, Style { width: None, colour: false }), expected);
    }

    #[test]
    fn a_code_that_nobody_can_split_is_whole() {
        let ambiguous = serde_json::json!({"reading": "ambiguous", "layouts": ["1-3-3", "2-2-3"], "parts": {}, "names": {}});
        let ways = Ways { chains: vec![], meta: Meta::default() };
        let drawn = draw(&code(ambiguous), &ways, Style { width: Some(30), colour: false });
        assert!(drawn.contains("parts       ambiguous: 1-3-3,…\n"), "{drawn}");
    }
}
