//! Tasks that end with another worker than the one that entered them.

use std::future::ready;
use std::sync::{Arc, Mutex};

use bowerbird_core::{Birth, Callback, Panic, Runnable, Schedule, Task, TaskRef, create};

use super::{BATCH, Ended, Registry, may_stay};

/// A loop whose tasks are never woken, and which tells the numbers of those that end.
#[derive(Clone, Default)]
struct Toy(Arc<Mutex<Vec<u64>>>);

impl Schedule for Toy {
    fn schedule(&self, _runnable: Runnable) {
        unreachable!("the tasks here are ready");
    }

    fn retire(&self, slot: u64) -> Option<TaskRef> {
        self.0.lock().unwrap().push(slot);
        None
    }

    fn call_soon(&self, callback: Callback) {
        callback();
    }

    fn panic_unseen(&self, _task: &TaskRef, _panic: Panic) {}
}

impl Toy {
    /// Enters a task, ends it, and gives the number that it had.
    fn end_one(&self, registry: &Registry, group: usize, holds: bool) -> (u64, Task<u8>) {
        let (runnable, task, entry) = create(ready(1), self.clone(), Birth::default());
        registry.enter(group, entry, holds);
        assert!(runnable.run().is_none());
        (self.0.lock().unwrap().pop().unwrap(), task)
    }
}

#[test]
fn a_task_may_stay_where_another_worker_ends_it() {
    let (registry, toy) = (Registry::new(2), Toy::default());
    let (slot, _task) = toy.end_one(&registry, 1, false);
    assert!(may_stay(slot, 0));
    assert!(!may_stay(slot, 1));
}

#[test]
fn a_task_that_holds_values_of_its_users_leaves_at_once() {
    let (registry, toy) = (Registry::new(2), Toy::default());
    let (slot, _task) = toy.end_one(&registry, 1, true);
    assert!(!may_stay(slot, 0));
    assert!(registry.retire(slot).is_some());
    assert_eq!(registry.len(), 0);
}

#[test]
fn a_task_that_stays_is_done_and_so_not_listed() {
    let (registry, toy) = (Registry::new(2), Toy::default());
    let (slot, _task) = toy.end_one(&registry, 1, false);
    let ended = Ended::default();
    assert!(!ended.keep(slot));
    assert_eq!(registry.len(), 1);
    assert!(registry.tasks().is_empty() && registry.tasks_of(1).is_empty());
    assert_eq!(ended.forget(&registry), 1);
    assert_eq!(registry.len(), 0);
    assert_eq!(ended.forget(&registry), 0);
}

#[test]
fn a_batch_of_all_groups_leaves_together() {
    let (registry, toy) = (Registry::new(3), Toy::default());
    let ended = Ended::default();
    let mut tasks = Vec::new();
    for number in 0..BATCH {
        let (slot, task) = toy.end_one(&registry, number % 3, false);
        tasks.push(task);
        assert_eq!(ended.keep(slot), number + 1 == BATCH);
    }
    assert_eq!(registry.len(), BATCH);
    assert_eq!(ended.forget(&registry), BATCH);
    assert_eq!(registry.len(), 0);
}
