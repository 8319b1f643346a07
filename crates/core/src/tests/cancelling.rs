//! Requests on a task without scopes or catchers: when they count, and what is left of the future.

use std::future::{pending, poll_fn, ready};
use std::task::Poll;

use super::drops::Counter;
use super::toy::Toy;
use super::wakes::{Shelf, yield_now};
use crate::{TaskError, TaskRef};

/// Where a task stands when the request comes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum When {
    BeforeItsFirstPoll,
    Idle,
    Queued,
    InItsOwnPoll,
}

#[test]
fn fault_027_a_cancelled_task_is_not_polled_again_wherever_it_stood() {
    for when in [
        When::BeforeItsFirstPoll,
        When::Idle,
        When::Queued,
        When::InItsOwnPoll,
    ] {
        let toy = Toy::new();
        let (held, polls) = (Counter::new(), Counter::new());
        let (guard, polled) = (held.guard(), polls.clone());
        let mut task = toy.spawn(poll_fn(move |_| {
            let _kept = &guard;
            drop(polled.guard());
            if when == When::InItsOwnPoll {
                assert!(TaskRef::current().unwrap().cancel());
            }
            Poll::<()>::Pending
        }));
        if when == When::Idle || when == When::Queued {
            assert!(toy.turn());
        }
        if when == When::Queued {
            task.handle().waker().wake();
        }
        if when != When::InItsOwnPoll {
            assert!(task.cancel());
            assert_eq!(
                (held.dropped(), toy.queued()),
                (0, 1),
                "{when:?}: dropped by a worker"
            );
        }
        toy.settle();
        assert!(
            matches!(task.try_result(), Some(Err(TaskError::Cancelled))),
            "{when:?}"
        );
        let expected = usize::from(when != When::BeforeItsFirstPoll);
        assert_eq!((held.dropped(), polls.dropped()), (1, expected), "{when:?}");
        assert_eq!(toy.queued(), 0);
        drop(task);
        toy.assert_clean();
    }
}

#[test]
fn fault_023_a_task_that_cancels_itself_ends_at_its_next_await() {
    let toy = Toy::new();
    let (before, after) = (Counter::new(), Counter::new());
    let (first, second) = (before.guard(), after.clone());
    let mut task = toy.spawn(async move {
        TaskRef::current().unwrap().cancel();
        drop(first);
        yield_now().await;
        drop(second.guard());
    });
    toy.settle();
    assert_eq!((before.dropped(), after.dropped()), (1, 0));
    assert!(matches!(task.try_result(), Some(Err(TaskError::Cancelled))));
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_request_wins_over_the_value_of_the_same_poll() {
    let toy = Toy::new();
    let made = Counter::new();
    let value = made.guard();
    let mut task = toy.spawn(async move {
        TaskRef::current().unwrap().cancel();
        value
    });
    toy.settle();
    assert!(matches!(task.try_result(), Some(Err(TaskError::Cancelled))));
    assert_eq!(made.dropped(), 1);
    drop(task);
    toy.assert_clean();
}

#[test]
fn cancelling_a_done_task_does_nothing_and_says_so() {
    let toy = Toy::new();
    let mut task = toy.spawn(ready(1));
    toy.settle();
    assert!(!task.cancel());
    assert!(!task.cancel_with("too late"));
    task.handle().abort();
    assert_eq!((task.cancelling(), toy.queued()), (0, 0));
    assert_eq!(task.try_result().unwrap().unwrap(), 1);
    drop(task);
    toy.assert_clean();
}

#[test]
fn requests_are_counted_and_taken_back_one_by_one() {
    let toy = Toy::new();
    let task = toy.spawn(pending::<()>());
    toy.settle();
    assert_eq!((task.cancelling(), task.uncancel()), (0, 0));
    assert!(task.cancel() && task.cancel_with("again"));
    assert_eq!(task.cancelling(), 2);
    assert_eq!((task.uncancel(), task.cancelling()), (1, 1));
    toy.settle();
    assert!(task.is_done(), "one request still stood");
    assert_eq!(task.cancelling(), 1);
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_request_taken_back_before_its_delivery_is_forgotten() {
    let toy = Toy::new();
    let shelf = Shelf::default();
    let wait = shelf.wait();
    let mut task = toy.spawn(async move {
        wait.await;
        "unharmed"
    });
    toy.settle();
    assert!(task.cancel());
    assert_eq!(task.uncancel(), 0);
    toy.settle();
    assert_eq!(task.try_result().unwrap().unwrap(), "unharmed");
    shelf.clear();
    drop(task);
    toy.assert_clean();
}

#[test]
fn an_abort_cannot_be_taken_back() {
    let toy = Toy::new();
    let task = toy.spawn(pending::<()>());
    toy.settle();
    task.handle().abort();
    assert_eq!(task.uncancel(), 0);
    task.cancel();
    assert_eq!(task.uncancel(), 0);
    toy.settle();
    assert!(task.is_done());
    drop(task);
    toy.assert_clean();
}

#[test]
fn many_requests_queue_a_task_once() {
    let toy = Toy::new();
    let task = toy.spawn(pending::<()>());
    toy.settle();
    for _ in 0..3 {
        assert!(task.cancel());
        task.handle().abort();
    }
    assert_eq!(toy.queued(), 1);
    toy.settle();
    drop(task);
    toy.assert_clean();
}

#[test]
fn dropping_a_runnable_cancels_its_task() {
    let toy = Toy::new();
    let held = Counter::new();
    let guard = held.guard();
    let (runnable, mut task, reference) = toy.create(async move {
        let _kept = guard;
        pending::<()>().await;
    });
    drop(runnable);
    assert_eq!(held.dropped(), 1);
    assert!(reference.is_done());
    assert!(matches!(task.try_result(), Some(Err(TaskError::Cancelled))));
    drop((task, reference));
    toy.assert_clean();
}

#[test]
fn fault_024_a_future_that_cancels_its_task_as_it_drops_is_dropped_once() {
    struct Again(Counter);
    impl Drop for Again {
        fn drop(&mut self) {
            drop(self.0.guard());
            self.0.task().cancel();
            self.0.task().abort();
            self.0.task().waker().wake();
        }
    }
    let toy = Toy::new();
    let drops = Counter::new();
    let again = Again(drops.clone());
    let task = toy.spawn(async move {
        let _kept = again;
        pending::<()>().await;
    });
    drops.point_at(task.handle());
    toy.settle();
    task.cancel();
    toy.settle();
    assert_eq!((drops.dropped(), toy.queued()), (1, 0));
    drops.forget_task();
    drop(task);
    toy.assert_clean();
}
