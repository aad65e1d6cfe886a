//! The path to a stream.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use governance::fold::BreakerId;
use http::HeaderMap;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    super::{
        super::{
            openapi::AskProblems,
            problem::Problem,
            router::Shared,
            search::{Asked, Pairs, pairs},
            stream::{LAST_EVENT_ID, Open, PIECES_AHEAD, StreamPlaces},
        },
        load::Folds,
    },
    follow::{Stream, Wanted},
    journal::Place,
    watch::Watch,
};
use crate::Config;

struct Streams {
    watch: Watch,
    folds: Folds,
    places: StreamPlaces,
    heartbeat: Duration,
    stopping: CancellationToken,
}

pub(in super::super) fn routes(folds: Folds, shared: &Shared, config: &Config, places: StreamPlaces) -> OpenApiRouter {
    let stopping = shared.stopping.clone();
    let watch = Watch::new(folds.clone(), stopping.clone());
    let streams = Streams { watch, folds, places, heartbeat: config.stream_heartbeat, stopping };
    OpenApiRouter::default().routes(routes!(stream_breakers)).with_state(Arc::new(streams))
}

/// Changes of state of circuit breakers as they become known
#[utoipa::path(
    get,
    path = "/api/v1/stream/breakers",
    tag = "governance",
    params(
        ("service" = Option<String>, Query, description = "only of breakers of this service"),
        ("breaker" = Option<String>, Query, description = "only of this breaker: sixteen hex digits, as the list gives them"),
        ("after" = Option<String>, Query, description = "the id of the last event of another stream, to go on from"),
        ("Last-Event-ID" = Option<String>, Header, description = "as `after`, and before it"),
    ),
    responses(
        (status = 200, description = "events `transition` (`breaker` and `transition` as elsewhere, `revised`, `state`, `open_fraction`), `withdrawn` (a change that no longer stands) and `gap`", content_type = "text/event-stream", body = String),
        AskProblems
    )
)]
async fn stream_breakers(State(streams): State<Arc<Streams>>, asked: Asked, headers: HeaderMap) -> Response {
    streams.open(asked, &headers).unwrap_or_else(IntoResponse::into_response)
}

impl Streams {
    fn open(&self, asked: Asked, headers: &HeaderMap) -> Result<Response, Problem> {
        let (wanted, after) = parse(pairs(asked)?, headers)?;
        let permit = self.places.take()?;
        let following = self.watch.follow();
        let (pieces, to_client) = mpsc::channel(PIECES_AHEAD);
        let journal = Arc::clone(&self.watch.journal);
        let stream = Stream {
            changes: journal.changes(),
            looked: self.watch.looked(),
            place: after.unwrap_or_else(|| journal.end()),
            journal,
            wanted,
            heartbeat: self.heartbeat,
            stopping: self.stopping.clone(),
            pieces,
            _following: following,
        };
        Ok(Open::new(to_client, self.folds.engine.spawn(stream.run()), permit).into_response())
    }
}

fn parse(pairs: Pairs, headers: &HeaderMap) -> Result<(Wanted, Option<Place>), Problem> {
    let (mut wanted, mut after) = (Wanted::default(), None);
    for (name, value) in pairs {
        match name.as_str() {
            "service" => wanted.service = Some(value),
            "breaker" => {
                let id: BreakerId = value.parse().map_err(|error| {
                    Problem::invalid_parameter("breaker", format!("{value:?}: {error}"), "take `id` of a breaker in the list")
                })?;
                wanted.breaker = Some(id.to_string());
            }
            "after" => after = Some(parse_place("after", &value)?),
            _ => {
                let hint = "this route knows `service`, `breaker` and `after`";
                return Err(Problem::invalid_parameter("query", format!("unknown parameter {name:?}"), hint));
            }
        }
    }
    // A browser connects again with the address it knows, and says in the header how far it came since.
    if let Some(last) = headers.get(LAST_EVENT_ID).filter(|last| !last.is_empty()) {
        after = Some(parse_place("Last-Event-ID", last.to_str().unwrap_or_default())?);
    }
    Ok((wanted, after))
}

fn parse_place(param: &'static str, text: &str) -> Result<Place, Problem> {
    Place::parse(text).ok_or_else(|| {
        Problem::invalid_parameter(param, format!("{text:?} is not the id of an event"), "use the last `id:` of a stream, or leave it out")
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn asked(pairs: &[(&str, &str)], last: Option<&'static str>) -> Result<(Wanted, Option<Place>), Problem> {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let headers = last.map(|last| (HeaderName::from_static(LAST_EVENT_ID), HeaderValue::from_static(last)));
        parse(pairs, &headers.into_iter().collect())
    }

    #[test]
    fn what_is_asked_for() {
        let (wanted, after) = asked(&[("service", "pay"), ("after", "a-1")], Some("b-2")).expect("right");
        assert_eq!((wanted.service.as_deref(), wanted.breaker, after), (Some("pay"), None, Some(Place { run: 11, number: 2 })));
        assert_eq!(asked(&[], Some("")).expect("right").1, None);
        for (pairs, last, expected) in [
            (&[("after", "7")][..], None, "the last `id:`"),
            (&[], Some("x"), "Last-Event-ID"),
            (&[("breaker", "7")], None, "sixteen hex digits"),
            (&[("q", "7")], None, "unknown parameter"),
        ] {
            let problem = format!("{:?}", asked(pairs, last).expect_err("wrong"));
            assert!(problem.contains(expected), "{pairs:?} {last:?}: {problem}");
        }
    }
}
