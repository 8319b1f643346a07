//! One descriptor as the reactor knows it, and how it enters and leaves the poller.
//!
//! The reactor finds sources by key when events come; [`Async`](crate::Async) owns one together
//! with its descriptor. The only file of this crate that may be unsafe: `polling` wants a promise
//! that a source leaves the poller before it is closed (I5).

use std::io;
use std::task::Waker;

use polling::AsSource;

use crate::side::Side;
use crate::sys::{Backend, Signal};

/// Which operations: those that take from a source, or those that give to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Reading, receiving, accepting.
    Read,
    /// Writing, sending, connecting.
    Write,
}

/// What the reactor keeps of a descriptor.
#[derive(Debug)]
pub(crate) struct Source {
    /// Names it in the poller; never reused for another source while events may be under way.
    pub(crate) key: usize,
    /// Readiness and waiters for reading.
    read: Side,
    /// Readiness and waiters for writing.
    write: Side,
}

impl Source {
    /// A source that is not in the poller yet.
    pub(crate) fn new(key: usize) -> Source {
        Source {
            key,
            read: Side::new(),
            write: Side::new(),
        }
    }

    /// One of its two directions.
    pub(crate) fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::Read => &self.read,
            Direction::Write => &self.write,
        }
    }

    /// Records what the kernel said and appends those who waited for it to `wakers`.
    pub(crate) fn deliver(&self, signal: Signal, is_oneshot: bool, wakers: &mut Vec<Waker>) {
        let sides = [
            (&self.read, signal.is_readable, signal.is_read_hung),
            (&self.write, signal.is_writable, signal.is_write_hung),
        ];
        for (side, is_ready, is_hung) in sides {
            if is_ready {
                side.deliver(is_hung, wakers);
            } else if is_oneshot {
                // The event disarmed this direction too: who waits must ask again.
                side.stir(wakers);
            }
        }
    }

    /// Ends all waiting, now and later, and appends those who wait to `wakers`.
    pub(crate) fn shut(&self, wakers: &mut Vec<Waker>) {
        self.read.shut(wakers);
        self.write.shut(wakers);
    }

    /// Which directions somebody waits for: reading, writing.
    pub(crate) fn waiting(&self) -> (bool, bool) {
        (self.read.is_waiting(), self.write.is_waiting())
    }
}

/// Enters a source into the poller. [`Async`](crate::Async) alone calls this, owns `io` and takes
/// it out again with `Backend::delete` before `io` is closed or handed away.
#[cfg(all(target_os = "linux", not(bowerbird_portable_reactor)))]
pub(crate) fn enlist(backend: &Backend, key: usize, io: &impl AsSource) -> io::Result<()> {
    backend.add(key, io.source())
}

/// Enters a source into the poller. [`Async`](crate::Async) alone calls this, owns `io` and takes
/// it out again with `Backend::delete` before `io` is closed or handed away.
#[cfg(any(not(target_os = "linux"), bowerbird_portable_reactor))]
pub(crate) fn enlist(backend: &Backend, key: usize, io: &impl AsSource) -> io::Result<()> {
    #[cfg(unix)]
    use std::os::fd::AsRawFd as _;
    #[cfg(windows)]
    use std::os::windows::io::AsRawSocket as _;

    #[cfg(unix)]
    let raw = io.source().as_raw_fd();
    #[cfg(windows)]
    let raw = io.source().as_raw_socket();
    let (interest, mode) = backend.first_interest(key);
    // SAFETY: the source must be deleted from this poller before it is dropped. `Async` owns `io`
    // and does so in its `Drop` and in `into_inner`, its only ways of letting go of it (I5).
    unsafe { backend.poller().add_with_mode(raw, interest, mode) }
}
