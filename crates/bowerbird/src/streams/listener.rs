//! Where a server's connections come from: listening sockets of every kind. Used by the accept
//! loops; knows nothing of servers.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use super::link::{Link, Socket};
use crate::net::TcpListener;
#[cfg(unix)]
use crate::net::UnixListener;

/// A listening socket.
pub(super) enum Listener {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(UnixListener),
}

impl Listener {
    /// Waits for a connection.
    ///
    /// # Errors
    /// Those of `accept`.
    pub(super) async fn accept(&self) -> io::Result<Arc<dyn Link>> {
        Ok(match self {
            Self::Tcp(listener) => Arc::new(Socket::tcp(listener.accept().await?.0)),
            #[cfg(unix)]
            Self::Unix(listener) => Arc::new(Socket::unix(listener.accept().await?)),
        })
    }

    /// Where it listens; `None` for a Unix socket.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }
}
