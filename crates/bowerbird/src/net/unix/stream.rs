//! A connection of Unix sockets.

use std::fmt;
use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

use bowerbird_io::net::{PeerCred, finish_connect_unix, peer_cred, start_connect_unix};

use super::knocking;
use crate::net::halves::{self, Duplex, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use crate::net::pollable::{Async, Direction};
use crate::net::streaming::byte_stream;

/// A connection of Unix sockets.
///
/// As [`TcpStream`](crate::net::TcpStream): reads and writes through the traits of `futures-io`, by
/// reference too; `close` ends the writing direction; dropping it closes the connection.
///
/// ```
/// # #[cfg(unix)]
/// # bowerbird::run(async {
/// use bowerbird::net::UnixStream;
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// let (mut one, mut other) = UnixStream::pair()?;
/// one.write_all(b"hello").await?;
/// one.close().await?;
/// let mut bytes = Vec::new();
/// other.read_to_end(&mut bytes).await?;
/// assert_eq!(bytes, b"hello");
/// assert!(UnixStream::connect("/no/such/socket").await.is_err());
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct UnixStream(pub(in crate::net) Async<net::UnixStream>);

impl UnixStream {
    /// Connects to who listens at `path`.
    ///
    /// - `path`: on Linux a path that begins with a zero byte is an abstract name.
    /// - When too many others wait to be accepted, it waits, and tries again now and then: the
    ///   system does not say when there is room.
    /// - Cancel: the attempt is given up.
    /// - asyncio: `create_unix_connection`.
    ///
    /// # Errors
    /// `NotFound` without a file, `ConnectionRefused` when nobody listens, `InvalidInput` when the
    /// path is too long.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<Self> {
        let stream = knocking(|| start_connect_unix(path.as_ref())).await?;
        let stream = Async::stream(stream)?;
        poll_fn(|cx| stream.poll_io(Direction::Write, cx, finish_connect_unix)).await?;
        Ok(Self(stream))
    }

    /// Connects to an address of std: how `from_abstract_name` comes to use. Does not wait when too
    /// many others do.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); `WouldBlock` when too many wait to be accepted.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn connect_addr(addr: &SocketAddr) -> io::Result<Self> {
        Self::from_std(net::UnixStream::connect_addr(addr)?)
    }

    /// Two streams that are connected to each other. asyncio's users take `socket.socketpair`.
    ///
    /// # Errors
    /// When there are no descriptors left, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    ///
    /// ```
    /// # use bowerbird::net::UnixStream;
    /// # use futures_lite::{AsyncReadExt, AsyncWriteExt};
    /// # bowerbird::run(async {
    /// let (mut ours, mut theirs) = UnixStream::pair().unwrap();
    /// ours.write_all(b"x").await.unwrap();
    /// ours.close().await.unwrap();
    /// let mut all = Vec::new();
    /// theirs.read_to_end(&mut all).await.unwrap();
    /// assert_eq!(all, b"x");
    /// # });
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((Self::from_std(one)?, Self::from_std(other)?))
    }

    pub(super) fn within(stream: Async<net::UnixStream>) -> Self {
        Self(stream)
    }

    /// Takes over a connection that std, or another library, made.
    ///
    /// # Errors
    /// When it cannot be watched, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn from_std(stream: net::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self(Async::stream(stream)?))
    }

    /// Back to std, non-blocking still.
    ///
    /// # Errors
    /// When the system cannot take it out of the loop.
    pub fn into_std(self) -> io::Result<net::UnixStream> {
        self.0.into_inner()
    }

    /// A half to read from and one to write to, for as long as the connection is borrowed.
    pub fn split(&mut self) -> (ReadHalf<'_, Self>, WriteHalf<'_, Self>) {
        halves::split(self)
    }

    /// A half to read from and one to write to, each to be moved into a task of its own; see
    /// [`TcpStream::into_split`](crate::net::TcpStream::into_split).
    pub fn into_split(self) -> (OwnedReadHalf<Self>, OwnedWriteHalf<Self>) {
        halves::into_split(self)
    }

    /// Who is at the other end: the process that connected, or listened, at that time.
    ///
    /// # Errors
    /// `Unsupported` where the system does not tell (all but Linux, as far as we ask).
    pub fn peer_cred(&self) -> io::Result<PeerCred> {
        peer_cred(self.0.get_ref())
    }

    /// Waits until reading would not block: data, the end, or an error. Any number of tasks may
    /// wait, and the event is not used up.
    ///
    /// # Errors
    /// "event loop is closed".
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Waits until writing would not block; as [`readable`](Self::readable).
    ///
    /// # Errors
    /// "event loop is closed".
    pub async fn writable(&self) -> io::Result<()> {
        self.0.writable().await
    }

    /// Reads what is there: how many bytes, zero at the end or for an empty buffer.
    ///
    /// # Errors
    /// `WouldBlock` when there is nothing yet; otherwise those of reading.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0
            .try_io(Direction::Read, |mut stream| stream.read(buffer))
    }

    /// Writes as much as the system takes at once: how many bytes.
    ///
    /// # Errors
    /// `WouldBlock` when there is no room; otherwise those of writing.
    pub fn try_write(&self, buffer: &[u8]) -> io::Result<usize> {
        self.0
            .try_io(Direction::Write, |mut stream| stream.write(buffer))
    }

    /// Tries an operation of the caller's own on the socket, once.
    ///
    /// # Errors
    /// Those of `op`. `WouldBlock` is remembered: see [`Async::try_io`].
    pub fn try_io<R>(
        &self,
        direction: Direction,
        op: impl FnOnce(&net::UnixStream) -> io::Result<R>,
    ) -> io::Result<R> {
        self.0.try_io(direction, op)
    }

    /// The peer's address; most have none.
    ///
    /// # Errors
    /// The system's.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    /// Our own address; a client has none.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    /// Closes one direction, or both, while the socket stays open. Who waits for it is woken.
    ///
    /// # Errors
    /// The system's.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.get_ref().shutdown(how)
    }

    /// The error that is pending, if any, which is taken away by this.
    ///
    /// # Errors
    /// The system's, when it cannot tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.get_ref().take_error()
    }
}

impl Duplex for UnixStream {
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Self::shutdown(self, how)
    }
}

impl fmt::Debug for UnixStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnixStream").field(self.0.get_ref()).finish()
    }
}

byte_stream!(UnixStream);
