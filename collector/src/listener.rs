//! Sockets: accepting them whatever the kernel says, and closing those that fall silent.

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

use crate::{receiver::Transport, self_metrics};

/// A pause after a failed accept: out of file descriptors the next try fails as well until a connection closes.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);

/// How long a connection may say nothing.
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

/// A socket that fails once it has been silent for too long, in both directions.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    idle_max: Duration,
    /// When the connection is too old without a byte. `timer` may be set earlier and is then set anew.
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: TcpStream, permit: OwnedSemaphorePermit, silence: Silence) -> Self {
        let deadline = Instant::now() + silence.first_byte_max;
        Self { stream, idle_max: silence.idle_max, deadline, timer: Box::pin(tokio::time::sleep_until(deadline)), _permit: permit }
    }

    fn progressed(&mut self) {
        self.deadline = Instant::now() + self.idle_max;
        if self.timer.deadline() > self.deadline {
            self.timer.as_mut().reset(self.deadline);
        }
    }

    /// Pending while the silence may go on; wakes the task when it may not.
    fn poll_silence<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            ready!(self.timer.as_mut().poll(context));
            if Instant::now() >= self.deadline {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the connection was silent for too long")));
            }
            self.timer.as_mut().reset(self.deadline);
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
    type ConnectInfo = ();

    fn connect_info(&self) {}
}
