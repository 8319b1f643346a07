//! Requests against polls, against the end, and against each other.

use loom::thread;

use super::{Counter, endless, model, prompt};
use crate::TaskError;

/// Faults 22, 27: a request that meets a poll ends the task after that poll, and its future is
/// dropped once, by the worker.
#[test]
fn fault_022_a_request_that_meets_a_poll_ends_the_task_after_it() {
    model(|toy| {
        let held = Counter::new();
        let mut task = toy.spawn(endless(&held));
        let reference = task.handle();
        let asking = thread::spawn(move || assert!(reference.cancel()));
        while toy.turn() {}
        asking.join().unwrap();
        toy.settle();
        assert!(matches!(task.try_result(), Some(Err(TaskError::Cancelled))));
        assert_eq!(held.counted(), 1);
    });
}

/// Fault 25: a request that meets the end leaves exactly one result, and nothing is dropped twice.
#[test]
fn fault_025_completion_and_cancel_leave_exactly_one_result() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let mut task = toy.spawn(prompt(&held, &made));
        let reference = task.handle();
        let asking = thread::spawn(move || reference.cancel());
        while toy.turn() {}
        let asked = asking.join().unwrap();
        assert_eq!(
            task.cancelling(),
            usize::from(asked),
            "a refused request leaves no trace"
        );
        toy.settle();
        match task.try_result() {
            Some(Ok(value)) => drop(value),
            Some(Err(TaskError::Cancelled)) => assert!(asked),
            other => panic!("{:?}", other.map(|result| result.map(drop))),
        }
        assert_eq!((held.counted(), made.counted()), (1, 1));
    });
}

/// Fault 24: two requests and a worker drop the future once.
#[test]
fn fault_024_two_requests_drop_the_future_once() {
    model(|toy| {
        let held = Counter::new();
        let task = toy.spawn(endless(&held));
        toy.settle();
        let (reference, worker) = (task.handle(), toy.clone());
        let asking = thread::spawn(move || {
            reference.abort();
            worker.turn();
        });
        task.cancel();
        toy.turn();
        asking.join().unwrap();
        toy.settle();
        assert!(task.is_done());
        assert_eq!((held.counted(), toy.queued()), (1, 0));
    });
}

/// The count of requests and the request itself agree, whoever was first: a task whose requests
/// were all taken back goes on, one that still has one ends.
#[test]
fn a_request_and_its_taking_back_agree_on_what_is_left() {
    model(|toy| {
        let held = Counter::new();
        let task = toy.spawn(endless(&held));
        let reference = task.handle();
        let asking = thread::spawn(move || assert!(reference.cancel()));
        task.uncancel();
        asking.join().unwrap();
        toy.settle();
        assert_eq!(task.is_done(), task.cancelling() == 1);
        task.handle().abort();
    });
}

/// A request that is taken back while the runner is about to deliver it: the task ends or goes on,
/// and ends later at the latest when it is asked again.
#[test]
fn a_request_taken_back_as_it_is_delivered_counts_or_does_not() {
    model(|toy| {
        let held = Counter::new();
        let task = toy.spawn(endless(&held));
        assert!(task.cancel());
        let reference = task.handle();
        let taking = thread::spawn(move || assert_eq!(reference.uncancel(), 0));
        toy.turn();
        taking.join().unwrap();
        toy.settle();
        assert_eq!(task.cancel(), !task.is_done());
        toy.settle();
        assert!(task.is_done());
        assert_eq!(held.counted(), 1);
    });
}
