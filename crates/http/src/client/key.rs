//! What connections are told apart by: two requests may share one only if all of this is the same.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::errors::{ClientError, InvalidUrlKind};
use super::proxy::Proxy;

/// Scheme, host, port and proxy of a request. How TLS is done belongs to the connector, which has a
/// pool of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Whether it is `https`.
    is_tls: bool,
    /// Whether nothing but HTTP/1.1 will do: for what upgrades.
    is_http1: bool,
    /// A name, or an address without brackets.
    host: Arc<str>,
    /// The port, the scheme's own included.
    port: u16,
    /// Who passes the bytes on.
    proxy: Option<Proxy>,
}

impl Key {
    /// # Errors
    /// `InvalidUrl` for a URL that a client cannot ask.
    pub(super) fn new(url: &Url, proxy: Option<Proxy>) -> Result<Self, ClientError> {
        let is_tls = match url.scheme() {
            "http" => false,
            "https" if cfg!(feature = "tls") => true,
            "https" => return Err(refuse(url, InvalidUrlKind::NoTls)),
            _ => return Err(refuse(url, InvalidUrlKind::Scheme)),
        };
        let host = url.host_str().unwrap_or_default();
        let host = host.trim_matches(['[', ']']);
        if host.is_empty() {
            return Err(refuse(url, InvalidUrlKind::NoHost));
        }
        let scheme_port = if is_tls { 443 } else { 80 };
        Ok(Self {
            is_tls,
            is_http1: false,
            host: host.into(),
            port: url.port().unwrap_or(scheme_port),
            proxy,
        })
    }

    /// The same for a request that upgrades its connection.
    pub(super) fn upgrading(self, is_upgrade: bool) -> Self {
        Self {
            is_http1: is_upgrade,
            ..self
        }
    }

    pub(super) fn is_tls(&self) -> bool {
        self.is_tls
    }

    pub(super) fn is_http1(&self) -> bool {
        self.is_http1
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// Whether a proxy is to pass on bytes, and not requests.
    pub(super) fn needs_tunnel(&self) -> bool {
        self.is_tls || self.is_http1
    }

    /// Whether requests are told to a proxy as a whole, instead of through a tunnel.
    pub(super) fn is_told_to_proxy(&self) -> bool {
        self.proxy.is_some() && !self.needs_tunnel()
    }
}

/// `host:port`, with brackets where they have to be.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

fn refuse(url: &Url, why: InvalidUrlKind) -> ClientError {
    ClientError::invalid_url(url.as_str(), why)
}

/// A URL that can be shown: what is kept in errors and responses.
pub(super) fn without_password(url: &Url) -> Url {
    let mut url = url.clone();
    if url.password().is_some() {
        // Fails only where there could have been none.
        let _set = url.set_password(None);
    }
    url
}
