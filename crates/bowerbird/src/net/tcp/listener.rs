//! Taking connections.

use std::fmt;
use std::io;
use std::net::{self, SocketAddr};
use std::task::{Context, Poll, ready};

use bowerbird_io::net::accept;
use futures_core::Stream;

use super::{TcpSocket, TcpStream};
use crate::net::addrs::ToAddrs;
use crate::net::pollable::{Async, Direction};

/// Takes TCP connections.
///
/// ```
/// use bowerbird::net::{TcpListener, TcpStream};
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// # fn main() -> std::io::Result<()> {
/// bowerbird::run(async {
///     let listener = TcpListener::bind("127.0.0.1:0").await?;
///     let mut client = TcpStream::connect(listener.local_addr()?).await?;
///     let (mut server, _peer) = listener.accept().await?;
///     client.write_all(b"hi").await?;
///     let mut hello = [0; 2];
///     server.read_exact(&mut hello).await?;
///     assert_eq!(&hello, b"hi");
///     Ok(())
/// })
/// # }
/// ```
pub struct TcpListener(pub(in crate::net) Async<net::TcpListener>);

impl TcpListener {
    /// Listens at the first address of `addr` that can be bound. Port 0 takes a free one.
    ///
    /// - `addr`: names are looked up on a thread for blocking calls, literal addresses are not. An
    ///   empty host means every address of this machine.
    /// - An address whose last connections still linger may be taken, except on Windows. Other
    ///   options: [`TcpSocket`].
    /// - asyncio: `sock.bind`, `sock.listen`. For what `create_server` does with several addresses,
    ///   see [`bind_all`](Self::bind_all).
    ///
    /// # Errors
    /// The lookup's, or the last address's: in use, not ours, no permission.
    ///
    /// # Panics
    /// Outside a running loop.
    ///
    /// ```
    /// # use bowerbird::net::TcpListener;
    /// # bowerbird::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    /// let taken = TcpListener::bind(listener.local_addr().unwrap()).await;
    /// assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
    /// # });
    /// ```
    pub async fn bind(addr: impl ToAddrs) -> io::Result<Self> {
        TcpSocket::new().listen(addr).await
    }

    /// Listens at every address of `addr`: of a name, of a list, or, where the host is empty, of
    /// this machine. One listener each, in the order of the addresses.
    ///
    /// - An address that comes twice counts once. IPv6 listeners take IPv6 only, so that the two
    ///   families can share a port. Families that this machine lacks are left out.
    /// - asyncio: the sockets of `create_server`.
    ///
    /// # Errors
    /// The lookup's; or the first address's that can not be bound, and then none stays bound.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn bind_all(addr: impl ToAddrs) -> io::Result<Vec<Self>> {
        TcpSocket::new().listen_all(addr).await
    }

    /// Takes over a listener that std, or another library, made.
    ///
    /// # Errors
    /// When it cannot be watched, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn from_std(listener: net::TcpListener) -> io::Result<Self> {
        Ok(Self(Async::new(listener)?))
    }

    /// Back to std, non-blocking still.
    ///
    /// # Errors
    /// When the system cannot take it out of the loop.
    pub fn into_std(self) -> io::Result<net::TcpListener> {
        self.0.into_inner()
    }

    /// Waits for a connection: the stream, and its peer's address. Any number of tasks may wait at
    /// once.
    ///
    /// - Cancel: no connection is lost; it waits for the next call.
    ///
    /// # Errors
    /// Those of `accept`. Most concern one connection and the next call may succeed;
    /// [`is_out_of_resources`](crate::net::is_out_of_resources) tells those for which one should
    /// wait a moment first: the connection stays in the backlog meanwhile.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accepted = self.0.read_with(accept).await;
        self.connection(accepted)
    }

    /// [`accept`](Self::accept), for those who write futures: the task that polled last is woken.
    ///
    /// # Errors
    /// As `accept`.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = ready!(self.0.poll_io(Direction::Read, cx, accept));
        Poll::Ready(self.connection(accepted))
    }

    /// Takes a connection that is there already.
    ///
    /// # Errors
    /// `WouldBlock` when none is; otherwise as [`accept`](Self::accept).
    pub fn try_accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accepted = self.0.try_io(Direction::Read, accept);
        self.connection(accepted)
    }

    fn connection(
        &self,
        accepted: io::Result<(net::TcpStream, SocketAddr)>,
    ) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = accepted?;
        Ok((TcpStream::within(self.0.sibling(stream)?), peer))
    }

    /// Connections as a stream that never ends; see [`accept`](Self::accept).
    pub fn incoming(&self) -> impl Stream<Item = io::Result<TcpStream>> + Send + '_ {
        Incoming(self)
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
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
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpListener")
            .field(self.0.get_ref())
            .finish()
    }
}

/// See [`TcpListener::incoming`].
struct Incoming<'a>(&'a TcpListener);

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn poll_next(self: std::pin::Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0
            .poll_accept(cx)
            .map(|accepted| Some(accepted.map(|(stream, _)| stream)))
    }
}
