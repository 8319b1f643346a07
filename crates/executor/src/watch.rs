//! Looks after the next-task slots: a task in one is not held up by its worker's long poll.
//!
//! A push to a slot wakes nobody, because nearly always its owner runs the task within
//! microseconds. Instead, while somebody waits in the reactor, the loop's one kernel timer is armed
//! a moment ahead. Whoever it wakes comes here: a slot whose owner has not moved on since is
//! stolen; if the owner moves, the watch looks again later. Looks that find nothing draw on an
//! allowance, so that a program which uses slots all the time pays a hundred looks a second.
//! Called by workers only; never touches queues other than slots.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use bowerbird_core::Runnable;
use bowerbird_core::locked::Guarded;
use bowerbird_io::Deadline;

use crate::shared::Shared;
use crate::sync::ranks;

/// How long a slot may hold a task before somebody looks.
const PERIOD: Duration = Duration::from_micros(50);
/// The same once the allowance is spent, and the time in which one look is earned back.
const PERIOD_MAX: Duration = Duration::from_millis(10);
/// Fruitless looks in a row before the period grows.
const ALLOWANCE: u32 = 64;

/// See the module.
#[derive(Debug)]
pub(crate) struct Watch {
    /// A look is due and the timer armed for it.
    pending: AtomicBool,
    /// Each worker's tick when its slot was last seen full.
    seen: Box<[AtomicU64]>,
    /// What is left for fruitless looks.
    allowance: Mutex<Allowance>,
}

#[derive(Debug)]
struct Allowance {
    /// Looks left.
    looks: u32,
    /// When the last one was earned.
    earned: Deadline,
}

impl Watch {
    pub(crate) fn new(workers: usize) -> Self {
        Self {
            pending: AtomicBool::new(false),
            seen: (0..workers).map(|_| AtomicU64::new(0)).collect(),
            allowance: Mutex::new(Allowance {
                looks: ALLOWANCE,
                earned: Deadline::default(),
            }),
        }
    }

    /// `worker` has filled its slot in the midst of a poll while somebody waits in the reactor.
    #[inline]
    pub(crate) fn slot_filled(&self, shared: &Shared, worker: usize) {
        // Relaxed: a stale false costs an exchange; a stale true is as good as a true, because the
        // look that clears it comes later and finds this slot full.
        if !self.pending.load(Ordering::Relaxed) {
            self.arm(shared, worker);
        }
    }

    /// A worker is about to rest although some slots are full.
    pub(crate) fn before_rest(&self, shared: &Shared) {
        let full = |worker: &usize| !shared.remotes[*worker].slot.is_empty();
        if let Some(worker) = (0..shared.manned().len()).find(full) {
            self.slot_filled(shared, worker);
        }
    }

    /// The timer has fired: a task from a slot whose owner is stuck, if there is one.
    pub(crate) fn look(&self, shared: &Shared, me: usize) -> Option<Runnable> {
        // AcqRel pairs with itself in `arm`: one look for each arming.
        if !self.pending.swap(false, Ordering::AcqRel) {
            return None;
        }
        let (stuck, moving) = self.inspect(shared, me);
        if let Some(worker) = moving {
            // Another look for this one: what we take now may keep us for long.
            self.arm(shared, worker);
        }
        stuck
    }

    /// The same for a monitor, which comes by without being asked.
    pub(crate) fn visit(&self, shared: &Shared, me: usize) -> Option<Runnable> {
        self.inspect(shared, me).0
    }

    /// A task from a slot whose owner has not moved since the last inspection, and another owner
    /// whose slot is full.
    fn inspect(&self, shared: &Shared, me: usize) -> (Option<Runnable>, Option<usize>) {
        let (mut stuck, mut moving) = (None, None);
        for worker in (0..shared.manned().len()).filter(|&worker| worker != me) {
            let remote = &shared.remotes[worker];
            if remote.slot.is_empty() {
                continue;
            }
            let tick = remote.counters.tick.read();
            // Relaxed: nothing hangs on the order. Two that look at the same time, or an `arm`
            // between two looks, delay a rescue by one period.
            if stuck.is_none() && self.seen[worker].swap(tick, Ordering::Relaxed) == tick {
                stuck = remote.slot.take();
                if stuck.is_some() {
                    self.earn_all();
                    continue;
                }
            }
            moving = Some(worker);
        }
        (stuck, moving)
    }

    fn arm(&self, shared: &Shared, worker: usize) {
        // AcqRel pairs with itself in `look`.
        if self.pending.swap(true, Ordering::AcqRel) {
            return;
        }
        // Relaxed: as in `look`.
        self.seen[worker].store(
            shared.remotes[worker].counters.tick.read(),
            Ordering::Relaxed,
        );
        let now = shared.clock.now();
        shared
            .reactor
            .arm(now.after(self.spend(now)), &shared.clock);
    }

    /// Pays for one look, and says when it may happen.
    fn spend(&self, now: Deadline) -> Duration {
        let mut allowance = self.lock();
        let idle = now.saturating_since(allowance.earned);
        let earned = (idle.as_nanos() / PERIOD_MAX.as_nanos()).min(u128::from(ALLOWANCE)) as u32;
        if earned > 0 {
            allowance.looks = (allowance.looks + earned).min(ALLOWANCE);
            allowance.earned = now;
        }
        if allowance.looks == 0 {
            return PERIOD_MAX;
        }
        allowance.looks -= 1;
        PERIOD
    }

    /// A look was worth it: the next ones may come early again.
    fn earn_all(&self) {
        self.lock().looks = ALLOWANCE;
    }

    #[track_caller]
    fn lock(&self) -> Guarded<MutexGuard<'_, Allowance>> {
        Guarded::take(ranks::ALLOWANCE, || {
            self.allowance
                .lock()
                .expect("nothing under this lock can panic")
        })
    }
}
