//! A connection in two parts, one to read from and one to write to, with no lock in between:
//! reading and writing go through shared references, so that the halves are references themselves.

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::streaming::ended;

/// A connection that can be taken apart: [`TcpStream`](super::TcpStream) and, on Unix,
/// `UnixStream`.
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::net::{Duplex, TcpListener, TcpStream};
/// use futures_lite::AsyncReadExt;
///
/// fn no_more<S: Duplex>(connection: &S) -> std::io::Result<()> {
///     connection.shutdown(std::net::Shutdown::Write)
/// }
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _peer) = listener.accept().await?;
/// no_more(&client)?;
/// assert_eq!(server.read(&mut [0; 8]).await?, 0);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub trait Duplex {
    /// Closes one direction, or both, while the connection lives.
    ///
    /// # Errors
    /// The system's.
    fn shutdown(&self, how: Shutdown) -> io::Result<()>;
}

/// The reading half of a connection that is still in one piece; see
/// [`TcpStream::split`](super::TcpStream::split).
#[derive(Debug)]
pub struct ReadHalf<'a, S>(&'a S);

/// The writing half of a connection that is still in one piece; see
/// [`TcpStream::split`](super::TcpStream::split).
#[derive(Debug)]
pub struct WriteHalf<'a, S>(&'a S);

/// The reading half of a connection, to be moved where it is needed; see
/// [`TcpStream::into_split`](super::TcpStream::into_split).
///
/// The connection's other methods are there through `as_ref`.
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::net::{TcpListener, TcpStream};
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _peer) = listener.accept().await?;
///
/// let (mut read, write) = client.into_split();
/// let reading = bowerbird::create_task(async move {
///     let mut bytes = Vec::new();
///     read.read_to_end(&mut bytes).await?;
///     std::io::Result::Ok(bytes)
/// });
/// server.write_all(b"hello").await?;
/// server.close().await?;
/// assert_eq!(reading.await.unwrap()?, b"hello");
/// drop(write);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf<S>(Arc<S>);

/// The writing half of a connection, to be moved where it is needed; see
/// [`TcpStream::into_split`](super::TcpStream::into_split).
///
/// Dropping it ends the writing direction, so that the peer reads to the end; the reading half goes
/// on. The connection's other methods are there through `as_ref`.
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::net::{TcpListener, TcpStream};
/// use futures_lite::{AsyncReadExt, AsyncWriteExt};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _peer) = listener.accept().await?;
///
/// let (_read, mut write) = client.into_split();
/// write.write_all(b"all").await?;
/// drop(write);
/// let mut bytes = Vec::new();
/// server.read_to_end(&mut bytes).await?;
/// assert_eq!(bytes, b"all");
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
#[derive(Debug)]
pub struct OwnedWriteHalf<S: Duplex> {
    /// The connection, shared with the other half.
    connection: Arc<S>,
    /// Whether dropping this half tells the peer that no more will come.
    ends_writing: bool,
}

/// Halves of different connections; both are in it, to be used on.
///
/// ```
/// # bowerbird::run(async {
/// use bowerbird::net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let addr = listener.local_addr()?;
/// let (read, _write) = TcpStream::connect(addr).await?.into_split();
/// let (_read, other) = TcpStream::connect(addr).await?.into_split();
/// let error = read.reunite(other).unwrap_err();
/// let (_read, _other) = (error.0, error.1);
/// # std::io::Result::Ok(())
/// # }).unwrap();
/// ```
pub struct ReuniteError<S: Duplex>(pub OwnedReadHalf<S>, pub OwnedWriteHalf<S>);

pub(super) fn split<S: Duplex>(connection: &mut S) -> (ReadHalf<'_, S>, WriteHalf<'_, S>) {
    (ReadHalf(connection), WriteHalf(connection))
}

pub(super) fn into_split<S: Duplex>(connection: S) -> (OwnedReadHalf<S>, OwnedWriteHalf<S>) {
    let connection = Arc::new(connection);
    let writer = OwnedWriteHalf {
        connection: connection.clone(),
        ends_writing: true,
    };
    (OwnedReadHalf(connection), writer)
}

impl<S> AsRef<S> for ReadHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.0
    }
}

impl<S> AsRef<S> for WriteHalf<'_, S> {
    fn as_ref(&self) -> &S {
        self.0
    }
}

impl<S: Duplex> OwnedReadHalf<S> {
    /// Puts the connection together again.
    ///
    /// # Errors
    /// [`ReuniteError`] with both halves when they are not of one connection.
    ///
    /// # Panics
    /// Never: nobody but the halves refers to the connection.
    ///
    /// ```
    /// # use bowerbird::net::{TcpListener, TcpStream};
    /// # bowerbird::run(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    /// let address = listener.local_addr().unwrap();
    /// let (reader, writer) = TcpStream::connect(address).await.unwrap().into_split();
    /// let (_, other) = TcpStream::connect(address).await.unwrap().into_split();
    /// let mixed_up = reader.reunite(other).unwrap_err();
    /// assert!(mixed_up.0.reunite(writer).is_ok());
    /// # });
    /// ```
    pub fn reunite(self, writer: OwnedWriteHalf<S>) -> Result<S, ReuniteError<S>> {
        if !Arc::ptr_eq(&self.0, &writer.connection) {
            return Err(ReuniteError(self, writer));
        }
        writer.forget();
        Ok(Arc::into_inner(self.0).expect("the two halves were the only references"))
    }
}

impl<S: Duplex> OwnedWriteHalf<S> {
    /// Puts the connection together again, as [`OwnedReadHalf::reunite`].
    ///
    /// # Errors
    /// [`ReuniteError`] with both halves when they are not of one connection.
    pub fn reunite(self, reader: OwnedReadHalf<S>) -> Result<S, ReuniteError<S>> {
        reader.reunite(self)
    }

    /// Drops this half and leaves the writing direction open, as long as the other half lives.
    pub fn forget(mut self) {
        self.ends_writing = false;
    }
}

impl<S> AsRef<S> for OwnedReadHalf<S> {
    fn as_ref(&self) -> &S {
        &self.0
    }
}

impl<S: Duplex> AsRef<S> for OwnedWriteHalf<S> {
    fn as_ref(&self) -> &S {
        &self.connection
    }
}

impl<S: Duplex> Drop for OwnedWriteHalf<S> {
    fn drop(&mut self) {
        if self.ends_writing {
            // Closing the connection would tell the peer the same, and nobody is left to be told
            // of a failure.
            let _ended = ended(self.connection.shutdown(Shutdown::Write));
        }
    }
}

impl<S> AsyncRead for ReadHalf<'_, S>
where
    for<'c> &'c S: AsyncRead,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_read(cx, buffer)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_read_vectored(cx, buffers)
    }
}

impl<S> AsyncRead for OwnedReadHalf<S>
where
    for<'c> &'c S: AsyncRead,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_read(cx, buffer)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_read_vectored(cx, buffers)
    }
}

impl<S> AsyncWrite for WriteHalf<'_, S>
where
    for<'c> &'c S: AsyncWrite,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_write(cx, buffer)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.0).poll_write_vectored(cx, buffers)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.0).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.0).poll_close(cx)
    }
}

impl<S: Duplex> AsyncWrite for OwnedWriteHalf<S>
where
    for<'c> &'c S: AsyncWrite,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.connection).poll_write(cx, buffer)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self.connection).poll_write_vectored(cx, buffers)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.connection).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut &*self.connection).poll_close(cx)
    }
}

impl<S: Duplex> fmt::Debug for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReuniteError")
    }
}

impl<S: Duplex> fmt::Display for ReuniteError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these are halves of different connections")
    }
}

impl<S: Duplex> std::error::Error for ReuniteError<S> {}
