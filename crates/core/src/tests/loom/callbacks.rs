//! Done-callbacks against the end.

use loom::thread;

use super::{Counter, model, prompt};

/// A callback that meets the end runs exactly once.
#[test]
fn a_callback_that_meets_the_end_runs_exactly_once() {
    model(|toy| {
        let (held, made, ran) = (Counter::new(), Counter::new(), Counter::new());
        let task = toy.spawn(prompt(&held, &made));
        let (reference, mark) = (task.handle(), ran.clone());
        let adding = thread::spawn(move || {
            reference.add_done_callback(move |task| {
                assert!(task.is_done());
                mark.count();
            });
        });
        toy.turn();
        adding.join().unwrap();
        toy.settle();
        assert_eq!(ran.counted(), 1);
    });
}

/// Two callbacks from two threads, the first ones of their task, both run once.
#[test]
fn two_first_callbacks_both_run() {
    model(|toy| {
        let (held, made, ran) = (Counter::new(), Counter::new(), Counter::new());
        let task = toy.spawn(prompt(&held, &made));
        let reference = task.handle();
        let (one, other) = (ran.clone(), ran.clone());
        let adding = thread::spawn(move || reference.add_done_callback(move |_| one.count()));
        let second = task.add_done_callback(move |_| other.count());
        let first = adding.join().unwrap();
        assert_ne!(first, second);
        toy.settle();
        assert_eq!(ran.counted(), 2);
    });
}

/// A callback that is taken back while the task ends either runs or was taken back.
#[test]
fn a_callback_is_taken_back_or_runs() {
    model(|toy| {
        let (held, made, ran) = (Counter::new(), Counter::new(), Counter::new());
        let task = toy.spawn(prompt(&held, &made));
        let mark = ran.clone();
        let id = task.add_done_callback(move |_| mark.count());
        let reference = task.handle();
        let taking = thread::spawn(move || reference.remove_done_callback(id));
        toy.turn();
        let taken = taking.join().unwrap();
        toy.settle();
        assert_eq!(ran.counted(), usize::from(!taken));
    });
}
