//! Console events of Windows, as the signals they are in its C library: Ctrl-C is 2, Ctrl-Break 21.
//!
//! Windows runs the handler on a thread of its own, where everything is allowed; so a bell wakes
//! its waker directly, and no socket is needed.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use signal_hook_registry::SigId;

use crate::reactor::Reactor;
use crate::signals::SignalError;

/// The highest number: SIGABRT.
pub(crate) const LAST: i32 = 22;

/// The numbers of the signals that Windows has.
#[expect(
    missing_docs,
    reason = "named as the C library names them, without the SIG"
)]
pub mod numbers {
    pub const INT: i32 = 2;
    pub const TERM: i32 = 15;
    pub const BREAK: i32 = 21;
}

/// What a process that Ctrl-C ends reports, as the system has it.
const CONTROL_C_EXIT: u32 = 0xC000_013A;

/// Whether a signal can be listened to.
pub(crate) fn check(number: i32) -> Result<(), SignalError> {
    match number {
        // INT, TERM (which a program can only send itself), BREAK, ABRT.
        2 | 15 | 21 | 22 => Ok(()),
        4 | 8 | 11 => Err(SignalError::Fault(number)),
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
pub(crate) fn catch(
    number: i32,
    action: impl Fn() + Send + Sync + 'static,
) -> io::Result<Registration> {
    // SAFETY: the action must be fit for where the handler runs: for console events that is an
    // ordinary thread, and for `raise` the caller's own; our actions hold no lock while they wake.
    let id = unsafe { signal_hook_registry::register(number, action) };
    id.map(Registration)
}

/// What a signal does. Windows does not tell, so what nobody of us has touched counts as default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Disposition;

impl Disposition {
    /// Neither handled nor ignored.
    pub(crate) fn is_default(self) -> bool {
        true
    }
}

/// What a signal does at this moment.
pub(crate) fn disposition(_number: i32) -> io::Result<Disposition> {
    Ok(Disposition)
}

/// Does what the system would do with a console event that nobody handles: ends the process.
pub(crate) fn do_default(_number: i32) {
    std::process::exit(i32::from_ne_bytes(CONTROL_C_EXIT.to_ne_bytes()))
}

/// Ends the process as by a console event that nobody handles.
pub fn end_process(number: i32) -> ! {
    do_default(number);
    std::process::exit(128 + number)
}

/// Windows cannot send signals to other processes.
///
/// # Errors
///
/// Always, `Unsupported`.
pub fn send(_process: i32, _number: i32) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// What a bell's two ends share.
#[derive(Debug, Default)]
struct Chime {
    /// Rung and not heard yet, and who is to hear it.
    state: Mutex<(bool, Option<Waker>)>,
}

/// The end of a bell that a handler rings.
#[derive(Debug)]
pub(crate) struct Clapper(Arc<Chime>);

/// The end of a bell that an event loop hears.
#[derive(Debug)]
pub(crate) struct Bell(Arc<Chime>);

/// A way out of a handler, into an event loop.
pub(crate) fn bell(_reactor: &Arc<Reactor>) -> io::Result<(Clapper, Bell)> {
    let chime = Arc::new(Chime::default());
    Ok((Clapper(Arc::clone(&chime)), Bell(chime)))
}

impl Clapper {
    /// Wakes who waits, with no lock held (I4).
    pub(crate) fn ring(&self) {
        let waker = {
            let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.0 = true;
            state.1.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Bell {
    /// Ready when it was rung since the last time; forgets all rings.
    pub(crate) fn poll_rung(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let waker = cx.waker().clone();
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::take(&mut state.0) {
            return Poll::Ready(Ok(()));
        }
        let before = state.1.replace(waker);
        drop(state);
        drop(before);
        Poll::Pending
    }
}
