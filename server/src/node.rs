//! The running server: what starts after what, and what stops before what.
//!
//! ```text
//! start   store opened (lock, catalog, log) -> listeners bound -> serving -> ready
//! stop    readiness says no -> receivers refuse and drain -> store closed (log synced) -> API ends
//! ```
//! Receiving and asking have a runtime each, so that questions never starve the receivers.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::Arc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use query::{
    api::{Listening, Shared},
    codes::Codes,
    rules::RuleBook,
};
use storage::{
    RawRequest, Store,
    io::{Io, RealIo},
};
use tokio::{runtime::Runtime, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Durability, Loaded, Setting},
    failure::{Exit, Failure},
    forward::Forwards,
};
pub(crate) use dashboard::now;
use query_doors::QueryDoors;
use watchdog::{Late, Watchdog};

mod codes;
mod dashboard;
mod dead_store;
mod links;
mod own_otlp;
mod query_doors;
mod received;
mod replay;
mod rules;
mod senders;
mod watch;
mod watchdog;

#[cfg(test)]
mod tests;

/// A stop takes 10 s at most. A step that is still running a moment before is named in the log, and the process ends.
const STOP_MAX: Duration = Duration::from_millis(9_500);
/// Of that, what the receivers get to answer requests in flight.
const DRAIN_MAX: Duration = Duration::from_secs(6);
/// What forwards get to write down what waits for them.
const QUEUES_WRITTEN_MAX: Duration = Duration::from_secs(1);
const API_STOP_MAX: Duration = Duration::from_secs(1);

/// A server that serves until [`Node::stop`].
pub(crate) struct Node {
    store: Arc<Store>,
    durability: Durability,
    ingest: Runtime,
    query: Runtime,
    addresses: Addresses,
    signals: Signals,
    stopping: CancellationToken,
    receivers_stop: CancellationToken,
    forwards: Forwards,
    forwards_stop: CancellationToken,
    receivers: JoinHandle<Result<(), collector::ServeError>>,
    api_stop: CancellationToken,
    api: JoinHandle<()>,
}

/// Where the server listens, with the real ports.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addresses {
    pub(crate) otlp_grpc: SocketAddr,
    pub(crate) otlp_http: SocketAddr,
    pub(crate) api: SocketAddr,
    /// Of the query APIs that have a port of their own.
    pub(crate) jaeger: Option<SocketAddr>,
    pub(crate) zipkin: Option<SocketAddr>,
}

impl Addresses {
    fn listening(self) -> Arc<[Listening]> {
        let always = [("otlp_grpc", Some(self.otlp_grpc)), ("otlp_http", Some(self.otlp_http)), ("api", Some(self.api))];
        let doors = always.into_iter().chain([("jaeger", self.jaeger), ("zipkin", self.zipkin)]);
        doors.filter_map(|(name, address)| Some(Listening { name, url: format!("http://{}", address?) })).collect()
    }
}

impl Node {
    /// Opens the store, binds the listeners and serves.
    pub(crate) fn start(loaded: &Loaded) -> Result<Self, Failure> {
        Self::start_on(loaded, Arc::new(RealIo))
    }

    fn start_on(loaded: &Loaded, io: Arc<dyn Io>) -> Result<Self, Failure> {
        let config = &loaded.config;
        let started_at = SystemTime::now();
        let recorder = query::api::recorder().map_err(|error| Failure::new(Exit::Failed, error))?;
        let prometheus = recorder.handle();
        metrics::set_global_recorder(recorder).map_err(|_| Failure::message(Exit::Failed, "a second metrics recorder"))?;
        query::self_metrics::describe();

        let codes_config = config.codes();
        let code_files = codes_config.files.clone();
        let codes = Arc::new(Codes::open(codes_config, Arc::clone(&io)).map_err(|error| Failure::new(Exit::Config, error))?);
        for warning in codes.warnings() {
            tracing::warn!(%warning, "files of error codes contradict each other");
        }

        let storage_config = config.storage();
        let data_dir = storage_config.data_dir.clone();
        let promise = config.storage.durability.promise();
        tracing::info!(data_dir = %data_dir.display(), durability = config.storage.durability.name(), promise, "opening the store");
        let rules = RuleBook::open(config.rules(), Arc::clone(&io)).map_err(|error| Failure::new(Exit::Config, error))?;
        let rules = Arc::new(rules);
        tracing::info!(rules = rules.get().len(), files = config.governance.rules.len(), "governance rules loaded");
        let derive = {
            let rules = rules.shared();
            move |request: &RawRequest| replay::derive(&rules, request)
        };
        let store = Store::open(storage_config, io, Arc::new(derive)).map_err(|error| Failure::new(open_exit(&error), error))?;

        let engine = query::engine::Engine::start(Arc::clone(&store), rules.shared(), query::engine::Config::new(data_dir.join("spill")))
            .map_err(|error| Failure::new(Exit::Failed, error))?;

        let ingest = runtime("ingest", thread::available_parallelism().map_or(2, usize::from))?;
        let query = runtime("query", 2)?;
        let receivers = ingest
            .block_on(collector::Collector::bind(config.collector(DRAIN_MAX), Arc::clone(&store), rules.shared()))
            .map_err(|error| Failure::new(Exit::Unavailable, error))?;
        let mut receivers = receivers.pulling(config.pull(&data_dir)).map_err(|error| Failure::new(Exit::Failed, error))?;
        let forwards_stop = CancellationToken::new();
        let forwards = Forwards::start(&config.forward, &data_dir.join("forward"), &ingest, &forwards_stop)
            .map_err(|error| Failure::new(Exit::Failed, error))?;
        if !forwards.is_empty() {
            let forwards = forwards.clone();
            receivers = receivers.teeing(Arc::new(move |taken| forwards.offer(taken)));
        }
        let mut query_config = config.query();
        let doors = query.block_on(QueryDoors::bind(&mut query_config))?;
        let addresses = Addresses {
            otlp_grpc: receivers.otlp_grpc(),
            otlp_http: receivers.otlp_http(),
            api: query_config.listen,
            jaeger: query_config.jaeger_listen,
            zipkin: query_config.zipkin_listen,
        };

        let stopping = CancellationToken::new();
        // Before `ready` is said: from then on a signal means a stop in order.
        let signals = {
            let _context = ingest.enter();
            Signals::listen().map_err(|error| Failure::new(Exit::Failed, error))?
        };
        let received = {
            let prometheus = prometheus.clone();
            Arc::new(move || received::count(&prometheus.render()))
        };
        let shared = Shared {
            store: Arc::clone(&store),
            engine,
            codes: Arc::clone(&codes),
            prometheus: prometheus.clone(),
            version: env!("CARGO_PKG_VERSION"),
            dashboard: Some(dashboard::of(addresses.otlp_http)),
            started_at,
            listening: addresses.listening(),
            data_dir: data_dir.display().to_string().into(),
            settings: loaded.settings().iter().map(Setting::shown).collect(),
            rules: Arc::clone(&rules),
            received,
            senders: {
                let (watch, forwards) = (receivers.watch(), forwards.clone());
                Arc::new(move || {
                    let targets = watch.targets().into_iter().map(links::of_target);
                    let others = forwards.report().into_iter().map(links::of_forward);
                    senders::told(watch.report(), targets.chain(others).chain(links::of_files(watch.files())).collect())
                })
            },
            stopping: stopping.clone(),
        };
        let routers = query::api::routers(&query_config, shared);
        let (receivers_stop, api_stop) = (CancellationToken::new(), CancellationToken::new());
        let receivers = ingest.spawn(receivers.serve(receivers_stop.clone()));
        let api = query.spawn(doors.serve(routers, api_stop.clone()));
        query.spawn(upkeep(prometheus, api_stop.clone()));
        query.spawn(codes::keep_current(code_files, codes, addresses.otlp_http, stopping.clone()));
        query.spawn(rules::keep_current(rules, addresses.otlp_http, stopping.clone()));
        tracing::info!(otlp_grpc = %addresses.otlp_grpc, otlp_http = %addresses.otlp_http, api = %addresses.api, "ready");
        let durability = config.storage.durability;
        Ok(Self {
            store,
            durability,
            ingest,
            query,
            addresses,
            signals,
            stopping,
            receivers_stop,
            forwards,
            forwards_stop,
            receivers,
            api_stop,
            api,
        })
    }

    pub(crate) fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Blocks until SIGTERM or SIGINT, or until the store, the receivers or `company` fail. A signal after the first ends the process at
    /// once.
    pub(crate) fn wait(&mut self, company: impl Future<Output = Failure>) -> Result<(), Failure> {
        let Self { store, ingest, receivers, signals, .. } = self;
        ingest.block_on(async move {
            tokio::select! {
                name = signals.next() => {
                    tracing::info!(signal = name, "stopping");
                    tokio::spawn(exit_on_second_signal());
                    Ok(())
                }
                ended = receivers => match ended {
                    Ok(Err(error)) => Err(Failure::new(Exit::Failed, error)),
                    Ok(Ok(())) => Err(Failure::message(Exit::Failed, "the receivers ended by themselves")),
                    Err(error) => Err(Failure::new(Exit::Failed, error)),
                },
                failure = dead_store::noticed(store) => Err(failure),
                failure = company => Err(failure),
            }
        })
    }

    /// Stops in order, each step named in the log, and returns `waited`, the outcome of [`Node::wait`].
    pub(crate) fn stop(self, waited: Result<(), Failure>) -> Result<(), Failure> {
        let start = Instant::now();
        let Self { store, durability, ingest, query, stopping, receivers_stop, forwards, forwards_stop, receivers, api_stop, api, .. } =
            self;
        let watchdog = Watchdog::start(STOP_MAX, |code| std::process::exit(code));
        stopping.cancel();

        watchdog.enter("receivers refuse and drain", Late::Failure);
        receivers_stop.cancel();
        if !receivers.is_finished() {
            let drained = ingest.block_on(receivers);
            if let Ok(Err(error)) = drained {
                tracing::warn!(%error, "receivers ended with an error");
            }
        }
        // What is not passed on yet stays in its queue.
        forwards.drain(QUEUES_WRITTEN_MAX);
        forwards_stop.cancel();
        let in_order = if waited.is_ok() { Late::NothingLost } else { Late::Failure };
        // No acknowledgement is on its way any more, and with `fsync` each was given after its sync. What can take long here is a
        // block write, whose rows the next start has from the log.
        let store_late = match durability {
            Durability::Fsync => in_order,
            Durability::Interval | Durability::None => Late::Failure,
        };
        watchdog.enter("write-ahead log synced, store closed", store_late);
        store.close();
        watchdog.enter("api ends", in_order);
        api_stop.cancel();
        let _ = query.block_on(async { tokio::time::timeout(API_STOP_MAX, api).await });
        ingest.shutdown_background();
        query.shutdown_background();
        watchdog.enter("done", in_order);
        tracing::info!(took_ms = start.elapsed().as_millis() as u64, "stopped");
        waited
    }
}

fn open_exit(error: &storage::OpenError) -> Exit {
    use storage::OpenError::{DataDir, Lock, Locked};
    match error {
        Locked { .. } | DataDir { .. } | Lock(_) => Exit::Unavailable,
        _ => Exit::Failed,
    }
}

fn runtime(name: &'static str, workers: usize) -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(name)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Failed, anyhow::Error::new(error).context(format!("start the {name} runtime"))))
}

/// Lets the recorder fold its histograms, whose samples would otherwise pile up until somebody asks.
async fn upkeep(prometheus: metrics_exporter_prometheus::PrometheusHandle, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        prometheus.run_upkeep();
    }
}

/// One wish to stop often comes as several signals (a terminal and `make`, `timeout`, a container's init), so the second
/// one counts only a moment later.
async fn exit_on_second_signal() {
    const SAME_WISH: Duration = Duration::from_millis(500);
    tokio::time::sleep(SAME_WISH).await;
    let Ok(mut signals) = Signals::listen() else { return };
    let name = signals.next().await;
    tracing::warn!(signal = name, "second signal, exiting at once");
    std::process::exit(Exit::Failed as i32);
}

struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
