//! What a server allows: plain numbers, set before it serves and read by all of its parts.

use std::time::Duration;

/// hyper takes no less.
pub(super) const HEADER_BYTES_MIN: usize = 8 * 1024;

/// See the methods of [`Server`](super::Server) of these names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For the head of a request.
    pub(super) header_read: Duration,
    /// For the time between requests.
    pub(super) keep_alive: Duration,
    /// At a time.
    pub(super) connections: usize,
    /// In a request. `None` is hyper's 100, for which it needs no memory of its own.
    pub(super) headers: Option<usize>,
    /// Of a request's head.
    pub(super) header_bytes: usize,
    /// For requests under way, once it stops.
    pub(super) shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_read: Duration::from_secs(30),
            keep_alive: Duration::from_secs(75),
            connections: 10_000,
            headers: None,
            header_bytes: 32 * 1024,
            shutdown: Duration::from_secs(60),
        }
    }
}
