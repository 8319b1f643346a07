//! What carries the bytes of a connection: the door between streams and sockets, TLS, or a test.
//!
//! Both directions are used at the same time, from different threads, and one task at a time polls
//! each. A link buffers nothing that [`poll_flush`](Link::poll_flush) does not get rid of.

use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_io::{AsyncRead, AsyncWrite};

use crate::net::TcpStream;
#[cfg(unix)]
use crate::net::UnixStream;

/// See the module.
pub(crate) trait Link: Send + Sync {
    /// Reads what is there: zero bytes at the end.
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Takes some of `bytes`, at least one.
    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;

    /// Sends on what was taken.
    fn poll_flush(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Takes leave of the peer, where that takes words. Called when all is flushed; no read counts
    /// any more.
    fn poll_farewell(&self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// How long the farewell may take.
    fn farewell_limit(&self) -> Option<Duration> {
        None
    }

    /// Closes a direction, or both, at once. A second time changes nothing.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;

    /// Whether one direction can be closed alone.
    fn can_write_eof(&self) -> bool;

    /// The peer's address, where it has one.
    fn peer_addr(&self) -> Option<SocketAddr>;

    /// Our own.
    fn local_addr(&self) -> Option<SocketAddr>;

    /// What TLS has agreed on, if that is spoken.
    #[cfg(feature = "tls")]
    fn tls_info(&self) -> Option<crate::tls::TlsInfo> {
        None
    }
}

/// A plain socket.
pub(super) struct Socket<S> {
    /// The socket.
    stream: S,
    /// The peer, asked early: the system forgets it when the connection breaks.
    peer: Option<SocketAddr>,
    /// Our end.
    local: Option<SocketAddr>,
}

impl Socket<TcpStream> {
    /// A link over TCP. Small writes are sent at once, as asyncio has it.
    pub(super) fn tcp(stream: TcpStream) -> Self {
        // Fails only on a connection that has broken, which its first use tells.
        let _set = stream.set_nodelay(true);
        let (peer, local) = (stream.peer_addr().ok(), stream.local_addr().ok());
        Self {
            stream,
            peer,
            local,
        }
    }
}

#[cfg(unix)]
impl Socket<UnixStream> {
    /// A link over a Unix socket.
    pub(super) fn unix(stream: UnixStream) -> Self {
        Self {
            stream,
            peer: None,
            local: None,
        }
    }
}

/// What every kind of socket can do.
pub(super) trait Close {
    /// `shutdown(2)`.
    fn close(&self, how: Shutdown) -> io::Result<()>;
}

impl Close for TcpStream {
    fn close(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

#[cfg(unix)]
impl Close for UnixStream {
    fn close(&self, how: Shutdown) -> io::Result<()> {
        self.shutdown(how)
    }
}

impl<S> Link for Socket<S>
where
    S: Close + Send + Sync,
    for<'a> &'a S: AsyncRead + AsyncWrite,
{
    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.stream).poll_read(cx, buffer)
    }

    fn poll_write(&self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut &self.stream).poll_write(cx, bytes)
    }

    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        match self.stream.close(how) {
            // The peer was quicker.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            closed => closed,
        }
    }

    fn can_write_eof(&self) -> bool {
        true
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }

    fn local_addr(&self) -> Option<SocketAddr> {
        self.local
    }
}
