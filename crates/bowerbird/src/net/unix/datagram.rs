//! Datagrams of Unix sockets.

use std::fmt;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use super::file::SocketFile;
use super::knocking;
use crate::net::pollable::{Async, Direction};

/// Sends and receives datagrams through Unix sockets. None is lost, and they keep their order: who
/// sends waits while the receiver is slow.
///
/// - All methods take `&self`, and any number of tasks may be in them at once.
/// - A datagram that does not fit into the buffer is cut off.
/// - Dropping it removes its file, if the path still leads to it.
/// - asyncio: `create_datagram_endpoint` with `AF_UNIX`.
///
/// ```
/// use bowerbird::net::UnixDatagram;
///
/// # fn main() -> std::io::Result<()> {
/// bowerbird::run(async {
///     let (ours, theirs) = UnixDatagram::pair()?;
///     ours.send(b"one").await?;
///     ours.send(b"two").await?;
///     let mut buffer = [0; 16];
///     assert_eq!(theirs.recv(&mut buffer).await?, 3);
///     assert_eq!(&buffer[..3], b"one");
///     Ok(())
/// })
/// # }
/// ```
pub struct UnixDatagram {
    /// The socket, closed before its file is removed.
    pub(in crate::net) socket: Async<net::UnixDatagram>,
    /// The file that is removed in the end.
    file: Option<SocketFile>,
}

impl UnixDatagram {
    /// A socket at `path`, where others can send to. A socket's file that nobody receives at any
    /// more is replaced; on Linux a path that begins with a zero byte is an abstract name.
    ///
    /// # Errors
    /// As [`UnixListener::bind`](super::UnixListener::bind).
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self> {
        let (socket, file) = SocketFile::bind(
            path.as_ref(),
            bowerbird_io::net::bind_unix_datagram,
            bowerbird_io::net::is_served_unix_datagram,
        )?;
        let socket = Async::new(socket)?;
        Ok(Self { socket, file })
    }

    /// A socket without an address: it can send, and be answered if it is connected to by a pair.
    ///
    /// # Errors
    /// When there are no descriptors left, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn unbound() -> io::Result<Self> {
        Self::from_std(net::UnixDatagram::unbound()?)
    }

    /// Two sockets that are connected to each other.
    ///
    /// # Errors
    /// When there are no descriptors left, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((Self::from_std(one)?, Self::from_std(other)?))
    }

    /// Takes over a socket that std, or another library, made. Its file stays where it is.
    ///
    /// # Errors
    /// When it cannot be watched, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn from_std(socket: net::UnixDatagram) -> io::Result<Self> {
        let socket = Async::new(socket)?;
        Ok(Self { socket, file: None })
    }

    /// Back to std, non-blocking still. Its file stays where it is.
    ///
    /// # Errors
    /// When the system cannot take it out of the loop.
    pub fn into_std(self) -> io::Result<net::UnixDatagram> {
        if let Some(file) = self.file {
            file.keep();
        }
        self.socket.into_inner()
    }

    /// Sets the peer: [`send`](Self::send) goes there, and only what comes from there is received.
    ///
    /// # Errors
    /// `NotFound` without a file, `ConnectionRefused` when nobody receives there.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        bowerbird_io::net::connect_unix_datagram(self.socket.get_ref(), path.as_ref())
    }

    /// Sends a datagram to the peer, and waits while it has too many unread.
    ///
    /// - Cancel: it is not sent.
    ///
    /// # Errors
    /// The system's: not connected, too long, nobody receives any more.
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.socket.write_with(|socket| socket.send(datagram)).await
    }

    /// Sends a datagram to who receives at `path`, and waits while it has too many unread.
    ///
    /// - Cancel: it is not sent.
    ///
    /// # Errors
    /// The system's: `NotFound`, `ConnectionRefused`, too long.
    pub async fn send_to(&self, datagram: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        let path = path.as_ref();
        let send = |socket: &net::UnixDatagram| {
            bowerbird_io::net::send_to_unix_datagram(socket, datagram, path)
        };
        knocking(|| send(self.socket.get_ref())).await
    }

    /// Receives a datagram from the peer, or from anybody without one: its length.
    ///
    /// - Cancel: no datagram is lost.
    ///
    /// # Errors
    /// The system's.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.read_with(|socket| socket.recv(buffer)).await
    }

    /// Receives a datagram: its length, and where it comes from, which is nowhere for a sender that
    /// did not bind.
    ///
    /// - Cancel: no datagram is lost.
    ///
    /// # Errors
    /// The system's.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket
            .read_with(|socket| socket.recv_from(buffer))
            .await
    }

    /// Sends a datagram to the peer if there is room at once.
    ///
    /// # Errors
    /// `WouldBlock` when there is none; otherwise as [`send`](Self::send).
    pub fn try_send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.socket
            .try_io(Direction::Write, |socket| socket.send(datagram))
    }

    /// Receives a datagram that is there already.
    ///
    /// # Errors
    /// `WouldBlock` when none is; otherwise as [`recv`](Self::recv).
    pub fn try_recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket
            .try_io(Direction::Read, |socket| socket.recv(buffer))
    }

    /// Receives a datagram that is there already, and says where it comes from.
    ///
    /// # Errors
    /// `WouldBlock` when none is; otherwise as [`recv_from`](Self::recv_from).
    pub fn try_recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.socket
            .try_io(Direction::Read, |socket| socket.recv_from(buffer))
    }

    /// Tries an operation of the caller's own on the socket, once.
    ///
    /// # Errors
    /// Those of `op`. `WouldBlock` is remembered: see [`Async::try_io`].
    pub fn try_io<R>(
        &self,
        direction: Direction,
        op: impl FnOnce(&net::UnixDatagram) -> io::Result<R>,
    ) -> io::Result<R> {
        self.socket.try_io(direction, op)
    }

    /// Waits until receiving would not block. Another task may have received by the time the caller
    /// does.
    ///
    /// # Errors
    /// "event loop is closed".
    pub async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await
    }

    /// Waits until sending to the peer would not block; as [`readable`](Self::readable).
    ///
    /// # Errors
    /// "event loop is closed".
    pub async fn writable(&self) -> io::Result<()> {
        self.socket.writable().await
    }

    /// Our own address; none unless bound.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().local_addr()
    }

    /// The peer's address.
    ///
    /// # Errors
    /// `NotConnected` without a peer.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.socket.get_ref().peer_addr()
    }

    /// Closes one direction, or both, while the socket stays open. Who waits for it is woken.
    ///
    /// # Errors
    /// The system's.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.socket.get_ref().shutdown(how)
    }

    /// The error that is pending, if any, which is taken away by this.
    ///
    /// # Errors
    /// The system's, when it cannot tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.get_ref().take_error()
    }
}

impl fmt::Debug for UnixDatagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnixDatagram")
            .field(self.socket.get_ref())
            .finish()
    }
}
