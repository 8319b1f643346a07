//! Three parties at once, where two alone would not meet.

use std::future::IntoFuture;
use std::task::Context;

use loom::thread;

use super::{Bell, Counter, Plain, endless, model, prompt};
use crate::TaskError;
use crate::cancel::catch_cancel;

/// I1: two wakers and a worker: the write of either is seen by a poll that follows.
#[test]
fn fault_018_two_wakers_and_a_worker_lose_no_write() {
    model(|toy| {
        let (one, other) = (Plain::new(), Plain::new());
        let (first, second) = (one.wait(), other.wait());
        let task = toy.spawn(async move {
            first.await;
            second.await;
        });
        let wakers = [one, other].map(|plain| {
            let waker = task.handle().waker();
            thread::spawn(move || {
                plain.raise();
                waker.wake();
            })
        });
        while toy.turn() {}
        for waking in wakers {
            waking.join().unwrap();
        }
        toy.settle();
        assert!(task.is_done(), "a write that no poll saw");
    });
}

/// Fault 27: a wake and a request meet on an idle task: it is queued once, and dropped once by the
/// worker that comes meanwhile.
#[test]
fn fault_027_a_wake_and_a_request_queue_the_task_once() {
    model(|toy| {
        let held = Counter::new();
        let task = toy.spawn(endless(&held));
        toy.settle();
        let (waker, reference) = (task.handle().waker(), task.handle());
        let waking = thread::spawn(move || waker.wake());
        let asking = thread::spawn(move || assert!(reference.cancel()));
        toy.turn();
        waking.join().unwrap();
        asking.join().unwrap();
        assert!(toy.queued() <= 1);
        toy.settle();
        assert!(task.is_done());
        assert_eq!(held.counted(), 1);
    });
}

/// Fault 25: a request, the end and the awaiter: the awaiter gets exactly one result, and its
/// wake-up if it waited.
#[test]
fn fault_025_an_awaiter_gets_one_result_of_a_task_that_is_asked_as_it_ends() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let mut task = toy.spawn(prompt(&held, &made));
        let (reference, worker) = (task.handle(), toy.clone());
        let asking = thread::spawn(move || reference.cancel());
        let ending = thread::spawn(move || worker.turn());
        let (bell, waker) = Bell::new();
        let waited = task
            .poll_result(&mut Context::from_waker(&waker))
            .is_pending();
        asking.join().unwrap();
        ending.join().unwrap();
        toy.settle();
        assert_eq!(bell.rings(), usize::from(waited));
        assert_eq!(
            task.try_result().is_some(),
            waited,
            "the result is given once"
        );
        assert_eq!(held.counted(), 1);
    });
}

/// A callback, a going handle and the end: the callback runs once, the output is dropped once.
#[test]
fn a_callback_and_a_going_handle_meet_the_end() {
    model(|toy| {
        let (held, made, ran) = (Counter::new(), Counter::new(), Counter::new());
        let task = toy.spawn(prompt(&held, &made));
        let (reference, mark) = (task.handle(), ran.clone());
        let adding = thread::spawn(move || {
            reference.add_done_callback(move |_| mark.count());
        });
        let going = thread::spawn(move || drop(task));
        toy.turn();
        adding.join().unwrap();
        going.join().unwrap();
        toy.settle();
        assert_eq!((held.counted(), made.counted(), ran.counted()), (1, 1, 1));
    });
}

/// Fault 30, for tasks: an owned await that is dropped while its task ends cancels it or not, and
/// both tasks are freed.
#[test]
fn a_task_cancelled_in_its_await_of_another_takes_it_along() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let inner = toy.spawn(prompt(&held, &made));
        let outer = toy.spawn(inner.into_future());
        let (reference, worker) = (outer.handle(), toy.clone());
        let asking = thread::spawn(move || {
            reference.abort();
            worker.turn();
        });
        toy.turn();
        asking.join().unwrap();
        toy.settle();
        assert!(outer.is_done());
        drop(outer);
        assert_eq!(held.counted(), 1);
        assert!(made.counted() <= 1);
    });
}

/// A request with a text reaches the catcher inside with that text, or comes before the task's
/// first poll and ends it.
#[test]
fn a_request_reaches_the_catcher_with_its_text() {
    model(|toy| {
        let held = Counter::new();
        let inside = endless(&held);
        let mut task = toy.spawn(async move {
            let caught = catch_cancel(inside).await.unwrap_err();
            assert_eq!(caught.message(), Some("text"));
        });
        let reference = task.handle();
        let asking = thread::spawn(move || assert!(reference.cancel_with("text")));
        while toy.turn() {}
        asking.join().unwrap();
        toy.settle();
        let result = task.try_result().expect("it was asked to end");
        assert!(matches!(result, Ok(()) | Err(TaskError::Cancelled)));
        assert_eq!(held.counted(), 1);
    });
}
