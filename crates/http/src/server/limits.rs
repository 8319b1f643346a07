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
    /// At a time, for each peer. `None` is a quarter of all.
    pub(super) peer_connections: Option<usize>,
    /// Without a byte, in the middle of a body.
    pub(super) body_read: Duration,
    /// Without a byte taken, while there is something to write.
    pub(super) write: Duration,
    /// HTTP/2: at a time, in a connection.
    pub(super) streams: u32,
    /// Requests that are given up, beyond those that are answered.
    pub(super) resets: u64,
    /// Whether a handler is cancelled when its client has gone.
    pub(super) is_cancelling: bool,
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
            peer_connections: None,
            body_read: Duration::from_secs(60),
            write: Duration::from_secs(60),
            streams: 200,
            resets: 200,
            is_cancelling: false,
            shutdown: Duration::from_secs(60),
        }
    }
}

impl Limits {
    /// Connections of one peer at a time.
    pub(super) fn for_peer(&self) -> usize {
        let quarter = (self.connections / 4).max(1);
        self.peer_connections.unwrap_or(quarter)
    }

    /// Handlers of one connection at a time, before no more of it is read: those of streams that
    /// were reset go on for a moment, while the client may begin new ones.
    pub(super) fn handlers(&self) -> usize {
        let streams = usize::try_from(self.streams).unwrap_or(usize::MAX);
        streams.saturating_mul(2).max(2)
    }
}
