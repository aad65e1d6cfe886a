//! The stream of a server, across its restarts: after a break it goes on behind the last record that was seen.

use std::time::Duration;

use rand::{SeedableRng, rngs::SmallRng};
use serde::Deserialize;

use super::sse::{Event, Parser};
use crate::{
    api::{Answer, Client, Request, path},
    cli::TailTable,
    failure::{Exit, Failure},
    send,
    terminal::say,
};

/// What is followed.
pub(super) struct Stream {
    pub(super) what: TailTable,
    pub(super) search: Option<String>,
    pub(super) backlog: Option<u32>,
}

pub(super) struct Follow {
    client: Client,
    stream: Stream,
    parser: Parser,
    answer: Option<Answer>,
    /// Of the last event; where to go on.
    last_id: Option<String>,
    /// Whether the server ever answered: if not, a failure is final.
    answered: bool,
    /// In a row that failed.
    attempts: u32,
    random: SmallRng,
}

/// Records that were not sent, because they came faster than they could be.
#[derive(Deserialize)]
struct Gap {
    #[serde(default)]
    dropped: u64,
    #[serde(default)]
    reason: String,
}

impl Follow {
    pub(super) fn new(client: Client, stream: Stream) -> Self {
        let (parser, random) = (Parser::default(), SmallRng::from_os_rng());
        Self { client, stream, parser, answer: None, last_id: None, answered: false, attempts: 0, random }
    }

    /// The next record, as JSON on one line. Waits as long as it takes.
    ///
    /// # Errors
    /// When the server was never there, or refuses.
    pub(super) async fn record(&mut self) -> Result<String, Failure> {
        loop {
            while let Some(event) = self.parser.next() {
                if let Some(id) = &event.id {
                    self.last_id = Some(id.clone()).filter(|id| !id.is_empty());
                }
                match event.kind.as_str() {
                    "gap" => say_gap(&event),
                    "log" | "span" => return Ok(event.data.replace('\n', " ")),
                    _ => {}
                }
            }
            let part = match self.part().await {
                Ok(Some(part)) => part,
                Ok(None) => {
                    self.lost("the server ended the stream").await;
                    continue;
                }
                Err(failure) if self.answered && failure.exit() == Exit::Unavailable => {
                    self.lost(&failure.to_string()).await;
                    continue;
                }
                Err(failure) => return Err(failure),
            };
            self.attempts = 0;
            self.parser.push(&part);
        }
    }

    /// What comes next of the stream, which is opened when it is not.
    async fn part(&mut self) -> Result<Option<bytes::Bytes>, Failure> {
        if self.answer.is_none() {
            let answer = self.client.send(self.request()).await?;
            let busy = answer.status.is_server_error() || answer.status == http::StatusCode::TOO_MANY_REQUESTS;
            if busy && self.answered {
                return Err(Failure::message(Exit::Unavailable, format_args!("HTTP {}", answer.status)));
            }
            let answer = answer.succeeded(self.stream.search.as_deref()).await?;
            self.answered = true;
            self.parser = Parser::default();
            self.answer = Some(answer);
        }
        match &mut self.answer {
            Some(answer) => answer.part().await,
            None => Ok(None),
        }
    }

    fn request(&self) -> Request {
        let what = match self.stream.what {
            TailTable::Logs => "logs",
            TailTable::Spans => "spans",
        };
        // Behind a record there is no backlog.
        let backlog = self.stream.backlog.filter(|_| self.last_id.is_none()).map(|rows| rows.to_string());
        let search = self.stream.search.as_deref().filter(|search| !search.is_empty());
        let path = path(&format!("/api/v1/stream/{what}"), &[("q", search), ("backlog", backlog.as_deref())]);
        Request { path, accept: "text/event-stream", last_event_id: self.last_id.clone(), ..Request::default() }
    }

    /// Waits before the next attempt, longer each time.
    async fn lost(&mut self, reason: &str) {
        self.answer = None;
        self.attempts += 1;
        let asked = self.parser.retry_ms().map(Duration::from_millis).filter(|_| self.attempts == 1);
        let pause = send::pause(self.attempts + 1, asked, &mut self.random);
        say(format_args!("{reason}; again in {:.1} s", pause.as_secs_f64()));
        tokio::time::sleep(pause).await;
    }
}

fn say_gap(event: &Event) {
    match serde_json::from_str(&event.data) {
        Ok(Gap { dropped: 0, reason }) => say(format_args!("records are missing here: {reason}")),
        Ok(Gap { dropped, reason }) => say(format_args!("{dropped} records are missing here: {reason}")),
        Err(_) => say(format_args!("records are missing here: {}", crate::text::clean(&event.data))),
    }
}
