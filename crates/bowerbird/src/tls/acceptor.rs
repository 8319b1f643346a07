//! The server's side of TLS. asyncio: an `SSLContext` for a server.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection};

use super::link::TlsLink;
use super::stream::{Carrier, TlsStream, over};
use super::{Limits, invalid, pem, provider};
use crate::streams::link::Link;

/// Takes TLS connections as a server: its certificate, and what it asks of clients. Cheap to clone.
///
/// - Give it to [`StartServer::tls`](crate::streams::StartServer::tls), or
///   [`accept`](Self::accept) over a stream that is there.
/// - asyncio: `ssl.create_default_context(Purpose.CLIENT_AUTH)`. For what is not offered here make
///   it from a configuration of [`rustls`].
///
/// ```
/// let refused = bowerbird::tls::TlsAcceptor::builder("no certificate", "no key").build();
/// assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
/// ```
#[derive(Clone)]
pub struct TlsAcceptor {
    /// What rustls is told.
    config: Arc<ServerConfig>,
    /// How long it waits for the peer.
    limits: Limits,
}

impl TlsAcceptor {
    /// One that shows this certificate (PEM, its own first, then those that vouch for it), which
    /// belongs to this private key (PEM). asyncio: `load_cert_chain`.
    pub fn builder(
        chain: impl Into<Vec<u8>>,
        private_key: impl Into<Vec<u8>>,
    ) -> TlsAcceptorBuilder {
        TlsAcceptorBuilder {
            chain: chain.into(),
            private_key: private_key.into(),
            client_roots: Vec::new(),
            protocols: Vec::new(),
        }
    }

    /// How long the handshake may take; 60 s without it, and zero is an error when it begins.
    /// asyncio: `ssl_handshake_timeout`.
    #[must_use]
    pub fn handshake_timeout(mut self, limit: Duration) -> Self {
        self.limits.handshake = limit;
        self
    }

    /// How long a stream that is being closed waits for the peer's farewell; 30 s without it, and
    /// zero is an error at the handshake. asyncio: `ssl_shutdown_timeout`.
    #[must_use]
    pub fn shutdown_timeout(mut self, limit: Duration) -> Self {
        self.limits.shutdown = limit;
        self
    }

    /// Takes a TLS connection over `stream`.
    ///
    /// - `stream`: a [`TcpStream`](crate::net::TcpStream), a
    ///   [`UnixStream`](crate::net::UnixStream), a [`TlsStream`]: whatever can be read and written
    ///   through `&`.
    /// - Cancel: gives the attempt up and drops `stream`.
    ///
    /// # Errors
    /// `InvalidData` when the two do not agree, or the client's certificate is not to be trusted,
    /// with rustls' reason inside; `ConnectionAborted` when it takes too long; the stream's.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn accept<S: Carrier>(&self, stream: S) -> io::Result<TlsStream<S>> {
        over(stream, |link| self.shake_hands(link, Vec::new())).await
    }

    /// The same, over a link; `early` is what the client has sent already.
    pub(crate) async fn shake_hands(
        &self,
        link: Arc<dyn Link>,
        early: Vec<u8>,
    ) -> io::Result<Arc<TlsLink>> {
        let tls = ServerConnection::new(self.config.clone()).map_err(invalid)?;
        TlsLink::shake_hands(link, tls, early, self.limits).await
    }
}

impl From<Arc<ServerConfig>> for TlsAcceptor {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self {
            config,
            limits: Limits::default(),
        }
    }
}

impl From<ServerConfig> for TlsAcceptor {
    fn from(config: ServerConfig) -> Self {
        Arc::new(config).into()
    }
}

impl fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsAcceptor")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Options of a [`TlsAcceptor`].
#[must_use = "a builder does nothing until `build`"]
pub struct TlsAcceptorBuilder {
    /// A text with our certificate.
    chain: Vec<u8>,
    /// A text with its key.
    private_key: Vec<u8>,
    /// Texts with certificates that vouch for clients.
    client_roots: Vec<Vec<u8>>,
    /// The application's protocols.
    protocols: Vec<Vec<u8>>,
}

impl TlsAcceptorBuilder {
    /// Asks clients for a certificate that one of these (PEM) vouches for, and refuses those who
    /// have none. asyncio: `load_verify_locations` with `verify_mode = CERT_REQUIRED`.
    pub fn client_roots_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.client_roots.push(pem.into());
        self
    }

    /// The application's protocols, the preferred one first (ALPN). asyncio: `set_alpn_protocols`.
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        let protocols = protocols.into_iter();
        self.protocols = protocols.map(|one| one.as_ref().to_vec()).collect();
        self
    }

    /// The acceptor.
    ///
    /// # Errors
    /// `InvalidInput` for certificates and keys that are none, or do not belong together.
    pub fn build(self) -> io::Result<TlsAcceptor> {
        let chain = pem::certificates(&self.chain)?;
        let private_key = pem::private_key(&self.private_key)?;
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(invalid)?;
        let config = if self.client_roots.is_empty() {
            config.with_no_client_auth()
        } else {
            let mut roots = RootCertStore::empty();
            for text in &self.client_roots {
                pem::trust(&mut roots, text)?;
            }
            let roots = Arc::new(roots);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
            config.with_client_cert_verifier(verifier.build().map_err(invalid)?)
        };
        let config = config.with_single_cert(chain, private_key);
        let mut config = config.map_err(invalid)?;
        config.alpn_protocols = self.protocols;
        Ok(config.into())
    }
}

impl fmt::Debug for TlsAcceptorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys stay out of what is printed.
        f.debug_struct("TlsAcceptorBuilder")
            .field("protocols", &self.protocols.len())
            .finish_non_exhaustive()
    }
}
