//! Promises of shared timers.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Weak};
use std::task::Wake;

use super::*;

fn at(nanos: u64) -> Deadline {
    Deadline::from_nanos(nanos)
}

/// Counts its wakes; when dropped or woken it uses the timers again, which must not be locked.
struct Nosy {
    timers: Weak<Timers>,
    wakes: AtomicUsize,
}

impl Nosy {
    fn new(timers: &Arc<Timers>) -> Arc<Nosy> {
        Arc::new(Nosy {
            timers: Arc::downgrade(timers),
            wakes: AtomicUsize::new(0),
        })
    }

    fn look(&self) {
        if let Some(timers) = self.timers.upgrade() {
            assert!(
                timers.wheel.try_lock().is_ok(),
                "user code ran under the lock (I4)"
            );
        }
    }
}

impl Wake for Nosy {
    fn wake(self: Arc<Self>) {
        self.look();
        self.wakes.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.look();
    }
}

#[test]
fn only_a_new_earliest_timer_is_reported() {
    let timers = Timers::new();
    let waker = Waker::noop();
    assert_eq!(timers.next_deadline(), Deadline::NEVER);
    let first = timers.insert(at(100), waker.clone()).unwrap();
    assert!(first.became_earliest);
    assert!(
        !timers
            .insert(at(200), waker.clone())
            .unwrap()
            .became_earliest
    );
    assert!(
        !timers
            .insert(at(100), waker.clone())
            .unwrap()
            .became_earliest
    );
    assert!(
        timers
            .insert(at(50), waker.clone())
            .unwrap()
            .became_earliest
    );
    assert_eq!(timers.reset(first.key, at(40)), Some(true));
    assert_eq!(timers.next_deadline(), at(40));
    assert_eq!(timers.len(), 4);
}

#[test]
fn nothing_expires_early_and_all_that_is_due_does() {
    let timers = Timers::new();
    let mut wakers = Vec::new();
    for due in [30, 10, 20] {
        let _key = timers.insert(at(due), Waker::noop().clone()).unwrap().key;
    }
    assert_eq!(timers.expire(at(9), &mut wakers), 0);
    assert_eq!(timers.expire(at(20), &mut wakers), 2);
    assert_eq!(timers.next_deadline(), at(30));
    assert_eq!(timers.expire(at(30), &mut wakers), 1);
    assert!(timers.is_empty());
    assert_eq!(timers.next_deadline(), Deadline::NEVER);
}

#[test]
fn looking_at_timers_that_are_not_due_takes_no_lock() {
    let timers = Timers::new();
    let _key = timers.insert(at(100), Waker::noop().clone()).unwrap().key;
    let held = timers.lock();
    assert_eq!(timers.next_deadline(), at(100));
    assert_eq!(timers.expire(at(99), &mut Vec::new()), 0);
    drop(held);
}

#[test]
fn an_updated_timer_wakes_the_new_waker_only() {
    let timers = Arc::new(Timers::new());
    let (old, new) = (Nosy::new(&timers), Nosy::new(&timers));
    let key = timers.insert(at(1), Arc::clone(&old).into()).unwrap().key;
    let waker = Waker::from(Arc::clone(&new));
    assert!(timers.update(key, &waker));
    assert!(timers.update(key, &waker));
    assert_eq!(Arc::strong_count(&old), 1, "the old waker is kept");
    let mut wakers = Vec::new();
    timers.expire(at(1), &mut wakers);
    wakers.into_iter().for_each(Waker::wake);
    assert_eq!(old.wakes.load(Ordering::Relaxed), 0);
    assert_eq!(new.wakes.load(Ordering::Relaxed), 1);
    assert!(!timers.update(key, &waker), "it fired");
}

#[test]
fn wakers_are_dropped_outside_the_lock() {
    let timers = Arc::new(Timers::new());
    let key = timers.insert(at(1), Nosy::new(&timers).into()).unwrap().key;
    assert!(timers.update(key, Waker::noop()));
    let key = timers.insert(at(1), Nosy::new(&timers).into()).unwrap().key;
    drop(timers.remove(key));
    let _key = timers.insert(at(1), Nosy::new(&timers).into()).unwrap().key;
    drop(timers.drain());
    assert_eq!(
        timers.insert(at(1), Nosy::new(&timers).into()),
        Err(TimersClosed)
    );
}

#[test]
fn drained_timers_refuse_new_ones_and_forget_old_ones() {
    let timers = Timers::new();
    let key = timers.insert(at(10), Waker::noop().clone()).unwrap().key;
    let _other = timers.insert(at(20), Waker::noop().clone()).unwrap().key;
    assert_eq!(timers.drain().len(), 2);
    assert_eq!(timers.drain().len(), 0);
    assert!(timers.remove(key).is_none());
    assert!(!timers.update(key, Waker::noop()));
    assert_eq!(timers.reset(key, at(1)), None);
    assert_eq!(timers.next_deadline(), Deadline::NEVER);
    assert_eq!(timers.expire(Deadline::NEVER, &mut Vec::new()), 0);
    let refused = timers.insert(at(1), Waker::noop().clone()).unwrap_err();
    assert_eq!(refused.to_string(), "event loop is closed");
}
