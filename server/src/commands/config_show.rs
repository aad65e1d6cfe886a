//! `fusebox config show`: every setting as it counts here, and where it comes from.

use std::io;

use anyhow::Context;
use serde_json::{Value as Json, json};

use crate::{
    cli::ConfigShowArguments,
    config::{self, Setting},
    failure::{Exit, Failure},
    terminal::{print, say},
};

pub(crate) fn run(arguments: ConfigShowArguments) -> Result<(), Failure> {
    let ConfigShowArguments { origin, json, serve } = arguments;
    let loaded = config::load(&serve, std::env::vars_os(), config::DATA_DIR).map_err(|error| Failure::new(Exit::Config, error))?;
    for warning in &loaded.warnings {
        say(format_args!("warning: {warning}"));
    }
    let settings = loaded.settings();
    let printed = if json { print(format_args!("{}", as_json(&settings, origin))) } else { show(&settings, origin) };
    printed.context("print").map_err(Failure::from)
}

fn show(settings: &[Setting], with_origin: bool) -> io::Result<()> {
    let lines: Vec<String> = settings.iter().map(|setting| format!("{} = {}", setting.key, setting.value)).collect();
    let widest = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
    for (line, setting) in lines.iter().zip(settings) {
        match with_origin {
            true => print(format_args!("{line:<widest$}  # {}", setting.origin))?,
            false => print(format_args!("{line}"))?,
        }
    }
    Ok(())
}

fn as_json(settings: &[Setting], with_origin: bool) -> Json {
    let one = |setting: &Setting| {
        let mut object = json!({ "key": setting.key, "value": setting.value });
        if with_origin {
            object["origin"] = setting.origin.kind().into();
            object["source"] = setting.origin.source().into();
        }
        object
    };
    json!({ "settings": settings.iter().map(one).collect::<Vec<_>>() })
}
