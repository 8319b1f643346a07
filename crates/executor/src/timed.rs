//! Callbacks for later: kept in the order of their times, and among equal times of the calls.
//!
//! Each has a timer in a worker's wheel, whose waker hands in whatever is due by then; one that is
//! due already is handed in by a callback instead, so that it runs in the next pass and several of
//! them stay sorted. Called by the handle, by the timers, and by a single-threaded run between two
//! passes. Never runs a callback.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, Weak};
use std::task::{Wake, Waker};

use bowerbird_core::Callback;
use bowerbird_core::locked::Guarded;
use bowerbird_io::Deadline;

use crate::callbacks::Call;
use crate::error::LoopError;
use crate::handle::Handle;
use crate::life::Phase;
use crate::refusal::drop_refused;
use crate::shared::Shared;
use crate::sync::ranks;
use crate::timekeeping::TimerId;

/// A callback for later, to be taken back. Ordered by time, and among equals by the calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey {
    /// When it is due.
    when: Deadline,
    /// The how manieth call it is.
    number: u64,
}

impl CallKey {
    /// When the callback is due.
    pub fn when(self) -> Deadline {
        self.when
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Timed {
    /// The earliest time of all, in nanoseconds of the clock; written under the lock.
    earliest: AtomicU64,
    /// The calls.
    calls: Mutex<Calls>,
    /// What the wheels wake; made at the first use.
    alarm: OnceLock<Waker>,
}

#[derive(Debug, Default)]
struct Calls {
    /// By time, then by number.
    waiting: BTreeMap<CallKey, Waiting>,
    /// The number of the next call.
    next: u64,
}

#[derive(Debug)]
struct Waiting {
    /// What is to be called.
    call: Call,
    /// Its timer, once it has one.
    timer: Option<TimerId>,
}

impl Handle {
    /// Runs a callback at `when`, or soon if that has passed.
    ///
    /// # Errors
    /// `LoopError::Closed` on a closed loop; the callback is dropped.
    pub fn call_at(&self, when: Deadline, call: Call) -> Result<CallKey, LoopError> {
        if self.0.life.phase() == Phase::Closed {
            drop_refused(call);
            return Err(LoopError::Closed);
        }
        let key = self.0.timed.insert(when, call);
        let armed = if when <= self.now() {
            let handle = self.clone();
            let hand_in: Callback = Box::new(move || handle.call_due());
            self.call(hand_in.into())
        } else {
            self.arm_call(key)
        };
        if armed.is_err() || self.0.life.phase() == Phase::Closed {
            // As for callbacks without a time: the lock stands between us and the closing thread.
            self.0.timed.clear();
            return Err(LoopError::Closed);
        }
        Ok(key)
    }

    /// Takes a callback for later back; false when its time has come.
    pub fn uncall(&self, key: CallKey) -> bool {
        let waiting = self.0.timed.remove(key);
        if let Some(timer) = waiting.as_ref().and_then(|waiting| waiting.timer) {
            self.remove_timer(timer);
        }
        waiting.is_some()
    }

    fn arm_call(&self, key: CallKey) -> Result<(), LoopError> {
        let alarm = self.0.timed.alarm.get_or_init(|| {
            let shared = Arc::downgrade(&self.0);
            Waker::from(Arc::new(Alarm(shared)))
        });
        let timer = self.add_timer(key.when, alarm).ok_or(LoopError::Closed)?;
        if !self.0.timed.keep_timer(key, timer) {
            // It ran or was taken back meanwhile.
            self.remove_timer(timer);
        }
        Ok(())
    }
}

impl Timed {
    pub(crate) fn new() -> Self {
        Self {
            earliest: AtomicU64::new(Deadline::NEVER.as_nanos()),
            calls: Mutex::default(),
            alarm: OnceLock::new(),
        }
    }

    /// Whether any call waits, due or not.
    pub(crate) fn is_empty(&self) -> bool {
        // Relaxed: as in `is_due`.
        self.earliest.load(Ordering::Relaxed) == Deadline::NEVER.as_nanos()
    }

    /// Whether some call may be due.
    pub(crate) fn is_due(&self, now: Deadline) -> bool {
        // Relaxed: the timer, or the callback, that brings us here was made after the insertion and
        // carries the order; whoever else looks just comes early.
        self.earliest.load(Ordering::Relaxed) <= now.as_nanos()
    }

    /// Takes out what is due, in order.
    pub(crate) fn take_due(&self, now: Deadline) -> Vec<Call> {
        let mut calls = self.lock();
        let mut due = Vec::new();
        while let Some(first) = calls.waiting.first_entry() {
            if first.key().when > now {
                break;
            }
            due.push(first.remove().call);
        }
        self.publish(&calls);
        due
    }

    /// Drops what waits, for a loop that is closed.
    pub(crate) fn clear(&self) {
        let mut calls = self.lock();
        let waiting = std::mem::take(&mut calls.waiting);
        self.publish(&calls);
        drop(calls);
        drop(waiting);
    }

    fn insert(&self, when: Deadline, call: Call) -> CallKey {
        let mut calls = self.lock();
        let number = calls.next;
        calls.next += 1;
        let key = CallKey { when, number };
        let none_before = calls
            .waiting
            .insert(key, Waiting { call, timer: None })
            .is_none();
        debug_assert!(none_before, "numbers differ");
        self.publish(&calls);
        key
    }

    fn remove(&self, key: CallKey) -> Option<Waiting> {
        let mut calls = self.lock();
        let removed = calls.waiting.remove(&key);
        self.publish(&calls);
        removed
    }

    /// Remembers the timer of a call; false: the call is not here any more.
    fn keep_timer(&self, key: CallKey, timer: TimerId) -> bool {
        let mut calls = self.lock();
        let waiting = calls.waiting.get_mut(&key);
        waiting.map(|waiting| waiting.timer = Some(timer)).is_some()
    }

    fn publish(&self, calls: &Calls) {
        let first = calls.waiting.first_key_value();
        let earliest = first.map_or(Deadline::NEVER, |(key, _)| key.when);
        // Relaxed: see `is_due`; only holders of the lock write.
        self.earliest.store(earliest.as_nanos(), Ordering::Relaxed);
    }

    #[track_caller]
    fn lock(&self) -> Guarded<MutexGuard<'_, Calls>> {
        Guarded::take(ranks::TIMED, || {
            self.calls
                .lock()
                .expect("nothing under this lock can panic")
        })
    }
}

/// What a wheel wakes when the time of a call has come. Weak, because the loop keeps it.
struct Alarm(Weak<Shared>);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let Some(shared) = self.0.upgrade() else {
            return;
        };
        // A closing loop wakes all timers before their time, and drops the calls by itself.
        if !matches!(shared.life.phase(), Phase::Closing | Phase::Closed) {
            Handle(shared).call_due();
        }
    }
}
