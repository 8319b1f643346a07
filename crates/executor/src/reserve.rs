//! Which thread stands in for a worker that blocks in place, which may go, and the bench on which
//! those wait that are not needed.
//!
//! `relief` keeps one and does what it says; the loom models do the same with threads of their own,
//! so that the decisions they explore are the real ones. Knows neither workers nor tasks: a spare
//! and a thread are whatever its owner has.
//!
//! ```text
//!             call                 dismiss                       sit_out
//!   SPARE ───────────► ON DUTY ◄───────────► LEAVING ────────────────────► BENCHED
//!    no thread yet        ▲        call                                       │
//!                         └───────────────────────────────────────────────────┘
//!                                              call
//! ```

use std::fmt;
use std::io;

use crate::sync::{AtomicBool, AtomicUsize, Condvar, Mutex, Ordering, lock, ranks, wait};

/// See the module. `S` is what a relief is made of, `T` its thread.
pub(crate) struct Reserve<S, T> {
    /// How many of the loop's workers have ever had a thread: what the others look at. Grows.
    manned: AtomicUsize,
    /// By index of the worker: asked to leave. Written under the roll's lock, read without it.
    dismissed: Box<[AtomicBool]>,
    /// Who does what.
    roll: Mutex<Roll<S, T>>,
    /// Told when somebody leaves the bench, and when the loop closes.
    changed: Condvar,
}

/// Which relief is in which state.
struct Roll<S, T> {
    /// Those that never had a thread, the next one last.
    spare: Vec<S>,
    /// Standing in for somebody.
    on_duty: Vec<usize>,
    /// Not needed any more, and not on the bench yet.
    leaving: Vec<usize>,
    /// Waiting until they are needed again.
    benched: Vec<usize>,
    /// Calls in place for which nobody was left: as many ends of calls dismiss nobody, so that
    /// there are as many on duty as there are calls, or all.
    unrelieved: usize,
    /// Their threads.
    threads: Vec<T>,
    /// The loop closes: nobody is relieved any more.
    is_closed: bool,
}

impl<S, T> Reserve<S, T> {
    /// `spare`: the reliefs' own parts, whose indices follow those of the `workers`.
    pub(crate) fn new(workers: usize, mut spare: Vec<S>) -> Self {
        let indices = 0..workers + spare.len();
        spare.reverse();
        Self {
            manned: AtomicUsize::new(workers),
            dismissed: indices.map(|_| AtomicBool::new(false)).collect(),
            roll: Mutex::new(Roll {
                spare,
                on_duty: Vec::new(),
                leaving: Vec::new(),
                benched: Vec::new(),
                unrelieved: 0,
                threads: Vec::new(),
                is_closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// How many workers there are to look at, reliefs included.
    #[inline]
    pub(crate) fn manned(&self) -> usize {
        // Relaxed: it grows before the new relief's thread starts, and so before all that this one
        // publishes. The fences that make its publications seen (I3) make this seen, too.
        self.manned.load(Ordering::Relaxed)
    }

    /// Somebody blocks in place: one who is leaving, or on the bench, is on duty again; else
    /// `start` starts the thread of the worker with that index.
    ///
    /// # Errors
    /// Those of `start`.
    pub(crate) fn call(&self, start: impl FnOnce(usize, S) -> io::Result<T>) -> io::Result<()> {
        let mut roll = lock(&self.roll, ranks::ROLL);
        if roll.is_closed {
            return Ok(());
        }
        if let Some(index) = roll.leaving.pop().or_else(|| roll.benched.pop()) {
            roll.on_duty.push(index);
            self.set_dismissed(index, false);
            self.changed.notify_all();
            return Ok(());
        }
        // Taken back as soon as somebody is there.
        roll.unrelieved += 1;
        let Some(spare) = roll.spare.pop() else {
            return Ok(());
        };
        let index = self.manned();
        // Relaxed: see `manned`; written under the lock alone.
        self.manned.store(index + 1, Ordering::Relaxed);
        let thread = start(index, spare)?;
        roll.threads.push(thread);
        roll.on_duty.push(index);
        roll.unrelieved -= 1;
        Ok(())
    }

    /// A call in place is over: this relief may go, and is to be called, for it may rest.
    #[must_use]
    pub(crate) fn dismiss(&self) -> Option<usize> {
        let mut roll = lock(&self.roll, ranks::ROLL);
        if roll.unrelieved > 0 {
            roll.unrelieved -= 1;
            return None;
        }
        let index = roll.on_duty.pop()?;
        roll.leaving.push(index);
        self.set_dismissed(index, true);
        Some(index)
    }

    /// Whether this relief has been asked to leave.
    pub(crate) fn is_dismissed(&self, index: usize) -> bool {
        // Relaxed: a dismissal is followed by a call, whose exchange orders the look after it.
        self.dismissed[index].load(Ordering::Relaxed)
    }

    /// Waits on the bench until it is needed again, or the loop closes. Returns at once if it is
    /// needed already.
    pub(crate) fn sit_out(&self, index: usize) {
        let mut roll = lock(&self.roll, ranks::ROLL);
        let Some(place) = roll.leaving.iter().position(|&leaving| leaving == index) else {
            return;
        };
        roll.leaving.swap_remove(place);
        roll.benched.push(index);
        while !roll.is_closed && roll.benched.contains(&index) {
            roll = wait(&self.changed, roll);
        }
    }

    /// Ends it all; whoever is on the bench leaves it. The threads are the caller's to join.
    pub(crate) fn close(&self) -> Vec<T> {
        let mut roll = lock(&self.roll, ranks::ROLL);
        roll.is_closed = true;
        self.changed.notify_all();
        std::mem::take(&mut roll.threads)
    }

    /// How many are on duty, and how many calls have nobody.
    #[cfg(all(test, loom))]
    pub(crate) fn duties(&self) -> (usize, usize) {
        let roll = lock(&self.roll, ranks::ROLL);
        (roll.on_duty.len(), roll.unrelieved)
    }

    fn set_dismissed(&self, index: usize, is_dismissed: bool) {
        // Relaxed: see `is_dismissed`; one that is called back too late to see it returns from
        // `sit_out` at once.
        self.dismissed[index].store(is_dismissed, Ordering::Relaxed);
    }
}

impl<S, T> fmt::Debug for Reserve<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roll = lock(&self.roll, ranks::ROLL);
        f.debug_struct("Reserve")
            .field("on_duty", &roll.on_duty)
            .field("leaving", &roll.leaving)
            .field("benched", &roll.benched)
            .field("spare", &roll.spare.len())
            .finish_non_exhaustive()
    }
}
