//! The cell's side of scopes, catchers and contexts: that a request reaches them, that their end
//! ends the task, and that none of them keeps the cell alive.

use std::future::{Future, pending, poll_fn, ready};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::drops::Counter;
use super::toy::Toy;
use super::wakes::yield_now;
use crate::cancel::{catch_cancel, finally, scope};
use crate::contexts::{self, ContextVar};
use crate::{Birth, TaskError, TaskRef, create};

#[test]
fn a_caught_request_lets_the_task_clean_up_and_return() {
    let toy = Toy::new();
    let held = Counter::new();
    let guard = held.guard();
    let mut task = toy.spawn(async move {
        let inside = async move {
            let _kept = guard;
            pending::<()>().await;
        };
        let caught = catch_cancel(inside).await.unwrap_err();
        yield_now().await;
        caught.message().map(str::to_string)
    });
    toy.settle();
    assert!(task.cancel_with("enough"));
    assert_eq!(
        held.dropped(),
        0,
        "dropped by a worker, not by the one who asks"
    );
    toy.settle();
    assert_eq!(held.dropped(), 1);
    assert_eq!(
        task.try_result().unwrap().unwrap().as_deref(),
        Some("enough")
    );
    assert_eq!(task.cancelling(), 1, "a delivered request still stands");
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_request_passed_on_ends_the_task() {
    let toy = Toy::new();
    let mut task = toy.spawn(async {
        match catch_cancel(pending::<()>()).await {
            Ok(()) => {}
            Err(cancelled) => match cancelled.resume().await {},
        }
        "never reached"
    });
    toy.settle();
    task.cancel();
    toy.settle();
    assert!(matches!(task.try_result(), Some(Err(TaskError::Cancelled))));
    drop(task);
    toy.assert_clean();
}

#[test]
fn the_first_text_of_several_requests_is_delivered() {
    let toy = Toy::new();
    let mut task = toy.spawn(async {
        let caught = catch_cancel(pending::<()>()).await.unwrap_err();
        caught.message().map(str::to_string)
    });
    toy.settle();
    assert!(task.cancel_with("first") && task.cancel_with("second"));
    toy.settle();
    assert_eq!(
        task.try_result().unwrap().unwrap().as_deref(),
        Some("first")
    );
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_text_taken_back_with_its_request_is_not_delivered_later() {
    let toy = Toy::new();
    let mut task = toy.spawn(async {
        let caught = catch_cancel(pending::<()>()).await.unwrap_err();
        caught.message().map(str::to_string)
    });
    toy.settle();
    assert!(task.cancel_with("forget this"));
    assert_eq!(task.uncancel(), 0);
    toy.settle();
    assert!(task.cancel());
    toy.settle();
    assert_eq!(task.try_result().unwrap().unwrap(), None);
    drop(task);
    toy.assert_clean();
}

#[test]
fn an_abort_asks_no_catcher() {
    let toy = Toy::new();
    let cleaned = Counter::new();
    let guard = cleaned.clone();
    let mut task = toy.spawn(finally(pending::<()>(), async move {
        drop(guard.guard());
    }));
    toy.settle();
    task.handle().abort();
    toy.settle();
    assert_eq!(cleaned.dropped(), 0);
    assert!(matches!(task.try_result(), Some(Err(TaskError::Cancelled))));
    drop(task);
    toy.assert_clean();
}

#[test]
fn scopes_and_catchers_keep_no_cell_alive_however_the_task_ends() {
    for end in [
        "cancelled",
        "aborted",
        "runnable dropped",
        "returned",
        "panicked",
    ] {
        let toy = Toy::new();
        let task = toy.spawn(async move {
            let inside = async {
                let mut waited = pin!(scope(catch_cancel(yield_now())));
                let _ended = waited.as_mut().await;
                assert!(end != "panicked", "as asked");
                if end != "returned" {
                    pending::<()>().await;
                }
            };
            let _caught = catch_cancel(inside).await;
        });
        match end {
            "returned" | "panicked" => {}
            "runnable dropped" => {
                assert!(toy.turn());
                drop(toy.pop());
            }
            "aborted" => {
                toy.settle();
                task.handle().abort();
            }
            _ => {
                toy.settle();
                task.cancel();
            }
        }
        toy.settle();
        drop(task);
        assert_eq!(toy.live(), 0, "{end}");
        assert_eq!(toy.unseen().len(), usize::from(end == "panicked"), "{end}");
    }
}

#[test]
fn a_tree_that_is_made_when_the_task_is_over_keeps_nothing() {
    let toy = Toy::new();
    let task = toy.spawn(ready(()));
    toy.settle();
    task.handle().enter(|| {
        let mut wait = pin!(catch_cancel(pending::<()>()));
        assert!(
            wait.as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
    });
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_poll_sees_the_variables_of_its_task_and_nobody_elses() {
    static NUMBER: ContextVar<u32> = ContextVar::new("number");
    let toy = Toy::new();
    let make = |number: u32| {
        let mut context = contexts::Context::default();
        context.run(|| drop(NUMBER.set(number)));
        let birth = Birth {
            context,
            ..Birth::default()
        };
        let seen = poll_fn(move |cx| {
            let seen = NUMBER.get();
            if seen == Some(number + 1) {
                return Poll::Ready(());
            }
            assert_eq!(seen, Some(number));
            let _former = NUMBER.set(number + 1);
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        let (runnable, task, _) = create(seen, toy.desk(), birth);
        runnable.schedule();
        task
    };
    let mut tasks = [make(10), make(20)];
    toy.settle();
    assert_eq!(NUMBER.get(), None);
    for task in &mut tasks {
        task.try_result().unwrap().unwrap();
    }
    drop(tasks);
    toy.assert_clean();
}

#[test]
fn a_future_is_dropped_as_its_own_task_and_with_its_own_variables() {
    static PLACE: ContextVar<&str> = ContextVar::new("place");
    type Seen = (TaskRef, Option<&'static str>);
    struct Look(Arc<Mutex<Vec<Seen>>>);
    impl Drop for Look {
        fn drop(&mut self) {
            let seen = (TaskRef::current().unwrap(), PLACE.get());
            self.0.lock().unwrap().push(seen);
        }
    }
    let toy = Toy::new();
    let looks = Arc::new(Mutex::new(Vec::new()));
    let mut context = contexts::Context::default();
    context.run(|| drop(PLACE.set("inside")));
    let make = |returns: bool| {
        let look = Look(looks.clone());
        let birth = Birth {
            context: context.clone(),
            ..Birth::default()
        };
        // A closure's capture goes with the future, not with its last poll.
        let future = poll_fn(move |_| {
            let _kept = &look;
            if returns {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        create(future, toy.desk(), birth)
    };
    let (returning, one, first) = make(true);
    let (dropped, other, second) = make(false);
    assert!(returning.run().is_none());
    // Even when its runnable is dropped by another task's poll.
    drop(toy.spawn(async move { drop(dropped) }));
    toy.settle();
    let expected = [(first, Some("inside")), (second, Some("inside"))];
    assert_eq!(*looks.lock().unwrap(), expected);
    drop((one, other, expected));
    looks.lock().unwrap().clear();
    toy.assert_clean();
}

#[test]
fn what_a_plain_task_sets_stays_with_it_and_leaks_to_nobody() {
    static NUMBER: ContextVar<u32> = ContextVar::new("number");
    let toy = Toy::new();
    let sets = |number: u32| {
        poll_fn(move |cx| {
            let seen = NUMBER.get();
            if seen.is_some() {
                return Poll::Ready(seen);
            }
            let _token = NUMBER.set(number);
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    };
    let mut tasks = [toy.spawn(sets(1)), toy.spawn(sets(2))];
    let mut looks = toy.spawn(async { NUMBER.get() });
    toy.settle();
    assert_eq!(NUMBER.get(), None, "it leaked into the thread");
    assert_eq!(looks.try_result().unwrap().unwrap(), None);
    let seen = tasks
        .each_mut()
        .map(|task| task.try_result().unwrap().unwrap());
    assert_eq!(seen, [Some(1), Some(2)]);
    drop((tasks, looks));
    toy.assert_clean();
}

#[test]
fn tasks_that_are_given_one_context_share_what_they_set() {
    static NUMBER: ContextVar<u32> = ContextVar::new("number");
    let toy = Toy::new();
    let shared = contexts::SharedContext::new();
    let make = |number: u32| {
        let birth = Birth {
            context: contexts::Context::from(&shared),
            ..Birth::default()
        };
        let inside = shared.clone();
        let adds = async move {
            // Reading the context from inside itself must not wait for the poll to end.
            assert_eq!(inside.get(&NUMBER), NUMBER.get());
            let _token = NUMBER.set(NUMBER.get_or(0) + number);
        };
        let (runnable, task, _) = create(adds, toy.desk(), birth);
        runnable.schedule();
        task
    };
    let tasks = [make(1), make(2)];
    assert_eq!(tasks[0].handle().context(), shared);
    toy.settle();
    assert_eq!(shared.get(&NUMBER), Some(3));
    drop(tasks);
    toy.assert_clean();
}

#[test]
fn the_context_of_a_task_is_the_very_one_it_runs_in() {
    static NUMBER: ContextVar<u32> = ContextVar::new("number");
    let toy = Toy::new();
    let mut task = toy.spawn(async { NUMBER.get() });
    let context = task.handle().context();
    context.run(|| drop(NUMBER.set(5)));
    toy.settle();
    assert_eq!(task.try_result().unwrap().unwrap(), Some(5));
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_task_polled_inside_the_poll_of_another_has_its_own_variables() {
    static NUMBER: ContextVar<u32> = ContextVar::new("number");
    let toy = Toy::new();
    let (inner, mut inner_task, _) = toy.create(async {
        let seen = (NUMBER.get(), NUMBER.get_or(7));
        drop(NUMBER.set(8));
        seen
    });
    let mut outer = toy.spawn(async move {
        drop(NUMBER.set(1));
        // Not even what the poll around it has entered.
        let mut context = contexts::copy_context();
        context.run(|| {
            drop(NUMBER.set(2));
            drop(inner.run());
            assert_eq!(NUMBER.get(), Some(2));
        });
        NUMBER.get()
    });
    toy.settle();
    assert_eq!(inner_task.try_result().unwrap().unwrap(), (None, 7));
    assert_eq!(outer.try_result().unwrap().unwrap(), Some(1));
    drop((inner_task, outer));
    toy.assert_clean();
}
