//! Other people's descriptors in the loop, and what all sockets of this module are made of: the
//! reactor's `Async`, registered with the running loop and bound to share its worker.

use std::any::type_name;
use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bowerbird_core::{Awaited, note_all};
use bowerbird_executor::{Handle, budget};
pub use bowerbird_io::{AsSource, Direction};
use futures_io::{AsyncRead, AsyncWrite};

use crate::exceptions::NoRunningLoop;

/// Anything that the kernel can watch, made awaitable: another library's socket, a pipe, a timer
/// descriptor, a device. On Unix all that is `AsFd`, on Windows all that is `AsSocket`.
///
/// - Operations are tried at once, and again after each event; nothing blocks the worker. Any
///   number of tasks may wait for the same descriptor, in the methods that are `async`.
/// - Where `&T` is `Read` or `Write`, `Async<T>` and `&Async<T>` are `AsyncRead` and `AsyncWrite`:
///   one task at a time for each direction.
/// - `io` must go on giving the same descriptor, and nobody else may make it blocking again.
/// - Dropping it takes the descriptor out of the loop and then drops `io`.
/// - asyncio: what `add_reader` and `add_writer` are used for. Ours has them, too
///   ([`EventLoop::add_reader`](crate::EventLoop)); this one is for those who would rather await.
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// use bowerbird::net::Async;
///
/// bowerbird::run(async {
///     let (ours, mut theirs) = UnixStream::pair()?;
///     let ours = Async::new(ours)?;
///     theirs.write_all(b"hello")?;
///     let mut buffer = [0; 16];
///     let length = ours.read_with(|mut io| io.read(&mut buffer)).await?;
///     assert_eq!(&buffer[..length], b"hello");
///     Ok(())
/// })
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
///
/// What the kernel cannot watch is an error:
///
/// ```
/// # #[cfg(unix)]
/// # bowerbird::run(async {
/// let file = std::fs::File::open("Cargo.toml").unwrap();
/// assert!(bowerbird::net::Async::new(file).is_err());
/// # });
/// ```
pub struct Async<T: AsSource>(bowerbird_io::Async<T>);

impl<T: AsSource> Async<T> {
    /// What a task waits for that reads.
    const INPUT: fn() -> Awaited = || Awaited::Input(type_name::<T>());

    /// What a task waits for that writes.
    const OUTPUT: fn() -> Awaited = || Awaited::Output(type_name::<T>());

    /// Makes `io` non-blocking and enters it into the running loop.
    ///
    /// # Errors
    /// "event loop is closed"; or what the system says, for instance that `io` is a regular file,
    /// which is always ready and cannot be watched. `io` is dropped then.
    ///
    /// # Panics
    /// Outside a running loop.
    #[track_caller]
    pub fn new(io: T) -> io::Result<Self> {
        Ok(Self(bowerbird_io::Async::new(running().reactor(), io)?))
    }

    /// Enters a byte stream that is non-blocking already: a short read means that nothing is left.
    #[track_caller]
    pub(crate) fn stream(io: T) -> io::Result<Self> {
        Ok(Self(bowerbird_io::Async::stream(running().reactor(), io)?))
    }

    /// Enters a byte stream into the loop that `self` is in, which need not be the running one.
    pub(crate) fn sibling<U: AsSource>(&self, io: U) -> io::Result<Async<U>> {
        Ok(Async(bowerbird_io::Async::stream(self.0.reactor(), io)?))
    }

    /// What was entered.
    pub fn get_ref(&self) -> &T {
        self.0.get_ref()
    }

    /// Takes it out of the loop; it stays non-blocking.
    ///
    /// # Errors
    /// When the system does not know it any more, because it was closed behind our back. It is
    /// dropped then.
    pub fn into_inner(self) -> io::Result<T> {
        self.0.into_inner()
    }

    /// Waits until reading would not block: data, the end, or an error.
    ///
    /// - Any number of tasks may wait, and be told of the same event: expect `WouldBlock` from the
    ///   read that follows.
    /// - Costs a system call; [`read_with`](Self::read_with) waits only when it must.
    /// - Cancel: leaves nothing behind.
    ///
    /// # Errors
    /// "event loop is closed".
    pub async fn readable(&self) -> io::Result<()> {
        within_budget(Self::INPUT, self.0.readable()).await
    }

    /// Waits until writing would not block; as [`readable`](Self::readable).
    ///
    /// # Errors
    /// "event loop is closed".
    pub async fn writable(&self) -> io::Result<()> {
        within_budget(Self::OUTPUT, self.0.writable()).await
    }

    /// Tries `op` at once, and again whenever there may be something to read, until it does
    /// something else than block.
    ///
    /// - `op`: must not block; is called again after `WouldBlock` and `Interrupted`.
    /// - Cancel: what `op` has not done is not done.
    ///
    /// # Errors
    /// Those of `op`, and "event loop is closed".
    pub async fn read_with<R>(&self, op: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        within_budget(Self::INPUT, self.0.operation(Direction::Read, op)).await
    }

    /// Tries `op` at once, and again whenever there may be room to write; as
    /// [`read_with`](Self::read_with).
    ///
    /// # Errors
    /// Those of `op`, and "event loop is closed".
    pub async fn write_with<R>(&self, op: impl FnMut(&T) -> io::Result<R>) -> io::Result<R> {
        within_budget(Self::OUTPUT, self.0.operation(Direction::Write, op)).await
    }

    /// Tries `op` once, whatever is known of readiness.
    ///
    /// # Errors
    /// Those of `op`. `WouldBlock` is remembered, so that a wait that follows lasts until the next
    /// event: return it only when the descriptor itself would have blocked.
    pub fn try_io<R>(
        &self,
        direction: Direction,
        op: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.0.try_io(direction, op)
    }

    /// [`read_with`](Self::read_with) and [`write_with`](Self::write_with), for those who write
    /// futures: the task that polled last for a direction is woken.
    ///
    /// # Errors
    /// Those of `op`, and "event loop is closed".
    pub fn poll_io<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        op: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let awaited = match direction {
            Direction::Read => Self::INPUT,
            Direction::Write => Self::OUTPUT,
        };
        poll_spending(awaited, cx, |cx| self.0.poll_io(direction, cx, op))
    }
}

#[cfg(unix)]
impl Async<std::os::unix::net::UnixStream> {
    /// Reads, and knows afterwards whether more may be there.
    pub(crate) fn poll_unix(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_spending(Self::INPUT, cx, |cx| self.0.poll_receive(cx, buffers))
    }
}

impl<T: AsSource + fmt::Debug> fmt::Debug for Async<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Async").field(self.get_ref()).finish()
    }
}

impl<T: AsSource> AsyncRead for &Async<T>
where
    for<'a> &'a T: Read,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        poll_spending(Async::<T>::INPUT, cx, |cx| self.0.poll_read(cx, buffer))
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_spending(Async::<T>::INPUT, cx, |cx| {
            self.0.poll_read_vectored(cx, buffers)
        })
    }
}

impl<T: AsSource> AsyncWrite for &Async<T>
where
    for<'a> &'a T: Write,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        poll_spending(Async::<T>::OUTPUT, cx, |cx| self.0.poll_write(cx, buffer))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        poll_spending(Async::<T>::OUTPUT, cx, |cx| {
            self.0.poll_write_vectored(cx, buffers)
        })
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_io(Direction::Write, cx, |mut io| io.flush())
    }

    /// Flushes; what closing means beyond that, only `T` knows.
    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(cx)
    }
}

impl<T: AsSource> AsyncRead for Async<T>
where
    for<'a> &'a T: Read,
{
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

impl<T: AsSource> AsyncWrite for Async<T>
where
    for<'a> &'a T: Write,
{
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

/// Polls `op` if the task may still do something in this poll; what is not done costs nothing, and
/// leaves a note of what is awaited.
#[inline]
fn poll_spending<R>(
    awaited: fn() -> Awaited,
    cx: &mut Context<'_>,
    op: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    ready!(budget::poll_proceed(cx));
    let done = op(cx);
    if done.is_pending() {
        note_all(std::iter::once_with(awaited));
        budget::restore();
    }
    done
}

/// Awaits `future`, which spends one unit in the end.
async fn within_budget<F: Future>(awaited: fn() -> Awaited, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|cx| poll_spending(awaited, cx, |cx| future.as_mut().poll(cx))).await
}

/// The loop that runs on this thread.
#[track_caller]
pub(crate) fn running() -> Handle {
    let Some(handle) = Handle::current() else {
        panic!("{NoRunningLoop}")
    };
    handle
}
