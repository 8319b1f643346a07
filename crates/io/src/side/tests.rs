//! Promises of one direction, each race played out step by step.

use std::sync::Arc;

use super::*;
use crate::fixtures::Flag;

/// Delivers an event and wakes whom it concerns.
fn deliver(side: &Side) {
    let mut wakers = Vec::new();
    side.deliver(false, &mut wakers);
    wakers.into_iter().for_each(Waker::wake);
}

/// A direction that has been tried in vain.
fn cleared() -> Side {
    let side = Side::new();
    side.clear(side.load());
    side
}

#[test]
fn an_event_between_a_try_and_its_clear_survives() {
    for forget in [Side::clear, Side::drain] {
        let side = Side::new();
        let observed = side.load();
        deliver(&side);
        forget(&side, observed);
        assert!(side.load().is_ready());
        assert!(!side.wait(&Flag::new().waker()));
    }
}

#[test]
fn an_event_between_a_clear_and_the_wait_sends_the_waiter_back_and_keeps_nothing() {
    let side = cleared();
    deliver(&side);
    let flag = Flag::new();
    let mut seat = None;
    assert!(!side.wait(&flag.waker()));
    assert!(!side.wait_listed(&flag.waker(), &mut seat));
    assert_eq!((Arc::strong_count(&flag), seat), (1, None));
}

#[test]
fn one_event_wakes_each_waiter_once_and_the_next_wakes_nobody() {
    let side = cleared();
    let (usual, listed) = (Flag::new(), Flag::new());
    let mut seat = None;
    assert!(side.wait(&usual.waker()));
    assert!(side.wait_listed(&listed.waker(), &mut seat));
    assert!(side.wait_listed(&listed.waker(), &mut seat));
    deliver(&side);
    deliver(&side);
    assert_eq!((usual.take(), listed.take()), (1, 1));
}

#[test]
fn who_polls_again_keeps_its_place_and_another_one_takes_it() {
    let side = cleared();
    let (first, second) = (Flag::new(), Flag::new());
    let waker = first.waker();
    for _ in 0..3 {
        assert!(side.wait(&waker));
    }
    // Ours, the waker's, and the one that was left.
    assert_eq!(Arc::strong_count(&first), 3);
    assert!(side.wait(&second.waker()));
    deliver(&side);
    assert_eq!((first.take(), second.take()), (0, 1));
    // Nothing is waited for any more, whoever was here before.
    assert!(!side.wait(&second.waker()));
}

#[test]
fn a_seat_that_was_called_can_be_taken_again_and_given_up() {
    let side = cleared();
    let (first, second) = (Flag::new(), Flag::new());
    let (mut kept, mut left) = (None, None);
    assert!(side.wait_listed(&first.waker(), &mut kept));
    deliver(&side);
    side.clear(side.load());
    assert!(side.wait_listed(&second.waker(), &mut left));
    assert!(side.wait_listed(&first.waker(), &mut kept));
    assert_ne!(kept, left);
    side.leave(&mut left);
    assert_eq!(Arc::strong_count(&second), 1);
    deliver(&side);
    assert_eq!((first.take(), second.take()), (2, 0));
}

#[test]
fn a_stirred_waiter_comes_back_to_the_same_wait() {
    let side = cleared();
    let flag = Flag::new();
    assert!(side.wait(&flag.waker()));
    let mut wakers = Vec::new();
    side.stir(&mut wakers);
    assert_eq!(wakers.len(), 1);
    assert!(!side.is_waiting() && !side.load().is_ready());
    assert!(side.wait(&flag.waker()));
}

#[test]
fn a_closed_direction_admits_nobody() {
    let side = cleared();
    let flag = Flag::new();
    assert!(side.wait(&flag.waker()));
    let mut wakers = Vec::new();
    side.shut(&mut wakers);
    assert_eq!(wakers.len(), 1);
    assert!(!side.wait(&flag.waker()));
    deliver(&side);
    assert!(side.load().is_shut());
}
