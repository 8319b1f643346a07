//! A loop's life: paused, running, closing, closed; and the gate where its workers wait meanwhile.
//!
//! Written by whoever runs, stops or closes the loop; read by every worker before each task.
//!
//! ```text
//!             start                 close
//!   PAUSED ◄────────► RUNNING    ─────────► CLOSING ─────► CLOSED
//!             pause       from PAUSED only         finish
//! ```

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

use bowerbird_core::locked::Guarded;

use crate::error::LoopError;
use crate::sync::ranks;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Life {
    /// The phase, as a number; changed under the gate's lock.
    phase: AtomicU8,
    /// `stop` was asked for and no run has ended since.
    stop: AtomicBool,
    /// A runner is cancelling what is left.
    shutdown: AtomicBool,
    /// The lock of `changed`.
    gate: Mutex<()>,
    /// Told when the phase changes.
    changed: Condvar,
}

/// The gate, held.
type Gate<'a> = Guarded<MutexGuard<'a, ()>>;

/// What a loop is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Paused,
    Running,
    Closing,
    Closed,
}

impl Life {
    /// Acquire pairs with the Release in `set`: who sees a phase sees what was done before it.
    #[inline]
    pub(crate) fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Paused,
            1 => Phase::Running,
            2 => Phase::Closing,
            _ => Phase::Closed,
        }
    }

    /// Begins a run.
    pub(crate) fn start(&self) -> Result<(), LoopError> {
        let _gate = self.lock();
        match self.phase() {
            Phase::Paused => self.set(Phase::Running),
            Phase::Running => return Err(LoopError::AlreadyRunning),
            Phase::Closing | Phase::Closed => return Err(LoopError::Closed),
        }
        Ok(())
    }

    /// Ends a run, and with it a request to stop.
    pub(crate) fn pause(&self) {
        let _gate = self.lock();
        // Relaxed: read by the thread that runs the loop and by `stop`, which the phase orders.
        self.stop.store(false, Ordering::Relaxed);
        self.set(Phase::Paused);
    }

    /// Begins to close; what `look` saw just before: it is the caller's to do. `None`: another
    /// call does it or did. No user code may run in `look`.
    pub(crate) fn close<R>(&self, look: impl FnOnce() -> R) -> Result<Option<R>, LoopError> {
        let _gate = self.lock();
        match self.phase() {
            Phase::Running => Err(LoopError::Running),
            Phase::Paused => {
                let seen = look();
                self.set(Phase::Closing);
                Ok(Some(seen))
            }
            Phase::Closing | Phase::Closed => Ok(None),
        }
    }

    pub(crate) fn finish(&self) {
        let _gate = self.lock();
        self.set(Phase::Closed);
    }

    /// Asks the run that is under way, or the next one, to end.
    pub(crate) fn stop(&self) {
        // Relaxed: the caller wakes worker 0 afterwards, and that carries the order.
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        // Relaxed: see `stop`.
        self.stop.load(Ordering::Relaxed)
    }

    /// A runner begins to cancel what is left.
    pub(crate) fn shut_down(&self) {
        // Relaxed: it only chooses the words of reports.
        self.shutdown.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        // Relaxed: see `shut_down`.
        self.shutdown.load(Ordering::Relaxed)
    }

    /// Waits while the loop is paused.
    pub(crate) fn wait_at_gate(&self) {
        let gate = self.lock();
        let paused = |_: &mut ()| self.phase() == Phase::Paused;
        self.wait_while(gate, paused);
    }

    /// Waits until another thread's close is over.
    pub(crate) fn wait_closed(&self) {
        let gate = self.lock();
        let open = |_: &mut ()| self.phase() != Phase::Closed;
        self.wait_while(gate, open);
    }

    fn wait_while(&self, gate: Gate<'_>, holds: impl FnMut(&mut ()) -> bool) {
        drop(gate.through(|gate| {
            let waited = self.changed.wait_while(gate, holds);
            waited.expect("nothing under the gate can panic")
        }));
    }

    #[track_caller]
    fn lock(&self) -> Gate<'_> {
        Guarded::take(ranks::GATE, || {
            self.gate.lock().expect("nothing under the gate can panic")
        })
    }

    fn set(&self, phase: Phase) {
        // Release pairs with the Acquire in `phase`.
        self.phase.store(phase as u8, Ordering::Release);
        self.changed.notify_all();
    }
}
