//! What the bytes of a connection go over: a TCP or Unix socket, TLS over either, TLS over a tunnel
//! in TLS. Counts what arrives. Made by the connector, read and written by hyper.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

#[cfg(unix)]
use bowerbird::net::UnixStream;
use bowerbird::net::{Direction, TcpStream};
#[cfg(feature = "tls")]
use bowerbird::tls::TlsStream;
use futures_io::{AsyncRead, AsyncWrite};

/// A connection's bytes.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(TlsStream<Socket>),
}

impl Socket {
    /// Whether each write is a record of its own, so that head and body should be one.
    pub(super) fn is_tls(&self) -> bool {
        match self {
            #[cfg(feature = "tls")]
            Self::Tls(_) => true,
            _ => false,
        }
    }
}

/// What is to be read from a socket at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Nothing,
    Bytes,
    /// The end, or an error.
    End,
}

impl Socket {
    /// Whether nothing speaks against another request: no end has come, and nothing that nobody
    /// asked for. Asks the system, which may know more than the loop does: events are looked at
    /// between tasks.
    pub(super) fn is_quiet(&self) -> bool {
        match self {
            // Below TLS there may be records that are no answer: tickets for the next session.
            #[cfg(feature = "tls")]
            Self::Tls(stream) => stream.get_ref().pending() != Pending::End,
            plain => plain.pending() == Pending::Nothing,
        }
    }

    fn pending(&self) -> Pending {
        let mut byte = [0];
        let seen = match self {
            Self::Tcp(stream) => stream.try_io(Direction::Read, |stream| stream.peek(&mut byte)),
            // Without a way to look, it is read: a byte that nobody asked for is the end anyway.
            #[cfg(unix)]
            Self::Unix(stream) => stream.try_read(&mut byte),
            #[cfg(feature = "tls")]
            Self::Tls(stream) => return stream.get_ref().pending(),
        };
        match seen {
            Ok(1..) => Pending::Bytes,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Pending::Nothing,
            Ok(0) | Err(_) => Pending::End,
        }
    }
}

/// Does the same with any kind of socket.
macro_rules! each {
    ($socket:expr, $stream:ident => $do:expr) => {
        match $socket {
            Socket::Tcp($stream) => $do,
            #[cfg(unix)]
            Socket::Unix($stream) => $do,
            #[cfg(feature = "tls")]
            Socket::Tls($stream) => $do,
        }
    };
}

impl AsyncRead for &Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        each!(*self, stream => Pin::new(&mut &*stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for &Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        each!(*self, stream => Pin::new(&mut &*stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(*self, stream => Pin::new(&mut &*stream).poll_write_vectored(cx, pieces))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(*self, stream => Pin::new(&mut &*stream).poll_flush(cx))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(*self, stream => Pin::new(&mut &*stream).poll_close(cx))
    }
}

/// What a connection has seen.
///
/// All is Relaxed: one task at a time polls a connection of HTTP/1.1 and what it sends, and what
/// moves it between threads orders its memory.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Bytes that came.
    arrived: AtomicU64,
    /// Whether the request has been taken to its end.
    is_sent: AtomicBool,
}

impl Activity {
    /// Bytes that came, ever.
    pub(super) fn arrived(&self) -> u64 {
        self.arrived.load(Ordering::Relaxed)
    }

    /// Whether it is the server's turn.
    pub(super) fn is_sent(&self) -> bool {
        self.is_sent.load(Ordering::Relaxed)
    }

    pub(super) fn note_sent(&self, is_sent: bool) {
        self.is_sent.store(is_sent, Ordering::Relaxed);
    }

    fn note_arrived(&self, length: usize) {
        self.arrived.fetch_add(length as u64, Ordering::Relaxed);
    }
}

/// A socket whose arrivals are counted.
#[derive(Debug)]
pub(super) struct Wire {
    /// The bytes; the connection has a handle too, to look at it.
    socket: Arc<Socket>,
    /// The count.
    activity: Arc<Activity>,
}

impl Wire {
    pub(super) fn new(socket: Arc<Socket>, activity: Arc<Activity>) -> Self {
        Self { socket, activity }
    }

    pub(super) fn into_socket(self) -> Arc<Socket> {
        self.socket
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = Pin::new(&mut &*self.socket).poll_read(cx, buffer);
        if let Poll::Ready(Ok(length)) = &read {
            self.activity.note_arrived(*length);
        }
        read
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.socket).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.socket).poll_write_vectored(cx, pieces)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.socket).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.socket).poll_close(cx)
    }
}
