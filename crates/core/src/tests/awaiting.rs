//! What awaiting a task gives, and what letting its handle go does.

use std::future::{Future, IntoFuture, pending, poll_fn, ready};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::drops::{Counted, Counter};
use super::toy::Toy;
use super::wakes::{Bell, yield_now};
use crate::{Task, TaskError};

#[test]
fn awaiting_a_task_gives_its_value() {
    let toy = Toy::new();
    let inner = toy.spawn(async {
        yield_now().await;
        7
    });
    let mut outer = toy.spawn(async move { inner.await.unwrap() + 1 });
    toy.settle();
    assert_eq!(outer.try_result().unwrap().unwrap(), 8);
    drop(outer);
    toy.assert_clean();
}

#[test]
fn a_result_is_given_once() {
    let toy = Toy::new();
    let mut task = toy.spawn(ready(1));
    assert!(task.try_result().is_none());
    toy.settle();
    assert!(task.is_done());
    assert_eq!(task.try_result().unwrap().unwrap(), 1);
    assert!(task.try_result().is_none());
    drop(task);
    toy.assert_clean();
}

#[test]
#[should_panic(expected = "await a task once")]
fn awaiting_a_task_twice_panics_and_names_the_fix() {
    let toy = Toy::new();
    let mut task = toy.spawn(ready(()));
    toy.settle();
    let mut cx = Context::from_waker(Waker::noop());
    assert!(task.poll_result(&mut cx).is_ready());
    let _ = task.poll_result(&mut cx);
}

#[test]
fn a_dropped_handle_detaches_its_task() {
    let toy = Toy::new();
    let ran = Counter::new();
    let guard = ran.guard();
    drop(toy.spawn(async move {
        yield_now().await;
        drop(guard);
    }));
    assert_eq!((ran.dropped(), toy.live()), (0, 1));
    toy.settle();
    assert_eq!(ran.dropped(), 1);
    toy.assert_clean();
}

#[test]
fn a_task_detached_while_it_waits_runs_on() {
    let toy = Toy::new();
    let bell = Bell::new();
    let mut task = toy.spawn(yield_now());
    let mut cx = Context::from_waker(bell.waker());
    assert!(task.poll_result(&mut cx).is_pending());
    task.detach();
    assert_eq!(
        bell.holders(),
        0,
        "the awaiter's waker went with the handle"
    );
    toy.settle();
    assert_eq!(bell.rings(), 0);
    toy.assert_clean();
}

#[test]
fn the_last_waker_left_is_the_one_that_is_woken() {
    let toy = Toy::new();
    let (first, second) = (Bell::new(), Bell::new());
    let mut task = toy.spawn(ready(()));
    for bell in [&first, &second, &second] {
        assert!(
            task.poll_result(&mut Context::from_waker(bell.waker()))
                .is_pending()
        );
    }
    assert_eq!((first.holders(), second.holders()), (0, 1));
    toy.settle();
    assert_eq!((first.rings(), second.rings()), (0, 1));
    assert_eq!(second.holders(), 0);
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_future_is_gone_before_its_awaiter_is_woken() {
    struct Look(Counter, Arc<AtomicUsize>);
    impl std::task::Wake for Look {
        fn wake(self: Arc<Self>) {
            self.1.store(self.0.dropped(), Ordering::Relaxed);
        }
    }
    let toy = Toy::new();
    let held = Counter::new();
    let guard = held.guard();
    let seen = Arc::new(AtomicUsize::new(0));
    let mut polls = 0;
    // The guard belongs to the future, not to its last poll.
    let mut task = toy.spawn(poll_fn(move |_| {
        let _kept = &guard;
        polls += 1;
        Poll::Ready(polls)
    }));
    let waker = Waker::from(Arc::new(Look(held, seen.clone())));
    assert!(
        task.poll_result(&mut Context::from_waker(&waker))
            .is_pending()
    );
    toy.settle();
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}

#[test]
fn dropping_an_owned_await_cancels_the_task() {
    let toy = Toy::new();
    let held = Counter::new();
    let guard = held.guard();
    let task = toy.spawn(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    toy.settle();
    {
        let mut wait = pin!(task.into_future());
        assert!(
            wait.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        assert!(!wait.task().is_done());
    }
    toy.settle();
    assert_eq!(held.dropped(), 1);
    toy.assert_clean();
}

#[test]
fn dropping_an_owned_await_that_is_over_cancels_nothing() {
    let toy = Toy::new();
    let task = toy.spawn(ready(3));
    toy.settle();
    let reference = task.handle();
    {
        let mut wait = pin!(task.into_future());
        assert!(
            wait.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_ready()
        );
    }
    assert_eq!(reference.cancelling(), 0);
    drop(reference);
    toy.assert_clean();
}

#[test]
fn dropping_a_borrowed_await_leaves_the_task_alone() {
    let toy = Toy::new();
    let mut task = toy.spawn(async {
        yield_now().await;
        5
    });
    {
        let mut wait = pin!((&mut task).into_future());
        assert!(
            wait.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        assert!(!wait.task().is_done());
    }
    assert_eq!(task.cancelling(), 0);
    toy.settle();
    assert_eq!(task.try_result().unwrap().unwrap(), 5);
    drop(task);
    toy.assert_clean();
}

#[test]
fn another_thread_can_block_for_the_result() {
    let toy = Toy::new();
    let mut task = toy.spawn(async {
        yield_now().await;
        9
    });
    assert!(
        task.blocking_result(Duration::ZERO).is_none(),
        "zero looks once"
    );
    let start = Arc::new(Barrier::new(2));
    let started = start.clone();
    let waiter = std::thread::spawn(move || {
        started.wait();
        task.blocking_result(None).unwrap().unwrap()
    });
    start.wait();
    toy.settle();
    assert_eq!(waiter.join().unwrap(), 9);
    toy.assert_clean();
}

#[test]
fn a_task_that_awaits_its_own_end_can_still_be_cancelled() {
    let toy = Toy::new();
    let own = Arc::new(Mutex::new(None::<Task<()>>));
    let inside = own.clone();
    let task = toy.spawn(poll_fn(move |cx| {
        let mut own = inside.lock().unwrap();
        assert!(own.as_mut().unwrap().poll_result(cx).is_pending());
        Poll::Pending
    }));
    let reference = task.handle();
    *own.lock().unwrap() = Some(task);
    toy.settle();
    assert!(reference.cancel());
    toy.settle();
    let mut task = own.lock().unwrap().take().unwrap();
    assert!(matches!(task.try_result(), Some(Err(TaskError::Cancelled))));
    drop((task, reference));
    toy.assert_clean();
}

#[test]
fn an_output_is_dropped_once_whoever_is_left_to_drop_it() {
    let toy = Toy::new();
    for taken in [false, true] {
        for detached_first in [false, true] {
            let made = Counter::new();
            let value = made.guard();
            let mut task = toy.spawn(async move { value });
            if detached_first {
                drop(task);
                toy.settle();
            } else {
                toy.settle();
                let result: Option<Result<Counted, _>> = taken.then(|| task.try_result().unwrap());
                drop(task);
                assert_eq!(made.dropped(), usize::from(!taken));
                drop(result);
            }
            assert_eq!(
                made.dropped(),
                1,
                "taken {taken}, detached first {detached_first}"
            );
        }
    }
    toy.assert_clean();
}

#[test]
fn a_look_at_a_result_leaves_it_where_it_is() {
    let toy = Toy::new();
    let made = Counter::new();
    let value = made.guard();
    let mut task = toy.spawn(ready(value));
    assert!(task.peek_result().is_none());
    toy.settle();
    assert!(task.peek_result().is_some_and(Result::is_ok));
    assert!(task.peek_result().is_some(), "as often as one likes");
    assert_eq!(made.dropped(), 0);
    drop(task.try_result());
    assert_eq!(made.dropped(), 1);
    assert!(task.peek_result().is_none(), "it is gone");
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_panic_that_was_only_looked_at_is_still_reported() {
    let toy = Toy::new();
    let mut task = toy.spawn(async { panic!("look") });
    toy.settle();
    assert!(task.peek_result().is_some_and(Result::is_err));
    assert_eq!(toy.unseen(), Vec::<String>::new());
    drop::<Task<()>>(task);
    assert_eq!(toy.unseen(), ["look"]);
}

#[test]
fn a_wait_for_the_end_is_woken_and_takes_nothing() {
    let toy = Toy::new();
    let bell = Bell::new();
    let mut task = toy.spawn(ready(3));
    let mut cx = Context::from_waker(bell.waker());
    assert!(task.poll_done(&mut cx).is_pending());
    toy.settle();
    assert_eq!(bell.rings(), 1);
    assert!(task.poll_done(&mut cx).is_ready());
    assert_eq!(task.try_result().unwrap().unwrap(), 3);
    assert!(
        task.poll_done(&mut cx).is_ready(),
        "its end does not go with the result"
    );
    drop(task);
    toy.assert_clean();
}

#[test]
fn who_stops_waiting_leaves_no_waker_and_is_not_woken() {
    let toy = Toy::new();
    let bell = Bell::new();
    let mut task = toy.spawn(ready(3));
    let mut cx = Context::from_waker(bell.waker());
    assert!(task.poll_done(&mut cx).is_pending());
    task.stop_waiting();
    task.stop_waiting();
    assert_eq!(bell.holders(), 0);
    // A wait that was lent the task does the same when it is dropped.
    assert!(pin!((&mut task).into_future()).poll(&mut cx).is_pending());
    assert_eq!(bell.holders(), 0);
    toy.settle();
    assert_eq!(bell.rings(), 0);
    task.stop_waiting();
    assert_eq!(task.try_result().unwrap().unwrap(), 3);
    drop(task);
    toy.assert_clean();
}
