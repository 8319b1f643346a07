//! The place for one runnable.

use std::future::{pending, ready};

use super::toy::Toy;
use crate::{Runnable, Slot};

#[test]
fn a_slot_holds_one_runnable_and_gives_it_out_once() {
    let toy = Toy::new();
    let slot = Slot::default();
    assert!(slot.is_empty() && slot.take().is_none());
    let (first, one, _) = toy.create(ready(1));
    let (second, other, _) = toy.create(ready(2));
    let (first_id, second_id) = (first.id(), second.id());
    assert!(slot.put(first).is_ok());
    assert!(!slot.is_empty());
    let refused = slot.put(second).unwrap_err();
    assert_eq!(
        refused.id(),
        second_id,
        "a full slot gives back what it was offered"
    );
    let taken = slot.take().unwrap();
    assert_eq!(taken.id(), first_id);
    assert!(slot.is_empty() && slot.take().is_none());
    for runnable in [taken, refused] {
        assert!(Runnable::run(runnable).is_none());
    }
    drop((one, other));
    toy.assert_clean();
}

#[test]
fn a_slot_gives_out_what_it_held_for_what_it_gets() {
    let toy = Toy::new();
    let slot = Slot::default();
    let (first, one, _) = toy.create(ready(1));
    let (second, other, _) = toy.create(ready(2));
    let (first_id, second_id) = (first.id(), second.id());
    assert!(slot.replace(first).is_none(), "it was empty");
    let before = slot.replace(second).unwrap();
    assert_eq!(before.id(), first_id);
    let after = slot.take().unwrap();
    assert_eq!(after.id(), second_id);
    assert!(slot.is_empty());
    for runnable in [before, after] {
        assert!(Runnable::run(runnable).is_none());
    }
    drop((one, other));
    toy.assert_clean();
}

#[test]
fn a_dropped_slot_cancels_the_task_in_it() {
    let toy = Toy::new();
    let slot = Slot::default();
    let (runnable, mut task, reference) = toy.create(pending::<()>());
    drop(reference);
    assert!(slot.put(runnable).is_ok());
    drop(slot);
    assert!(task.try_result().unwrap().unwrap_err().is_cancelled());
    drop(task);
    toy.assert_clean();
}
