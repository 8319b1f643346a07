//! Any descriptor that the kernel can watch, made awaitable.
//!
//! The facade's sockets and pipes are [`Async`] values; their futures poll through the methods here
//! and leave a waker when an operation would block. It never turns the reactor and never blocks.

mod waits;

use std::fmt;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use polling::AsSource;

#[cfg(unix)]
use crate::net::receive_unix;
use crate::reactor::{Reactor, closed};
use crate::readiness::Readiness;
use crate::side::Side;
use crate::source::{Direction, Source};
use crate::sys;

pub use waits::{Operation, Ready};

/// How many buffers Linux takes in one call. Only there does a short one count.
const BUFFERS: usize = 1_024;

/// A descriptor (on Windows: a socket) in an event loop.
///
/// Operations are tried at once and again after each event. One task at a time may poll for each
/// direction: the one that polled last is woken. Any number may await [`Async::readable`],
/// [`Async::writable`] and [`Async::operation`].
///
/// Dropping it takes the descriptor out of the event loop and then closes it; that is fine after
/// the loop has closed, too.
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use bowerbird_io::{Async, Events, Reactor, Wait};
/// use std::io::Write;
/// use std::os::unix::net::UnixStream;
/// use std::sync::Arc;
/// use std::task::{Context, Poll, Waker};
///
/// let reactor = Arc::new(Reactor::new()?);
/// let (ours, mut theirs) = UnixStream::pair()?;
/// let ours = Async::new(&reactor, ours)?;
/// let mut cx = Context::from_waker(Waker::noop());
/// let mut buffer = [0; 16];
/// assert!(ours.poll_read(&mut cx, &mut buffer).is_pending());
///
/// theirs.write_all(b"hello")?;
/// let mut events = Events::new();
/// while reactor.turn(&mut events, Wait::Block)?.io == 0 {}
/// assert!(matches!(ours.poll_read(&mut cx, &mut buffer), Poll::Ready(Ok(5))));
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
pub struct Async<T: AsSource> {
    /// What was registered; `None` only while it is being taken apart.
    io: Option<T>,
    /// The reactor's part of it.
    source: Arc<Source>,
    /// Where it is registered.
    reactor: Arc<Reactor>,
    /// Whether a short read or write means that the next one would block.
    is_short_drained: bool,
}

impl<T: AsSource> Async<T> {
    /// Registers `io` and makes it non-blocking.
    ///
    /// # Errors
    ///
    /// "event loop is closed"; or what the system reports, for instance that `io` is a regular
    /// file, which is always ready and cannot be watched, or that it is registered already. `io` is
    /// dropped then.
    pub fn new(reactor: &Arc<Reactor>, io: T) -> io::Result<Async<T>> {
        sys::set_nonblocking(&io)?;
        Async::register(reactor, io, false)
    }

    /// Registers a byte stream (a connected socket, a pipe) that is non-blocking already.
    ///
    /// Fewer bytes than asked for are taken to mean that there are no more for now, which spares a
    /// system call per message. Not for what delivers in pieces: datagrams, terminals, inotify; and
    /// Unix sockets only if they are read with [`poll_receive`](Async::poll_receive) alone.
    ///
    /// # Errors
    ///
    /// As [`Async::new`].
    ///
    /// # Panics
    ///
    /// In debug builds on Unix, when `io` is blocking: it would block a worker.
    pub fn stream(reactor: &Arc<Reactor>, io: T) -> io::Result<Async<T>> {
        debug_assert!(
            sys::is_nonblocking(&io),
            "a blocking stream would block a worker"
        );
        Async::register(reactor, io, reactor.is_short_drained())
    }

    /// Registers `io` to be watched, in whatever mode it is: [`Async::readable`] and its kin never
    /// operate on it. For a descriptor whose mode others share.
    ///
    /// # Errors
    ///
    /// As [`Async::new`].
    pub fn watched(reactor: &Arc<Reactor>, io: T) -> io::Result<Async<T>> {
        Async::register(reactor, io, false)
    }

    fn register(reactor: &Arc<Reactor>, io: T, is_short_drained: bool) -> io::Result<Async<T>> {
        let source = reactor.register(&io)?;
        Ok(Async {
            io: Some(io),
            source,
            reactor: Arc::clone(reactor),
            is_short_drained,
        })
    }

    /// What was registered.
    ///
    /// # Panics
    ///
    /// Never: it is taken out only by [`Async::into_inner`], which leaves nobody to ask.
    pub fn get_ref(&self) -> &T {
        self.io
            .as_ref()
            .expect("only `into_inner` takes it, and it takes the whole")
    }

    /// Where it is registered.
    pub fn reactor(&self) -> &Arc<Reactor> {
        &self.reactor
    }

    /// Takes the descriptor out of the event loop; it stays non-blocking.
    ///
    /// # Errors
    ///
    /// When the poller does not know it any more, because it was closed behind our back. It is
    /// dropped then.
    ///
    /// # Panics
    ///
    /// Never, as [`Async::get_ref`].
    pub fn into_inner(mut self) -> io::Result<T> {
        let io = self.io.take().expect("only this function takes it");
        self.reactor.deregister(&self.source, &io)?;
        Ok(io)
    }

    /// Tries `op` as long as it may succeed; when it would block, leaves the waker of `cx` and
    /// returns `Pending`. `op` must not block, and is tried again when it was interrupted.
    ///
    /// The waker replaces the one left by an earlier poll for the same direction.
    ///
    /// # Errors
    ///
    /// Those of `op`, and "event loop is closed".
    pub fn poll_io<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut op: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_op(direction, cx, &mut op, Side::wait)
            .map_ok(|(result, _)| result)
    }

    /// The future of [`Async::poll_io`], with a waker of its own: any number may wait for one
    /// direction, each for its own `op`.
    ///
    /// - Errors: those of `op`, and "event loop is closed".
    /// - Cancel: leaves nothing behind. What `op` has not done stays to be done by another.
    pub fn operation<R, F>(&self, direction: Direction, op: F) -> Operation<'_, T, F>
    where
        F: FnMut(&T) -> io::Result<R>,
    {
        Operation::new(self, direction, op)
    }

    /// Tries `op` once, whatever is known of readiness.
    ///
    /// # Errors
    ///
    /// Those of `op`. `WouldBlock` is remembered, so that a wait that follows lasts until the next
    /// event.
    pub fn try_io<R>(
        &self,
        direction: Direction,
        op: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let side = self.side(direction);
        let observed = side.load();
        let result = op(self.get_ref());
        if would_block(&result) {
            side.clear(observed);
        }
        result
    }

    /// Waits until the kernel says that reading would not block: data, the end, or an error.
    ///
    /// What somebody else has read meanwhile no longer counts, so this can be awaited again and
    /// again however the reading is done. Costs a system call each time.
    ///
    /// - Errors: "event loop is closed".
    /// - Cancel: leaves nothing behind, and takes no event from another waiter.
    pub fn readable(&self) -> Ready<'_, T> {
        Ready::new(self, Direction::Read)
    }

    /// Waits until the kernel says that writing would not block; see [`Async::readable`].
    pub fn writable(&self) -> Ready<'_, T> {
        Ready::new(self, Direction::Write)
    }

    /// [`Async::readable`] or [`Async::writable`], for who polls by hand: the waker replaces the
    /// one left by an earlier poll for the same direction.
    ///
    /// # Errors
    ///
    /// "event loop is closed".
    pub fn poll_ready(&self, direction: Direction, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_readiness(direction, cx, Side::wait)
    }

    /// [`Async::poll_ready`], leaving the waker by `wait`.
    fn poll_readiness(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut wait: impl FnMut(&Side, &Waker) -> bool,
    ) -> Poll<io::Result<()>> {
        let side = self.side(direction);
        loop {
            let observed = side.load();
            if observed.is_shut() {
                return Poll::Ready(Err(closed()));
            }
            if observed.is_ready() {
                match sys::is_ready(self.get_ref(), direction) {
                    Ok(true) => return Poll::Ready(Ok(())),
                    Ok(false) => side.clear(observed),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Poll::Ready(Err(error)),
                }
            } else if wait(side, cx.waker()) {
                self.reactor.ask(&self.source, self.get_ref())?;
                return Poll::Pending;
            }
        }
    }

    /// [`Async::poll_io`], with the readiness that the successful try began with. `wait` leaves the
    /// waker, in the place of the usual waiter or in a seat of its own.
    fn poll_op<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        op: &mut impl FnMut(&T) -> io::Result<R>,
        mut wait: impl FnMut(&Side, &Waker) -> bool,
    ) -> Poll<io::Result<(R, Readiness)>> {
        let side = self.side(direction);
        loop {
            let observed = side.load();
            if observed.is_shut() {
                return Poll::Ready(Err(closed()));
            }
            if observed.is_ready() {
                match op(self.get_ref()) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => side.clear(observed),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    result => return Poll::Ready(result.map(|result| (result, observed))),
                }
            } else if wait(side, cx.waker()) {
                self.reactor.ask(&self.source, self.get_ref())?;
                return Poll::Pending;
            }
        }
    }

    /// [`Async::poll_io`] for an operation that moves up to `asked` bytes.
    fn poll_bytes(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        asked: usize,
        mut op: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.poll_pieces(direction, cx, asked, |io| Ok((op(io)?, false)))
    }

    /// The same for an operation that knows whether it has ended early with more behind.
    fn poll_pieces(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        asked: usize,
        mut op: impl FnMut(&T) -> io::Result<(usize, bool)>,
    ) -> Poll<io::Result<usize>> {
        let ((moved, is_cut), observed) = ready!(self.poll_op(direction, cx, &mut op, Side::wait))?;
        if self.is_short_drained && !is_cut && 0 < moved && moved < asked {
            self.side(direction).drain(observed);
        }
        Poll::Ready(Ok(moved))
    }

    /// One of its two directions.
    fn side(&self, direction: Direction) -> &Side {
        self.source.side(direction)
    }
}

impl<T: AsSource> Async<T>
where
    for<'a> &'a T: Read,
{
    /// Reads into `buffer`: how many bytes, zero at the end or for an empty buffer.
    ///
    /// # Errors
    ///
    /// Those of reading, and "event loop is closed".
    pub fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.poll_bytes(Direction::Read, cx, buffer.len(), |mut io| io.read(buffer))
    }

    /// Reads into several buffers, one after the other, with one system call.
    ///
    /// # Errors
    ///
    /// As [`Async::poll_read`].
    pub fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let asked = asked(buffers.iter().map(|buffer| buffer.len()));
        self.poll_bytes(Direction::Read, cx, asked, |mut io| {
            io.read_vectored(buffers)
        })
    }
}

#[cfg(unix)]
impl Async<UnixStream> {
    /// [`Async::poll_read_vectored`], which learns from the system whether it has ended early:
    /// behind descriptors that were sent along. These are dropped, as by any plain read.
    ///
    /// # Errors
    ///
    /// As [`Async::poll_read`].
    pub fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let count = buffers.len().min(BUFFERS);
        let buffers = &mut buffers[..count];
        let asked = asked(buffers.iter().map(|buffer| buffer.len()));
        self.poll_pieces(Direction::Read, cx, asked, |io| receive_unix(io, buffers))
    }
}

impl<T: AsSource> Async<T>
where
    for<'a> &'a T: Write,
{
    /// Writes from `buffer`: how many bytes.
    ///
    /// # Errors
    ///
    /// Those of writing, and "event loop is closed".
    pub fn poll_write(&self, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_bytes(Direction::Write, cx, buffer.len(), |mut io| {
            io.write(buffer)
        })
    }

    /// Writes from several buffers, one after the other, with one system call.
    ///
    /// # Errors
    ///
    /// As [`Async::poll_write`].
    pub fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let asked = asked(buffers.iter().map(|buffer| buffer.len()));
        self.poll_bytes(Direction::Write, cx, asked, |mut io| {
            io.write_vectored(buffers)
        })
    }
}

impl<T: AsSource> Drop for Async<T> {
    fn drop(&mut self) {
        if let Some(io) = &self.io {
            // The poller can only complain that the descriptor is gone, which is what we want.
            // The field itself is dropped, and closed, after this (I5).
            let _deleted = self.reactor.deregister(&self.source, io);
        }
    }
}

impl<T: AsSource + fmt::Debug> fmt::Debug for Async<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Async")
            .field("io", &self.io)
            .finish_non_exhaustive()
    }
}

/// How many bytes a call with several buffers asks for: std hands no more of them to the system at
/// once, so that what the others could hold says nothing about whether more is there.
fn asked(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.take(BUFFERS).sum()
}

/// Whether an operation reported that it would have to wait.
fn would_block<R>(result: &io::Result<R>) -> bool {
    matches!(result, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
