//! The client's side of TLS. asyncio: an `SSLContext` for a client.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::link::TlsLink;
use super::stream::{Carrier, TlsStream, over};
use super::{Limits, invalid, pem, platform, provider};
use crate::streams::link::Link;

/// Makes TLS connections as a client: whom it trusts, and what it offers. Cheap to clone.
///
/// - Give it to [`OpenConnection::tls`](crate::streams::OpenConnection::tls), or
///   [`connect`](Self::connect) over a stream that is there.
/// - asyncio: `ssl.create_default_context()`. The server's name and certificate are always checked;
///   for anything else make it from a configuration of [`rustls`].
///
/// ```
/// use std::time::Duration;
///
/// use bowerbird::tls::TlsConnector;
///
/// let connector = TlsConnector::builder()
///     .alpn(["h2", "http/1.1"])
///     .build()
///     .unwrap()
///     .handshake_timeout(Duration::from_secs(5));
/// # drop(connector);
/// let refused = TlsConnector::builder().roots_pem("no certificate").build();
/// assert_eq!(refused.unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
/// ```
#[derive(Clone)]
pub struct TlsConnector {
    /// What rustls is told.
    config: Arc<ClientConfig>,
    /// How long it waits for the peer.
    limits: Limits,
}

impl TlsConnector {
    /// One that trusts whom Mozilla's browsers trust, on every machine alike; for whom this machine
    /// trusts see [`platform_roots`](TlsConnectorBuilder::platform_roots).
    ///
    /// # Panics
    /// Never: there is nothing in the defaults that could be refused.
    pub fn new() -> Self {
        let built = Self::builder().build();
        built.expect("there is nothing in the defaults that could be refused")
    }

    /// One with options.
    pub fn builder() -> TlsConnectorBuilder {
        TlsConnectorBuilder {
            roots: Vec::new(),
            is_trusting_web: false,
            is_trusting_platform: false,
            certificate: None,
            protocols: Vec::new(),
            is_naming: true,
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

    /// Makes a TLS connection over `stream` to the server of this name.
    ///
    /// - `server_hostname`: what the server's certificate must be for, a name or an IP address.
    /// - `stream`: a [`TcpStream`](crate::net::TcpStream), a
    ///   [`UnixStream`](crate::net::UnixStream), a [`TlsStream`]: whatever can be read and written
    ///   through `&`.
    /// - Cancel: gives the attempt up and drops `stream`.
    ///
    /// # Errors
    /// `InvalidInput` for what is no name; `InvalidData` when the two do not agree, or the
    /// certificate is not to be trusted, with rustls' reason inside; `ConnectionAborted` when it
    /// takes too long; the stream's.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn connect<S>(&self, server_hostname: &str, stream: S) -> io::Result<TlsStream<S>>
    where
        S: Carrier,
    {
        over(stream, |link| {
            self.shake_hands(server_hostname, link, Vec::new())
        })
        .await
    }

    /// The same, over a link; `early` is what the server has sent already.
    pub(crate) async fn shake_hands(
        &self,
        server_hostname: &str,
        link: Arc<dyn Link>,
        early: Vec<u8>,
    ) -> io::Result<Arc<TlsLink>> {
        let name = ServerName::try_from(server_hostname.to_owned()).map_err(invalid)?;
        let tls = ClientConnection::new(self.config.clone(), name).map_err(invalid)?;
        TlsLink::shake_hands(link, tls, early, self.limits).await
    }
}

impl Default for TlsConnector {
    fn default() -> Self {
        Self::new()
    }
}

impl From<Arc<ClientConfig>> for TlsConnector {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self {
            config,
            limits: Limits::default(),
        }
    }
}

impl From<ClientConfig> for TlsConnector {
    fn from(config: ClientConfig) -> Self {
        Arc::new(config).into()
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsConnector")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Options of a [`TlsConnector`].
#[must_use = "a builder does nothing until `build`"]
pub struct TlsConnectorBuilder {
    /// Texts with certificates that are trusted.
    roots: Vec<Vec<u8>>,
    /// Whether Mozilla's are, beside them.
    is_trusting_web: bool,
    /// Whether the machine's are, beside them.
    is_trusting_platform: bool,
    /// Texts with our own certificate and its key.
    certificate: Option<(Vec<u8>, Vec<u8>)>,
    /// The application's protocols.
    protocols: Vec<Vec<u8>>,
    /// Whether the server is told which name is meant.
    is_naming: bool,
}

impl TlsConnectorBuilder {
    /// Trusts these certificates (PEM), and no others unless they are added, too. asyncio:
    /// `load_verify_locations`.
    pub fn roots_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Trusts whom Mozilla's browsers trust, beside those given; without any given, it does so by
    /// itself.
    pub fn web_roots(mut self) -> Self {
        self.is_trusting_web = true;
        self
    }

    /// Trusts whom this machine trusts, beside those given: what its owner has added counts, too.
    ///
    /// - Where they are: the system's store on macOS and Windows, the distribution's file
    ///   elsewhere. The variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name others, everywhere.
    /// - [`build`](Self::build) reads them, each time, which blocks for some milliseconds: build
    ///   once, and clone.
    /// - asyncio: `load_default_certs`, a part of `ssl.create_default_context`.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// use bowerbird::tls::TlsConnector;
    ///
    /// let connector = TlsConnector::builder().platform_roots().build()?;
    /// # drop(connector);
    /// # Ok(())
    /// # }
    /// ```
    pub fn platform_roots(mut self) -> Self {
        self.is_trusting_platform = true;
        self
    }

    /// Shows this certificate (PEM, its own first, then those that vouch for it) to servers that
    /// ask for one. asyncio: `load_cert_chain`.
    pub fn certificate_pem(
        mut self,
        chain: impl Into<Vec<u8>>,
        private_key: impl Into<Vec<u8>>,
    ) -> Self {
        self.certificate = Some((chain.into(), private_key.into()));
        self
    }

    /// The application's protocols, the preferred one first (ALPN). asyncio: `set_alpn_protocols`.
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        let protocols = protocols.into_iter();
        self.protocols = protocols.map(|one| one.as_ref().to_vec()).collect();
        self
    }

    /// Whether the server is told which name is meant (SNI), as it is without this.
    pub fn sni(mut self, sni: bool) -> Self {
        self.is_naming = sni;
        self
    }

    /// The connector.
    ///
    /// # Errors
    /// `InvalidInput` for certificates and keys that are none, or do not belong together;
    /// `NotFound` for [`platform_roots`](Self::platform_roots) on a machine that has none.
    pub fn build(self) -> io::Result<TlsConnector> {
        let roots = self.trusted()?;
        let config = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(invalid)?
            .with_root_certificates(roots);
        let mut config = match self.certificate {
            None => config.with_no_client_auth(),
            Some((chain, key)) => {
                let chain: Vec<CertificateDer<'static>> = pem::certificates(&chain)?;
                let key: PrivateKeyDer<'static> = pem::private_key(&key)?;
                config.with_client_auth_cert(chain, key).map_err(invalid)?
            }
        };
        config.alpn_protocols = self.protocols;
        config.enable_sni = self.is_naming;
        Ok(config.into())
    }

    /// All who are trusted: at least somebody is.
    fn trusted(&self) -> io::Result<RootCertStore> {
        let mut roots = RootCertStore::empty();
        let is_nobody_named = self.roots.is_empty() && !self.is_trusting_platform;
        if self.is_trusting_web || is_nobody_named {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        if self.is_trusting_platform {
            platform::trust(&mut roots)?;
        }
        for text in &self.roots {
            pem::trust(&mut roots, text)?;
        }
        Ok(roots)
    }
}

impl fmt::Debug for TlsConnectorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys stay out of what is printed.
        f.debug_struct("TlsConnectorBuilder")
            .field("protocols", &self.protocols.len())
            .field("sni", &self.is_naming)
            .finish_non_exhaustive()
    }
}
