//! How long the parts of a request may take. Read by sessions, requests and bodies.

use std::time::{Duration, Instant};

use super::errors::ClientError;

/// Limits of time for a request. asyncio: aiohttp's `ClientTimeout`, with its defaults.
///
/// - Each limit can be `None`: none. Zero is an error of the request
///   ([`ClientError::InvalidRequest`]): nothing can be done in no time.
/// - A request's own replaces its session's as a whole.
///
/// ```
/// use std::time::Duration;
///
/// use bowerbird_http::client::{ClientSession, ClientTimeout};
///
/// # bowerbird::run(async {
/// let patient = ClientTimeout::new().total(None).sock_read(Duration::from_secs(60));
/// let session = ClientSession::builder().timeout(patient).build().unwrap();
///
/// let hasty = ClientTimeout::new().total(Duration::ZERO);
/// let error = session.get("http://localhost/").timeout(hasty).await.unwrap_err();
/// assert!(error.to_string().contains("longer than zero"));
/// # });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTimeout {
    pub(super) total: Option<Duration>,
    pub(super) connect: Option<Duration>,
    pub(super) sock_connect: Option<Duration>,
    pub(super) sock_read: Option<Duration>,
}

impl ClientTimeout {
    /// 300 s in all, 30 s for a socket to connect.
    pub const fn new() -> Self {
        Self {
            total: Some(Duration::from_secs(300)),
            connect: None,
            sock_connect: Some(Duration::from_secs(30)),
            sock_read: None,
        }
    }

    /// No limits at all.
    pub const fn none() -> Self {
        Self {
            total: None,
            connect: None,
            sock_connect: None,
            sock_read: None,
        }
    }

    /// The whole: connecting, redirects, sending, and reading the answer's body to its end. 300 s.
    #[must_use]
    pub fn total(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.total = limit.into();
        self
    }

    /// Waiting for a connection of the pool, or for the pool to allow one more and for that to be
    /// made, TLS and proxies included. `None`.
    #[must_use]
    pub fn connect(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.connect = limit.into();
        self
    }

    /// A socket's connection, over all of a name's addresses. 30 s.
    #[must_use]
    pub fn sock_connect(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.sock_connect = limit.into();
        self
    }

    /// The server's silence, once the request was sent: between any two pieces of its answer.
    /// `None`.
    #[must_use]
    pub fn sock_read(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.sock_read = limit.into();
        self
    }

    /// # Errors
    /// `InvalidRequest` for a limit of zero.
    pub(super) fn check(&self) -> Result<(), ClientError> {
        let all = [self.total, self.connect, self.sock_connect, self.sock_read];
        if all.contains(&Some(Duration::ZERO)) {
            return Err(ClientError::invalid(
                "a limit of time must be longer than zero; for none, say `None`",
            ));
        }
        Ok(())
    }
}

impl Default for ClientTimeout {
    fn default() -> Self {
        Self::new()
    }
}

/// The limits of a request under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How long the parts may take.
    pub(super) parts: ClientTimeout,
    /// When the whole has to be over.
    pub(super) deadline: Option<Instant>,
}

impl Limits {
    /// Counted from `now`.
    pub(super) fn from(now: Instant, parts: ClientTimeout) -> Self {
        Self {
            parts,
            // A limit past what a clock can show is none.
            deadline: parts.total.and_then(|total| now.checked_add(total)),
        }
    }
}
