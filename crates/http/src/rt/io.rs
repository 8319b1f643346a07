//! Streams for hyper, and hyper's streams for everybody else.
//!
//! hyper lends memory that nothing was written to yet, and only unsafe code can hand that to a
//! socket. So bytes arrive in a buffer that each thread keeps, and are copied out of it: as many as
//! came, where clearing hyper's buffer would cost all of its length at each read.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_io::{AsyncRead, AsyncWrite};
use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use pin_project_lite::pin_project;

/// What a single read asks for at most.
const CHUNK: usize = 64 * 1024;

thread_local! {
    /// The buffer of this thread; empty before its first use.
    static ARRIVALS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

pin_project! {
    /// A stream of `futures-io` as hyper wants it, and the other way round.
    ///
    /// - `Io<T>` has hyper's `Read` and `Write` where `T` has `AsyncRead` and `AsyncWrite`:
    ///   [`TcpStream`](bowerbird::net::TcpStream) and its kin, TLS, anybody's.
    /// - It has `AsyncRead` and `AsyncWrite` where `T` has hyper's: what an upgraded connection is.
    ///
    /// ```
    /// # use bowerbird::net::{TcpListener, TcpStream};
    /// use bowerbird_http::rt::{Io, Timer};
    /// use hyper::{Request, Response, server::conn::http1, service::service_fn};
    ///
    /// # bowerbird::run(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    /// # let address = listener.local_addr().unwrap();
    /// # let client = TcpStream::connect(address).await.unwrap();
    /// # client.try_write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    /// let (stream, _) = listener.accept().await.unwrap();
    /// let hello = |_: Request<_>| async { Ok::<_, hyper::Error>(Response::new("hi".to_owned())) };
    /// http1::Builder::new()
    ///     .timer(Timer)
    ///     .serve_connection(Io::new(stream), service_fn(hello))
    ///     .await
    ///     .unwrap();
    /// # let mut answer = [0; 15];
    /// # client.readable().await.unwrap();
    /// # client.try_read(&mut answer).unwrap();
    /// # assert_eq!(&answer, b"HTTP/1.1 200 OK");
    /// # });
    /// ```
    #[derive(Debug)]
    pub struct Io<T> {
        // The stream.
        #[pin]
        stream: T,
        // Whether several pieces are written in one call.
        is_vectored: bool,
    }
}

impl<T> Io<T> {
    /// Writes head and body with one call, uncopied, as sockets can.
    pub fn new(stream: T) -> Self {
        Self {
            stream,
            is_vectored: true,
        }
    }

    /// Has hyper put head and body together first: for streams to which each write is a record of
    /// its own, as TLS.
    pub fn flattened(stream: T) -> Self {
        Self {
            stream,
            is_vectored: false,
        }
    }

    /// The stream again.
    pub fn into_inner(self) -> T {
        self.stream
    }

    /// The stream.
    pub fn inner(&self) -> &T {
        &self.stream
    }

    /// The stream, to be changed.
    pub fn inner_mut(&mut self) -> &mut T {
        &mut self.stream
    }
}

impl<T: AsyncRead> Read for Io<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.project().stream;
        ARRIVALS.with(|arrivals| match arrivals.try_borrow_mut() {
            Ok(mut arrivals) => read_through(&mut arrivals, stream, cx, room),
            // A stream that reads another one: this is the inner one, with a buffer of its own.
            Err(_in_use) => read_through(&mut Vec::new(), stream, cx, room),
        })
    }
}

/// Reads into `arrivals`, and puts into `room` what came.
fn read_through<T: AsyncRead>(
    arrivals: &mut Vec<u8>,
    stream: Pin<&mut T>,
    cx: &mut Context<'_>,
    mut room: ReadBufCursor<'_>,
) -> Poll<io::Result<()>> {
    if arrivals.is_empty() {
        arrivals.resize(CHUNK, 0);
    }
    let limit = room.remaining().min(CHUNK);
    let length = ready!(stream.poll_read(cx, &mut arrivals[..limit]))?;
    room.put_slice(&arrivals[..length]);
    Poll::Ready(Ok(()))
}

impl<T: AsyncWrite> Write for Io<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_close(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.is_vectored
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write_vectored(cx, pieces)
    }
}

impl<T: Read> AsyncRead for Io<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut room = ReadBuf::new(buffer);
        ready!(self.project().stream.poll_read(cx, room.unfilled()))?;
        Poll::Ready(Ok(room.filled().len()))
    }
}

impl<T: Write> AsyncWrite for Io<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write_vectored(cx, pieces)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
