//! Wakes against polls and against the end.

use loom::thread;

use super::{Counter, Plain, endless, model, prompt};

/// I1, fault 18: the wake of a task that is queued already still carries what was written before.
#[test]
fn fault_018_a_queued_task_sees_what_was_written_before_a_second_wake() {
    model(|toy| {
        let plain = Plain::new();
        let task = toy.spawn(plain.wait());
        let waker = task.handle().waker();
        let writer = thread::spawn(move || {
            plain.raise();
            waker.wake();
        });
        while toy.turn() {}
        writer.join().unwrap();
        toy.settle();
        assert!(
            task.is_done(),
            "the poll that followed the wake did not see the write"
        );
    });
}

/// I1: a wake of an idle task, or of one that is about to be idle, is followed by a poll.
#[test]
fn a_wake_that_meets_a_pause_is_not_lost() {
    model(|toy| {
        let plain = Plain::new();
        let task = toy.spawn(plain.wait());
        let waker = task.handle().waker();
        let first = toy.pop().unwrap();
        let writer = thread::spawn(move || {
            plain.raise();
            waker.wake();
        });
        if let Some(again) = first.run() {
            assert!(again.run().is_none());
        }
        writer.join().unwrap();
        toy.settle();
        assert!(task.is_done(), "a lost wake");
    });
}

/// I1, fault 13: however many threads wake an idle task, it is queued once.
#[test]
fn fault_013_two_wakes_at_once_queue_an_idle_task_once() {
    model(|toy| {
        let plain = Plain::new();
        let task = toy.spawn(plain.wait());
        toy.settle();
        let waker = task.handle().waker();
        let other = waker.clone();
        let waking = thread::spawn(move || other.wake());
        waker.wake_by_ref();
        waking.join().unwrap();
        assert_eq!(toy.queued(), 1);
        plain.raise();
    });
}

/// I1, fault 13: two workers and a waker never bring about two polls at once, and the polls see
/// each other's writes (the future's own cell is checked by loom).
#[test]
fn fault_013_two_workers_never_poll_a_task_at_once() {
    model(|toy| {
        let plain = Plain::new();
        let mut task = toy.spawn(plain.wait());
        let waker = task.handle().waker();
        let second = toy.clone();
        let worker = thread::spawn(move || {
            plain.raise();
            waker.wake();
            second.turn();
        });
        toy.turn();
        worker.join().unwrap();
        toy.settle();
        task.try_result().unwrap().unwrap();
    });
}

/// Fault 12: a wake that meets the end queues nothing, and touches no memory after its free.
#[test]
fn fault_012_a_wake_that_meets_the_end_does_nothing() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let task = toy.spawn(prompt(&held, &made));
        let waker = task.handle().waker();
        drop(task);
        let waking = thread::spawn(move || waker.wake());
        toy.turn();
        waking.join().unwrap();
        assert_eq!((toy.queued(), held.counted(), made.counted()), (0, 1, 1));
    });
}

/// Fault 15: a wake that meets the drop of the queue's runnable ends nothing twice.
#[test]
fn fault_015_a_wake_that_meets_a_dropped_runnable_does_nothing() {
    model(|toy| {
        let held = Counter::new();
        let task = toy.spawn(endless(&held));
        let waker = task.handle().waker();
        let runnable = toy.pop().unwrap();
        let waking = thread::spawn(move || waker.wake());
        drop(runnable);
        waking.join().unwrap();
        assert!(task.is_done());
        assert_eq!((toy.queued(), held.counted()), (0, 1));
    });
}
