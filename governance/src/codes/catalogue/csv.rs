//! CSV with a header: `code` and any of the other columns, in any order; `title_zh` is the Chinese title.

use super::{
    entry::{Class, Entry, ImportError, Located, Severity},
    file::check_all,
};

/// Reads codes. Empty rows are left out; a byte order mark, as Excel writes it, is skipped.
///
/// # Errors
/// Names the line and the column.
pub fn read_csv(text: &str) -> Result<Vec<Located<Entry>>, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = ::csv::ReaderBuilder::new().trim(::csv::Trim::All).flexible(false).from_reader(text.as_bytes());
    let header = reader.headers().map_err(wrong)?.clone();
    for (at, name) in header.iter().enumerate() {
        if !COLUMNS.contains(&name) {
            return Err(ImportError { line: 1, what: format!("column {name:?} is unknown; columns are {}", COLUMNS.join(", ")) });
        }
        if header.iter().take(at).any(|other| other == name) {
            return Err(ImportError { line: 1, what: format!("column {name:?} is there twice") });
        }
    }
    if !header.iter().any(|name| name == "code") {
        return Err(ImportError { line: 1, what: "there is no column `code`".to_owned() });
    }
    let mut codes = Vec::new();
    for row in reader.records() {
        let row = row.map_err(wrong)?;
        let line = row.position().map_or(0, |position| first_line(text, position));
        if row.iter().all(str::is_empty) {
            continue;
        }
        let mut entry = Entry::default();
        for (name, value) in header.iter().zip(&row).filter(|(_, value)| !value.is_empty()) {
            set(&mut entry, name, value).map_err(|what| ImportError { line, what })?;
        }
        codes.push(Located { line, value: entry });
    }
    check_all(&codes)?;
    Ok(codes)
}

const COLUMNS: [&str; 16] = [
    "code",
    "service",
    "module",
    "layout",
    "reason",
    "title",
    "title_zh",
    "message",
    "message_zh",
    "solution",
    "solution_zh",
    "severity",
    "class",
    "http_status",
    "owner",
    "runbook",
];

fn set(entry: &mut Entry, name: &str, value: &str) -> Result<(), String> {
    let field = match name {
        "code" => &mut entry.code,
        "service" => &mut entry.service,
        "module" => &mut entry.module,
        "layout" => &mut entry.layout,
        "reason" => &mut entry.reason,
        "title" => &mut entry.title.en,
        "title_zh" => &mut entry.title.zh,
        "message" => &mut entry.message.en,
        "message_zh" => &mut entry.message.zh,
        "solution" => &mut entry.solution.en,
        "solution_zh" => &mut entry.solution.zh,
        "owner" => &mut entry.owner,
        "runbook" => &mut entry.runbook,
        "severity" => {
            let severity = Severity::from_word(value);
            entry.severity = Some(severity.ok_or_else(|| format!("severity {value:?} is none of info, warning, error and critical"))?);
            return Ok(());
        }
        "class" => {
            let class = Class::from_word(value);
            entry.class = Some(class.ok_or_else(|| format!("class {value:?} is none of business, system, dependency and client"))?);
            return Ok(());
        }
        _ => {
            entry.http_status = Some(value.parse().map_err(|_| format!("http_status {value:?} is no number"))?);
            return Ok(());
        }
    };
    value.clone_into(field);
    Ok(())
}

/// Where a record starts: the reader counts the empty lines before it as its own.
fn first_line(text: &str, position: &::csv::Position) -> usize {
    let rest = text.as_bytes().get(position.byte() as usize..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).filter(|byte| **byte == b'\n').count();
    position.line() as usize + blank
}

fn wrong(error: ::csv::Error) -> ImportError {
    let line = error.position().map_or(1, |position| position.line() as usize);
    let what = match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => format!("{len} fields where the header has {expected_len}"),
        _ => error.to_string(),
    };
    ImportError { line, what }
}
