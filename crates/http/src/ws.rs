//! WebSockets, both ends of them. Feature `ws`. asyncio: aiohttp's `web_ws.py`, `client_ws.py` and
//! `http_websocket.py`.
//!
//! - A server answers a request with [`WebSocketUpgrade`], and its handler gets a [`WebSocket`].
//! - Whoever has shaken hands otherwise makes a [`WebSocket`] over any stream.
//!
//! ```text
//! WebSocketUpgrade ──handshake──► WebSocket ──one at a time──► Core: tungstenite, the heartbeat
//!                                                                │
//!                                                              Pipe: a stream that never waits
//! ```
//!
//! The framing is tungstenite's, which does no I/O of its own; the reading, writing and waiting are
//! here, and so is compression (permessage-deflate), off unless [`Deflate`] is asked for.
//!
//! ```
//! use bowerbird_http::ws::{WebSocket, WebSocketUpgrade};
//! use bowerbird_http::{Incoming, http};
//!
//! /// Says back whatever it is told.
//! async fn echo(
//!     mut request: http::Request<Incoming>,
//! ) -> Result<http::Response<String>, std::convert::Infallible> {
//!     let upgrade = match WebSocketUpgrade::from_request(&mut request) {
//!         Ok(upgrade) => upgrade,
//!         Err(error) => return Ok(error.to_response()),
//!     };
//!     Ok(upgrade.accept(async |socket: WebSocket<_>| {
//!         while let Some(message) = socket.receive().await? {
//!             socket.send(message).await?;
//!         }
//!         Ok(())
//!     }))
//! }
//! # let _handler = bowerbird_http::service_fn(echo);
//! ```

mod socket;

mod core;

mod pipe;

mod message;

mod errors;

mod deflate;

mod options;

mod upgrade;

mod shake;

pub use deflate::Deflate;
#[cfg(feature = "client")]
pub(crate) use deflate::Packing;
pub use errors::{HandshakeError, WebSocketError};
pub use message::{CloseReason, Message, Text};
pub use options::{Role, WebSocketOptions};
pub use shake::accept_key;
#[cfg(feature = "client")]
pub(crate) use shake::{names, words};
#[cfg(feature = "client")]
pub(crate) use socket::Agreed;
pub use socket::WebSocket;
pub use upgrade::{Upgraded, WebSocketUpgrade};
