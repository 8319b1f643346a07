//! How a WebSocket behaves: plain values, set before it is made.

use std::time::Duration;

use tungstenite::protocol::{self, WebSocketConfig};

use super::deflate::Deflate;

/// Read ahead of messages, and kept for each WebSocket.
const READ_AHEAD: usize = 16 * 1024;

/// Which end of the connection this is. Clients mask what they send, servers refuse what is not
/// masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Who asked for the WebSocket.
    Client,
    /// Who granted it.
    Server,
}

/// Limits and the heartbeat. asyncio: arguments of aiohttp's `WebSocketResponse` and `ws_connect`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSocketOptions {
    /// Of a message that comes, in bytes.
    pub(super) max_message_bytes: usize,
    /// How long the peer may be silent.
    pub(super) heartbeat: Option<Duration>,
    /// For the peer's farewell.
    pub(super) close_timeout: Duration,
    /// What to offer, and to agree to.
    pub(crate) deflate: Option<Deflate>,
}

impl Default for WebSocketOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 4 * 1024 * 1024,
            heartbeat: None,
            close_timeout: Duration::from_secs(10),
            deflate: None,
        }
    }
}

impl WebSocketOptions {
    /// Messages of 4 MiB, no heartbeat, 10 s for closing, nothing compressed.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of a message, unpacked, and all its fragments together. A larger one ends the
    /// connection with code 1009. asyncio: `max_msg_size`.
    #[must_use]
    pub fn max_message_bytes(mut self, limit: usize) -> Self {
        self.max_message_bytes = limit;
        self
    }

    /// Asks a peer that was silent for so long whether it still lives (ping), and gives it up when
    /// it says nothing for half as long. Off without it; zero is taken for a millisecond.
    ///
    /// - It beats while somebody receives: only then is anything heard.
    /// - A peer that was heard in the meantime is asked after a whole interval of silence, so after
    ///   less than two of them.
    /// - asyncio: `heartbeat`.
    #[must_use]
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = Some(interval.max(Duration::from_millis(1)));
        self
    }

    /// How long closing waits for the peer's farewell. asyncio: `timeout`.
    #[must_use]
    pub fn close_timeout(mut self, limit: Duration) -> Self {
        self.close_timeout = limit;
        self
    }

    /// Packs messages on their way (permessage-deflate, RFC 7692), if the other end knows how to: a
    /// client offers it, a server agrees to it. Off without it.
    ///
    /// - Whether it came to that: [`WebSocket::is_compressed`](super::WebSocket::is_compressed).
    /// - What comes is measured unpacked: few bytes that become many end the connection like one
    ///   message that is too large.
    /// - asyncio: `compress`, which is on for aiohttp's servers and off for its clients.
    #[must_use]
    pub fn compress(mut self, deflate: Deflate) -> Self {
        self.deflate = Some(deflate);
        self
    }

    /// In tungstenite's words.
    pub(super) fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .read_buffer_size(READ_AHEAD)
            .max_message_size(Some(self.max_message_bytes))
            .max_frame_size(Some(self.max_message_bytes))
    }
}

impl From<Role> for protocol::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Client => Self::Client,
            Role::Server => Self::Server,
        }
    }
}
