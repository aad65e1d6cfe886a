//! `fusebox errors [CODE]`: error codes of a running server, or one of them in detail.

mod detail;
mod list;
mod sparkline;

use std::{
    env,
    io::{self, Write},
};

use anyhow::Context;
use serde::{Deserialize, de::DeserializeOwned};

use super::query::table::Style;
use crate::{
    api::{self, Client, Request},
    cli::{ErrorsArguments, ErrorsFormat},
    failure::Failure,
    terminal::{self, say},
};

pub(crate) fn run(arguments: ErrorsArguments) -> Result<(), Failure> {
    let client = Client::new(&arguments.api)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("start the runtime")?;
    runtime.block_on(async {
        let Some(code) = &arguments.code else { return list(&client, &arguments).await };
        let path = format!("/api/v1/errors/codes/{}", api::segment(code));
        let body = ask(&client, &path, &asked(&arguments)).await?;
        if arguments.output == ErrorsFormat::Json {
            return pass(&body);
        }
        // Ways lead through services, so that they are not asked for by service.
        let ways = ask(&client, &format!("{path}/propagation"), &window(&arguments)).await?;
        let (code, ways): (detail::Code, detail::Ways) = (read(&body)?, read(&ways)?);
        pass(detail::draw(&code, &ways, style()).as_bytes())?;
        code.meta.say();
        ways.meta.say();
        Ok(())
    })
}

async fn list(client: &Client, arguments: &ErrorsArguments) -> Result<(), Failure> {
    let limit = arguments.limit.to_string();
    let mut parameters = asked(arguments);
    parameters.extend([("q", arguments.query.as_deref()), ("limit", Some(limit.as_str()))]);
    let body = ask(client, "/api/v1/errors/codes", &parameters).await?;
    if arguments.output == ErrorsFormat::Json {
        return pass(&body);
    }
    let answer: list::Codes = read(&body)?;
    pass(list::draw(&answer, style()).as_bytes())?;
    say(format_args!("{}", answer.summary()));
    answer.meta.say();
    Ok(())
}

/// What an answer says of itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meta {
    partial: Vec<String>,
    warnings: Vec<String>,
}

impl Meta {
    fn say(&self) {
        self.partial.iter().for_each(|reason| say(format_args!("incomplete: {reason}")));
        self.warnings.iter().for_each(|warning| say(format_args!("warning: {warning}")));
    }
}

type Parameters<'a> = Vec<(&'a str, Option<&'a str>)>;

fn window(arguments: &ErrorsArguments) -> Parameters<'_> {
    vec![("start", arguments.start.as_deref()), ("end", arguments.end.as_deref()), ("range", arguments.range.as_deref())]
}

fn asked(arguments: &ErrorsArguments) -> Parameters<'_> {
    let mut parameters = window(arguments);
    parameters.extend([
        ("service", arguments.service.as_deref()),
        ("environment", arguments.environment.as_deref()),
        ("count", arguments.count.map(crate::cli::CountArgument::name)),
    ]);
    parameters
}

async fn ask(client: &Client, path: &str, parameters: &Parameters<'_>) -> Result<Vec<u8>, Failure> {
    let accept_language = languages(|name| env::var(name).ok());
    let request = Request { path: api::path(path, parameters), accept: "application/json", accept_language, ..Request::default() };
    client.send(request).await?.succeeded(None).await?.whole().await
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    Ok(serde_json::from_slice(body).context("read the answer")?)
}

fn pass(bytes: &[u8]) -> Result<(), Failure> {
    io::stdout().lock().write_all(bytes).context("print").map_err(Failure::from)
}

fn style() -> Style {
    Style { width: terminal::columns_asked().or_else(terminal::stdout_columns), colour: terminal::stdout_takes_colour() }
}

/// What the environment says of the language of messages, as HTTP says it: `zh_CN.UTF-8` is `zh-CN`.
fn languages(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| variable(name).filter(|value| !value.is_empty()))?;
    let language = locale.split(['.', '@']).next().unwrap_or_default().replace('_', "-");
    let is_tag = !language.is_empty() && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_tag && !["C", "POSIX"].contains(&language.as_str())).then_some(language)
}

#[cfg(test)]
mod tests {
    use super::languages;

    #[test]
    fn the_language_is_that_of_the_environment() {
        let check = |variables: &[(&str, &str)], expected: Option<&str>| {
            let found = languages(|name| variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()));
            assert_eq!(found.as_deref(), expected, "{variables:?}");
        };
        check(&[], None);
        check(&[("LANG", "zh_CN.UTF-8")], Some("zh-CN"));
        check(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")], None);
        check(&[("LANG", "en_US.UTF-8"), ("LC_MESSAGES", "de_DE@euro"), ("LC_ALL", "")], Some("de-DE"));
        check(&[("LANG", "a b")], None);
    }
}
