//! The drawing: a pure function from the API's answer to text.
//!
//! ```text
//! BREAKER            STATE   TRIPS  OPEN     REFUSED  14:13:20            15:13:20
//! order payment      closed      2  21.40 s      113  ───────█▒█▒─────██▒─────────
//! ```

use std::fmt::Write;

use serde::Deserialize;

use crate::{
    duration::duration,
    text::{clean, cut, pad, width},
};

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Answer {
    t0_ns: String,
    end_ns: String,
    summary: Summary,
    breakers: Vec<Breaker>,
    next_page_token: Option<String>,
    notices: Vec<Notice>,
    meta: Meta,
}

#[derive(Debug, Clone, Deserialize)]
struct Summary {
    trips: u64,
    trips_before: u64,
    refused: f64,
}

#[derive(Debug, Clone, Deserialize)]
struct Breaker {
    service: String,
    name: String,
    state: String,
    trips: u64,
    open_ns: i64,
    refused: f64,
    flapping: bool,
    lane: Lane,
}

#[derive(Debug, Clone, Deserialize)]
struct Lane {
    start_us: Vec<i64>,
    state: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Notice {
    service: Option<String>,
    name: Option<String>,
    detail: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Meta {
    #[serde(default)]
    partial: Vec<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// Columns of the terminal.
    pub(super) width: usize,
    pub(super) colour: bool,
}

/// A state: its sign, its colour, and how bad it is. Of several within one column the worst is shown.
const STATES: [(&str, char, &str, u8); 8] = [
    ("forced_open", '█', RED, 7),
    ("open", '█', RED, 6),
    ("shedding", '▓', RED, 5),
    ("half_open", '▒', YELLOW, 4),
    ("closed", '─', GREEN, 3),
    ("disabled", '┄', DIM, 2),
    ("metrics_only", '┄', DIM, 1),
    ("unknown", '·', DIM, 0),
];

const BOLD: &str = "\x1b[1m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

const LABEL_MAX: usize = 44;
const LANE_MIN: usize = 10;

pub(super) fn draw(answer: &Answer, style: Style) -> String {
    let paint = |code: &str, part: String| if style.colour { format!("{code}{part}{PLAIN}") } else { part };
    let rows: Vec<[String; 5]> = answer.breakers.iter().map(Breaker::cells).collect();
    let heads = ["BREAKER", "STATE", "TRIPS", "OPEN", "REFUSED"];
    let mut widths = [0; 5];
    for (column, head) in heads.iter().enumerate() {
        let most = rows.iter().map(|row| width(&row[column])).max().unwrap_or(0);
        widths[column] = most.max(head.len());
    }
    let taken: usize = widths[1..].iter().map(|width| width + 2).sum();
    widths[0] = widths[0].min(LABEL_MAX).min(style.width.saturating_sub(taken + LANE_MIN + 2).max(heads[0].len()));
    let lane_width = style.width.saturating_sub(taken + widths[0] + 2).max(LANE_MIN);
    let cells = |row: &[String; 5]| -> String {
        let cell = |column: usize| pad(&cut(&row[column], widths[column]), widths[column], column >= 2);
        (0..5).map(|column| format!("{}  ", cell(column))).collect()
    };
    let mut text = String::new();
    let head = format!("{}{}", cells(&heads.map(str::to_owned)), answer.axis(lane_width));
    writeln!(text, "{}", paint(BOLD, head.trim_end().to_owned())).expect("writing to a String cannot fail");
    for (breaker, row) in answer.breakers.iter().zip(&rows) {
        let mut lane = String::new();
        for (state, run) in runs(&breaker.lane.columns(lane_width, answer.length_us())) {
            let (_, sign, colour, _) = STATES[state];
            lane.push_str(&paint(colour, sign.to_string().repeat(run)));
        }
        writeln!(text, "{}{lane}", cells(row)).expect("writing to a String cannot fail");
    }
    text
}

impl Answer {
    /// What is said beside the drawing.
    pub(super) fn talk(&self) -> Vec<String> {
        let Summary { trips, trips_before, refused } = self.summary;
        let more = if self.next_page_token.is_some() { ", the first of more" } else { "" };
        let mut talk =
            vec![format!("{} breakers{more}; {trips} trips ({trips_before} before), {refused:.0} calls refused", self.breakers.len())];
        for Notice { service, name, detail } in &self.notices {
            let whom = [service, name].map(|part| part.as_deref().unwrap_or_default()).join(" ");
            talk.push(clean(format!("{whom}: {detail}").trim_start_matches([' ', ':'])));
        }
        talk.extend(self.meta.partial.iter().map(|reason| format!("incomplete: {reason}")));
        talk.extend(self.meta.warnings.iter().cloned());
        talk
    }

    fn length_us(&self) -> i64 {
        let [start, end] = [&self.t0_ns, &self.end_ns].map(|digits| digits.parse::<i64>().unwrap_or(0));
        (end.saturating_sub(start) / 1000).max(1)
    }

    /// The times at the ends of the lanes, when there is room for them.
    fn axis(&self, columns: usize) -> String {
        let time = |digits: &str| {
            let time = digits.parse::<i64>().ok().and_then(|nanos| jiff::Timestamp::from_nanosecond(nanos.into()).ok());
            time.map_or_else(String::new, |time| time.strftime("%H:%M:%S").to_string())
        };
        let (start, end) = (time(&self.t0_ns), time(&self.end_ns));
        let room = columns.saturating_sub(start.len());
        if room > end.len() { format!("{start}{end:>room$}") } else { start }
    }
}

impl Breaker {
    fn cells(&self) -> [String; 5] {
        let flapping = if self.flapping { " (flaps)" } else { "" };
        [
            clean(&format!("{} {}", self.service, self.name)),
            format!("{}{flapping}", clean(&self.state)),
            self.trips.to_string(),
            if self.open_ns > 0 { duration(self.open_ns) } else { "-".to_owned() },
            format!("{:.0}", self.refused),
        ]
    }
}

impl Lane {
    /// The worst state of each column, as a place in [`STATES`].
    fn columns(&self, columns: usize, length_us: i64) -> Vec<usize> {
        let unknown = STATES.len() - 1;
        let mut worst = vec![unknown; columns];
        let place = |at_us: i64| {
            let place = i128::from(at_us.clamp(0, length_us)) * columns as i128 / i128::from(length_us);
            usize::try_from(place).unwrap_or(0)
        };
        for (index, (start, state)) in self.start_us.iter().zip(&self.state).enumerate() {
            let state = STATES.iter().position(|(name, ..)| name == state).unwrap_or(unknown);
            let end = self.start_us.get(index + 1).copied().unwrap_or(length_us);
            // The last column it touches: its end is left out, unless it is shorter than a column.
            let (from, to) = (place(*start).min(columns - 1), place(end - 1).min(columns - 1));
            for column in worst.iter_mut().take(to + 1).skip(from) {
                if STATES[state].3 > STATES[*column].3 {
                    *column = state;
                }
            }
        }
        worst
    }
}

fn runs(columns: &[usize]) -> Vec<(usize, usize)> {
    columns.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        serde_json::from_value(serde_json::json!({
            "t0_ns": "1790000000000000000", "end_ns": "1790003600000000000",
            "summary": { "states": {}, "trips": 2, "trips_before": 0, "open_ns": 0, "refused": 113.0 },
            "breakers": [
                {
                    "service": "order", "name": "支付", "state": "closed", "trips": 2, "open_ns": 360_000_000_000_i64, "refused": 113.0,
                    "flapping": true,
                    "lane": {
                        "start_us": [0, 720_000_000, 1_080_000_000, 1_800_000_000, 1_800_000_001],
                        "state": ["closed", "open", "closed", "shedding", "closed"]
                    }
                },
                {
                    "service": "cart\u{1b}[2J", "name": "x", "state": "unknown", "trips": 0, "open_ns": 0, "refused": 0.0,
                    "flapping": false,
                    "lane": { "start_us": [0, 1_800_000_000], "state": ["unknown", "half_open"] }
                }
            ],
            "next_page_token": null,
            "notices": [{ "kind": "future", "service": null, "name": null, "detail": "3 records are later" }],
            "meta": { "took_ms": 1.0, "partial": [], "warnings": ["a warning"] }
        }))
        .expect("the shape of the API")
    }

    #[test]
    fn lanes_show_the_worst_of_each_column() {
        let drawn = draw(&answer(), Style { width: 80, colour: false });
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines.len(), 3, "{drawn}");
        assert!(lines[0].starts_with("BREAKER     STATE ") && lines[0].ends_with("15:13:20"), "{drawn}");
        assert!(lines[1].starts_with("order 支付  closed (flaps) ") && lines[2].starts_with("cart\u{fffd}[2J x  unknown "), "{drawn}");
        let lane = |line: &str| line.rsplit("  ").next().unwrap_or_default().chars().collect::<Vec<char>>();
        let (first, second) = (lane(lines[1]), lane(lines[2]));
        let columns = first.len();
        assert_eq!((columns, first[0], first[columns / 4], first[columns / 2]), (second.len(), '─', '█', '▓'), "{drawn}");
        assert_eq!((first[columns / 2 + 1], second[0], second[columns - 1]), ('─', '·', '▒'), "{drawn}");
        assert!(lines.iter().all(|line| width(line) <= 80), "{drawn}");
        assert!(draw(&answer(), Style { width: 80, colour: true }).contains("\x1b[31m██"));
        let talk = ["2 breakers; 2 trips (0 before), 113 calls refused", "3 records are later", "a warning"];
        assert_eq!(answer().talk(), talk);
    }
}
