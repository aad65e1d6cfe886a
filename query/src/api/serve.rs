//! Connections of the API: accept, bound, time out, drain.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

/// For a request head to arrive; an idle keep-alive connection is closed after it too.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// Pause after a failed accept (for instance out of file descriptors), so that the loop neither ends nor spins.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The bound listener, not serving yet.
#[derive(Debug)]
pub struct Api {
    listener: TcpListener,
    connections: Arc<Semaphore>,
}

impl Api {
    /// Binds `listen`; port 0 takes any free one.
    ///
    /// # Errors
    /// As the operating system says.
    pub async fn bind(listen: SocketAddr, connections_max: usize) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(listen).await?, connections: Arc::new(Semaphore::new(connections_max)) })
    }

    /// # Errors
    /// As the operating system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves `router` until `stop` is cancelled, then lets requests in flight finish.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        let service = TowerToHyperService::new(router);
        let graceful = GracefulShutdown::new();
        loop {
            let next = async {
                let permit = Arc::clone(&self.connections).acquire_owned().await.expect("the semaphore is never closed");
                (permit, self.listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                () = stop.cancelled() => break,
                next = next => next,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "accept on the api listener failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(HEADER_BYTES_MAX);
            let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service.clone()));
            tokio::spawn(async move {
                let _permit = permit;
                if let Err(error) = connection.await {
                    tracing::debug!(%error, "api connection ended early");
                }
            });
        }
        drop(self.listener);
        graceful.shutdown().await;
    }
}
