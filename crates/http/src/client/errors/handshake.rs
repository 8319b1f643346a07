//! WebSockets that were not agreed on.

use std::error::Error;
use std::fmt;

use http::{HeaderMap, StatusCode};

/// A server's answer to a client who wanted a WebSocket, and what is wrong with it. asyncio:
/// aiohttp's `WSServerHandshakeError`.
#[derive(Debug)]
pub struct WsHandshakeError {
    /// What is wrong.
    pub(in crate::client) why: &'static str,
    /// The answer's.
    pub(in crate::client) status: StatusCode,
    /// The answer's.
    pub(in crate::client) headers: HeaderMap,
}

impl WsHandshakeError {
    /// The answer's status; 101 for one that agreed to something else.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer's headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }
}

impl fmt::Display for WsHandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no WebSocket: {}, by its answer of {}",
            self.why, self.status
        )
    }
}

impl Error for WsHandshakeError {}
