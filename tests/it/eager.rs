//! asyncio's eager tasks: they begin inside the call that makes them.

use std::future::pending;
use std::panic::catch_unwind;
use std::rc::Rc;

use bowerbird::{
    ContextVar, Task, all_tasks, catch_cancel, create_task, current_task, gather, task, yield_now,
};

use crate::bell::{Bell, Tally};
use crate::loops::inside_each;

fn eager<F>(future: F) -> Task<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    task::Builder::new().eager(true).create_task(future)
}

#[test]
fn one_that_never_waits_is_done_when_the_call_returns() {
    inside_each(async || {
        let mut quick = eager(async { 7 });
        assert!(quick.is_done());
        assert_eq!(quick.try_result().unwrap().unwrap(), 7);
    });
}

#[test]
fn one_that_waits_has_run_up_to_there_and_goes_on_later() {
    inside_each(async || {
        let (begun, go_on) = (Bell::default(), Bell::default());
        let (ring, wait) = (begun.clone(), go_on.clone());
        let waits = eager(async move {
            ring.ring();
            wait.rung().await;
            yield_now().await;
            1
        });
        assert!(begun.is_rung() && !waits.is_done());
        go_on.ring();
        assert_eq!(waits.await.unwrap(), 1);
        // Woken while it is polled for the first time.
        assert_eq!(eager(async { yield_now().await }).await.unwrap(), ());
    });
}

#[test]
fn without_being_asked_no_task_begins_inside_the_call() {
    for is_eager in [false, true] {
        let event_loop = bowerbird::EventLoop::new_current_thread().unwrap();
        let main = async {
            let begun = Bell::default();
            let ring = begun.clone();
            let builder = task::Builder::new().eager(is_eager);
            let task = builder.create_task(async move { ring.ring() });
            assert_eq!(begun.is_rung(), is_eager);
            task.await.unwrap();
        };
        event_loop.run_until_complete(main).unwrap();
    }
}

#[test]
fn the_current_task_is_right_inside_nested_starts_and_restored_after_each() {
    inside_each(async || {
        let outside = current_task().unwrap();
        let seen = eager(async {
            let before = current_task().unwrap();
            let inner = eager(async { current_task().unwrap() });
            let inner_id = inner.id();
            assert_eq!(inner.await.unwrap().id(), inner_id);
            assert_eq!(current_task().unwrap(), before);
            before
        });
        let id = seen.id();
        assert_eq!(current_task().unwrap(), outside);
        assert_eq!(seen.await.unwrap().id(), id);
    });
}

#[test]
fn it_has_a_copy_of_its_creators_context() {
    static NUMBER: ContextVar<u32> = ContextVar::new("number");
    inside_each(async || {
        let token = NUMBER.set(1);
        let seen = eager(async {
            let inherited = NUMBER.get();
            let _token = NUMBER.set(2);
            yield_now().await;
            (inherited, NUMBER.get())
        });
        assert_eq!(NUMBER.get(), Some(1));
        assert_eq!(seen.await.unwrap(), (Some(1), Some(2)));
        NUMBER.reset(token).unwrap();
        // Also where there is nothing to copy.
        let sets = eager(async {
            let _token = NUMBER.set(3);
        });
        assert_eq!(NUMBER.get(), None);
        sets.await.unwrap();
    });
}

#[test]
fn a_panic_never_leaves_the_call() {
    inside_each(async || {
        let failing = eager(async { panic!("at once") });
        assert!(failing.is_done());
        let error = failing.await.unwrap_err();
        assert_eq!(error.to_string(), "task panicked: at once");
        assert!(current_task().is_some());
    });
}

#[test]
fn it_is_among_all_tasks_while_it_begins() {
    inside_each(async || {
        let seen = eager(async {
            let me = current_task().unwrap();
            all_tasks().contains(&me)
        });
        assert!(seen.await.unwrap());
        let waits = eager(pending::<()>());
        assert!(all_tasks().contains(&waits.handle()));
        waits.cancel();
        assert!(waits.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn it_stands_outside_its_creators_scopes() {
    inside_each(async || {
        let (begun, child_begun) = (Bell::default(), Bell::default());
        let (ring, child_ring) = (begun.clone(), child_begun.clone());
        let creator = create_task(async move {
            let caught = catch_cancel(async move {
                let child = eager(async move {
                    child_ring.ring();
                    catch_cancel(pending::<()>()).await.is_err()
                });
                ring.ring();
                // Lent: a cancelled wait for it must not cancel it.
                let keep = child.handle();
                drop(child);
                pending::<()>().await;
                drop(keep);
            });
            caught.await.is_err()
        });
        begun.rung().await;
        let child = all_tasks()
            .into_iter()
            .find(|task| Some(task) != current_task().as_ref() && task.id() != creator.id());
        let child = child.unwrap();
        assert!(child_begun.is_rung());
        creator.cancel();
        assert!(creator.await.unwrap(), "the creator's catcher got it");
        assert_eq!(child.cancelling(), 0);
        assert!(!child.is_done());
        child.cancel();
        while !child.is_done() {
            yield_now().await;
        }
    });
}

#[test]
fn local_ones_begin_at_once_too() {
    inside_each(async || {
        let shared = Rc::new(3);
        let inside = shared.clone();
        let local = task::Builder::new()
            .eager(true)
            .create_local_task(async move {
                let before = *inside;
                yield_now().await;
                before + *inside
            });
        assert_eq!(Rc::strong_count(&shared), 2);
        assert_eq!(local.await.unwrap(), 6);
        let quick = task::Builder::new()
            .eager(true)
            .create_local_task(async { 1 });
        assert!(quick.is_done());
    });
}

#[test]
fn a_recursion_of_eager_starts_overflows_no_stack() {
    fn dive(depth: usize, ran: Tally) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(async move {
            ran.add();
            if depth > 0 {
                eager(dive(depth - 1, ran)).await.unwrap();
            }
        })
    }
    inside_each(async || {
        let ran = Tally::default();
        eager(dive(10_000, ran.clone())).await.unwrap();
        assert_eq!(ran.count(), 10_001);
    });
}

#[test]
fn thousands_are_gathered_and_each_runs_once() {
    inside_each(async || {
        let ran = Tally::default();
        let tasks: Vec<_> = (0..5_000)
            .map(|number| {
                let ran = ran.clone();
                eager(async move {
                    ran.add();
                    if number % 2 == 0 {
                        yield_now().await;
                    }
                    number
                })
            })
            .collect();
        let all = gather(tasks).await.unwrap();
        assert_eq!(all, (0..5_000).collect::<Vec<_>>());
        assert_eq!(ran.count(), 5_000);
    });
}

#[test]
fn eager_tasks_are_made_inside_a_loop_only() {
    assert!(catch_unwind(|| drop(eager(async {}))).is_err());
}
