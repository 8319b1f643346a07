//! Who frees the cell, and who drops the output, when several let go at once.

use std::sync::Arc as StdArc;

use loom::thread;

use super::{Counter, endless, model, prompt};

/// I2: a handle that goes while the task ends: one of the two drops the output, once.
#[test]
fn a_handle_that_goes_as_the_task_ends_leaves_the_output_to_one() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let task = toy.spawn(prompt(&held, &made));
        let going = thread::spawn(move || drop(task));
        toy.turn();
        going.join().unwrap();
        assert_eq!((held.counted(), made.counted()), (1, 1));
    });
}

/// I7: a panic whose handle goes meanwhile is reported exactly once.
#[test]
fn a_panic_that_meets_a_going_handle_is_reported_once() {
    loom::model(|| {
        let toy = super::Toy::new();
        let task = toy.spawn(async {
            // As a panic, without the hook's text on the terminal.
            std::panic::resume_unwind(Box::new("lost"));
        });
        let going = thread::spawn(move || drop::<crate::Task<()>>(task));
        toy.turn();
        going.join().unwrap();
        assert_eq!((toy.unseen(), toy.live()), (vec!["lost".to_string()], 0));
    });
}

/// Fault 14: the last waker, the handle and the end, at once: one of them frees the cell.
#[test]
fn fault_014_a_waker_a_handle_and_the_end_free_the_cell_once() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let task = toy.spawn(prompt(&held, &made));
        let waker = task.handle().waker();
        let waking = thread::spawn(move || drop(waker));
        let going = thread::spawn(move || drop(task));
        toy.turn();
        waking.join().unwrap();
        going.join().unwrap();
        assert_eq!((held.counted(), made.counted()), (1, 1));
    });
}

/// Fault 14: whoever frees the cell sees what the others left in it: here the cold part, which a
/// stale look would leak.
#[test]
fn fault_014_whoever_frees_the_cell_sees_what_the_others_left() {
    model(|toy| {
        let name: StdArc<str> = "left behind".into();
        let (held, made) = (Counter::new(), Counter::new());
        let (runnable, task, reference) = toy.create(prompt(&held, &made));
        drop(task);
        let given = name.clone();
        let naming = thread::spawn(move || {
            reference.set_name(given);
            drop(reference);
        });
        assert!(runnable.run().is_none());
        naming.join().unwrap();
        assert_eq!(StdArc::strong_count(&name), 1, "the cold part was leaked");
    });
}

/// Two threads that make the cold part at once: one part is kept, and nothing written is lost.
#[test]
fn the_cold_part_is_made_once() {
    model(|toy| {
        let held = Counter::new();
        let task = toy.spawn(endless(&held));
        let reference = task.handle();
        let naming = thread::spawn(move || reference.set_name("cup"));
        assert!(task.cancel());
        naming.join().unwrap();
        assert_eq!((&*task.name(), task.cancelling()), ("cup", 1));
    });
}

/// The registry's reference goes in the same step as the task's own, while another one goes too.
#[test]
fn a_registered_task_is_freed_once_with_its_last_reference() {
    model(|toy| {
        let (held, made) = (Counter::new(), Counter::new());
        let task = toy.spawn(prompt(&held, &made));
        let reference = task.handle();
        drop(task);
        let going = thread::spawn(move || drop(reference));
        toy.turn();
        assert_eq!(toy.registered(), 0);
        going.join().unwrap();
    });
}
