//! `fusebox inspect`: what is in the files.

use std::io::{self, Write};

use anyhow::Context;
use serde_json::{Map, Value as Json};
use storage::{
    inspect::{self, InspectError, List, Report, Value},
    io::RealIo,
};

use super::query::table::{self, Column, Style, Table};
use crate::{
    cli::{HouseFormat, InspectArguments, Inspected},
    failure::{Exit, Failure},
    terminal::{self, print},
};

pub(crate) fn run(arguments: InspectArguments) -> Result<(), Failure> {
    let InspectArguments { what, place, output } = arguments;
    let place = std::path::absolute(&place).context("make the path absolute")?;
    let report = match what {
        Inspected::Wal => inspect::wal(&RealIo, &place),
        Inspected::Block => inspect::block(&RealIo, &place),
        Inspected::Catalog => inspect::catalog(&place),
        Inspected::Index => inspect::index(&RealIo, &place),
    };
    let report = report.map_err(|error| Failure::new(exit(&error), error))?;
    let printed = match output {
        HouseFormat::Json => print(format_args!("{}", json(&report))),
        HouseFormat::Table => show(&report),
    };
    printed.context("print").map_err(Failure::from)
}

fn exit(error: &InspectError) -> Exit {
    match error {
        InspectError::NoCatalog { .. } | InspectError::List { .. } | InspectError::Read { .. } => Exit::Unavailable,
        InspectError::Catalog(_) | InspectError::Other { .. } => Exit::Failed,
    }
}

fn show(report: &Report) -> io::Result<()> {
    let widest = report.facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in &report.facts {
        print(format_args!("{name:<widest$}  {}", text(value)))?;
    }
    let style = Style { width: terminal::columns_asked().or_else(terminal::stdout_columns), colour: terminal::stdout_takes_colour() };
    for List { name, columns, rows } in &report.lists {
        print(format_args!("\n{name}: {}", rows.len()))?;
        if rows.is_empty() {
            continue;
        }
        let is_number =
            |column: usize| rows.iter().filter_map(|row| row.get(column)).all(|value| matches!(value, Value::Number(_) | Value::None));
        let columns = columns.iter().enumerate().map(|(index, name)| Column { name: (*name).to_owned(), right: is_number(index) });
        let drawn = Table { columns: columns.collect(), rows: rows.iter().map(|row| row.iter().map(text).collect()).collect() };
        io::stdout().lock().write_all(table::draw(&drawn, style).as_bytes())?;
    }
    Ok(())
}

fn text(value: &Value) -> String {
    match value {
        Value::None => String::new(),
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Time(time) => rfc3339(time.0),
    }
}

fn json(report: &Report) -> Json {
    let facts = report.facts.iter().map(|(name, value)| ((*name).to_owned(), json_value(value)));
    let lists = report.lists.iter().map(|List { name, columns, rows }| {
        let object =
            |row: &Vec<Value>| Json::Object(columns.iter().zip(row).map(|(name, value)| ((*name).to_owned(), json_value(value))).collect());
        ((*name).to_owned(), Json::Array(rows.iter().map(object).collect()))
    });
    // A list may have the name of the fact that counts it; the fact is its length then.
    Json::Object(facts.chain(lists).collect::<Map<String, Json>>())
}

fn json_value(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Flag(flag) => (*flag).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Time(time) => rfc3339(time.0).into(),
    }
}

fn rfc3339(ns: i64) -> String {
    const PRINTER: jiff::fmt::temporal::DateTimePrinter = jiff::fmt::temporal::DateTimePrinter::new().precision(Some(9));
    let time = jiff::Timestamp::from_nanosecond(ns.into()).expect("jiff's range (years -9999 to 9999) contains that of i64 nanoseconds");
    PRINTER.timestamp_to_string(&time)
}
