//! The half of a connection that is read. asyncio: `streams.py`, `StreamReader`.
//!
//! Bytes are read when somebody asks for them, and never in the background: what nobody wants stays
//! with the system, which slows the peer down.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_io::{AsyncBufRead, AsyncRead};

use super::buffer::{Buffer, Lengths, Separator, find};
use super::connection::Connection;
use super::errors::{IncompleteReadError, LimitOverrunError, ReadError, again};
use super::outgoing::Half;
use super::scratch::with_scratch;

/// Reads bytes, lines and messages from a connection.
///
/// - Made by [`open_connection`](crate::open_connection), and given to the handlers of
///   [`start_server`](crate::start_server). Also an [`AsyncBufRead`] of `futures-io`.
/// - Dropping it leaves the writer alone; when that is dropped, too, the connection is closed.
/// - asyncio: `streams.py`, `StreamReader`. Reads when it is asked to, not ahead, so
///   [`at_eof`](Self::at_eof) and [`exception`](Self::exception) tell what reads have seen. `&mut`
///   takes the place of the error for two readers at once.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// bowerbird::run(async {
/// #   let echo = async |mut reader: bowerbird::StreamReader, writer: bowerbird::StreamWriter| {
/// #       let line = reader.readline().await?;
/// #       writer.write(line).await
/// #   };
/// #   let server = bowerbird::start_server(echo, "127.0.0.1:0").await?;
///     let (mut reader, writer) = bowerbird::open_connection(server.local_addrs()[0]).await?;
///     writer.write("hello\n").await?;
///     assert_eq!(reader.readline().await?, b"hello\n");
///     Ok(())
/// })
/// # }
/// ```
pub struct StreamReader {
    /// What it reads from.
    connection: Arc<Connection>,
    /// What came and was not asked for.
    buffer: Buffer,
    /// The longest line, its end not counted.
    limit: usize,
    /// The peer will send no more.
    is_ended: bool,
    /// Why nothing can be read any more.
    failure: Option<Arc<io::Error>>,
}

impl StreamReader {
    pub(super) fn new(connection: Arc<Connection>, limit: usize) -> Self {
        Self {
            connection,
            buffer: Buffer::default(),
            limit,
            is_ended: false,
            failure: None,
        }
    }

    /// What is there, at least one byte, at most `limit`; nothing at the end. `None` reads
    /// everything up to the end, whatever the stream's limit.
    ///
    /// - `limit`: in bytes. Zero gives nothing, at once.
    /// - Cancel: loses no byte.
    /// - asyncio: `read(n)`; `None` is its -1.
    ///
    /// # Errors
    /// The system's. Once one was given, every read gives it.
    pub async fn read(&mut self, limit: impl Into<Option<usize>>) -> io::Result<Vec<u8>> {
        let Some(limit) = limit.into() else {
            return self.read_to_the_end().await;
        };
        self.check()?;
        if limit > 0 && self.buffer.is_empty() && !self.is_ended {
            poll_fn(|cx| self.poll_more(cx)).await?;
        }
        Ok(self.buffer.take(limit.min(self.buffer.len())))
    }

    async fn read_to_the_end(&mut self) -> io::Result<Vec<u8>> {
        self.check()?;
        while !self.is_ended {
            poll_fn(|cx| self.poll_more(cx)).await?;
        }
        Ok(self.buffer.take_all())
    }

    /// A line with its `\n`; without it, or empty, at the end of the stream.
    ///
    /// - Cancel: loses no byte.
    /// - asyncio: `readline`; a line over the limit is a [`LimitOverrunError`], not a plain
    ///   `ValueError`.
    ///
    /// # Errors
    /// [`ReadError::LimitOverrun`] for a line that is longer than the stream's limit, its `\n` not
    /// counted; that line, or what has come of it, is dropped. [`ReadError::Io`] as
    /// [`read`](Self::read).
    pub async fn readline(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut searched = 0;
        poll_fn(|cx| self.poll_line(cx, &mut searched)).await
    }

    /// Exactly so many bytes, whatever the stream's limit.
    ///
    /// - `bytes`: zero gives nothing, at once.
    /// - Cancel: loses no byte.
    /// - asyncio: `readexactly`.
    ///
    /// # Errors
    /// [`ReadError::Incomplete`] when the stream ends before; what came is in the error and no
    /// longer in the stream. [`ReadError::Io`] as [`read`](Self::read).
    pub async fn readexactly(&mut self, bytes: usize) -> Result<Vec<u8>, ReadError> {
        self.check()?;
        while self.buffer.len() < bytes {
            if self.is_ended {
                return Err(self.incomplete(Some(bytes)));
            }
            poll_fn(|cx| self.poll_more(cx)).await?;
        }
        Ok(self.buffer.take(bytes))
    }

    /// Everything up to the separator, and the separator.
    ///
    /// - `separator`: bytes or text; of an array of several the one that ends first counts.
    /// - Cancel: loses no byte.
    /// - asyncio: `readuntil`.
    ///
    /// # Errors
    /// [`ReadError::Incomplete`] when the stream ends before; what came is in the error and no
    /// longer in the stream. [`ReadError::LimitOverrun`] when more bytes than the stream's limit
    /// come before the separator; they stay in the stream. [`ReadError::Io`] as
    /// [`read`](Self::read).
    ///
    /// # Panics
    /// When there is no separator, or an empty one.
    ///
    /// ```
    /// # bowerbird::run(async {
    /// # let serve = |_reader, writer: bowerbird::StreamWriter| async move {
    /// writer.write("one\r\ntwo\nthree");
    /// # };
    /// # let server = bowerbird::start_server(serve, "127.0.0.1:0").await.unwrap();
    /// # let addr = server.local_addrs()[0];
    /// # let (mut reader, _writer) = bowerbird::open_connection(addr).await.unwrap();
    /// assert_eq!(reader.readuntil("\r\n").await.unwrap(), b"one\r\n");
    /// assert_eq!(reader.readuntil(["\r\n", "\n"]).await.unwrap(), b"two\n");
    /// let error = reader.readuntil(b"!").await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
    /// # });
    /// ```
    pub async fn readuntil(&mut self, separator: impl Separator) -> Result<Vec<u8>, ReadError> {
        let lengths = Lengths::of(&separator);
        let lengths = lengths.expect("readuntil() needs a separator of at least one byte");
        let mut searched = 0;
        poll_fn(|cx| self.poll_until(cx, &separator, lengths, &mut searched)).await
    }

    /// The lines of the stream, each with its `\n`, up to the end.
    ///
    /// - Cancel: loses no byte.
    /// - asyncio: `async for line in reader`.
    pub fn lines(&mut self) -> Lines<'_> {
        Lines {
            reader: self,
            searched: 0,
        }
    }

    /// Whether a read has met the end, and everything before it was taken. asyncio: `at_eof`,
    /// which may know of the end before somebody reads.
    pub fn at_eof(&self) -> bool {
        self.is_ended && self.buffer.is_empty()
    }

    /// The error that every read gives from now on, if there is one. asyncio: `exception`.
    pub fn exception(&self) -> Option<io::Error> {
        self.failure.as_ref().map(again)
    }

    /// Bytes that were read ahead of what was asked for.
    #[cfg(feature = "tls")]
    pub(super) fn take_early(&mut self) -> Vec<u8> {
        self.buffer.take_all()
    }

    /// Reads from this connection from now on.
    #[cfg(feature = "tls")]
    pub(super) fn move_to(&mut self, connection: Arc<Connection>) {
        self.connection = connection;
        self.is_ended = false;
    }

    /// Whether both are halves of the same connection.
    #[cfg(feature = "tls")]
    pub(super) fn is_half_of(&self, connection: &Arc<Connection>) -> bool {
        Arc::ptr_eq(&self.connection, connection)
    }

    fn check(&self) -> io::Result<()> {
        self.exception().map_or(Ok(()), Err)
    }

    fn incomplete(&mut self, expected: Option<usize>) -> ReadError {
        let partial = self.buffer.take_all();
        IncompleteReadError { partial, expected }.into()
    }

    fn poll_line(
        &mut self,
        cx: &mut Context<'_>,
        searched: &mut usize,
    ) -> Poll<Result<Vec<u8>, ReadError>> {
        let lengths = Lengths {
            shortest: 1,
            longest: 1,
        };
        Poll::Ready(
            match ready!(self.poll_until(cx, b"\n", lengths, searched)) {
                Err(ReadError::Incomplete(error)) => Ok(error.partial),
                Err(ReadError::LimitOverrun(error)) => {
                    if error.is_found {
                        self.buffer.consume(error.consumed + 1);
                    } else {
                        self.buffer.clear();
                    }
                    Err(error.into())
                }
                line => line,
            },
        )
    }

    /// `searched`: how many bytes, from the first on, are known to begin no separator.
    fn poll_until<S: Separator + ?Sized>(
        &mut self,
        cx: &mut Context<'_>,
        separator: &S,
        lengths: Lengths,
        searched: &mut usize,
    ) -> Poll<Result<Vec<u8>, ReadError>> {
        self.check()?;
        let limit = self.limit;
        let overrun =
            |consumed, is_found| Poll::Ready(Err(LimitOverrunError { consumed, is_found }.into()));
        loop {
            if let Some(found) = find(self.buffer.as_slice(), *searched, separator) {
                if found.start > limit {
                    return overrun(found.start, true);
                }
                return Poll::Ready(Ok(self.buffer.take(found.end)));
            }
            let searchable = self.buffer.len() >= *searched + lengths.shortest;
            if searchable {
                *searched = (self.buffer.len() + 1).saturating_sub(lengths.longest);
                if *searched > limit {
                    return overrun(*searched, false);
                }
            }
            if self.is_ended {
                return Poll::Ready(Err(self.incomplete(None)));
            }
            ready!(self.poll_more(cx))?;
        }
    }

    /// Reads once: more is in the buffer, or the end was met.
    fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let read = with_scratch(|arrivals| {
            let read = self.connection.link().poll_read(cx, arrivals);
            if let Poll::Ready(Ok(bytes)) = &read {
                self.buffer.extend(&arrivals[..*bytes]);
            }
            read
        });
        Poll::Ready(self.learn(ready!(read)).map(drop))
    }

    /// Takes down what a read says about the connection.
    fn learn(&mut self, read: io::Result<usize>) -> io::Result<usize> {
        match read {
            Ok(bytes) => {
                self.is_ended = bytes == 0;
                Ok(bytes)
            }
            Err(error) => {
                let error = Arc::new(error);
                self.connection.lose(again(&error));
                self.failure = Some(error);
                self.check().map(|()| 0)
            }
        }
    }
}

impl Drop for StreamReader {
    fn drop(&mut self) {
        self.connection.drop_half(Half::Reader);
    }
}

impl AsyncRead for StreamReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if !self.buffer.is_empty() || self.is_ended || into.is_empty() {
            return Poll::Ready(Ok(self.buffer.take_into(into)));
        }
        self.check()?;
        let read = ready!(self.connection.link().poll_read(cx, into));
        Poll::Ready(self.learn(read))
    }
}

impl AsyncBufRead for StreamReader {
    fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.buffer.is_empty() && !this.is_ended {
            this.check()?;
            ready!(this.poll_more(cx))?;
        }
        Poll::Ready(Ok(this.buffer.as_slice()))
    }

    fn consume(mut self: Pin<&mut Self>, bytes: usize) {
        self.buffer.consume(bytes);
    }
}

impl fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamReader")
            .field("buffered", &self.buffer.len())
            .field("limit", &self.limit)
            .field("is_ended", &self.is_ended)
            .field("exception", &self.failure)
            .finish_non_exhaustive()
    }
}

/// What [`StreamReader::lines`] gives: a [`Stream`] of lines, which ends with the connection's.
///
/// A line over the limit is an item that fails; the lines after it follow.
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Lines<'a> {
    /// Where they come from.
    reader: &'a mut StreamReader,
    /// How much of the line to come was searched for its end.
    searched: usize,
}

impl Lines<'_> {
    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// As [`StreamReader::readline`].
    pub async fn next(&mut self) -> Option<Result<Vec<u8>, ReadError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Lines<'_> {
    type Item = Result<Vec<u8>, ReadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let line = ready!(this.reader.poll_line(cx, &mut this.searched));
        this.searched = 0;
        Poll::Ready(match line {
            Ok(line) if line.is_empty() => None,
            line => Some(line),
        })
    }
}
