//! Done-callbacks: each once, in order, through the loop, never inside the call that ends the task.

use std::future::{pending, ready};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};

use super::drops::Counter;
use super::toy::Toy;
use crate::TaskRef;
use crate::contexts::{Context, ContextVar};

/// What the callbacks wrote, in their order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u32>>>);

impl Log {
    fn line(&self, number: u32) -> impl FnOnce(&TaskRef) + Send + 'static {
        let log = self.0.clone();
        move |task| {
            assert!(task.is_done());
            log.lock().unwrap().push(number);
        }
    }

    fn lines(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }
}

#[test]
fn callbacks_run_in_the_order_they_were_added() {
    let toy = Toy::new();
    let log = Log::default();
    let task = toy.spawn(ready(()));
    for number in 0..4 {
        task.add_done_callback(log.line(number));
    }
    assert!(toy.turn());
    assert!(task.is_done());
    task.add_done_callback(log.line(4));
    assert_eq!(
        log.lines(),
        [],
        "through the loop, not inside the task's end"
    );
    toy.settle();
    assert_eq!(log.lines(), [0, 1, 2, 3, 4]);
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_callback_added_by_the_woken_awaiter_comes_after_those_before_it() {
    /// Adds a callback the moment it is woken, as an awaiter on another worker could.
    struct Quick(TaskRef, Log);
    impl Wake for Quick {
        fn wake(self: Arc<Self>) {
            self.0.add_done_callback(self.1.line(2));
        }
    }
    let toy = Toy::new();
    let log = Log::default();
    let mut task = toy.spawn(ready(()));
    let waker = Waker::from(Arc::new(Quick(task.handle(), log.clone())));
    assert!(
        task.poll_result(&mut std::task::Context::from_waker(&waker))
            .is_pending()
    );
    task.add_done_callback(log.line(1));
    drop(waker);
    toy.settle();
    assert_eq!(log.lines(), [1, 2]);
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_callback_taken_back_never_runs_and_is_dropped() {
    let toy = Toy::new();
    let log = Log::default();
    let held = Counter::new();
    let task = toy.spawn(ready(()));
    let guard = held.guard();
    let first = task.add_done_callback(move |_| drop(guard));
    let second = task.add_done_callback(log.line(2));
    assert_ne!(first, second);
    assert!(task.remove_done_callback(first));
    assert_eq!(held.dropped(), 1);
    assert!(!task.remove_done_callback(first));
    toy.settle();
    assert!(!task.remove_done_callback(second), "it is on its way");
    assert_eq!(log.lines(), [2]);
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_task_without_callbacks_has_none_to_take_back() {
    let toy = Toy::new();
    let (one, other) = (toy.spawn(ready(())), toy.spawn(ready(())));
    let id = one.add_done_callback(|_| {});
    assert!(!other.remove_done_callback(id));
    toy.settle();
    drop((one, other));
    toy.assert_clean();
}

#[test]
fn callbacks_run_for_every_end() {
    for end in ["cancelled", "aborted", "panicked", "runnable dropped"] {
        let toy = Toy::new();
        let log = Log::default();
        let panics = end == "panicked";
        let task = toy.spawn(async move {
            assert!(!panics, "as asked");
            pending::<()>().await;
        });
        task.add_done_callback(log.line(7));
        match end {
            "cancelled" => drop(task.cancel()),
            "aborted" => task.handle().abort(),
            "runnable dropped" => drop(toy.pop()),
            _ => {}
        }
        drop(task);
        toy.settle();
        assert_eq!(log.lines(), [7], "{end}");
        assert_eq!(
            (toy.live(), toy.unseen().len()),
            (0, usize::from(panics)),
            "{end}"
        );
    }
}

#[test]
fn a_callback_gets_the_task_it_was_added_to() {
    let toy = Toy::new();
    let task = toy.spawn(ready(()));
    let id = task.id();
    task.add_done_callback(move |done| {
        assert_eq!(done.id(), id);
        done.add_done_callback(|_| {});
    });
    toy.settle();
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_callback_sees_the_variables_of_whoever_added_it() {
    static NUMBER: ContextVar<u32> = ContextVar::new("number");
    let toy = Toy::new();
    let log = Log::default();
    let task = toy.spawn(ready(()));
    Context::new().run(|| {
        drop(NUMBER.set(4));
        let log = log.clone();
        task.add_done_callback(move |task| {
            log.line(NUMBER.get_or(0))(task);
            drop(NUMBER.set(5));
        });
        drop(NUMBER.set(6));
    });
    let line = log.clone();
    task.add_done_callback(move |task| line.line(NUMBER.get_or(0))(task));
    toy.settle();
    assert_eq!(log.lines(), [4, 0]);
    drop(task);
    toy.assert_clean();
}
