//! What the workers have done, read without stopping anyone.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::shared::Shared;

/// One worker's counters; only that worker writes them.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Times it looked for its next task; its steps mark the beginning of each poll.
    pub(crate) tick: Counter,
    /// Tasks polled.
    pub(crate) polls: Counter,
    /// Tasks that ended with it and are still entered by another worker.
    pub(crate) ended: Counter,
    /// Times it took work from another worker.
    pub(crate) steals: Counter,
    /// Times it blocked.
    pub(crate) parks: Counter,
    /// Readiness events it got from the kernel.
    pub(crate) io_events: Counter,
    /// Timers it fired.
    pub(crate) timers: Counter,
}

/// A number with one writer and any readers.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Adds, or takes away by wrapping around, as the only writer: a plain load and store. Relaxed:
    /// it orders nothing.
    #[inline]
    pub(crate) fn add(&self, count: u64) -> u64 {
        let next = self.0.load(Ordering::Relaxed).wrapping_add(count);
        self.0.store(next, Ordering::Relaxed);
        next
    }

    /// Relaxed: a snapshot that orders nothing.
    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A loop's numbers at one moment. Rates come from two of them.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// Each worker's own numbers, and at the end those of threads that have stood in for workers
    /// while these blocked in place.
    pub workers: Vec<WorkerMetrics>,
    /// Tasks that are not finished.
    pub alive_tasks: usize,
    /// Tasks that came from outside the workers and wait.
    pub injector_depth: usize,
    /// Timers that wait.
    pub timers: usize,
    /// Threads for blocking calls, idle ones included.
    pub blocking_threads: usize,
    /// Blocking calls that wait for a thread.
    pub blocking_depth: usize,
}

/// One worker's numbers at one moment.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct WorkerMetrics {
    /// Tasks polled.
    pub polls: u64,
    /// Times it took work from another worker.
    pub steals: u64,
    /// Times it blocked.
    pub parks: u64,
    /// Readiness events it got from the kernel.
    pub io_events: u64,
    /// Timers it fired.
    pub timers_fired: u64,
    /// Tasks in its queue. It has no bound, so nothing ever overflows from it to the injector.
    pub queue_depth: usize,
}

impl Metrics {
    pub(crate) fn of(shared: &Shared) -> Self {
        let worker = |remote: &crate::shared::Remote| WorkerMetrics {
            polls: remote.counters.polls.read(),
            steals: remote.counters.steals.read(),
            parks: remote.counters.parks.read(),
            io_events: remote.counters.io_events.read(),
            timers_fired: remote.counters.timers.read(),
            queue_depth: remote.stealer.len(),
        };
        let (blocking_threads, blocking_depth) = shared.pool.size();
        Self {
            workers: shared
                .manned()
                .iter()
                .map(|remote| worker(remote))
                .collect(),
            alive_tasks: shared.alive_tasks(),
            injector_depth: shared.injector.len(),
            timers: shared
                .manned()
                .iter()
                .map(|remote| remote.timers.len())
                .sum(),
            blocking_threads,
            blocking_depth,
        }
    }

    /// All workers' numbers, added up.
    pub fn total(&self) -> WorkerMetrics {
        self.workers
            .iter()
            .fold(WorkerMetrics::default(), |sum, worker| WorkerMetrics {
                polls: sum.polls + worker.polls,
                steals: sum.steals + worker.steals,
                parks: sum.parks + worker.parks,
                io_events: sum.io_events + worker.io_events,
                timers_fired: sum.timers_fired + worker.timers_fired,
                queue_depth: sum.queue_depth + worker.queue_depth,
            })
    }
}
