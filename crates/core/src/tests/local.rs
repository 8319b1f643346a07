//! Tasks whose future must not leave its thread.

use std::future::pending;
use std::rc::Rc;

use super::drops::Counter;
use super::toy::Toy;
use super::wakes::yield_now;
use crate::{Runnable, TaskError};

/// Does `work` with the runnable on another thread, and waits for it.
fn elsewhere(runnable: Runnable, work: impl FnOnce(Runnable) + Send) {
    std::thread::scope(|scope| {
        scope.spawn(|| work(runnable)).join().unwrap();
    });
}

#[test]
fn a_local_task_may_hold_and_give_what_cannot_travel() {
    let toy = Toy::new();
    let shared = Rc::new(3);
    let inside = shared.clone();
    let (runnable, mut task, reference) = toy.create_local(async move {
        yield_now().await;
        inside
    });
    drop(reference);
    runnable.schedule();
    toy.settle();
    assert!(Rc::ptr_eq(&task.try_result().unwrap().unwrap(), &shared));
    drop(task);
    assert_eq!(Rc::strong_count(&shared), 1);
    toy.assert_clean();
}

#[test]
fn fault_026_a_local_task_polled_elsewhere_ends_with_a_panic_that_says_so() {
    let toy = Toy::new();
    let (held, polls) = (Counter::new(), Counter::new());
    let (guard, polled) = (held.guard(), polls.clone());
    let (runnable, mut task, reference) = toy.create_local(async move {
        let _kept = guard;
        drop(polled.guard());
    });
    drop(reference);
    elsewhere(runnable, |runnable| assert!(runnable.run().is_none()));
    let Some(Err(TaskError::Panicked(panic))) = task.try_result() else {
        panic!("no panic")
    };
    assert!(panic.message().unwrap().contains("not its own"));
    assert_eq!(
        (held.dropped(), polls.dropped()),
        (0, 0),
        "leaked, never touched"
    );
    drop(task);
    toy.assert_clean();
}

#[test]
fn fault_026_a_local_task_dropped_elsewhere_leaks_its_future_and_ends() {
    let toy = Toy::new();
    let held = Counter::new();
    let guard = held.guard();
    let (runnable, mut task, reference) = toy.create_local(async move {
        let _kept = guard;
        pending::<()>().await;
    });
    drop(reference);
    elsewhere(runnable, drop);
    assert!(matches!(task.try_result(), Some(Err(TaskError::Cancelled))));
    assert_eq!(held.dropped(), 0);
    drop(task);
    toy.assert_clean();
}

#[test]
fn fault_026_a_local_task_cancelled_from_elsewhere_is_dropped_at_home() {
    let toy = Toy::new();
    let held = Counter::new();
    let guard = held.guard();
    let (runnable, task, reference) = toy.create_local(async move {
        let _kept = guard;
        pending::<()>().await;
    });
    runnable.schedule();
    toy.settle();
    std::thread::scope(|scope| {
        let cancelled = scope.spawn(|| reference.cancel());
        assert!(cancelled.join().unwrap());
    });
    assert_eq!(held.dropped(), 0);
    toy.settle();
    assert_eq!(held.dropped(), 1);
    drop((task, reference));
    toy.assert_clean();
}
