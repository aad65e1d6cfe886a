//! Connections that we open: plain TCP, or TLS over it.
//!
//! Who is at the other end of TLS is checked against the certificates that the system trusts, or those of a file that is named instead.

use std::{
    fs, io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Whom to trust, and the protocol that is spoken above TLS. Cheap to clone.
#[derive(Clone)]
pub struct Tls(TlsConnector);

/// Why no TLS can be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("read the certificates of {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{} has no certificate that can be trusted", path.display())]
    NoneIn { path: PathBuf },
    #[error("the system has no trusted certificates: {reason}; install ca-certificates, or name a file of them")]
    NoneTrusted { reason: String },
    #[error("set up TLS: {0}")]
    SetUp(#[from] rustls::Error),
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    #[error("connect: {0}")]
    Connect(io::Error),
    #[error("{host:?} is no name that a certificate can have")]
    Name { host: String, source: InvalidDnsNameError },
    #[error("TLS: {0}")]
    Handshake(io::Error),
}

impl Tls {
    /// `trusted`: a file of certificates in PEM instead of those of the system. `protocols`: for ALPN, the first is preferred.
    ///
    /// # Errors
    /// When there is nobody to trust.
    pub fn new(trusted: Option<&Path>, protocols: &[&str]) -> Result<Self, TlsError> {
        let roots = match trusted {
            Some(path) => of_file(path)?,
            None => of_system()?,
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tls")
    }
}

fn of_file(path: &Path) -> Result<RootCertStore, TlsError> {
    let pem = fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })?;
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
    if added == 0 { Err(TlsError::NoneIn { path: path.to_owned() }) } else { Ok(roots) }
}

fn of_system() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added > 0 {
        return Ok(roots);
    }
    let reason = found.errors.first().map_or_else(|| "none was found".to_owned(), ToString::to_string);
    Err(TlsError::NoneTrusted { reason })
}

/// An open connection.
#[derive(Debug)]
pub enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Connects to `host` (a name or an address, without brackets), and over TLS where `tls` says how.
///
/// # Errors
/// Why there is no connection.
pub async fn dial((host, port): (&str, u16), tls: Option<&Tls>) -> Result<Connection, DialError> {
    let stream = TcpStream::connect((host, port)).await.map_err(DialError::Connect)?;
    stream.set_nodelay(true).map_err(DialError::Connect)?;
    let Some(Tls(connector)) = tls else { return Ok(Connection::Plain(stream)) };
    let name = ServerName::try_from(host.to_owned()).map_err(|source| DialError::Name { host: host.to_owned(), source })?;
    let stream = connector.connect(name, stream).await.map_err(DialError::Handshake)?;
    Ok(Connection::Tls(Box::new(stream)))
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, into),
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, from),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, from),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
