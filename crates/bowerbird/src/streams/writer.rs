//! The half of a connection that is written. asyncio: `streams.py`, `StreamWriter`.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bowerbird_executor::Report;
use futures_io::AsyncWrite;

use super::connection::{Connection, gone};
use super::outgoing::{Drained, Half, Outgoing, Until};
use crate::waiters::Wait;

/// Writes to a connection.
///
/// - [`write`](Self::write) never waits: what the system does not take at once is sent in the
///   background, in the order of the calls. Await what it gives, or [`drain`](Self::drain), so as
///   not to pile up more than the peer can read.
/// - Everything takes `&self`, but going on in TLS: in an [`Arc`] it can be shared by many tasks.
///   Also an [`AsyncWrite`] of `futures-io`.
/// - Dropping it ends our direction once all is sent, where one can end alone (not under TLS), and
///   **dropping both halves closes the connection**. In debug mode the loop's exception handler is
///   told that nobody called [`close`](Self::close).
/// - asyncio: `streams.py`, `StreamWriter`. There a writer that is dropped closes at once; but
///   there none is before its function ends, where ours is as soon as nobody uses it.
///
/// ```
/// # use std::io;
/// # fn main() -> io::Result<()> {
/// bowerbird::run(async {
///     let greet = |_reader, writer: bowerbird::StreamWriter| async move {
///         writer.write("hello, ");
///         writer.writelines(["dear ", "world"]);
///         writer.drain().await
///     };
///     let server = bowerbird::start_server(greet, "127.0.0.1:0").await?;
///     let (mut reader, writer) = bowerbird::open_connection(server.local_addrs()[0]).await?;
///     assert_eq!(reader.read(None).await?, b"hello, dear world");
///     writer.close();
///     writer.wait_closed().await
/// })
/// # }
/// ```
///
/// Nobody writes after the end:
/// ```should_panic
/// # bowerbird::run(async {
/// # let server = bowerbird::start_server(async |_, _| {}, "127.0.0.1:0").await.unwrap();
/// # let addr = server.local_addrs()[0];
/// let (_reader, writer) = bowerbird::open_connection(addr).await.unwrap();
/// writer.write_eof().unwrap();
/// writer.write("one more thing");
/// # });
/// ```
pub struct StreamWriter {
    /// What it writes to.
    connection: Arc<Connection>,
    /// The wait of `poll_write` and its kin, which are given no place to keep it.
    waiting: Option<(Goal, Waiting)>,
}

/// A wait that owns what it waits for.
type Waiting = Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>;

/// What `poll_write` and its kin wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// Room for more.
    Drained,
    /// Nothing unsent.
    Flushed,
    /// The end.
    Ended,
}

impl Goal {
    fn begin(self, connection: Arc<Connection>) -> Waiting {
        Box::pin(async move {
            match self {
                Self::Drained => gone(connection.drained().await),
                Self::Flushed => connection.flushed().await,
                Self::Ended => connection.ended().await,
            }
        })
    }
}

impl StreamWriter {
    pub(super) fn new(connection: Arc<Connection>) -> Self {
        Self {
            connection,
            waiting: None,
        }
    }

    /// Sends `bytes`, at once if the system takes them, else in the background.
    ///
    /// - What it gives is [`drain`](Self::drain): await it or not.
    /// - After [`close`](Self::close), or when the connection is lost, it does nothing; `drain`
    ///   tells.
    /// - Cancel: dropping what it gives takes nothing back.
    /// - asyncio: `write`, which gives nothing.
    ///
    /// # Panics
    /// After [`write_eof`](Self::write_eof).
    #[track_caller]
    pub fn write(&self, bytes: impl AsRef<[u8]>) -> Drain<'_> {
        assert!(
            !self.connection.look(Outgoing::is_eof_asked),
            "cannot write() after write_eof(): send everything first"
        );
        self.connection.write(bytes.as_ref());
        self.drain()
    }

    /// Sends one after the other; no line end is added.
    ///
    /// - asyncio: `writelines`. The pieces leave together, with nobody's bytes in between.
    ///
    /// # Panics
    /// As [`write`](Self::write).
    #[track_caller]
    pub fn writelines<I>(&self, pieces: I) -> Drain<'_>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        let mut all = Vec::new();
        for piece in pieces {
            all.extend_from_slice(piece.as_ref());
        }
        self.write(all)
    }

    /// Waits while more unsent bytes than the upper mark have piled up, until they are no more than
    /// the lower one: 64 KiB and 16 KiB, unless
    /// [`set_write_buffer_limits`](Self::set_write_buffer_limits) says otherwise.
    ///
    /// - Any number of tasks may wait at once.
    /// - Cancel: nothing to undo.
    /// - asyncio: `drain`.
    ///
    /// # Errors
    /// What broke the connection; `ConnectionReset` when it was closed.
    pub fn drain(&self) -> Drain<'_> {
        Drain {
            connection: &self.connection,
            wait: None,
        }
    }

    /// Tells the peer that no more bytes follow, once all is sent. Reading goes on.
    ///
    /// - asyncio: `write_eof`.
    ///
    /// # Errors
    /// `Unsupported` where [`can_write_eof`](Self::can_write_eof) says no: under TLS.
    pub fn write_eof(&self) -> io::Result<()> {
        if !self.can_write_eof() {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "this connection cannot close one direction alone: close() it instead",
            ));
        }
        self.connection.write_eof();
        Ok(())
    }

    /// Whether one direction can be closed alone.
    pub fn can_write_eof(&self) -> bool {
        self.connection.link().can_write_eof()
    }

    /// Closes both directions when all is sent; under TLS, when the peer has agreed, too.
    ///
    /// - Does not wait: see [`wait_closed`](Self::wait_closed). Again does nothing.
    /// - asyncio: `close`.
    pub fn close(&self) {
        self.connection.close();
    }

    /// Closes both directions now, and drops what is unsent. asyncio: `transport.abort()`.
    pub fn abort(&self) {
        self.connection.abort();
    }

    /// Whether it is closed, or about to be. asyncio: `is_closing`.
    pub fn is_closing(&self) -> bool {
        self.connection.look(Outgoing::is_closing)
    }

    /// Waits until the connection is closed, by whomever.
    ///
    /// - A peer that does not read keeps it open as long as something is unsent: put a limit
    ///   around it, and [`abort`](Self::abort).
    /// - Cancel: the closing goes on.
    /// - asyncio: `wait_closed`.
    ///
    /// # Errors
    /// What broke the connection before it was closed.
    pub async fn wait_closed(&self) -> io::Result<()> {
        self.connection.ended().await
    }

    /// Moves the marks between which [`drain`](Self::drain) waits, in bytes. asyncio:
    /// `transport.set_write_buffer_limits`.
    ///
    /// # Panics
    /// When `low` is above `high`.
    #[track_caller]
    pub fn set_write_buffer_limits(&self, low: usize, high: usize) {
        assert!(low <= high, "low ({low}) must not be above high ({high})");
        self.connection.set_limits(low, high);
    }

    /// The marks: lower and upper. asyncio: `transport.get_write_buffer_limits`.
    pub fn write_buffer_limits(&self) -> (usize, usize) {
        self.connection.look(Outgoing::limits)
    }

    /// How many bytes are unsent. asyncio: `transport.get_write_buffer_size`.
    pub fn write_buffer_size(&self) -> usize {
        self.connection.look(Outgoing::unsent)
    }

    /// The peer's address; `None` for a Unix socket. asyncio: `get_extra_info("peername")`.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.connection.link().peer_addr()
    }

    /// Our own address; `None` for a Unix socket. asyncio: `get_extra_info("sockname")`.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.connection.link().local_addr()
    }

    /// What TLS has agreed on; `None` on a plain connection. asyncio:
    /// `get_extra_info("ssl_object")` and its kin. Feature `tls`.
    #[cfg(feature = "tls")]
    pub fn tls_info(&self) -> Option<crate::tls::TlsInfo> {
        self.connection.link().tls_info()
    }

    #[cfg(feature = "tls")]
    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    /// Writes to this connection from now on.
    #[cfg(feature = "tls")]
    pub(super) fn move_to(&mut self, connection: Arc<Connection>) {
        self.waiting = None;
        self.connection = connection;
    }

    fn poll_goal(&mut self, cx: &mut Context<'_>, goal: Goal) -> Poll<io::Result<()>> {
        let begun = self.waiting.take().filter(|(begun, _)| *begun == goal);
        let connection = &self.connection;
        let (_, mut waiting) = begun.unwrap_or_else(|| (goal, goal.begin(connection.clone())));
        let done = waiting.as_mut().poll(cx);
        if done.is_pending() {
            self.waiting = Some((goal, waiting));
        }
        done
    }
}

impl AsyncWrite for StreamWriter {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.connection.look(Outgoing::check_open)?;
        ready!(self.poll_goal(cx, Goal::Drained))?;
        // Somebody may have closed it meanwhile.
        self.connection.look(Outgoing::check_open)?;
        self.connection.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_goal(cx, Goal::Flushed)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.close();
        self.poll_goal(cx, Goal::Ended)
    }
}

impl Drop for StreamWriter {
    fn drop(&mut self) {
        if self.is_closing() {
            return;
        }
        let handle = self.connection.handle();
        if handle.is_debug() {
            handle.report(&Report::new(
                "a StreamWriter was dropped and not closed: call close() and wait_closed()",
            ));
        }
        self.connection.drop_half(Half::Writer);
    }
}

impl fmt::Debug for StreamWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamWriter")
            .field("unsent", &self.write_buffer_size())
            .field("is_closing", &self.is_closing())
            .field("peer_addr", &self.peer_addr())
            .finish_non_exhaustive()
    }
}

/// What [`StreamWriter::drain`] and [`StreamWriter::write`] give. It may be dropped unawaited: what
/// was written is sent all the same.
pub struct Drain<'a> {
    /// What is to be drained.
    connection: &'a Arc<Connection>,
    /// The wait, once begun.
    wait: Option<Wait<'a, Until<Drained>>>,
}

impl Future for Drain<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.wait.is_none() {
            self.wait = Some(self.connection.drained());
            if self.connection.look(Outgoing::is_closing) {
                // A loop of writes that nobody takes any more lets others run.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        let wait = self.wait.as_mut().expect("it has begun by now");
        Pin::new(wait).poll(cx).map(gone)
    }
}

impl fmt::Debug for Drain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}
