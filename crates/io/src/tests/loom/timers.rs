//! One wheel, used by the worker that owns it and by others: a timer is fired or taken back, never
//! both and never neither, and the deadline that is read without the lock is the wheel's own.

use loom::sync::Arc;
use loom::thread;

use super::alarm::Alarm;
use crate::clock::Deadline;
use crate::timers::{Timers, TimersClosed};

const EARLY: Deadline = Deadline::from_nanos(1_000_000);
const LATE: Deadline = Deadline::from_nanos(9_000_000);

/// What an expiry at `now` fires.
fn fire(timers: &Timers, now: Deadline) -> usize {
    let mut due = Vec::new();
    let fired = timers.expire(now, &mut due);
    crate::wake_all(&mut due);
    fired
}

#[test]
fn a_timer_that_is_cancelled_elsewhere_fires_or_is_taken_back() {
    loom::model(|| {
        let (timers, alarm) = (Arc::new(Timers::new()), Alarm::new());
        let key = timers.insert(EARLY, alarm.waker()).unwrap().key;
        let cancelling = thread::spawn({
            let timers = timers.clone();
            move || timers.remove(key).is_some()
        });
        let fired = fire(&timers, EARLY);
        let is_taken_back = cancelling.join().unwrap();
        assert_eq!(fired + usize::from(is_taken_back), 1);
        assert_eq!(alarm.rung(), fired);
        assert!(timers.is_empty());
        assert_eq!(timers.next_deadline(), Deadline::NEVER);
        assert!(timers.remove(key).is_none());
    });
}

#[test]
fn a_cancelled_timer_takes_no_later_one_with_it() {
    loom::model(|| {
        let (timers, alarm) = (Arc::new(Timers::new()), Alarm::new());
        let key = timers.insert(EARLY, alarm.waker()).unwrap().key;
        let cancelling = thread::spawn({
            let timers = timers.clone();
            move || timers.remove(key).is_some()
        });
        let later = timers.insert(LATE, alarm.waker()).unwrap();
        let is_taken_back = cancelling.join().unwrap();
        assert!(is_taken_back);
        // The earliest may be announced too early after a removal, never too late.
        assert!(timers.next_deadline() <= LATE);
        assert_eq!(fire(&timers, LATE), 1);
        assert_eq!(alarm.rung(), 1);
        assert!(timers.remove(later.key).is_none());
    });
}

#[test]
fn of_two_new_timers_the_earlier_one_is_announced_and_its_maker_told() {
    loom::model(|| {
        let (timers, alarm) = (Arc::new(Timers::new()), Alarm::new());
        let other = thread::spawn({
            let (timers, waker) = (timers.clone(), alarm.waker());
            move || timers.insert(EARLY, waker).unwrap().became_earliest
        });
        let _late = timers.insert(LATE, alarm.waker()).unwrap();
        assert!(other.join().unwrap(), "nobody arms for the earlier one");
        assert_eq!(timers.next_deadline(), EARLY);
    });
}

#[test]
fn a_timer_that_is_given_another_waker_wakes_one_of_both() {
    loom::model(|| {
        let (timers, before, after) = (Arc::new(Timers::new()), Alarm::new(), Alarm::new());
        let key = timers.insert(EARLY, before.waker()).unwrap().key;
        let updating = thread::spawn({
            let (timers, waker) = (timers.clone(), after.waker());
            move || timers.update(key, &waker)
        });
        let fired = fire(&timers, EARLY);
        let is_updated = updating.join().unwrap();
        assert_eq!(fired, 1);
        // A sleep that is told "it has fired" is over; one that is told otherwise waits for a wake.
        assert_eq!(
            (before.rung(), after.rung()),
            if is_updated { (0, 1) } else { (1, 0) }
        );
    });
}

#[test]
fn a_timer_that_is_moved_as_it_fires_fires_once() {
    loom::model(|| {
        let (timers, alarm) = (Arc::new(Timers::new()), Alarm::new());
        let key = timers.insert(EARLY, alarm.waker()).unwrap().key;
        let moving = thread::spawn({
            let timers = timers.clone();
            move || timers.reset(key, LATE).is_some()
        });
        let fired = fire(&timers, EARLY);
        let is_moved = moving.join().unwrap();
        assert_eq!(fired, usize::from(!is_moved));
        assert_eq!(fire(&timers, LATE), usize::from(is_moved));
        assert_eq!(alarm.rung(), 1);
    });
}

#[test]
fn a_timer_that_meets_the_end_is_drained_or_refused() {
    loom::model(|| {
        let (timers, alarm) = (Arc::new(Timers::new()), Alarm::new());
        let inserting = thread::spawn({
            let (timers, waker) = (timers.clone(), alarm.waker());
            move || timers.insert(EARLY, waker).map(|_| ())
        });
        let drained = timers.drain().len();
        let inserted = inserting.join().unwrap();
        assert_eq!(
            inserted,
            if drained == 1 {
                Ok(())
            } else {
                Err(TimersClosed)
            }
        );
        assert_eq!(fire(&timers, LATE), 0, "a timer is left behind the end");
    });
}
