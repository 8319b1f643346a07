//! Connections that could not be made: who was not reached, and at which step.

use std::error::Error;
use std::fmt;
use std::io;

use http::StatusCode;

use super::Cause;

/// No connection to a host could be made. asyncio: aiohttp's `ClientConnectorError` and those
/// below it; [`kind`](Self::kind) tells which.
#[derive(Debug)]
pub struct ClientConnectorError {
    /// Who was to be reached: `host:port`, or a socket's path.
    target: String,
    /// At which step.
    kind: ConnectorErrorKind,
    /// What went wrong there.
    cause: Cause,
}

/// The step at which connecting failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectorErrorKind {
    /// The name was not found. asyncio: `ClientConnectorDNSError`.
    Dns,
    /// Nobody answered, or the answer was no. asyncio: `ClientConnectorError`.
    Connect,
    /// There was no agreement on TLS, or the certificate is not to be trusted. asyncio:
    /// `ClientConnectorSSLError`, `ClientConnectorCertificateError`.
    Tls,
    /// The proxy would not pass the connection on. asyncio: `ClientProxyConnectionError`,
    /// `ClientHttpProxyError`.
    Proxy,
    /// The two did not come to speak HTTP.
    Handshake,
}

/// A proxy's answer to `CONNECT`, inside a [`ClientConnectorError`].
#[derive(Debug)]
pub(in crate::client) struct Refused(pub(in crate::client) StatusCode);

impl ClientConnectorError {
    pub(in crate::client) fn new(
        target: impl Into<String>,
        kind: ConnectorErrorKind,
        cause: impl Into<Cause>,
    ) -> Self {
        Self {
            target: target.into(),
            kind,
            cause: cause.into(),
        }
    }

    /// Who was to be reached: `host:port`, or a socket's path.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// At which step it failed.
    pub fn kind(&self) -> ConnectorErrorKind {
        self.kind
    }

    /// What the proxy answered, when it was the proxy: 407 when it wants to know who asks.
    pub fn proxy_status(&self) -> Option<StatusCode> {
        self.cause
            .downcast_ref::<Refused>()
            .map(|refused| refused.0)
    }

    /// The system's kind of error, if it was one.
    pub(super) fn io_kind(&self) -> io::ErrorKind {
        let cause = self.cause.downcast_ref::<io::Error>();
        cause.map_or(io::ErrorKind::Other, io::Error::kind)
    }
}

impl fmt::Display for ClientConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ConnectorErrorKind::Dns => "cannot look up",
            ConnectorErrorKind::Connect => "cannot connect to",
            ConnectorErrorKind::Tls => "no TLS with",
            ConnectorErrorKind::Proxy => "no way through the proxy to",
            ConnectorErrorKind::Handshake => "no HTTP with",
        };
        write!(f, "{what} {}: {}", self.target, self.cause)
    }
}

impl Error for ClientConnectorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it answered {}", self.0)
    }
}

impl Error for Refused {}
