//! Options of a connector.

use std::fmt;
#[cfg(unix)]
use std::path::PathBuf;
use std::time::Duration;

use bowerbird::net::TcpSocket;
#[cfg(feature = "tls")]
use bowerbird::tls::TlsConnector;

use super::dial::Dial;
use super::{Connector, PoolLimits};
use crate::client::dns::Dns;

/// Options of a [`Connector`].
#[must_use = "a builder does nothing until `build`"]
pub struct ConnectorBuilder {
    /// What the pool allows.
    limits: PoolLimits,
    /// How sockets are made.
    socket: TcpSocket,
    /// How long a name's addresses are good.
    dns_cache: Duration,
    /// Where to connect to instead of any host.
    #[cfg(unix)]
    path: Option<PathBuf>,
    /// How TLS is done; `None`: as browsers do.
    #[cfg(feature = "tls")]
    tls: Option<TlsConnector>,
}

impl ConnectorBuilder {
    pub(super) fn new() -> Self {
        Self {
            limits: PoolLimits {
                total: Some(100),
                per_host: None,
                keep_alive: Duration::from_secs(15),
                offers_http2: cfg!(all(feature = "http2", feature = "tls")),
            },
            socket: TcpSocket::new().nodelay(true),
            dns_cache: Duration::from_secs(10),
            #[cfg(unix)]
            path: None,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Connections in all, in use, idle or being made. 100; zero is no limit. Requests beyond wait,
    /// first come first served; connections to others that nobody uses are closed to make room.
    pub fn limit(mut self, connections: usize) -> Self {
        self.limits.total = (connections > 0).then_some(connections);
        self
    }

    /// Connections to one host (scheme, name, port, proxy). Zero, as it is without this, is no
    /// limit but that of all.
    pub fn limit_per_host(mut self, connections: usize) -> Self {
        self.limits.per_host = (connections > 0).then_some(connections);
        self
    }

    /// How long a connection is kept while nobody uses it. 15 s; zero closes each after its
    /// request. asyncio: `keepalive_timeout`, and `force_close` for zero.
    pub fn keep_alive(mut self, limit: Duration) -> Self {
        self.limits.keep_alive = limit;
        self
    }

    /// How long a name's addresses are remembered. 10 s; zero asks each time, once for all who ask
    /// together. asyncio: `ttl_dns_cache`.
    pub fn dns_cache(mut self, ttl: Duration) -> Self {
        self.dns_cache = ttl;
        self
    }

    /// How sockets are made: the address to connect from, the delay of happy eyeballs, buffers.
    /// Without this, with `nodelay`. asyncio: `local_addr`, `happy_eyeballs_delay`,
    /// `socket_factory`.
    pub fn socket(mut self, socket: TcpSocket) -> Self {
        self.socket = socket;
        self
    }

    /// Connects to this Unix socket, whatever host a URL names. asyncio: aiohttp's `UnixConnector`.
    #[cfg(unix)]
    pub fn unix(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// How TLS is done: whom to trust, whose certificate to show. Without this, as browsers do.
    ///
    /// - HTTP/2 is spoken where this offers `h2` (ALPN), the feature `http2` is on, and the server
    ///   agrees. WebSockets need a connector that does not offer it.
    /// - asyncio: aiohttp's `ssl`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: TlsConnector) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The connector.
    pub fn build(self) -> Connector {
        let dial = Dial {
            socket: self.socket,
            dns: Dns::new(self.dns_cache),
            #[cfg(unix)]
            path: self.path,
            #[cfg(feature = "tls")]
            secure: super::secure::Secure::new(self.tls),
        };
        Connector::from_parts(self.limits, dial)
    }
}

impl fmt::Debug for ConnectorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectorBuilder")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
