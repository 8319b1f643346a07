//! A task's life as values: one word of flags and a reference count, and every step it can take.
//!
//! The cell ([`crate::cell`]) owns the word; nobody else changes it. This file knows no futures and
//! no queues: each transition answers with what its caller must do next, so that callers never
//! guess from bits. The steps are plain functions on [`State`], walked as a table by the tests;
//! [`AtomicState`] only carries them.
//!
//! ```text
//!              create
//!                │
//!                ▼            start (1)             pause (2), nobody woke it
//!            ┌────────┐ ───────────────► ┌─────────┐ ───────────────► ┌──────┐
//!            │ QUEUED │                  │ RUNNING │                  │ idle │
//!            └────────┘ ◄─────────────── └─────────┘                  └──────┘
//!                ▲       pause (2), woken     │                           │
//!                │       while it ran         │ finish (4)                │
//!                │                            ▼                           │
//!                │                        ┌──────┐                        │
//!                │                        │ DONE │                        │
//!                │                        └──────┘                        │
//!                └────────────────────────────────────────────────────────┘
//!                                  wake (3), cancel (5)
//! ```
//!
//! 1. `Runnable::run` · 2. the poll said Pending · 3. any `Waker`; on a RUNNING task it only sets
//!    QUEUED, and the runner queues it again at its pause · 4. the poll said Ready, panicked, or
//!    the future was dropped by a cancellation · 5. `Task::cancel`: a wake that carries a request
//!
//! **Who holds what.** One *alive* reference lasts from creation to `finish`; a queue entry holds
//! none of its own, because a queued task is alive. The `Task` handle holds one, every `TaskRef`
//! and every cloned `Waker` one each.

use crate::sync::{AtomicUsize, Ordering};

/// Somebody polls the task; the bit is the lock on its future (I2).
const RUNNING: usize = 1;
/// Woken: it stands in a queue, or its runner will put it there (I1).
const QUEUED: usize = 1 << 1;
/// Over: the output waits for the `Task` handle, or is gone (I2).
const DONE: usize = 1 << 2;
/// The `Task` handle lives. Never set again once cleared.
const HANDLE: usize = 1 << 3;
/// The awaiter's waker is in its slot: the slot is the finisher's; while clear, the handle's.
const AWAITER: usize = 1 << 4;
/// A cancel request waits to be delivered by the next runner.
const CANCEL: usize = 1 << 5;
/// The future must be dropped at the next start, whoever would catch it.
const ABORT: usize = 1 << 6;
/// ABORT once the task is DONE, when nobody can ask for anything any more: it ended cancelled.
const CANCELLED: usize = ABORT;
/// The cold part exists: name, callbacks, messages, scopes, context.
const COLD: usize = 1 << 7;
/// One reference.
const REF: usize = 1 << 8;

/// What whoever woke the task must do.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
#[must_use]
pub(crate) enum Woken {
    /// It was idle: hand its `Runnable` to the scheduler, once.
    Enqueue,
    /// It is queued, or its runner will queue it, or it is done.
    Nothing,
}

/// What whoever holds the `Runnable` must do.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
#[must_use]
pub(crate) enum Started {
    /// Poll the future.
    Poll,
    /// Deliver the cancel request first.
    Cancel,
    /// Drop the future without asking anybody.
    Abort,
}

/// What a runner must do after a poll that said Pending.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
#[must_use]
pub(crate) enum Paused {
    /// Nothing, not even look: the task may already run elsewhere.
    Idle,
    /// It was woken meanwhile: queue it again, behind the others.
    Requeue,
}

/// What a finisher says about the end.
#[derive(Debug, PartialEq, Eq, Clone, Copy, Hash)]
pub(crate) struct Ending {
    /// An output lies in the cell.
    pub(crate) kept: bool,
    /// The outcome is "cancelled".
    pub(crate) cancelled: bool,
}

/// What a finisher must do once the task is DONE.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
#[must_use]
pub(crate) enum Finished {
    /// Nobody needs to be told and the references are given back; `true`: free the cell.
    Quiet { last: bool },
    /// See to the rest, then give the references back.
    Loud {
        awaiter: bool,
        handle: bool,
        cold: bool,
    },
}

/// What the `Task` handle must do to let go.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
#[must_use]
pub(crate) enum Detached {
    /// The handle and its reference are gone; the task goes on.
    Gone,
    /// Take the waker out of the slot, then ask again.
    ClearAwaiter,
    /// The task is done: the output is yours, then give the reference back.
    Done,
}

/// The word, read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct State(usize);

impl State {
    /// As created: queued, with a handle; referenced as alive, by the handle and by the registry.
    pub(crate) const NEW: Self = Self(QUEUED | HANDLE | (3 * REF));

    pub(crate) const fn is(self, flag: usize) -> bool {
        self.0 & flag != 0
    }

    pub(crate) const fn is_done(self) -> bool {
        self.is(DONE)
    }

    pub(crate) const fn is_cancelled(self) -> bool {
        self.is(DONE) && self.is(CANCELLED)
    }

    pub(crate) const fn has_handle(self) -> bool {
        self.is(HANDLE)
    }

    pub(crate) const fn is_running(self) -> bool {
        self.is(RUNNING)
    }

    pub(crate) const fn is_queued(self) -> bool {
        self.is(QUEUED)
    }

    pub(crate) const fn has_awaiter(self) -> bool {
        self.is(AWAITER)
    }

    pub(crate) const fn has_request(self) -> bool {
        self.is(CANCEL)
    }

    pub(crate) const fn references(self) -> usize {
        self.0 / REF
    }

    /// Step 3: asks for a poll.
    const fn wake(self) -> (Self, Woken) {
        let duty = if self.is(RUNNING | QUEUED | DONE) {
            Woken::Nothing
        } else {
            Woken::Enqueue
        };
        (Self(self.0 | QUEUED), duty)
    }

    /// Step 1: the holder of the `Runnable` begins.
    const fn start(self) -> (Self, Started) {
        let duty = if self.is(ABORT) {
            Started::Abort
        } else if self.is(CANCEL) {
            Started::Cancel
        } else {
            Started::Poll
        };
        (Self(self.0 ^ (QUEUED | RUNNING)), duty)
    }

    /// Step 2: the poll said Pending.
    const fn pause(self) -> (Self, Paused) {
        let duty = if self.is(QUEUED) {
            Paused::Requeue
        } else {
            Paused::Idle
        };
        (Self(self.0 & !RUNNING), duty)
    }

    /// Step 4. Where nobody needs to be told, `held` references go in the same step. An output that
    /// was kept and has no handle must be dropped by the finisher.
    const fn finish(self, held: usize, ending: Ending) -> (Self, Finished) {
        let mark = if ending.cancelled { CANCELLED } else { 0 };
        let done = (self.0 & !(RUNNING | QUEUED | CANCEL | ABORT)) | DONE | mark;
        if self.is(AWAITER | COLD) || (ending.kept && !self.is(HANDLE)) {
            let loud = Finished::Loud {
                awaiter: self.is(AWAITER),
                handle: self.is(HANDLE),
                cold: self.is(COLD),
            };
            return (Self(done), loud);
        }
        let left = done - held * REF;
        (Self(left), Finished::Quiet { last: left < REF })
    }

    /// The `Task` handle lets go.
    const fn detach(self) -> (Self, Detached) {
        if self.is(DONE) {
            (self, Detached::Done)
        } else if self.is(AWAITER) {
            (Self(self.0 & !AWAITER), Detached::ClearAwaiter)
        } else {
            (Self((self.0 & !HANDLE) - REF), Detached::Gone)
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = [
            (RUNNING, "running"),
            (QUEUED, "queued"),
            (DONE, "done"),
            (HANDLE, "handle"),
            (AWAITER, "awaiter"),
            (CANCEL, "cancel"),
            (ABORT, "abort"),
            (COLD, "cold"),
        ];
        for (flag, name) in names {
            if self.is(flag) {
                write!(f, "{name} ")?;
            }
        }
        write!(f, "refs {}", self.references())
    }
}

/// The word itself. Each method is one transition; the orderings pair with each other, on this
/// word.
#[derive(Debug)]
pub(crate) struct AtomicState(AtomicUsize);

impl AtomicState {
    pub(crate) fn new() -> Self {
        Self(AtomicUsize::new(State::NEW.0))
    }

    /// Acquire pairs with the Release of `finish`: who sees DONE sees the output.
    #[inline]
    pub(crate) fn load(&self) -> State {
        State(self.0.load(Ordering::Acquire))
    }

    /// Release pairs with `start`: the poll that follows sees what the waker wrote, also when the
    /// task was queued already; so it is a read-modify-write in every case.
    #[inline]
    pub(crate) fn wake(&self) -> Woken {
        State(self.0.fetch_or(QUEUED, Ordering::AcqRel)).wake().1
    }

    /// A wake that carries a request to end; `abort` asks nobody. `None` when already done.
    pub(crate) fn cancel(&self, abort: bool) -> Option<Woken> {
        let request = if abort { ABORT } else { CANCEL };
        let mut seen = self.load();
        loop {
            if seen.is_done() {
                return None;
            }
            let (next, duty) = seen.wake();
            // AcqRel as in `wake`, whose partner is `start`.
            match self.exchange(seen, State(next.0 | request)) {
                Ok(()) => return Some(duty),
                Err(now) => seen = now,
            }
        }
    }

    /// Acquire pairs with the Releases of `wake`, `pause` and `cancel`: the future's memory and the
    /// waker's writes are visible. A plain exchange of bits is enough: the caller owns the
    /// `Runnable`, so QUEUED is set and RUNNING is not (I1).
    #[inline]
    pub(crate) fn start(&self) -> Started {
        let seen = State(self.0.fetch_xor(QUEUED | RUNNING, Ordering::AcqRel));
        debug_assert!(
            seen.is(QUEUED) && !seen.is(RUNNING | DONE),
            "I1 broken: {seen:?}"
        );
        seen.start().1
    }

    /// Release pairs with the Acquire of the next `start`.
    #[inline]
    pub(crate) fn pause(&self) -> Paused {
        let seen = State(self.0.fetch_and(!RUNNING, Ordering::AcqRel));
        debug_assert!(seen.is(RUNNING), "I2 broken: {seen:?}");
        seen.pause().1
    }

    /// The runner takes the request to deliver it; false when `uncancel` was quicker.
    pub(crate) fn take_request(&self) -> bool {
        // Relaxed: the message lies under the lock that `cancel` was called with; the runner, who
        // needs the part with that lock, saw it at its `start`.
        State(self.0.fetch_and(!CANCEL, Ordering::Relaxed)).has_request()
    }

    /// Release pairs with `load`, `detach` and `set_awaiter`: who sees DONE sees the output.
    /// Acquire pairs with `set_awaiter`: who sees AWAITER sees the waker.
    #[inline]
    pub(crate) fn finish(&self, held: usize, ending: Ending) -> Finished {
        // Relaxed: only a first guess, the exchange checks it.
        let mut seen = State(self.0.load(Ordering::Relaxed));
        loop {
            debug_assert!(seen.is(RUNNING), "I2 broken: {seen:?}");
            let (next, duty) = seen.finish(held, ending);
            match self.exchange(seen, next) {
                Ok(()) => return duty,
                Err(now) => seen = now,
            }
        }
    }

    /// The handle publishes the waker it has just put into the slot; true when the task was done
    /// before, so that nobody will look there. AcqRel pairs with `finish`, both ways.
    pub(crate) fn set_awaiter(&self) -> bool {
        State(self.0.fetch_or(AWAITER, Ordering::AcqRel)).is_done()
    }

    /// The handle takes the slot back; true when the task was done before and the slot is lost to
    /// the finisher. Relaxed: if not done, the handle wrote the slot last, itself; and who is told
    /// "done" looks again, by `load`, before it touches the output.
    pub(crate) fn clear_awaiter(&self) -> bool {
        State(self.0.fetch_and(!AWAITER, Ordering::Relaxed)).is_done()
    }

    /// The cold part is installed; true when the task was done before. AcqRel pairs with `finish`:
    /// either the finisher sees the part, or its creator sees DONE.
    pub(crate) fn set_cold(&self) -> bool {
        State(self.0.fetch_or(COLD, Ordering::AcqRel)).is_done()
    }

    /// One step of letting the handle go. AcqRel pairs with `finish`, as in `load`.
    pub(crate) fn detach(&self) -> Detached {
        let mut seen = self.load();
        loop {
            let (next, duty) = seen.detach();
            if duty == Detached::Done {
                return duty;
            }
            match self.exchange(seen, next) {
                Ok(()) => return duty,
                Err(now) => seen = now,
            }
        }
    }

    /// One more reference. Relaxed: it is made from one that lives, which keeps the cell alive.
    #[inline]
    pub(crate) fn retain(&self) {
        let seen = self.0.fetch_add(REF, Ordering::Relaxed);
        if seen > usize::MAX / 2 {
            // Leaked wakers have nearly filled the count; going on would free a living task.
            std::process::abort();
        }
    }

    /// Gives `count` references back; true: they were the last, free the cell. AcqRel pairs with
    /// itself: whoever frees sees all that the others did.
    #[inline]
    pub(crate) fn release(&self, count: usize) -> bool {
        let seen = State(self.0.fetch_sub(count * REF, Ordering::AcqRel));
        debug_assert!(
            seen.references() >= count,
            "reference count broken: {seen:?}"
        );
        seen.references() == count
    }

    #[inline]
    fn exchange(&self, seen: State, next: State) -> Result<(), State> {
        self.0
            .compare_exchange_weak(seen.0, next.0, Ordering::AcqRel, Ordering::Acquire)
            .map(drop)
            .map_err(State)
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
