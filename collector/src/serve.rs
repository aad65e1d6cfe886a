//! Start and stop: binds both listeners, serves them, and on a stop lets what is in flight finish.
//!
//! Connections that were opened together should not be asked to leave together, so each OTLP/HTTP connection gets an age of its own.
//! OTLP/gRPC connections do not: tonic 0.14 takes one age for all connections of a server and gives no hold on a single one.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use futures::stream;
use governance::classify::SharedRules;
use hyper::service::service_fn;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use schemas::Signal;
use storage::Store;
use tokio::sync::{Notify, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{service::Routes, transport::Server};
use tonic_health::{ServingStatus, server::HealthReporter};

use crate::{
    config::{Config, ConfigError, millis},
    files::FilesReport,
    listener::{Connection, Listener, Silence, connections_within},
    pull::{Pull, PullBook, PullError, Pulling},
    receiver::{Ingest, Tee, Transport, now, otlp_grpc, otlp_http::OtlpHttp},
    scrape::TargetReport,
    self_metrics,
    senders::{Senders, SendersReport},
};

/// Names and values of all headers of one request.
const HEADER_BYTES_MAX: u32 = 16 << 10;
/// Streams a peer opened and reset again before they were looked at: a rapid-reset attacker is disconnected.
const PENDING_RESETS_MAX: usize = 20;
/// Streams this side reset because of the peer's protocol errors.
const ERROR_RESETS_MAX: usize = 1_024;
/// What answers that were cut off by the end of a stop get to leave the socket.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("listen for OTLP/{transport} on {address}")]
    Listen { transport: &'static str, address: SocketAddr, source: io::Error },
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("serve OTLP/gRPC")]
    Grpc(#[source] tonic::transport::Error),
}

/// The receivers, before they listen.
pub struct Collector;

impl Collector {
    /// Opens both listening sockets. Connections wait in the kernel until [`Bound::serve`]. `rules` say what rows mean.
    ///
    /// # Errors
    /// When a setting cannot work or an address cannot be bound.
    pub async fn bind(config: Config, store: Arc<Store>, rules: SharedRules) -> Result<Bound, BindError> {
        config.check()?;
        self_metrics::describe();
        let files_max = storage::io::raise_file_limit();
        let connections_max = connections_within(files_max, config.connections_max.min(Semaphore::MAX_PERMITS));
        if connections_max < config.connections_max {
            tracing::warn!(connections_max, files_max, "fewer connections than configured, for want of file descriptors");
        }
        let permits = Arc::new(Semaphore::new(connections_max));
        let silence = Silence { first_byte_max: millis(config.header_timeout_ms), idle_max: millis(config.idle_timeout_ms) };
        let listen = async |transport: Transport, address| {
            let failed = |source| BindError::Listen { transport: transport.name(), address, source };
            let listener = Listener::bind(transport, address, permits.clone(), silence).await.map_err(failed)?;
            let bound = listener.address().map_err(failed)?;
            Ok::<_, BindError>((listener, bound))
        };
        let (grpc, otlp_grpc) = listen(Transport::Grpc, config.otlp_grpc).await?;
        let (http, otlp_http) = listen(Transport::Http, config.otlp_http).await?;
        let ingest = Arc::new(Ingest::new(&config, store, rules));
        let (pulling, pull_book) = (Pulling::default(), Arc::default());
        Ok(Bound { config, ingest, pulling, pull_book, grpc, http, otlp_grpc, otlp_http })
    }
}

/// Tells who sends what, also while the receivers serve. Cheap to clone.
#[derive(Clone)]
pub struct Watch {
    senders: Arc<Senders>,
    pull: Arc<PullBook>,
}

impl Watch {
    /// As of now. O(services).
    pub fn report(&self) -> SendersReport {
        self.senders.report(now())
    }

    /// Log files that are followed, as of the last look at them. O(files).
    pub fn files(&self) -> FilesReport {
        self.pull.files.report()
    }

    /// Targets that are scraped, in the order of the configuration. O(targets).
    pub fn targets(&self) -> Vec<TargetReport> {
        self.pull.targets.report()
    }
}

/// The receivers, listening.
pub struct Bound {
    config: Config,
    ingest: Arc<Ingest>,
    pulling: Pulling,
    pull_book: Arc<PullBook>,
    grpc: Listener,
    http: Listener,
    otlp_grpc: SocketAddr,
    otlp_http: SocketAddr,
}

impl Bound {
    /// Where OTLP/gRPC listens, with the real port.
    pub fn otlp_grpc(&self) -> SocketAddr {
        self.otlp_grpc
    }

    /// Where OTLP/HTTP listens, with the real port.
    pub fn otlp_http(&self) -> SocketAddr {
        self.otlp_http
    }

    /// For whoever is asked who sends what.
    pub fn watch(&self) -> Watch {
        Watch { senders: Arc::clone(&self.ingest.senders), pull: Arc::clone(&self.pull_book) }
    }

    /// Fetches `pull` beside what is sent.
    ///
    /// # Errors
    /// When a setting cannot work, or what was kept of former fetches cannot be read.
    pub fn pulling(mut self, pull: Pull) -> Result<Self, PullError> {
        self.pulling = Pulling::open(pull, self.config.body_bytes_max, &self.pull_book)?;
        Ok(self)
    }

    /// Tells `tee` of every request that is stored from now on, once.
    pub fn teeing(self, tee: Tee) -> Self {
        // Nobody else has one: it is set before anything is served, and `self` is gone.
        let _ = self.ingest.tee.set(tee);
        self
    }

    /// Serves until `stop`, then stops in steps: no new connections, GOAWAY on the open ones, late requests are asked to come back,
    /// those in flight finish or, after `stop_timeout_ms`, are asked to come back as well.
    ///
    /// # Errors
    /// When a server ends without being told to.
    pub async fn serve(self, stop: CancellationToken) -> Result<(), ServeError> {
        let Self { config, ingest, pulling, pull_book, grpc, http, .. } = self;
        let stopping = ingest.stopping.clone();
        let mut serving = pin!(async {
            let fetching = async {
                pulling.run(ingest.clone(), pull_book).await;
                Ok(())
            };
            let serving_http = async {
                serve_http(&config, ingest.clone(), http).await;
                Ok(())
            };
            tokio::try_join!(serve_grpc(&config, ingest.clone(), grpc), serving_http, fetching)
        });
        tokio::select! {
            ended = &mut serving => return ended.map(drop),
            () = stop.cancelled() => {}
        }
        stopping.cancel();
        if let Ok(ended) = tokio::time::timeout(millis(config.stop_timeout_ms), &mut serving).await {
            return ended.map(drop);
        }
        tracing::warn!(after_ms = config.stop_timeout_ms, "requests still in flight are asked to come back");
        ingest.aborting.cancel();
        let _ = tokio::time::timeout(LAST_ANSWERS, &mut serving).await;
        Ok(())
    }
}

async fn serve_grpc(config: &Config, ingest: Arc<Ingest>, listener: Listener) -> Result<(), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    report_health(&health, ServingStatus::Serving).await;
    let mut server = Server::builder()
        .max_concurrent_streams(config.concurrent_streams_max)
        .http2_keepalive_interval(Some(millis(config.keepalive_interval_ms)))
        .http2_keepalive_timeout(Some(millis(config.keepalive_timeout_ms)))
        .http2_max_header_list_size(HEADER_BYTES_MAX)
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS_MAX))
        .http2_max_local_error_reset_streams(Some(ERROR_RESETS_MAX));
    if let Some(age_ms) = config.connection_age_max_ms {
        server = server.max_connection_age(millis(age_ms));
    }
    let stopped = async {
        ingest.stopping.cancelled().await;
        report_health(&health, ServingStatus::NotServing).await;
    };
    let connections = stream::unfold(listener, async |listener| Some((Ok::<_, io::Error>(listener.accept().await), listener)));
    let router = otlp_grpc::routes(&ingest).add_service(health_service).into_axum_router();
    let routes = Routes::from(router.layer(axum::middleware::from_fn(otlp_grpc::count_open)));
    server.add_routes(routes).serve_with_incoming_shutdown(connections, stopped).await.map_err(ServeError::Grpc)
}

async fn report_health(health: &HealthReporter, status: ServingStatus) {
    for service in Signal::ALL.map(otlp_grpc::service_name).into_iter().chain([""]) {
        health.set_service_status(service, status).await;
    }
}

async fn serve_http(config: &Config, ingest: Arc<Ingest>, listener: Listener) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // hyper's header timer also runs while a connection is idle between requests; the first request has its own, shorter one below.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(millis(config.idle_timeout_ms)).max_buf_size(64 << 10);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.concurrent_streams_max)
        .keep_alive_interval(millis(config.keepalive_interval_ms))
        .keep_alive_timeout(millis(config.keepalive_timeout_ms))
        .max_header_list_size(HEADER_BYTES_MAX)
        .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
        .max_local_error_reset_streams(ERROR_RESETS_MAX);
    let builder = Arc::new(builder);
    let stopping = ingest.stopping.clone();
    let service = Arc::new(OtlpHttp::new(ingest, config.cors.clone()));
    let connections = TaskTracker::new();
    while let Some(connection) = stopping.run_until_cancelled(listener.accept()).await {
        let age_max = config.connection_age_max_ms.map(|ms| jittered_age(millis(ms)));
        let times = ConnectionTimes { first_request_max: millis(config.header_timeout_ms), age_max };
        connections.spawn(serve_http_connection(builder.clone(), service.clone(), connection, times, stopping.clone()));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

#[derive(Debug, Clone, Copy)]
struct ConnectionTimes {
    first_request_max: Duration,
    age_max: Option<Duration>,
}

async fn serve_http_connection(
    builder: Arc<auto::Builder<TokioExecutor>>,
    service: Arc<OtlpHttp>,
    connection: Connection,
    times: ConnectionTimes,
    stopping: CancellationToken,
) {
    let first_request = Arc::new(Notify::new());
    let requests = connection.requests().clone();
    let answer = service_fn(|request| {
        first_request.notify_one();
        let (service, open) = (service.clone(), requests.begin());
        async move { Ok::<_, Infallible>(open.until_sent(service.answer(request).await)) }
    });
    let mut served = pin!(builder.serve_connection(TokioIo::new(connection), answer));
    let mut no_request = pin!(no_request_within(times.first_request_max, &first_request));
    let mut asked_to_leave = pin!(async {
        tokio::select! {
            () = stopping.cancelled() => {}
            () = elapsed(times.age_max) => {}
        }
    });
    let mut leaving = false;
    loop {
        tokio::select! {
            ended = &mut served => {
                if let Err(error) = ended {
                    tracing::debug!(error, "connection ended");
                }
                return;
            }
            () = &mut no_request => return,
            () = &mut asked_to_leave, if !leaving => {
                leaving = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Ready when no request came in time; pending for ever once one came.
async fn no_request_within(limit: Duration, first_request: &Notify) {
    if tokio::time::timeout(limit, first_request.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

/// Up to a tenth shorter or longer than `age`.
fn jittered_age(age: Duration) -> Duration {
    age.mul_f64(rand::random_range(0.9..=1.1))
}

async fn elapsed(limit: Option<Duration>) {
    match limit {
        Some(limit) => tokio::time::sleep(limit).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n2_connections_differ_in_age() {
        let ages: Vec<_> = (0..100).map(|_| jittered_age(Duration::from_secs(100))).collect();
        assert!(ages.iter().all(|age| (Duration::from_secs(90)..=Duration::from_secs(110)).contains(age)), "{ages:?}");
        let (youngest, oldest) = (ages.iter().min().expect("100"), ages.iter().max().expect("100"));
        assert!(*oldest - *youngest > Duration::from_secs(5), "{ages:?}");
    }
}
