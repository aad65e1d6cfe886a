//! The timeline, as the API tells it: every trip of every instance.

use anyhow::Context;
use schemas::UnixNanos;
use serde::Deserialize;

use super::matching::{Breaker, Trip};
use crate::{
    api::{Client, Request, path},
    failure::Failure,
};

#[derive(Deserialize)]
struct List {
    breakers: Vec<Identity>,
}

#[derive(Deserialize)]
struct Identity {
    id: String,
    service: String,
    name: String,
    aliases: Vec<String>,
}

#[derive(Deserialize)]
struct Instances {
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    instance: String,
    trips: Vec<Told>,
}

#[derive(Deserialize)]
struct Told {
    opened: Moment,
    closed: Option<Moment>,
    method: String,
    refused: f64,
}

#[derive(Deserialize)]
struct Moment {
    time: jiff::Timestamp,
}

impl Moment {
    fn nanos(&self) -> UnixNanos {
        UnixNanos(i64::try_from(self.time.as_nanosecond()).unwrap_or(i64::MAX))
    }
}

/// All trips that touch `[start, end)`.
pub(super) async fn trips(client: &Client, (start, end): (UnixNanos, UnixNanos)) -> Result<Vec<Trip>, Failure> {
    let (start, end) = (rfc3339(start)?, rfc3339(end)?);
    let window = [("start", Some(start.as_str())), ("end", Some(end.as_str()))];
    let list: List = get(client, path("/api/v1/breakers", &[&window[..], &[("limit", Some("2000"))]].concat())).await?;
    let mut trips = Vec::new();
    for breaker in list.breakers {
        let of: Instances = get(client, path(&format!("/api/v1/breakers/{}/instances", breaker.id), &window)).await?;
        for Instance { instance, trips: told } in of.instances {
            trips.extend(told.into_iter().map(|trip| Trip {
                breaker: Breaker { service: breaker.service.clone(), name: breaker.name.clone() },
                names: breaker.aliases.clone(),
                instance: instance.clone(),
                opened: trip.opened.nanos(),
                closed: trip.closed.map(|closed| closed.nanos()),
                inferred: matches!(trip.method.as_str(), "rejection_burst" | "gap_fill"),
                refused: trip.refused,
            }));
        }
    }
    Ok(trips)
}

async fn get<T: serde::de::DeserializeOwned>(client: &Client, path: String) -> Result<T, Failure> {
    let request = Request { path, accept: "application/json", ..Request::default() };
    let body = client.send(request).await?.succeeded(None).await?.whole().await?;
    Ok(serde_json::from_slice(&body).context("read the answer")?)
}

fn rfc3339(time: UnixNanos) -> Result<String, Failure> {
    let time = jiff::Timestamp::from_nanosecond(time.0.into()).context("a time of this century")?;
    Ok(format!("{time:.9}"))
}
