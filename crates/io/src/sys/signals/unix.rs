//! Signals of Unix: handlers by `signal-hook-registry`, bells that are pairs of sockets.

use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::net::SendFlags;
use signal_hook_registry::SigId;

use crate::pollable::Async;
use crate::reactor::Reactor;
use crate::signals::SignalError;

/// The highest signal number. Linux has real-time signals up to here; others have no more than 31
/// that mean something to every program.
pub(crate) const LAST: i32 = if cfg!(any(target_os = "linux", target_os = "android")) {
    64
} else {
    31
};

/// The numbers of the signals that every Unix has.
#[expect(
    missing_docs,
    reason = "named as the system names them, without the SIG"
)]
pub mod numbers {
    pub const HUP: i32 = libc::SIGHUP;
    pub const INT: i32 = libc::SIGINT;
    pub const QUIT: i32 = libc::SIGQUIT;
    pub const KILL: i32 = libc::SIGKILL;
    pub const USR1: i32 = libc::SIGUSR1;
    pub const USR2: i32 = libc::SIGUSR2;
    pub const PIPE: i32 = libc::SIGPIPE;
    pub const ALRM: i32 = libc::SIGALRM;
    pub const TERM: i32 = libc::SIGTERM;
    pub const CHLD: i32 = libc::SIGCHLD;
    pub const CONT: i32 = libc::SIGCONT;
    pub const STOP: i32 = libc::SIGSTOP;
    pub const TSTP: i32 = libc::SIGTSTP;
    pub const WINCH: i32 = libc::SIGWINCH;
}

/// Whether a signal can be listened to.
pub(crate) fn check(number: i32) -> Result<(), SignalError> {
    match number {
        libc::SIGKILL | libc::SIGSTOP => Err(SignalError::Uncatchable(number)),
        libc::SIGSEGV | libc::SIGILL | libc::SIGFPE => Err(SignalError::Fault(number)),
        1..=LAST => Ok(()),
        _ => Err(SignalError::OutOfRange(number)),
    }
}

/// An action among those of a signal's handler.
#[derive(Debug)]
pub(crate) struct Registration(SigId);

impl Registration {
    /// Takes the action back. No handler runs it any more when this returns.
    pub(crate) fn release(&self) {
        signal_hook_registry::unregister(self.0);
    }
}

/// Adds an action to a signal's handler, which is installed for good by the first.
///
/// `action` runs inside the handler: it may use atomics and make system calls that are safe there,
/// and neither lock, allocate, nor panic. The callers are `signals::{Listener, Interrupts}` and the
/// keeper, which do just that.
pub(crate) fn catch(
    number: i32,
    action: impl Fn() + Send + Sync + 'static,
) -> io::Result<Registration> {
    // SAFETY: the action must be fit for a signal handler, which is this function's own contract:
    // its three callers touch atomics, `send` to a socket, and call `do_default`, which makes only
    // system calls that POSIX allows there. It owns all it touches, so nothing dangles (I5).
    let id = unsafe { signal_hook_registry::register(number, action) };
    id.map(Registration)
}

/// What a signal does: the address of its handler, or of one of two constants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Disposition(libc::sighandler_t);

impl Disposition {
    /// Neither handled nor ignored.
    pub(crate) fn is_default(self) -> bool {
        self.0 == libc::SIG_DFL
    }
}

/// What a signal does at this moment.
pub(crate) fn disposition(number: i32) -> io::Result<Disposition> {
    let mut current = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: with a null action `sigaction` changes nothing, and writes what is in force to
    // `current`, which is as large as it expects.
    let failed = unsafe { libc::sigaction(number, std::ptr::null(), current.as_mut_ptr()) };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded and has written all of it; all zeroes is valid as well.
    let current = unsafe { current.assume_init() };
    Ok(Disposition(current.sa_sigaction))
}

/// Does what the system would do with a signal that nobody handles. Safe inside a handler.
pub(crate) fn do_default(number: i32) {
    match number {
        // Ignored by default, or the work of the kernel itself.
        libc::SIGCHLD | libc::SIGCONT | libc::SIGURG | libc::SIGWINCH => {}
        libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU => {
            // STOP does the same, and leaves the handler for the time after.
            let _sent = send(own_process(), libc::SIGSTOP);
        }
        _ => {
            // SAFETY: SIG_DFL is a disposition every signal that is handled can have.
            let _handler = unsafe { libc::signal(number, libc::SIG_DFL) };
            // Inside the handler the signal is blocked on this thread, and comes when it returns.
            let _sent = send(own_process(), number);
        }
    }
}

/// Ends the process as by a signal that nobody handles.
pub fn end_process(number: i32) -> ! {
    do_default(number);
    // Blocked on every thread, so it did not come: end as a shell would report it.
    std::process::exit(128 + number)
}

/// Sends a signal to a process, or to all of a process group when `process` is negative.
///
/// # Errors
///
/// The system's: no such process or signal, no permission.
pub fn send(process: i32, number: i32) -> io::Result<()> {
    // SAFETY: `kill` takes numbers only and refuses those that mean nothing.
    match unsafe { libc::kill(process, number) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn own_process() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// The end of a bell that a handler rings.
#[derive(Debug)]
pub(crate) struct Clapper(UnixStream);

/// The end of a bell that an event loop hears.
#[derive(Debug)]
pub(crate) struct Bell(Async<UnixStream>);

/// A way out of a handler, into an event loop.
pub(crate) fn bell(reactor: &Arc<Reactor>) -> io::Result<(Clapper, Bell)> {
    let (rung, heard) = UnixStream::pair()?;
    rung.set_nonblocking(true)?;
    #[cfg(target_vendor = "apple")]
    rustix::net::sockopt::set_socket_nosigpipe(&rung, true)?;
    Ok((Clapper(rung), Bell(Async::new(reactor, heard)?)))
}

impl Clapper {
    /// One `send`, which POSIX allows in a handler.
    pub(crate) fn ring(&self) {
        // A bell whose loop has closed hears nothing, and that must not become another signal.
        #[cfg(not(target_vendor = "apple"))]
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        #[cfg(target_vendor = "apple")]
        let flags = SendFlags::DONTWAIT;
        // When there is no room, it has been rung and not been heard: once is enough.
        let _full = rustix::net::send(&self.0, &[1], flags);
    }
}

impl Bell {
    /// Ready when it was rung since the last time; forgets all rings. An error when its clapper is
    /// gone, so that nobody can ring it any more.
    pub(crate) fn poll_rung(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut rings = [0; 64];
        let heard = ready!(self.0.poll_io(crate::Direction::Read, cx, |mut bell| {
            bell.read(&mut rings)
        }));
        Poll::Ready(match heard {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            heard => heard.map(drop),
        })
    }
}
