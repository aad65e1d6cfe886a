//! A collector on free ports over a store in its own directory.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use collector::{Collector, Config};
use schemas::{
    Table, TenantId,
    otlp::{DecodeLimits, compression, decode},
};
use storage::{
    Derive, RawRequest, Store,
    io::{Io, RealIo},
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub struct Rig {
    pub store: Arc<Store>,
    pub grpc: SocketAddr,
    pub http: SocketAddr,
    stop: CancellationToken,
    served: Option<JoinHandle<()>>,
    _dir: TempDir,
}

impl Rig {
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(Arc::new(RealIo), change).await
    }

    pub async fn start_on(io: Arc<dyn Io>, change: impl FnOnce(&mut Config)) -> Self {
        Self::start_stored(io, |_| (), change).await
    }

    pub async fn start_stored(
        io: Arc<dyn Io>,
        change_storage: impl FnOnce(&mut storage::Config),
        change: impl FnOnce(&mut Config),
    ) -> Self {
        let dir = tempfile::tempdir().expect("temporary directory");
        let derive: Arc<Derive> = Arc::new(|request: &RawRequest| {
            let body = compression::decompress(request.encoding, &request.body, usize::MAX).map_err(|error| error.to_string())?;
            let decoded = decode(request.signal, request.format, &body, request.received_at, &DecodeLimits::NONE);
            Ok(decoded.map_err(|error| error.to_string())?.batches)
        });
        let mut storage_config = storage::Config::new(dir.path());
        change_storage(&mut storage_config);
        let store = Store::open(storage_config, io, derive).expect("store opens");
        let any_port = "127.0.0.1:0".parse().expect("address");
        let mut config = Config { otlp_grpc: any_port, otlp_http: any_port, ..Config::default() };
        change(&mut config);
        let bound = Collector::bind(config, store.clone(), Default::default()).await.expect("binds");
        let (grpc, http) = (bound.otlp_grpc(), bound.otlp_http());
        let stop = CancellationToken::new();
        let serve = bound.serve(stop.clone());
        let served = Some(tokio::spawn(async move { serve.await.expect("serves until stopped") }));
        Self { store, grpc, http, stop, served, _dir: dir }
    }

    /// Rows of `table` that the next query sees.
    pub fn rows(&self, table: Table) -> usize {
        let rows = self.store.snapshot(TenantId::DEFAULT).scan(table).expect("readable");
        rows.batches.iter().map(|batch| batch.num_rows()).sum()
    }

    pub fn all_rows(&self) -> usize {
        Table::SENT.into_iter().map(|table| self.rows(table)).sum()
    }

    /// Writes all rows to blocks.
    pub async fn flush(&self) {
        let store = self.store.clone();
        tokio::task::spawn_blocking(move || store.flush()).await.expect("no panic").expect("flushes");
    }

    pub fn begin_stop(&self) {
        self.stop.cancel();
    }

    /// Waits for the end of a stop.
    pub async fn stopped(&mut self) {
        let served = self.served.take().expect("waited for once");
        tokio::time::timeout(Duration::from_secs(30), served).await.expect("stops in time").expect("no panic");
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop.cancel();
        self.store.close();
    }
}
