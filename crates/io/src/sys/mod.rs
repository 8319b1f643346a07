//! The operating system, behind one interface: `Backend` waits, `Buffer` holds what came.
//!
//! Only the reactor and the registration of sources call it. The choice is made here and nowhere
//! else: epoll with all workers waiting at once on Linux, the `polling` crate with one waiter
//! elsewhere, and on Linux too under `--cfg bowerbird_portable_reactor`, so that it can be tested.

#[cfg(all(target_os = "linux", not(bowerbird_portable_reactor)))]
mod linux;

#[cfg(any(not(target_os = "linux"), bowerbird_portable_reactor))]
mod portable;

#[cfg(all(target_os = "linux", not(bowerbird_portable_reactor)))]
pub(crate) use linux::{Backend, Buffer};

#[cfg(any(not(target_os = "linux"), bowerbird_portable_reactor))]
pub(crate) use portable::{Backend, Buffer};

pub(crate) mod signals;

use std::io;

use polling::AsSource;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::source::Direction;

/// What the kernel said about one source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signal {
    /// The key under which the source was added.
    pub(crate) key: usize,
    /// Worth reading.
    pub(crate) is_readable: bool,
    /// Worth writing.
    pub(crate) is_writable: bool,
    /// No more will come from the peer after what is there.
    pub(crate) is_read_hung: bool,
    /// Writing is over for good.
    pub(crate) is_write_hung: bool,
}

/// What ended a wait, beside signals.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Woken {
    /// A notification was received.
    pub(crate) is_notified: bool,
    /// The armed deadline came.
    pub(crate) is_timer: bool,
}

/// Asks the kernel whether an operation would find something to do at this moment.
pub(crate) fn is_ready(io: &impl AsSource, direction: Direction) -> io::Result<bool> {
    let flags = match direction {
        // Windows refuses to look for urgent data.
        Direction::Read if cfg!(windows) => PollFlags::IN,
        Direction::Read => PollFlags::IN | PollFlags::PRI,
        Direction::Write => PollFlags::OUT,
    };
    // Hang-ups and errors are reported unasked, and count: an operation would tell them.
    let mut asked = [PollFd::from_borrowed_fd(io.source(), flags)];
    let ready = poll(&mut asked, Some(&Timespec::default()))?;
    Ok(ready > 0)
}

/// Makes operations return instead of blocking their thread.
pub(crate) fn set_nonblocking(io: &impl AsSource) -> io::Result<()> {
    Ok(rustix::io::ioctl_fionbio(io.source(), true)?)
}

/// Whether operations return instead of blocking their thread. Asked in debug builds only.
pub(crate) fn is_nonblocking(io: &impl AsSource) -> bool {
    #[cfg(unix)]
    let flags = rustix::fs::fcntl_getfl(io.source());
    #[cfg(unix)]
    return flags.is_ok_and(|flags| flags.contains(rustix::fs::OFlags::NONBLOCK));
    // Windows does not tell.
    #[cfg(windows)]
    {
        let _unknown = io;
        true
    }
}
