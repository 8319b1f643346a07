//! Where a worker puts a task that is made, woken or polled on its thread: into its slot, to be run
//! next, or behind those in its queue, where others may take it.
//!
//! The worker calls this after each poll, and handles for what users' code makes and wakes. It runs
//! nothing itself.

use bowerbird_core::Runnable;

use crate::worker::{STREAK_LIMIT, Worker};

/// How often a task may have the slot because one from the queue that it awaited has ended, until
/// it goes behind those that wait instead.
const JOIN_LIMIT: u32 = 4;

impl Worker {
    /// Takes a task that has been created on this thread. Of several the first runs next, and all
    /// others wait in the order they came.
    #[inline]
    pub(crate) fn push(&self, runnable: Runnable) {
        if self.shared().is_single() {
            return self.line_up(runnable);
        }
        match self.fill_slot(runnable) {
            Ok(()) => self.watch_slot(),
            Err(runnable) => self.push_behind(runnable),
        }
    }

    /// Takes a task that has been woken on this thread. Of several that one poll wakes the last
    /// runs next: what it waits for is there now, while those before may have waited for the same
    /// thing, and find it gone.
    #[inline]
    pub(crate) fn push_woken(&self, runnable: Runnable) {
        if self.shared().is_single() {
            return self.line_up(runnable);
        }
        if !self.polling.get() {
            return self.push(runnable);
        }
        if self.has_ended.get() && self.is_awaiting_many(&runnable) {
            return self.push_behind(runnable);
        }
        let slot = &self.remote().slot;
        if slot.is_empty() || self.is_slot_shut() {
            return self.push(runnable);
        }
        match slot.replace(runnable) {
            Some(earlier) => self.push_behind(earlier),
            // Somebody came for it meanwhile.
            None => self.watch_slot(),
        }
    }

    /// Whether one that has awaited the task under poll has awaited others from this queue before,
    /// and more wait there. Woken by each of them, it would be polled as often as all of them
    /// together, to find the next one not done; when it has waited for its turn, many are.
    fn is_awaiting_many(&self, woken: &Runnable) -> bool {
        if self.streak.get() > 0 || self.core.queue.is_empty() {
            return false;
        }
        let id = Some(woken.id());
        let times = match self.joiner.get() {
            (joiner, times) if joiner == id => times.saturating_add(1),
            _ => 1,
        };
        self.joiner.set((id, times));
        times > JOIN_LIMIT
    }

    /// Takes a task that waits behind all others, for whoever comes first.
    fn push_behind(&self, runnable: Runnable) {
        if self.is_whimsical() {
            return self.shared().inject(runnable);
        }
        self.core.queue.push(runnable);
        if !self.gathers.get() {
            self.shared().wake_up(self.shared().sleep.work_added());
        }
    }

    /// The task was woken while it was polled: it goes behind all others. Where there are no
    /// others it goes to the slot, which wakes nobody: we run it next.
    pub(crate) fn requeue(&self, runnable: Runnable) {
        if self.shared().is_single() {
            return self.line_up(runnable);
        }
        let runnable = if self.core.queue.is_empty() {
            match self.fill_slot(runnable) {
                Ok(()) => return,
                Err(runnable) => runnable,
            }
        } else {
            runnable
        };
        self.core.queue.push(runnable);
        self.shared().wake_up(self.shared().sleep.work_added());
    }

    /// Puts the task where we look first, if nothing is there.
    #[inline]
    fn fill_slot(&self, runnable: Runnable) -> Result<(), Runnable> {
        let slot = &self.remote().slot;
        if self.is_slot_shut() || !slot.is_empty() {
            return Err(runnable);
        }
        slot.put(runnable)
    }

    /// Whether the queue has its turn after this poll.
    #[inline]
    fn is_slot_shut(&self) -> bool {
        self.streak.get() >= STREAK_LIMIT || self.is_whimsical()
    }

    /// The slot has been filled; if we are in the midst of a poll, it may be a long one.
    #[inline]
    fn watch_slot(&self) {
        if self.polling.get() && self.shared().sleep.has_seated() {
            self.shared().watch.slot_filled(self.shared(), self.index);
        }
    }
}
