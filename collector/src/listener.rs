//! Sockets: how many, accepting them whatever the kernel says, and closing those that fall silent or carry no request.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};
use tonic::transport::server::Connected;

use crate::{config::CONNECTIONS_MIN, open_requests::OpenRequests, receiver::Transport, self_metrics};

/// A pause after a failed accept: out of file descriptors the next try fails as well until a connection closes.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// Open files that are no connections of ours: the log, blocks, the catalog, the sockets of the API.
const FILES_KEPT: u64 = 256;

/// How many connections of `wanted` there may be where a process may open `files_max` files. Storage must never be without one.
pub(crate) fn connections_within(files_max: u64, wanted: usize) -> usize {
    let room = files_max.saturating_sub(FILES_KEPT).max(files_max / 2);
    usize::try_from(room).unwrap_or(usize::MAX).min(wanted).max(CONNECTIONS_MIN)
}

/// How long a connection may say nothing, and how long it may have no open request whatever it says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Silence {
    pub first_byte_max: Duration,
    pub idle_max: Duration,
}

/// One listening socket. Its connections count against `permits`, which both listeners share.
#[derive(Debug)]
pub(crate) struct Listener {
    transport: Transport,
    socket: TcpListener,
    permits: Arc<Semaphore>,
    silence: Silence,
}

impl Listener {
    pub(crate) async fn bind(transport: Transport, address: SocketAddr, permits: Arc<Semaphore>, silence: Silence) -> io::Result<Self> {
        Ok(Self { transport, socket: TcpListener::bind(address).await?, permits, silence })
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next connection. Waits while too many are open; never fails.
    ///
    /// CANCEL-SAFE: a connection not yet returned stays in the kernel's queue.
    pub(crate) async fn accept(&self) -> Connection {
        let permit = self.permits.clone().acquire_owned().await.expect("the semaphore is never closed");
        loop {
            match self.socket.accept().await {
                Ok((stream, _)) => {
                    self_metrics::connected(self.transport);
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%error, "nodelay not set");
                    }
                    return Connection::new(stream, permit, self.silence);
                }
                Err(error) => {
                    self_metrics::accept_failed();
                    tracing::warn!(%error, transport = self.transport.name(), "accept failed, trying again");
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
    }
}

/// A socket that fails once it has been silent in both directions for too long, or without an open request.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    requests: OpenRequests,
    idle_max: Duration,
    /// When it has been silent for too long.
    silent_at: Instant,
    /// INVARIANT: set for [`Self::deadline`] or earlier; then it is set anew.
    timer: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: TcpStream, permit: OwnedSemaphorePermit, silence: Silence) -> Self {
        let now = Instant::now();
        let timer = Box::pin(tokio::time::sleep_until(now + silence.first_byte_max.min(silence.idle_max)));
        let silent_at = now + silence.first_byte_max;
        Self { stream, requests: OpenRequests::none(), idle_max: silence.idle_max, silent_at, timer, _permit: permit }
    }

    pub(crate) fn requests(&self) -> &OpenRequests {
        &self.requests
    }

    fn progressed(&mut self) {
        self.silent_at = Instant::now() + self.idle_max;
        if self.timer.deadline() > self.silent_at {
            self.timer.as_mut().reset(self.silent_at);
        }
    }

    fn deadline(&self) -> Instant {
        match self.requests.idle_since() {
            Some(since) => self.silent_at.min(since + self.idle_max),
            None => self.silent_at,
        }
    }

    /// Pending while the silence may go on; wakes the task when it may not.
    fn poll_silence<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            ready!(self.timer.as_mut().poll(context));
            let deadline = self.deadline();
            if Instant::now() >= deadline {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the connection was silent or idle for too long")));
            }
            self.timer.as_mut().reset(deadline);
        }
    }

    fn after_write<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        match written {
            Poll::Pending => self.poll_silence(context),
            Poll::Ready(result) => {
                self.progressed();
                Poll::Ready(result)
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending => self.poll_silence(context),
            Poll::Ready(result) => {
                self.progressed();
                Poll::Ready(result)
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.after_write(written, context)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.after_write(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connected for Connection {
    type ConnectInfo = OpenRequests;

    fn connect_info(&self) -> OpenRequests {
        self.requests.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_to_storage() {
        let check = |files_max, wanted, expected| assert_eq!(connections_within(files_max, wanted), expected, "{files_max} {wanted}");
        check(u64::MAX, 10_000, 10_000);
        check(10_256, 10_000, 10_000);
        check(10_255, 10_000, 9_999);
        check(1_024, 10_000, 768);
        check(1_024, 500, 500);
        check(300, 10_000, 150);
        check(64, 10_000, 32);
        check(0, 10_000, CONNECTIONS_MIN);
    }
}
