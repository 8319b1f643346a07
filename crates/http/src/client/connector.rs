//! Where connections come from: names, sockets, proxies and TLS, and the pool that keeps them.
//! Sessions own or share one.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::TimeoutError;

use super::connection::Connection;
use super::errors::{ClientError, TimeoutKind};
use super::key::Key;
use super::pool::{Lease, Pool, PoolLimits, Wanted};
use super::timeouts::ClientTimeout;

mod builder;

mod dial;

#[cfg(feature = "tls")]
mod secure;

mod tunnel;

pub use builder::ConnectorBuilder;
use dial::Dial;

/// Makes connections and keeps them: a pool, with options. Cheap to clone; clones are the same one.
///
/// - A session makes its own unless it is given one. Sessions that share a connector share its
///   connections, and neither cookies nor headers.
/// - asyncio: aiohttp's `TCPConnector`, `UnixConnector`.
///
/// ```
/// use std::time::Duration;
///
/// use bowerbird_http::client::{ClientSession, Connector};
///
/// let connector = Connector::builder()
///     .limit(20)
///     .limit_per_host(4)
///     .keep_alive(Duration::from_secs(5))
///     .build();
/// let session = ClientSession::builder().connector(connector.clone()).build().unwrap();
/// # drop(session);
/// assert_eq!(connector.open_connections(), 0);
/// ```
#[derive(Clone)]
pub struct Connector {
    /// What the clones share.
    shared: Arc<Shared>,
}

/// See [`Connector`].
struct Shared {
    /// Connections.
    pool: Arc<Pool>,
    /// How they are made.
    dial: Dial,
}

impl Connector {
    /// One with aiohttp's defaults: 100 connections, kept for 15 s.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// One with options.
    pub fn builder() -> ConnectorBuilder {
        ConnectorBuilder::new()
    }

    /// Connections that are open or being made.
    pub fn open_connections(&self) -> usize {
        self.shared.pool.counts().0
    }

    /// Connections that are open, and that nobody uses.
    pub fn idle_connections(&self) -> usize {
        self.shared.pool.counts().1
    }

    /// Closes what nobody uses; what is in use is closed after use. Whoever waits for a connection,
    /// and whoever wants one later, gets [`ClientError::SessionClosed`].
    pub fn close(&self) {
        self.shared.pool.close();
    }

    fn from_parts(limits: PoolLimits, dial: Dial) -> Self {
        let pool = Pool::new(limits);
        Self {
            shared: Arc::new(Shared { pool, dial }),
        }
    }

    /// A connection to `key`: one that was idle, or a new one when the limits allow it.
    ///
    /// - Cancel: leaves the line, or gives the attempt up.
    ///
    /// # Errors
    /// `Connector`, `ServerTimeout`, `SessionClosed`.
    pub(super) async fn connect(
        &self,
        key: &Key,
        wanted: Wanted,
        limits: &ClientTimeout,
    ) -> Result<Lease, ClientError> {
        let connecting = async {
            let mut lease = self.shared.pool.acquire(key, wanted).await?;
            if lease.connection().is_none() {
                // In a box: this is done seldom, and would make every request's future large.
                let made = Box::pin(self.dial(key, limits)).await?;
                lease.connected(made);
            }
            Ok(lease)
        };
        within(limits.connect, TimeoutKind::Connect, connecting).await
    }

    async fn dial(&self, key: &Key, limits: &ClientTimeout) -> Result<Connection, ClientError> {
        self.shared
            .dial
            .connect(key, limits, &self.shared.pool)
            .await
    }
}

/// Puts a limit on a part of a request.
pub(super) async fn within<T>(
    limit: Option<Duration>,
    kind: TimeoutKind,
    part: impl Future<Output = Result<T, ClientError>>,
) -> Result<T, ClientError> {
    let Some(limit) = limit else {
        return part.await;
    };
    match bowerbird::timeout(limit, part).await {
        Ok(done) => done,
        Err(TimeoutError { .. }) => Err(ClientError::timeout(kind, limit)),
    }
}

impl Default for Connector {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("open", &self.open_connections())
            .field("idle", &self.idle_connections())
            .finish_non_exhaustive()
    }
}
