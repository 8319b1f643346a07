//! The place for one runnable, filled and emptied from several threads.

use loom::sync::Arc;
use loom::thread;

use super::{Counter, Plain, endless, model};
use crate::Slot;

/// I1: what one thread puts another one takes, once, with all that was written before.
#[test]
fn who_takes_a_runnable_sees_what_was_written_before_it_was_put() {
    model(|toy| {
        let plain = Plain::new();
        let (runnable, task, reference) = toy.create(plain.wait());
        drop(reference);
        let slot = Arc::new(Slot::default());
        let place = slot.clone();
        let putting = thread::spawn(move || {
            plain.raise();
            assert!(place.put(runnable).is_ok());
        });
        if let Some(runnable) = slot.take() {
            assert!(
                runnable.run().is_none(),
                "a poll that did not see the write"
            );
            assert!(task.is_done());
            assert!(slot.is_empty());
        }
        putting.join().unwrap();
    });
}

/// I1: two that put at once: one is refused and keeps its runnable, none is lost.
#[test]
fn of_two_that_put_at_once_one_is_refused() {
    model(|toy| {
        let held = Counter::new();
        let (first, _one, _) = toy.create(endless(&held));
        let (second, _other, _) = toy.create(endless(&held));
        let slot = Arc::new(Slot::default());
        let place = slot.clone();
        let putting = thread::spawn(move || place.put(first).is_ok());
        let mine = slot.put(second).is_ok();
        let theirs = putting.join().unwrap();
        assert!(mine != theirs);
        assert_eq!(
            held.counted(),
            1,
            "the refused one was dropped, the other one waits"
        );
        drop(slot);
        assert_eq!(held.counted(), 2);
    });
}

/// I1: two that take at once: one gets the runnable, the other one nothing.
#[test]
fn of_two_that_take_at_once_one_gets_it() {
    model(|toy| {
        let held = Counter::new();
        let (runnable, task, reference) = toy.create(endless(&held));
        let slot = Arc::new(Slot::default());
        assert!(slot.put(runnable).is_ok());
        let place = slot.clone();
        let taking = thread::spawn(move || place.take().is_some());
        let mine = slot.take().is_some();
        assert!(mine != taking.join().unwrap());
        assert!(task.is_done() && reference.is_done());
        assert_eq!(held.counted(), 1);
    });
}

/// I1: one puts a second runnable in the place of the first while another one takes: each of the
/// two is with somebody, and neither with both.
#[test]
fn what_is_replaced_while_it_is_taken_is_got_once() {
    model(|toy| {
        let held = Counter::new();
        let (first, _one, _) = toy.create(endless(&held));
        let (second, _other, _) = toy.create(endless(&held));
        let slot = Arc::new(Slot::default());
        assert!(slot.put(first).is_ok());
        let place = slot.clone();
        let taking = thread::spawn(move || place.take());
        let before = slot.replace(second);
        let taken = taking.join().unwrap();
        let left = slot.take();
        let ids: Vec<_> = [&before, &taken, &left]
            .into_iter()
            .flatten()
            .map(crate::Runnable::id)
            .collect();
        assert!(ids.len() == 2 && ids[0] != ids[1]);
        assert_eq!(held.counted(), 0);
        drop((before, taken, left));
        assert_eq!(held.counted(), 2);
    });
}
