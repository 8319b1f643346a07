//! A connection.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{self, Shutdown, SocketAddr};
use std::time::Duration;

use socket2::SockRef;

use super::{Keepalive, TcpSocket};
use crate::net::addrs::ToAddrs;
use crate::net::halves::{self, Duplex, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use crate::net::pollable::{Async, Direction};
use crate::net::streaming::byte_stream;

/// A TCP connection.
///
/// - Reads and writes go through the traits of `futures-io`, on `TcpStream` and on `&TcpStream`:
///   one task may read while another one writes, with no lock in between. See
///   [`split`](Self::split) and [`into_split`](Self::into_split). Each is tried at once and waits
///   only if it would block.
/// - `close` ends the writing direction: the peer reads to the end, and may still answer. Dropping
///   the stream closes the connection; what was written is delivered all the same, unless bytes
///   that came in were never read, for then the system resets the connection.
/// - A connection that breaks is an error of the next call: `ConnectionReset`, `BrokenPipe`.
/// - asyncio: what `sock_recv` and `sock_sendall` work on. For lines, limits and back-pressure see
///   streams.
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::net::{TcpListener, TcpStream};
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, peer) = listener.accept().await?;
/// assert_eq!(peer, client.local_addr()?);
/// client.set_nodelay(true)?;
/// client.write_all(b"hello").await?;
/// client.close().await?;
/// let mut bytes = Vec::new();
/// server.read_to_end(&mut bytes).await?;
/// assert_eq!(bytes, b"hello");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct TcpStream(pub(in crate::net) Async<net::TcpStream>);

impl TcpStream {
    /// Connects to the address of `addr` that answers first.
    ///
    /// - Names are looked up on a thread for blocking calls, literal addresses are not.
    /// - Several addresses are tried in turn, "happy eyeballs" (RFC 8305): IPv6 and IPv4 take turns
    ///   where a name was looked up, a list keeps its order; the next one is begun when the last
    ///   one failed, or 250 ms after it began. All but the winner are closed. Other delays, and
    ///   options that are set before connecting: [`TcpSocket`].
    /// - Has no limit of its own but the system's, which is minutes: see
    ///   [`wait_for`](crate::wait_for).
    /// - Cancel: attempts are given up and their sockets closed.
    /// - asyncio: `create_connection`, `sock_connect`; there, addresses are not staggered unless
    ///   asked for.
    ///
    /// # Errors
    /// The lookup's. When no address answers: the error if there was one address; otherwise one of
    /// the kind that all had, or `Other`, with a [`ConnectError`](crate::net::ConnectError) inside
    /// that has them all.
    ///
    /// # Panics
    /// Outside a running loop.
    ///
    /// ```
    /// # use bowerbird::net::TcpStream;
    /// # bowerbird::run(async {
    /// let refused = TcpStream::connect("127.0.0.1:1").await.unwrap_err();
    /// assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    /// # });
    /// ```
    pub async fn connect(addr: impl ToAddrs) -> io::Result<Self> {
        TcpSocket::new().connect(addr).await
    }

    pub(in crate::net) fn within(stream: Async<net::TcpStream>) -> Self {
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
    pub fn from_std(stream: net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self(Async::stream(stream)?))
    }

    /// Back to std, non-blocking still.
    ///
    /// # Errors
    /// When the system cannot take it out of the loop.
    pub fn into_std(self) -> io::Result<net::TcpStream> {
        self.0.into_inner()
    }

    /// A half to read from and one to write to, for as long as the connection is borrowed.
    ///
    /// ```
    /// # use bowerbird::net::{TcpListener, TcpStream};
    /// use futures_lite::{AsyncReadExt, AsyncWriteExt, future};
    /// # bowerbird::run(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    /// # let address = listener.local_addr().unwrap();
    /// # let mut stream = TcpStream::connect(address).await.unwrap();
    /// # let (mut peer, _) = listener.accept().await.unwrap();
    /// # peer.write_all(b"!").await.unwrap();
    /// let (mut reader, mut writer) = stream.split();
    /// let mut answer = [0; 1];
    /// let (read, written) = future::zip(
    ///     reader.read_exact(&mut answer),
    ///     writer.write_all(b"question"),
    /// )
    /// .await;
    /// # read.unwrap();
    /// # written.unwrap();
    /// # });
    /// ```
    pub fn split(&mut self) -> (ReadHalf<'_, Self>, WriteHalf<'_, Self>) {
        halves::split(self)
    }

    /// A half to read from and one to write to, each to be moved into a task of its own. No lock
    /// stands between them.
    ///
    /// Dropping the writing half ends that direction; the connection closes with the second half.
    /// [`OwnedReadHalf::reunite`] puts them together again.
    pub fn into_split(self) -> (OwnedReadHalf<Self>, OwnedWriteHalf<Self>) {
        halves::into_split(self)
    }

    /// Receives into `buffer` what the next read will give again: how many bytes, zero at the end
    /// or for an empty buffer. Waits for the first byte.
    ///
    /// # Errors
    /// Those of reading.
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_with(|stream| stream.peek(buffer)).await
    }

    /// Waits until reading would not block: data, the end, or an error. Any number of tasks may
    /// wait, and the event is not used up: another may have read by the time the caller does.
    ///
    /// - Cancel: leaves nothing behind.
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
        op: impl FnOnce(&net::TcpStream) -> io::Result<R>,
    ) -> io::Result<R> {
        self.0.try_io(direction, op)
    }

    /// The peer's address.
    ///
    /// # Errors
    /// The system's, for instance when the peer has gone.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    /// Our own address.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    /// Closes one direction, or both, while the socket stays open. Who waits for it is woken.
    ///
    /// # Errors
    /// The system's, `NotConnected` for instance.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.get_ref().shutdown(how)
    }

    /// Closes the connection at once and drops what was not sent; the peer sees `ConnectionReset`.
    /// asyncio: `transport.abort`.
    ///
    /// # Errors
    /// The system's; the socket is closed all the same.
    pub fn abort(self) -> io::Result<()> {
        self.set_linger(Some(Duration::ZERO))
    }

    /// Whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// The system's.
    pub fn nodelay(&self) -> io::Result<bool> {
        self.0.get_ref().nodelay()
    }

    /// Sets whether small writes are sent at once (`TCP_NODELAY`). asyncio does so always.
    ///
    /// # Errors
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.get_ref().set_nodelay(nodelay)
    }

    /// How far its packets may travel, in hops.
    ///
    /// # Errors
    /// The system's.
    pub fn ttl(&self) -> io::Result<u32> {
        self.0.get_ref().ttl()
    }

    /// Sets how far its packets may travel, in hops, at least 1.
    ///
    /// # Errors
    /// The system's.
    pub fn set_ttl(&self, hops: u32) -> io::Result<()> {
        self.0.get_ref().set_ttl(hops)
    }

    /// How long closing may go on sending; `None`, the usual, as long as it takes.
    ///
    /// # Errors
    /// The system's.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        SockRef::from(self.0.get_ref()).linger()
    }

    /// Sets how long closing may go on sending, in whole seconds, rounded up.
    ///
    /// - Zero: closing drops what was not sent and resets the connection, as
    ///   [`abort`](Self::abort).
    /// - Anything longer makes *dropping* the stream block its thread for that long at most: use
    ///   `close` and wait for the peer's end instead.
    ///
    /// # Errors
    /// The system's.
    pub fn set_linger(&self, linger: Option<Duration>) -> io::Result<()> {
        let linger = linger.map(crate::net::options::whole_seconds);
        SockRef::from(self.0.get_ref()).set_linger(linger)
    }

    /// Asks an idle peer now and then whether it still lives; `None` does not.
    ///
    /// # Errors
    /// The system's.
    pub fn set_keepalive(&self, keepalive: impl Into<Option<Keepalive>>) -> io::Result<()> {
        let socket = SockRef::from(self.0.get_ref());
        match keepalive.into() {
            Some(keepalive) => keepalive.apply(&socket),
            None => socket.set_keepalive(false),
        }
    }

    /// Whether an idle peer is asked now and then.
    ///
    /// # Errors
    /// The system's.
    pub fn keepalive(&self) -> io::Result<bool> {
        SockRef::from(self.0.get_ref()).keepalive()
    }

    /// The error that is pending, if any, which is taken away by this.
    ///
    /// # Errors
    /// The system's, when it cannot tell.
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.get_ref().take_error()
    }
}

impl Duplex for TcpStream {
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        Self::shutdown(self, how)
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpStream").field(self.0.get_ref()).finish()
    }
}

byte_stream!(TcpStream);
