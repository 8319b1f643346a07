//! Threads that stand in for workers which block in place, so that a loop keeps its strength, and
//! one whose workers all block goes on.
//!
//! `in_place` asks for a relief before a call and dismisses one after it; the runtime joins them
//! when the loop closes. A relief is a worker like the others, with an index, a queue and a wheel
//! of timers of its own: to the parking protocol, one that waits on the bench is a worker in a long
//! poll. It takes over nothing that only the blocked thread may run: its local tasks are not
//! `Send`, and the main future is in the midst of its poll.
//!
//! ```text
//!             call                 dismiss                     take_leave
//!   SPARE ───────────► ON DUTY ◄───────────► LEAVING ────────────────────► BENCHED
//!    no thread yet        ▲        call               no local task left      │
//!                         └───────────────────────────────────────────────────┘
//!                                              call
//! ```
//!
//! Never runs user code under its lock (I4).

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use crate::report::Report;
use crate::runtime::start_worker;
use crate::shared::Shared;
use crate::worker::{Core, Worker};

/// How many workers may be relieved at the same time; beyond that a loop has a thread fewer for
/// each. A relief that was never needed costs some ten kilobytes and no thread.
pub(crate) const RELIEFS: usize = 16;

/// See the module.
pub(crate) struct Relief {
    /// How many of the loop's workers have ever had a thread: what the others look at. Grows.
    manned: AtomicUsize,
    /// By index of the worker: asked to leave. Written under the roll's lock, read without it.
    dismissed: Box<[AtomicBool]>,
    /// Who does what.
    roll: Mutex<Roll>,
    /// Told when somebody leaves the bench, and when the loop closes.
    changed: Condvar,
}

/// Which relief is in which state.
struct Roll {
    /// Those that never had a thread, the next one last.
    spare: Vec<Core>,
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
    threads: Vec<JoinHandle<()>>,
    /// The loop closes: nobody is relieved any more.
    is_closed: bool,
}

impl Relief {
    /// `spare`: the reliefs' own parts, whose indices follow those of the `workers`.
    pub(crate) fn new(workers: usize, mut spare: Vec<Core>) -> Self {
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

    /// A worker is about to block in place: somebody stands in for it.
    pub(crate) fn call(&self, shared: &Arc<Shared>) {
        let started = self.lock().call(self, shared);
        if let Err(error) = started {
            let warning = "a worker that blocks in place has no relief";
            shared
                .desk
                .report(&Report::warning(warning).with_error(error));
        }
    }

    /// A worker is back from a call in place: one relief may go, at the end of its poll.
    pub(crate) fn dismiss(&self, shared: &Shared) {
        let leaving = {
            let mut roll = self.lock();
            if roll.unrelieved > 0 {
                roll.unrelieved -= 1;
                return;
            }
            let leaving = roll.on_duty.pop();
            if let Some(index) = leaving {
                roll.leaving.push(index);
                self.set_dismissed(index, true);
            }
            leaving
        };
        if let Some(index) = leaving {
            // It may rest.
            shared.call_worker(index);
        }
    }

    /// Ends it all; whoever is on the bench leaves it. The threads are the caller's to join.
    pub(crate) fn close(&self) -> Vec<JoinHandle<()>> {
        let mut roll = self.lock();
        roll.is_closed = true;
        self.changed.notify_all();
        std::mem::take(&mut roll.threads)
    }

    /// Whether this relief has been asked to leave, and may: it has no tasks that are bound to it.
    fn may_leave(&self, worker: &Worker) -> bool {
        // Relaxed: a dismissal is followed by a call, whose exchange orders the look after it.
        self.dismissed[worker.index].load(Ordering::Relaxed) && {
            let shared = worker.shared();
            let pinned = shared.registry.tasks_of(shared.pinned_group(worker.index));
            pinned.is_empty()
        }
    }

    /// Waits on the bench until it is needed again, or the loop closes. Returns at once if it is
    /// needed already.
    fn sit_out(&self, index: usize) {
        let mut roll = self.lock();
        let Some(place) = roll.leaving.iter().position(|&leaving| leaving == index) else {
            return;
        };
        roll.leaving.swap_remove(place);
        roll.benched.push(index);
        let waits = |roll: &mut Roll| !roll.is_closed && roll.benched.contains(&index);
        let roll = self.changed.wait_while(roll, waits);
        drop(roll.expect("nobody panics under this lock"));
    }

    fn set_dismissed(&self, index: usize, is_dismissed: bool) {
        // Relaxed: see `may_leave`; one that is called back too late to see it returns from
        // `sit_out` at once.
        self.dismissed[index].store(is_dismissed, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().expect("nobody panics under this lock")
    }
}

impl Roll {
    fn call(&mut self, relief: &Relief, shared: &Arc<Shared>) -> std::io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        if let Some(index) = self.leaving.pop().or_else(|| self.benched.pop()) {
            self.on_duty.push(index);
            relief.set_dismissed(index, false);
            relief.changed.notify_all();
            return Ok(());
        }
        // Taken back as soon as somebody is there.
        self.unrelieved += 1;
        let Some(core) = self.spare.pop() else {
            return Ok(());
        };
        let index = relief.manned();
        // Relaxed: see `manned`; written under the lock alone.
        relief.manned.store(index + 1, Ordering::Relaxed);
        self.threads.push(start_worker(shared, index, core)?);
        self.on_duty.push(index);
        self.unrelieved -= 1;
        Ok(())
    }
}

impl Worker {
    /// What the thread of a relief does all its life.
    pub(crate) fn stand_in(&self) {
        self.work(|worker| {
            let relief = &worker.shared().relief;
            if !relief.may_leave(worker) {
                return;
            }
            worker.forget_ended();
            worker.end_search();
            worker.hand_over();
            relief.sit_out(worker.index);
        });
    }

    /// Gives what is queued here to whoever comes first.
    pub(crate) fn hand_over(&self) {
        let queued = std::iter::from_fn(|| self.core.queue.pop());
        let slot = self.remote().slot.take();
        slot.into_iter()
            .chain(queued)
            .for_each(|task| self.shared().inject(task));
    }
}

impl fmt::Debug for Relief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let roll = self.lock();
        f.debug_struct("Relief")
            .field("on_duty", &roll.on_duty)
            .field("leaving", &roll.leaving)
            .field("benched", &roll.benched)
            .field("spare", &roll.spare.len())
            .finish_non_exhaustive()
    }
}
