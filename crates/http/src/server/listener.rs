//! What a server accepts from, and what it accepts: TCP or Unix sockets, with TLS or without, the
//! same to all but this file.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use bowerbird::net::{TcpListener, TcpStream};
#[cfg(unix)]
use bowerbird::net::{UnixListener, UnixStream};
#[cfg(feature = "tls")]
use bowerbird::tls::{TlsAcceptor, TlsInfo, TlsStream};
use futures_io::{AsyncRead, AsyncWrite};

/// Where a server listens; made of a [`TcpListener`] or a [`UnixListener`].
#[derive(Debug)]
pub struct Listener {
    /// Of which sort.
    kind: Kind,
    /// Shakes hands with whoever comes; without it, bytes go as they are.
    #[cfg(feature = "tls")]
    acceptor: Option<TlsAcceptor>,
}

/// Who has come, and was not talked to yet.
#[derive(Debug)]
pub(super) struct Arrival {
    /// The connection.
    pub(super) socket: Socket,
    /// Its other end, over TCP.
    pub(super) peer: Option<SocketAddr>,
    /// The listener's.
    #[cfg(feature = "tls")]
    pub(super) acceptor: Option<TlsAcceptor>,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// A connection's socket.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(Box<TlsStream<Socket>>),
}

impl Listener {
    /// Has everybody shake hands first. Feature `tls`.
    ///
    /// - `acceptor`: offer [`ALPN`](crate::ALPN) with it, or its clients do not learn that HTTP/2
    ///   is spoken.
    /// - See [`Server::tls`](crate::Server::tls) for the limits.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, acceptor: TlsAcceptor) -> Self {
        self.acceptor = Some(acceptor);
        self
    }

    pub(super) async fn accept(&self) -> io::Result<Arrival> {
        let (socket, peer) = self.kind.accept().await?;
        Ok(Arrival {
            socket,
            peer,
            #[cfg(feature = "tls")]
            acceptor: self.acceptor.clone(),
        })
    }

    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match &self.kind {
            Kind::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Kind::Unix(_) => None,
        }
    }
}

impl Kind {
    async fn accept(&self) -> io::Result<(Socket, Option<SocketAddr>)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Fails only on a connection that has broken, which its first use tells.
                let _set = stream.set_nodelay(true);
                Ok((Socket::Tcp(stream), Some(peer)))
            }
            #[cfg(unix)]
            Self::Unix(listener) => Ok((Socket::Unix(listener.accept().await?), None)),
        }
    }
}

impl From<Kind> for Listener {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            #[cfg(feature = "tls")]
            acceptor: None,
        }
    }
}

impl Socket {
    /// Whether each write should be as long as can be: with TLS it is a record.
    pub(super) fn is_flattened(&self) -> bool {
        #[cfg(feature = "tls")]
        return matches!(self, Self::Tls(_));
        #[cfg(not(feature = "tls"))]
        false
    }

    /// What the two ends have agreed on.
    #[cfg(feature = "tls")]
    pub(super) fn tls_info(&self) -> Option<TlsInfo> {
        match self {
            Self::Tls(stream) => Some(stream.info()),
            _plain => None,
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Kind::Tcp(listener).into()
    }
}

#[cfg(unix)]
impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Kind::Unix(listener).into()
    }
}

/// Does the same with each kind of socket.
macro_rules! each {
    ($socket:expr, $stream:ident => $do:expr) => {
        match $socket {
            Socket::Tcp($stream) => {
                let mut $stream = $stream;
                $do
            }
            #[cfg(unix)]
            Socket::Unix($stream) => {
                let mut $stream = $stream;
                $do
            }
            #[cfg(feature = "tls")]
            Socket::Tls($stream) => {
                let mut $stream = &**$stream;
                $do
            }
        }
    };
}

impl AsyncRead for &Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        each!(*self.get_mut(), stream => Pin::new(&mut stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for &Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        each!(*self.get_mut(), stream => Pin::new(&mut stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(*self.get_mut(), stream => Pin::new(&mut stream).poll_write_vectored(cx, pieces))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(*self.get_mut(), stream => Pin::new(&mut stream).poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(*self.get_mut(), stream => Pin::new(&mut stream).poll_close(cx))
    }
}
