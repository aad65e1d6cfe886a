//! Codes as a table.

use serde::Deserialize;

use super::{
    super::query::table::{self, Column, Style, Table},
    Meta, sparkline,
};

const TREND_COLUMNS: usize = 20;
/// Services where a code is born that are named.
const SERVICES_MAX: usize = 2;

#[derive(Debug, Deserialize)]
pub(super) struct Codes {
    codes: Vec<Row>,
    codes_total: usize,
    count: f64,
    unknown: Vec<Unknown>,
    pub(super) meta: Meta,
}

#[derive(Debug, Deserialize)]
struct Row {
    code: String,
    #[serde(default)]
    reason: String,
    title: String,
    message: String,
    count: f64,
    status: String,
    born: Vec<Born>,
    trend: Vec<f64>,
}

#[derive(Debug, Deserialize)]
struct Born {
    service: String,
}

#[derive(Debug, Deserialize)]
struct Unknown {
    forms: usize,
}

impl Codes {
    pub(super) fn summary(&self) -> String {
        let nameless: usize = self.unknown.iter().map(|unknown| unknown.forms).sum();
        let shown = if self.codes.len() < self.codes_total { format!("{} of ", self.codes.len()) } else { String::new() };
        let unknown = if nameless > 0 { format!("; {nameless} not in the catalogue") } else { String::new() };
        format!("{shown}{} codes, {} errors{unknown}", self.codes_total, self.count.round())
    }
}

pub(super) fn draw(codes: &Codes, style: Style) -> String {
    let names = [("code", false), ("title", false), ("count", true), ("trend", false), ("status", false), ("born in", false)];
    let row = |row: &Row| {
        let title = [&row.title, &row.reason, &row.message].into_iter().find(|text| !text.is_empty());
        let mut born: Vec<&str> = row.born.iter().take(SERVICES_MAX).map(|born| born.service.as_str()).collect();
        let more = format!("+{}", row.born.len().saturating_sub(SERVICES_MAX));
        if row.born.len() > SERVICES_MAX {
            born.push(&more);
        }
        vec![
            row.code.clone(),
            title.cloned().unwrap_or_default(),
            row.count.round().to_string(),
            sparkline::draw(&row.trend, TREND_COLUMNS),
            row.status.clone(),
            born.join(", "),
        ]
    };
    let columns = names.map(|(name, right)| Column { name: name.to_owned(), right });
    table::draw(&Table { columns: columns.to_vec(), rows: codes.codes.iter().map(row).collect() }, style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_each_code() {
        let body = serde_json::json!({
            "codes": [
                {"code": "5001003", "title": "库存不足", "message": "x", "count": 12.0, "status": "spiking",
                 "born": [{"service": "stock", "count": 12.0}], "trend": [0.0, 4.0, 8.0]},
                {"code": "http:503", "title": "", "message": "", "count": 1.0, "status": "new",
                 "born": [{"service": "a"}, {"service": "b"}, {"service": "c"}], "trend": [1.0, 0.0, 0.0]},
            ],
            "codes_total": 3, "count": 13.0, "unknown": [{"forms": 2}], "meta": {},
        });
        let codes: Codes = serde_json::from_value(body).expect("an answer");
        let expected = "\
code      title     count  trend  status   born in
────────  ────────  ─────  ─────  ───────  ────────
5001003   库存不足     12  ·▄█    spiking  stock
http:503                1  █··    new      a, b, +1
";
        assert_eq!(draw(&codes, Style { width: None, colour: false }), expected);
        assert_eq!(codes.summary(), "2 of 3 codes, 13 errors; 2 not in the catalogue");
    }
}
