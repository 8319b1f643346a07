//! Threads that stand in for workers which block in place, so that a loop keeps its strength, and
//! one whose workers all block goes on.
//!
//! `in_place` asks for a relief before a call and dismisses one after it; the runtime joins them
//! when the loop closes. Who is on duty, and who waits on the bench, is decided in `reserve`. A
//! relief is a worker like the others, with an index, a queue and a wheel of timers of its own: to
//! the parking protocol, one that waits on the bench is a worker in a long poll. It takes over
//! nothing that only the blocked thread may run: its local tasks are not `Send`, and the main
//! future is in the midst of its poll.
//!
//! Never runs user code under a lock (I4).

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::report::Report;
use crate::reserve::Reserve;
use crate::runtime::start_worker;
use crate::shared::Shared;
use crate::worker::{Core, Worker};

/// How many workers may be relieved at the same time; beyond that a loop has a thread fewer for
/// each. A relief that was never needed costs some ten kilobytes and no thread.
pub(crate) const RELIEFS: usize = 16;

/// The reliefs of a loop.
pub(crate) type Relief = Reserve<Core, JoinHandle<()>>;

impl Shared {
    /// A worker is about to block in place: somebody stands in for it.
    pub(crate) fn call_relief(self: &Arc<Self>) {
        let started = self
            .relief
            .call(|index, core| start_worker(self, index, core));
        if let Err(error) = started {
            let warning = "a worker that blocks in place has no relief";
            self.desk
                .report(&Report::warning(warning).with_error(error));
        }
    }

    /// A worker is back from a call in place: one relief may go, at the end of its poll.
    pub(crate) fn dismiss_relief(&self) {
        if let Some(index) = self.relief.dismiss() {
            self.call_worker(index);
        }
    }
}

impl Worker {
    /// What the thread of a relief does all its life.
    pub(crate) fn stand_in(&self) {
        self.work(|worker| {
            if !worker.may_leave() {
                return;
            }
            worker.forget_ended();
            worker.end_search();
            worker.hand_over();
            worker.shared().relief.sit_out(worker.index);
        });
    }

    /// Whether this relief has been asked to leave, and may: it has no tasks that are bound to it.
    fn may_leave(&self) -> bool {
        let shared = self.shared();
        shared.relief.is_dismissed(self.index) && {
            let pinned = shared.registry.tasks_of(shared.pinned_group(self.index));
            pinned.is_empty()
        }
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
