//! TCP: listeners and connections.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{self, Shutdown, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bowerbird_executor::{Handle, budget};
use bowerbird_io::{Async, Direction, Ready};
use futures_core::Stream;
use futures_io::{AsyncRead, AsyncWrite};

use super::addrs::ToAddrs;
use crate::exceptions::NoRunningLoop;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

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
pub struct TcpListener(Async<net::TcpListener>);

impl TcpListener {
    /// Listens at the first address of `addr` that can be bound. Port 0 takes a free one.
    ///
    /// - Names are looked up on a thread for blocking calls; literal addresses are not.
    ///
    /// # Errors
    /// The lookup's, or the last address's: in use, not ours, no permission.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn bind(addr: impl ToAddrs) -> io::Result<Self> {
        let target = addr.to_target();
        drop(addr);
        let mut last = no_address();
        for addr in target.resolve().await? {
            match bowerbird_io::net::listen(addr, BACKLOG) {
                Ok(listener) => return Self::from_std(listener),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Takes over a listener that std made.
    ///
    /// # Errors
    /// When it cannot be watched, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    pub fn from_std(listener: net::TcpListener) -> io::Result<Self> {
        Ok(Self(Async::new(running().reactor(), listener)?))
    }

    /// Waits for a connection. Any number of tasks may wait at once.
    ///
    /// - Cancel: no connection is lost; it waits for the next call.
    ///
    /// # Errors
    /// Those of `accept`. Out of descriptors is one of them: the connection stays in the backlog,
    /// so wait a moment before the next call.
    pub fn accept(&self) -> Accept<'_> {
        Accept {
            listener: self,
            readable: None,
        }
    }

    /// [`accept`](Self::accept), for those who write futures: the task that polled last is woken.
    ///
    /// # Errors
    /// As `accept`.
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        ready!(budget::poll_proceed(cx));
        let accepted = self
            .0
            .poll_io(Direction::Read, cx, bowerbird_io::net::accept);
        if accepted.is_pending() {
            budget::restore();
        }
        Poll::Ready(self.connection(ready!(accepted)))
    }

    fn connection(
        &self,
        accepted: io::Result<(net::TcpStream, SocketAddr)>,
    ) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = accepted?;
        Ok((TcpStream(Async::stream(self.0.reactor(), stream)?), peer))
    }

    /// Connections as a stream that never ends; see [`accept`](Self::accept).
    pub fn incoming(&self) -> impl Stream<Item = io::Result<TcpStream>> + '_ {
        Incoming(self)
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    /// Back to std, non-blocking still.
    ///
    /// # Errors
    /// When the system cannot take it out of the loop.
    pub fn into_std(self) -> io::Result<net::TcpListener> {
        self.0.into_inner()
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpListener")
            .field(self.0.get_ref())
            .finish()
    }
}

/// What [`TcpListener::accept`] gives: a connection and its peer's address.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Accept<'a> {
    /// Whose connections.
    listener: &'a TcpListener,
    /// The wait for the next one, when there was none.
    readable: Option<Ready<'a, net::TcpListener>>,
}

impl Future for Accept<'_> {
    type Output = io::Result<(TcpStream, SocketAddr)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ready!(budget::poll_proceed(cx));
        let listener = self.listener;
        loop {
            if let Some(readable) = &mut self.readable {
                let is_readable = Pin::new(readable).poll(cx);
                if is_readable.is_pending() {
                    budget::restore();
                }
                ready!(is_readable)?;
                self.readable = None;
            }
            match listener
                .0
                .try_io(Direction::Read, bowerbird_io::net::accept)
            {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.readable = Some(listener.0.readable());
                }
                accepted => return Poll::Ready(listener.connection(accepted)),
            }
        }
    }
}

/// See [`TcpListener::incoming`].
struct Incoming<'a>(&'a TcpListener);

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0
            .poll_accept(cx)
            .map(|accepted| Some(accepted.map(|(stream, _)| stream)))
    }
}

/// A TCP connection. Reads and writes go through the traits of `futures-io`, on `TcpStream` and on
/// `&TcpStream`: one task may read while another one writes, with no lock in between. Dropping it
/// closes the connection.
pub struct TcpStream(Async<net::TcpStream>);

impl TcpStream {
    /// Connects to the first address of `addr` that answers.
    ///
    /// - Names are looked up on a thread for blocking calls; literal addresses are not.
    /// - Cancel: the attempt is given up and its socket closed.
    ///
    /// # Errors
    /// The lookup's, or the last address's: refused, unreachable, timed out.
    ///
    /// # Panics
    /// Outside a running loop.
    pub async fn connect(addr: impl ToAddrs) -> io::Result<Self> {
        let target = addr.to_target();
        drop(addr);
        let mut last = no_address();
        for addr in target.resolve().await? {
            match Self::connect_to(addr).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn connect_to(addr: SocketAddr) -> io::Result<Self> {
        let stream = bowerbird_io::net::start_connect(addr)?;
        let stream = Async::stream(running().reactor(), stream)?;
        let finish = bowerbird_io::net::finish_connect;
        poll_fn(|cx| stream.poll_io(Direction::Write, cx, finish)).await?;
        Ok(Self(stream))
    }

    /// Takes over a connection that std made.
    ///
    /// # Errors
    /// When it cannot be watched, or the loop is closed.
    ///
    /// # Panics
    /// Outside a running loop.
    pub fn from_std(stream: net::TcpStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self(Async::stream(running().reactor(), stream)?))
    }

    /// Back to std, non-blocking still.
    ///
    /// # Errors
    /// When the system cannot take it out of the loop.
    pub fn into_std(self) -> io::Result<net::TcpStream> {
        self.0.into_inner()
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

    /// Whether small writes are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// The system's.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.0.get_ref().set_nodelay(nodelay)
    }

    /// Closes one direction, or both, while the connection lives.
    ///
    /// # Errors
    /// The system's.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.get_ref().shutdown(how)
    }

    fn spend<R>(
        &self,
        cx: &mut Context<'_>,
        op: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        ready!(budget::poll_proceed(cx));
        let done = op(cx);
        if done.is_pending() {
            budget::restore();
        }
        done
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpStream").field(self.0.get_ref()).finish()
    }
}

impl AsyncRead for &TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.spend(cx, |cx| self.0.poll_read(cx, buffer))
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        self.spend(cx, |cx| self.0.poll_read_vectored(cx, buffers))
    }
}

impl AsyncWrite for &TcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.spend(cx, |cx| self.0.poll_write(cx, buffer))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.spend(cx, |cx| self.0.poll_write_vectored(cx, buffers))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.shutdown(Shutdown::Write))
    }
}

impl AsyncRead for TcpStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(cx, buffer)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read_vectored(cx, buffers)
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write(cx, buffer)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_write_vectored(cx, buffers)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self).poll_close(cx)
    }
}

fn no_address() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the name has no addresses")
}

fn running() -> Handle {
    let Some(handle) = Handle::current() else {
        panic!("{NoRunningLoop}")
    };
    handle
}
