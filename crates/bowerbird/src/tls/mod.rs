//! TLS, client and server, by `rustls` with ring. Feature `tls`. asyncio: `sslproto.py`, and the
//! `ssl` arguments of streams.
//!
//! - Over streams: [`OpenConnection::tls`](crate::streams::OpenConnection::tls),
//!   [`StartServer::tls`](crate::streams::StartServer::tls),
//!   [`StreamWriter::start_tls`](crate::StreamWriter::start_tls).
//! - Over anything that reads and writes: [`TlsConnector::connect`], [`TlsAcceptor::accept`].
//!
//! ```text
//! connector, acceptor ──handshake──► TlsLink ◄── TlsStream, StreamReader, StreamWriter
//!                                    │     │
//!                       Session (no I/O)   Link: what carries the ciphertext
//! ```
//!
//! What rustls can do and this does not name is one `From` away: connectors and acceptors are made
//! from its own configurations, too.

mod session;

mod link;

mod connector;

mod acceptor;

mod pem;

mod platform;

mod stream;

pub use acceptor::{TlsAcceptor, TlsAcceptorBuilder};
pub use connector::{TlsConnector, TlsConnectorBuilder};
pub(crate) use link::TlsLink;
pub use session::TlsInfo;
pub use stream::{Carrier, TlsStream};

/// The crate that speaks the protocol, in the version used here.
pub use rustls;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::CryptoProvider;

/// How long the two steps of a connection may take that wait for the peer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From the first byte to the agreement. asyncio: `ssl_handshake_timeout`.
    pub(crate) handshake: Duration,
    /// From our farewell to the peer's. asyncio: `ssl_shutdown_timeout`.
    pub(crate) shutdown: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(60),
            shutdown: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// # Errors
    /// `InvalidInput` for a limit of zero, within which nobody could answer.
    fn check(self) -> io::Result<()> {
        if self.handshake.is_zero() || self.shutdown.is_zero() {
            return Err(invalid("the limits of TLS must be longer than zero"));
        }
        Ok(())
    }
}

/// The cryptography: named for each configuration, so that the process keeps its own choice.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, error)
}
