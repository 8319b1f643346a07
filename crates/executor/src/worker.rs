//! A worker: finds the next task, polls it, rests when there is none.
//!
//! Lives on one thread and in its `current`; what others may touch of it is its `Remote`. Control
//! flow only: where a task is put, queues, parking, time and slots each have a file of their own.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use bowerbird_core::{Runnable, TaskId};
use bowerbird_io::Events;

use crate::budget;
use crate::chaos;
use crate::gaps::Gaps;
use crate::handle::Handle;
use crate::life::Phase;
use crate::queue::Local;
use crate::registry::{Ended, may_stay};
use crate::shared::{Remote, Shared};
use crate::slow;

/// Polls between two looks at the injector, the timers and the reactor.
const LOOK_AROUND: u64 = 61;
/// Polls in a row that may come from the slot while the queue waits.
pub(crate) const STREAK_LIMIT: u32 = 16;

/// See the module.
#[derive(Debug)]
pub(crate) struct Worker {
    /// The loop.
    pub(crate) handle: Handle,
    /// Which worker of it this is.
    pub(crate) index: usize,
    /// What stays from run to run.
    pub(crate) core: Core,
    /// Room for what the reactor brings.
    pub(crate) events: RefCell<Events>,
    /// Counted as searching.
    pub(crate) searching: Cell<bool>,
    /// A call from outside ended the last rest.
    pub(crate) was_called: Cell<bool>,
    /// Tasks that it has stolen and that ended here.
    ended: Ended,
    /// Queues what a turn of the reactor wakes, and will call somebody for all of it.
    pub(crate) gathers: Cell<bool>,
    /// In the midst of a poll.
    pub(crate) polling: Cell<bool>,
    /// The task taken last is one that only this worker may run.
    is_local: Cell<bool>,
    /// The task under poll has ended: whom it wakes now has awaited it.
    pub(crate) has_ended: Cell<bool>,
    /// Polls in a row that came from the slot.
    pub(crate) streak: Cell<u32>,
    /// Whom tasks from the queue have woken at their end of late, and how often.
    pub(crate) joiner: Cell<(Option<TaskId>, u32)>,
    /// Tasks left of the pass under way; only worker 0 counts them.
    pass: Cell<usize>,
}

/// What a worker owns, kept by the loop while nobody runs it.
#[derive(Debug)]
pub(crate) struct Core {
    /// Its queue.
    pub(crate) queue: Local<Runnable>,
    /// Its queue on a single-threaded loop, where order is a promise.
    pub(crate) line: RefCell<VecDeque<Runnable>>,
    /// What ended its rests of late.
    pub(crate) gaps: Gaps,
    /// State of the generator that picks victims.
    random: Cell<u64>,
}

impl Core {
    pub(crate) fn new(index: usize, queue: Local<Runnable>) -> Self {
        Self {
            queue,
            line: RefCell::default(),
            gaps: Gaps::default(),
            random: Cell::new(chaos::seed(index)),
        }
    }
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, index: usize, core: Core) -> Self {
        Self {
            handle: Handle(shared),
            index,
            core,
            events: RefCell::new(Events::new()),
            searching: Cell::new(false),
            was_called: Cell::new(false),
            ended: Ended::default(),
            gathers: Cell::new(false),
            polling: Cell::new(false),
            is_local: Cell::new(false),
            has_ended: Cell::new(false),
            streak: Cell::new(0),
            joiner: Cell::new((None, 0)),
            pass: Cell::new(0),
        }
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.handle.0
    }

    /// What a thread of the pool does all its life; `before_each` comes before each step.
    pub(crate) fn work(&self, before_each: impl Fn(&Self)) {
        loop {
            match self.shared().life.phase() {
                Phase::Running => {
                    before_each(self);
                    self.step();
                }
                Phase::Paused => {
                    self.forget_ended();
                    self.end_search();
                    self.shared().life.wait_at_gate();
                }
                Phase::Closing | Phase::Closed => break,
            }
        }
        self.forget_ended();
        self.end_search();
    }

    /// One task, or one rest.
    pub(crate) fn step(&self) {
        match self.next_task().or_else(|| self.search()) {
            // The run has ended since we looked: what was queued after its end waits for the next
            // one. The queue that gave us the task orders its publisher's pause before this look.
            Some(runnable) if self.shared().life.phase() != Phase::Running => {
                self.is_local.take();
                runnable.schedule();
            }
            Some(runnable) => {
                self.pass.set(self.pass.get().saturating_sub(1));
                self.end_search();
                self.run(runnable);
            }
            None => {
                self.pass.set(0);
                self.rest();
            }
        }
    }

    /// A task ends here: keeps its number, if another worker has entered it.
    #[inline]
    pub(crate) fn keep_ended(&self, slot: u64) -> bool {
        self.has_ended.set(true);
        if !may_stay(slot, self.index) {
            return false;
        }
        self.remote().counters.ended.add(1);
        if self.ended.keep(slot) {
            self.forget_ended();
        }
        true
    }

    /// Takes what was kept out of the registry; before everything that may last.
    pub(crate) fn forget_ended(&self) {
        let gone = self.ended.forget(&self.shared().registry);
        self.remote()
            .counters
            .ended
            .add((gone as u64).wrapping_neg());
    }

    pub(crate) fn remote(&self) -> &Remote {
        &self.shared().remotes[self.index]
    }

    /// Begins a pass over what is ready now.
    pub(crate) fn begin_pass(&self) {
        if !self.shared().is_single() {
            let waiting = self.shared().injector.len() + self.remote().stealer.len();
            return self
                .pass
                .set(waiting + usize::from(!self.remote().slot.is_empty()));
        }
        self.drain_injector();
        self.pass.set(self.core.line.borrow().len());
    }

    /// Whether all tasks that were ready at the beginning of the pass have been polled.
    pub(crate) fn is_pass_over(&self) -> bool {
        self.pass.get() == 0
    }

    /// The next task of our own, or of the injector.
    #[inline]
    fn next_task(&self) -> Option<Runnable> {
        let tick = self.remote().counters.tick.add(1);
        if tick % LOOK_AROUND == 0 {
            self.look_around();
            if let Some(runnable) = self.fair_turn() {
                return Some(runnable);
            }
        }
        if self.shared().is_single() {
            return self.next_in_line();
        }
        let slot = &self.remote().slot;
        if self.streak.get() < STREAK_LIMIT && !slot.is_empty() {
            if let Some(runnable) = slot.take() {
                self.streak.set(self.streak.get() + 1);
                return Some(runnable);
            }
        }
        self.streak.set(0);
        self.take_local()
            .or_else(|| self.core.queue.pop())
            .or_else(|| slot.take())
            .or_else(|| self.take_batch())
    }

    fn take_local(&self) -> Option<Runnable> {
        let local = self.remote().pinned.pop()?;
        self.is_local.set(true);
        Some(local)
    }

    /// Takes from the injector. While a batch moves it is in no queue that anybody can see, so a
    /// worker that looked for the last time just then rests (I3): it is told.
    fn take_batch(&self) -> Option<Runnable> {
        let first = self.shared().injector.pop_into(&self.core.queue)?;
        if !self.core.queue.is_empty() {
            self.shared().wake_up(self.shared().sleep.work_added());
        }
        Some(first)
    }

    /// Strictly first in, first out, whoever queued it.
    fn next_in_line(&self) -> Option<Runnable> {
        self.drain_injector();
        self.core.line.borrow_mut().pop_front()
    }

    /// Goes behind all that wait, those from other threads included.
    pub(crate) fn line_up(&self, runnable: Runnable) {
        self.drain_injector();
        self.core.line.borrow_mut().push_back(runnable);
    }

    fn drain_injector(&self) {
        while let Some(runnable) = self.shared().injector.pop() {
            self.core.line.borrow_mut().push_back(runnable);
        }
    }

    /// What would starve behind a queue that is never empty: tasks from outside, and our own queue
    /// behind the pinned ones.
    fn fair_turn(&self) -> Option<Runnable> {
        if self.shared().is_single() {
            return None;
        }
        self.shared()
            .injector
            .pop()
            .or_else(|| self.core.queue.pop())
    }

    /// Takes from whoever has too much.
    fn search(&self) -> Option<Runnable> {
        if self.shared().is_single() {
            return None;
        }
        if !self.searching.get() {
            if !self.shared().sleep.start_search() {
                return None;
            }
            self.searching.set(true);
        }
        let workers = self.shared().manned().len();
        let start = self.random(workers);
        let victims = (start..workers)
            .chain(0..start)
            .filter(|&victim| victim != self.index);
        for victim in victims {
            let stolen = self.shared().remotes[victim]
                .stealer
                .steal_into(&self.core.queue);
            if stolen.is_some() {
                self.remote().counters.steals.add(1);
                return stolen;
            }
        }
        self.shared().injector.pop_into(&self.core.queue)
    }

    /// The search is over, because there is something to do. Work that was published meanwhile may
    /// rely on us: whoever is the last searcher looks once more and passes it on.
    #[inline]
    pub(crate) fn end_search(&self) {
        if self.searching.take() && self.shared().sleep.end_search() {
            let sleep = &self.shared().sleep;
            let call = if self.shared().has_work() {
                sleep.work_added()
            } else {
                sleep.fill_seat()
            };
            self.shared().wake_up(call);
        }
    }

    #[inline]
    pub(crate) fn run(&self, runnable: Runnable) {
        self.remote().counters.polls.add(1);
        budget::refill();
        self.has_ended.set(false);
        self.polling.set(true);
        let again = slow::run(self, runnable);
        self.polling.set(false);
        let is_local = self.is_local.take();
        match again {
            // Its own scheduler knows where it belongs; our queue can be stolen from.
            Some(runnable) if is_local => runnable.schedule(),
            Some(runnable) => self.requeue(runnable),
            None => {}
        }
    }

    /// Polls what is not a task (the main future) under the same rules.
    pub(crate) fn poll_main<R>(&self, poll: impl FnOnce() -> R) -> R {
        // A poll may be long, and whoever publishes work relies on searchers.
        self.end_search();
        self.remote().counters.tick.add(1);
        budget::refill();
        self.has_ended.set(false);
        self.polling.set(true);
        let answer = poll();
        self.polling.set(false);
        answer
    }

    /// Whether to do the less usual of two things, for once; never without `chaos`.
    #[inline]
    pub(crate) fn is_whimsical(&self) -> bool {
        chaos::IS_ON && self.random(2) == 0
    }

    /// A number below `bound`, cheap and good enough to pick victims (xorshift).
    fn random(&self, bound: usize) -> usize {
        let mut state = self.core.random.get();
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.core.random.set(state);
        (state % bound as u64) as usize
    }

    /// Drops what is queued here, for a loop that closes.
    pub(crate) fn drop_queued(&self) {
        loop {
            let line = self.core.line.borrow_mut().pop_front();
            let queued = line
                .or_else(|| self.remote().slot.take())
                .or_else(|| self.core.queue.pop())
                .or_else(|| self.remote().pinned.pop());
            match queued {
                Some(runnable) => drop(runnable),
                None => return,
            }
        }
    }
}
