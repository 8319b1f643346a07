//! The awaiter against the finisher: the slot for the waker, and the output.

use std::future::IntoFuture;
use std::sync::Arc as StdArc;
use std::task::{Context, Poll, Waker};

use loom::thread;

use super::{Bell, Counted, Counter, model, prompt};
use crate::{Task, TaskError};

fn poll(task: &mut Task<Counted>, waker: &Waker) -> Poll<Result<Counted, TaskError>> {
    task.poll_result(&mut Context::from_waker(waker))
}

/// I2: an awaiter sees the output or is woken for it, once, and then sees it.
#[test]
fn an_awaiter_sees_the_output_or_is_woken_for_it() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let mut task = toy.spawn(prompt(&held, &made));
        let worker = toy.clone();
        let ending = thread::spawn(move || worker.turn());
        let (bell, waker) = Bell::new();
        let first = poll(&mut task, &waker);
        let waited = first.is_pending();
        if let Poll::Ready(output) = first {
            assert_eq!(
                held.counted(),
                1,
                "the future is gone before its output is seen"
            );
            drop(output.unwrap());
        }
        ending.join().unwrap();
        assert_eq!(bell.rings(), usize::from(waited));
        if waited {
            assert!(matches!(poll(&mut task, &waker), Poll::Ready(Ok(_))));
        }
        drop(waker);
        assert_eq!(
            StdArc::strong_count(&bell),
            1,
            "the task kept a waker it will never wake"
        );
        assert_eq!(made.counted(), 1);
    });
}

/// I2: an awaiter that comes with another waker is woken through that one.
#[test]
fn an_awaiter_that_moved_is_woken_where_it_is() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let mut task = toy.spawn(prompt(&held, &made));
        let (_, before) = Bell::new();
        assert!(poll(&mut task, &before).is_pending());
        drop(before);
        let worker = toy.clone();
        let ending = thread::spawn(move || worker.turn());
        let (bell, waker) = Bell::new();
        let waited = poll(&mut task, &waker).is_pending();
        ending.join().unwrap();
        assert_eq!(
            bell.rings(),
            usize::from(waited),
            "woken where it was, not where it is"
        );
        assert_eq!(task.try_result().is_some(), waited);
    });
}

/// I2: a handle that goes with its waker in the slot: the waker is woken or dropped, never both
/// at once, and never kept.
#[test]
fn a_handle_that_goes_takes_its_waker_along() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let mut task = toy.spawn(prompt(&held, &made));
        let (bell, waker) = Bell::new();
        assert!(poll(&mut task, &waker).is_pending());
        drop(waker);
        let worker = toy.clone();
        let ending = thread::spawn(move || worker.turn());
        drop(task);
        ending.join().unwrap();
        assert!(bell.rings() <= 1);
        assert_eq!(StdArc::strong_count(&bell), 1, "the waker was kept");
        assert_eq!((held.counted(), made.counted()), (1, 1));
    });
}

/// A task that awaits another one, on two workers, gets its output and is polled by one at a time.
#[test]
fn a_task_gets_the_output_of_another_on_another_worker() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let inner = toy.spawn(prompt(&held, &made));
        let mut outer = toy.spawn(inner.into_future());
        let worker = toy.clone();
        let ending = thread::spawn(move || worker.turn());
        toy.turn();
        ending.join().unwrap();
        toy.settle();
        assert!(matches!(outer.try_result(), Some(Ok(Ok(_)))));
        assert_eq!((held.counted(), made.counted()), (1, 1));
    });
}

/// A look from outside: who finds the task done, finds the output.
#[test]
fn who_finds_a_task_done_finds_its_output() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let mut task = toy.spawn(prompt(&held, &made));
        let worker = toy.clone();
        let ending = thread::spawn(move || worker.turn());
        if task.is_done() {
            let output = task.try_result().expect("it is done").unwrap();
            assert_eq!((held.counted(), made.counted()), (1, 0));
            drop(output);
        }
        ending.join().unwrap();
    });
}

/// I2, I8: who stops waiting as the task ends is woken or not, leaves no waker behind, and finds
/// the output all the same.
#[test]
fn who_stops_waiting_as_the_task_ends_loses_nothing() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let mut task = toy.spawn(prompt(&held, &made));
        let (bell, waker) = Bell::new();
        assert!(
            task.poll_done(&mut Context::from_waker(&waker))
                .is_pending()
        );
        drop(waker);
        let worker = toy.clone();
        let ending = thread::spawn(move || worker.turn());
        task.stop_waiting();
        ending.join().unwrap();
        assert!(bell.rings() <= 1);
        assert_eq!(StdArc::strong_count(&bell), 1, "the waker was kept");
        assert!(task.peek_result().is_some_and(Result::is_ok));
        assert!(matches!(task.try_result(), Some(Ok(_))));
        assert_eq!((held.counted(), made.counted()), (1, 1));
    });
}
