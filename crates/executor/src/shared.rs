//! What all threads of a loop share. Made by the runtime, used by workers, handles and the pool.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::thread::Thread;

use bowerbird_core::locked::Guarded;
use bowerbird_core::{Runnable, Slot};
use bowerbird_io::{Clock, Reactor, Timers};
use crossbeam_utils::CachePadded;

use crate::blocking::Pool;
use crate::callbacks::Callbacks;
use crate::config::{Config, Flavor};
use crate::life::{Life, Phase};
use crate::metrics::Counters;
use crate::queue::{Injector, Stealer};
use crate::registry::Registry;
use crate::relief::Relief;
use crate::report::Desk;
use crate::runtime::Runtime;
use crate::signal_handlers::SignalHandlers;
use crate::sleep::{Call, Sleep};
use crate::slow::Pace;
use crate::sync::ranks;
use crate::timed::Timed;
use crate::watch::Watch;
use crate::worker::Core;

/// See the module.
#[derive(Debug)]
pub(crate) struct Shared {
    /// The knobs.
    pub(crate) config: Config,
    /// Paused, running, closed.
    pub(crate) life: Life,
    /// Tasks from outside, for whoever comes first.
    pub(crate) injector: Injector<Runnable>,
    /// What each worker shows to the others; those of reliefs at the end.
    pub(crate) remotes: Box<[CachePadded<Remote>]>,
    /// How many workers the loop was built with.
    pub(crate) workers: usize,
    /// Who stands in for workers that block.
    pub(crate) relief: Relief,
    /// Who is awake.
    pub(crate) sleep: Sleep,
    /// Where idle workers wait for the kernel.
    pub(crate) reactor: Arc<Reactor>,
    /// The only source of time.
    pub(crate) clock: Clock,
    /// When timers were fired last, in nanoseconds of the clock.
    pub(crate) fired: AtomicU64,
    /// The unfinished tasks; group `n` for worker `n`, then one each for what is pinned to it.
    pub(crate) registry: Registry,
    /// Threads for blocking calls.
    pub(crate) pool: Arc<Pool>,
    /// Callbacks on their way.
    pub(crate) callbacks: Callbacks,
    /// What stands by for signals.
    pub(crate) signal_handlers: SignalHandlers,
    /// Callbacks for later.
    pub(crate) timed: Timed,
    /// Debug mode.
    pub(crate) pace: Pace,
    /// Looks after next-task slots while somebody rests.
    pub(crate) watch: Watch,
    /// Where reports go.
    pub(crate) desk: Desk,
    /// The runtime that owns all this; set when it is built.
    pub(crate) runtime: OnceLock<Weak<Runtime>>,
}

/// What one worker shows to the others.
#[derive(Debug)]
pub(crate) struct Remote {
    /// The task it runs next.
    pub(crate) slot: Slot,
    /// The far end of its queue.
    pub(crate) stealer: Stealer<Runnable>,
    /// Tasks that only it may run.
    pub(crate) pinned: Inbox,
    /// The timers of its tasks.
    pub(crate) timers: Timers,
    /// Its thread, once it has started; worker 0 is whoever runs the loop.
    thread: Mutex<Option<Thread>>,
    /// What it has done.
    pub(crate) counters: Counters,
}

/// A queue for one reader.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    /// How many are in; written under the lock, read without it.
    len: AtomicUsize,
    /// The tasks, oldest first.
    tasks: Mutex<VecDeque<Runnable>>,
}

impl Remote {
    /// For the worker that owns this.
    pub(crate) fn of(core: &Core) -> Self {
        Self {
            slot: Slot::default(),
            stealer: core.queue.stealer(),
            pinned: Inbox::default(),
            timers: Timers::new(),
            thread: Mutex::default(),
            counters: Counters::default(),
        }
    }

    /// Its worker's thread, once it has started.
    #[track_caller]
    pub(crate) fn thread(&self) -> Guarded<MutexGuard<'_, Option<Thread>>> {
        Guarded::take(ranks::THREAD, || {
            self.thread
                .lock()
                .expect("nothing under this lock can panic")
        })
    }
}

impl Inbox {
    pub(crate) fn push(&self, runnable: Runnable) {
        let mut tasks = self.lock();
        tasks.push_back(runnable);
        // Relaxed: the reader is called afterwards, and that carries the order.
        self.len.store(tasks.len(), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn pop(&self) -> Option<Runnable> {
        // Relaxed: as in `push`; a stale zero is cured by the call that follows the push.
        if self.len.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut tasks = self.lock();
        let runnable = tasks.pop_front();
        self.len.store(tasks.len(), Ordering::Relaxed);
        runnable
    }

    #[track_caller]
    fn lock(&self) -> Guarded<MutexGuard<'_, VecDeque<Runnable>>> {
        Guarded::take(ranks::INBOX, || {
            self.tasks
                .lock()
                .expect("nothing under this lock can panic")
        })
    }
}

impl Shared {
    /// How many workers the loop was built with; without reliefs.
    pub(crate) fn workers(&self) -> usize {
        self.workers
    }

    /// What the workers show that have ever had a thread: there is nothing in all others.
    #[inline]
    pub(crate) fn manned(&self) -> &[CachePadded<Remote>] {
        &self.remotes[..self.relief.manned()]
    }

    pub(crate) fn is_single(&self) -> bool {
        self.config.flavor == Flavor::CurrentThread
    }

    /// The registry's group for tasks that stay on this worker.
    pub(crate) fn pinned_group(&self, worker: usize) -> usize {
        self.remotes.len() + worker
    }

    /// Whether any queue holds something that any worker may take. Slots do not count: their
    /// owners run them next, and the watch looks after them.
    pub(crate) fn has_work(&self) -> bool {
        !self.injector.is_empty()
            || self
                .manned()
                .iter()
                .any(|remote| !remote.stealer.is_empty())
    }

    /// How many tasks are unfinished. Exact while no worker is about to enter or end one.
    pub(crate) fn alive_tasks(&self) -> usize {
        let ended = |remote: &CachePadded<Remote>| remote.counters.ended.read();
        let ended: u64 = self.manned().iter().map(ended).sum();
        self.registry.len().saturating_sub(ended as usize)
    }

    /// Events that all workers have got from the kernel. Only good for telling whether it moves.
    pub(crate) fn events_so_far(&self) -> u64 {
        let of = |remote: &CachePadded<Remote>| remote.counters.io_events.read();
        self.manned().iter().map(of).fold(0, u64::wrapping_add)
    }

    /// Takes a task from outside all workers.
    pub(crate) fn inject(&self, runnable: Runnable) {
        self.injector.push(runnable);
        self.wake_up(self.sleep.work_added());
        if self.life.phase() == Phase::Closed {
            // The closing thread has emptied the queue for the last time, perhaps before us. The
            // fence of `work_added` stands between our push and this look (I3).
            self.drop_injected(usize::MAX);
        }
    }

    /// Cancels queued tasks, at most `limit`; says how many.
    pub(crate) fn drop_injected(&self, limit: usize) -> usize {
        (0..limit)
            .map_while(|_| self.injector.pop())
            .map(drop)
            .count()
    }

    /// Takes a task that only `worker` may run.
    pub(crate) fn pin(&self, worker: usize, runnable: Runnable) {
        self.remotes[worker].pinned.push(runnable);
        self.call_worker(worker);
        if self.life.phase() == Phase::Closed {
            while let Some(runnable) = self.remotes[worker].pinned.pop() {
                drop(runnable);
            }
        }
    }

    /// Makes sure that this worker looks at what only it can do.
    pub(crate) fn call_worker(&self, worker: usize) {
        self.wake_up(self.sleep.call(worker));
    }

    /// Does what the parking protocol decided.
    #[inline]
    pub(crate) fn wake_up(&self, call: Call) {
        match call {
            Call::Nobody => {}
            Call::Reactor => self.reactor.notify(),
            Call::Thread(worker) => {
                if let Some(thread) = &*self.remotes[worker].thread() {
                    thread.unpark();
                }
            }
        }
    }
}
