//! asyncio's `tasks`: making them, awaiting them, looking at them.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use bowerbird::{
    EventLoop, Task, TaskRef, all_tasks, create_local_task, create_task, current_task,
    get_running_loop, task, yield_now,
};

use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, inside_each, on_each};

#[test]
fn awaiting_a_task_gives_what_its_future_gave() {
    inside_each(async || {
        assert_eq!(create_task(async { 1 }).await.unwrap(), 1);
        let yielding = create_task(async {
            yield_now().await;
            String::from("two")
        });
        assert_eq!(yielding.await.unwrap(), "two");
    });
}

#[test]
fn a_task_never_starts_inside_the_call_that_makes_it() {
    inside_each(async || {
        let thread = thread::current().id();
        let inside = Arc::new(Mutex::new(()));
        let guard = inside.clone();
        let held = inside.lock().unwrap();
        // Were it polled within the call, by this very thread, the lock would be taken already.
        let task =
            create_task(
                async move { thread::current().id() != thread || guard.try_lock().is_ok() },
            );
        drop(held);
        assert!(task.await.unwrap());
    });
}

#[test]
fn ten_thousand_tasks_all_end_and_each_with_its_own_value() {
    inside_each(async || {
        let tasks: Vec<_> = (0..10_000_u64)
            .map(|number| {
                create_task(async move {
                    yield_now().await;
                    number
                })
            })
            .collect();
        for (expected, task) in (0..).zip(tasks) {
            assert_eq!(task.await.unwrap(), expected);
        }
    });
}

#[test]
fn a_task_whose_handle_is_dropped_runs_on() {
    inside_each(async || {
        let done = Bell::default();
        let ring = done.clone();
        drop(create_task(async move {
            for _ in 0..10 {
                yield_now().await;
            }
            ring.ring();
        }));
        done.rung().await;
        create_task(async {}).detach();
    });
}

#[test]
fn tasks_of_tasks_of_tasks_end() {
    fn nested(depth: u32) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(async move {
            match depth {
                0 => 0,
                _ => 1 + create_task(nested(depth - 1)).await.unwrap(),
            }
        })
    }

    inside_each(async || assert_eq!(nested(500).await, 500));
}

#[test]
fn the_result_can_be_looked_at_without_awaiting() {
    inside_each(async || {
        let end = Bell::default();
        let wait = end.clone();
        let mut task = create_task(async move {
            wait.rung().await;
            3
        });
        yield_now().await;
        assert!(task.try_result().is_none());
        end.ring();
        while !task.is_done() {
            yield_now().await;
        }
        assert_eq!(task.try_result().unwrap().unwrap(), 3);
        assert!(task.try_result().is_none());
    });
}

#[test]
fn another_thread_can_wait_for_a_task() {
    on_each(each_builder(), |event_loop| {
        let end = Bell::default();
        let wait = end.clone();
        let mut task = event_loop.create_task(async move {
            wait.rung().await;
            4
        });
        let stop = event_loop.clone();
        let waiting = thread::spawn(move || {
            assert!(task.blocking_result(Duration::ZERO).is_none());
            end.ring();
            let result = task.blocking_result(None).unwrap().unwrap();
            stop.stop();
            result
        });
        event_loop.run_forever().unwrap();
        assert_eq!(waiting.join().unwrap(), 4);
    });
}

#[test]
fn a_task_can_be_awaited_outside_the_loop_that_runs_it() {
    on_each(each_builder(), |event_loop| {
        let task = event_loop.create_task(async { 6 });
        let other = EventLoop::new_current_thread().unwrap();
        let stop = event_loop.clone();
        let waiting = thread::spawn(move || {
            let result = other.run_until_complete(task).unwrap().unwrap();
            stop.stop();
            result
        });
        event_loop.run_forever().unwrap();
        assert_eq!(waiting.join().unwrap(), 6);
    });
}

#[test]
fn every_task_has_a_name_and_an_id_of_its_own() {
    inside_each(async || {
        let (one, other) = (create_task(pending::<()>()), create_task(pending::<()>()));
        assert_ne!(one.id(), other.id());
        assert_eq!(&*one.name(), format!("Task-{}", one.id()));
        one.set_name("renamed");
        assert_eq!(&*one.name(), "renamed");
        let named = task::Builder::new()
            .name("chosen")
            .create_task(async { current_task().unwrap().name() });
        assert_eq!(&*named.await.unwrap(), "chosen");
    });
}

#[test]
fn a_task_knows_itself_and_the_loop_knows_all_unfinished_ones() {
    inside_each(async || {
        let main = current_task().unwrap();
        let waiting = create_task(pending::<()>());
        let seen = create_task(async { current_task().unwrap() });
        let own = seen.handle();
        assert_eq!(seen.await.unwrap(), own);
        let unfinished = all_tasks();
        assert!(unfinished.contains(&main));
        assert!(unfinished.contains(&waiting.handle()));
        assert!(!unfinished.contains(&own));
        assert_eq!(current_task(), Some(main));
    });
    assert_eq!(current_task(), None);
}

#[test]
fn done_callbacks_run_once_in_the_order_they_were_added() {
    inside_each(async || {
        let order = Arc::new(Mutex::new(Vec::new()));
        let end = Bell::default();
        let wait = end.clone();
        let task = create_task(async move { wait.rung().await });
        let write = |number: u32| {
            let order = order.clone();
            move |_: &TaskRef| order.lock().unwrap().push(number)
        };
        task.add_done_callback(write(1));
        let removed = task.add_done_callback(write(2));
        task.add_done_callback(write(3));
        assert!(task.remove_done_callback(removed));
        assert!(!task.remove_done_callback(removed));
        assert!(order.lock().unwrap().is_empty());
        end.ring();
        let task = task.handle();
        let last = Bell::default();
        let ring = last.clone();
        while !task.is_done() {
            yield_now().await;
        }
        // Added to a task that is over: called soon.
        task.add_done_callback(move |_| ring.ring());
        last.rung().await;
        assert_eq!(*order.lock().unwrap(), [1, 3]);
    });
}

#[test]
fn a_local_task_stays_on_its_thread_and_need_not_be_send() {
    inside_each(async || {
        let here = thread::current().id();
        let shared = Rc::new(5);
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let shared = shared.clone();
                create_local_task(async move {
                    for _ in 0..50 {
                        assert_eq!(thread::current().id(), here);
                        yield_now().await;
                    }
                    *shared
                })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 5);
        }
        assert_eq!(Rc::strong_count(&shared), 1);
    });
}

#[test]
fn a_local_task_is_woken_from_other_threads_onto_its_own() {
    inside_each(async || {
        let here = thread::current().id();
        for _ in 0..20 {
            let bell = Bell::default();
            let wait = bell.clone();
            let local = create_local_task(async move {
                wait.rung().await;
                thread::current().id()
            });
            yield_now().await;
            let ringer = thread::spawn(move || bell.ring());
            assert_eq!(local.await.unwrap(), here);
            ringer.join().unwrap();
        }
    });
}

#[test]
fn a_yield_lets_every_ready_task_of_a_single_thread_go_first() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let in_a_task = event_loop.create_task(yield_to_a_hundred());
    event_loop.run_until_complete(in_a_task).unwrap().unwrap();
}

#[test]
fn the_main_future_stands_in_line_like_every_task() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    event_loop.run_until_complete(yield_to_a_hundred()).unwrap();
}

async fn yield_to_a_hundred() {
    let ran = Tally::default();
    for _ in 0..100 {
        let ran = ran.clone();
        create_task(async move { ran.add() }).detach();
    }
    yield_now().await;
    assert_eq!(ran.count(), 100);
}

#[test]
fn tasks_are_made_inside_a_loop_only() {
    let outside = std::panic::catch_unwind(|| create_task(async {}).detach());
    let payload = outside.unwrap_err();
    let message = payload.downcast_ref::<String>().unwrap();
    assert!(message.contains("no running event loop"), "{message}");
}

#[test]
fn a_future_and_its_output_are_dropped_once() {
    inside_each(async || {
        let (futures, outputs) = (Tally::default(), Tally::default());
        let with = |count: &Tally, output: &Tally| {
            let (future, output) = (Counted(count.clone()), output.clone());
            async move {
                yield_now().await;
                drop(future);
                Counted(output)
            }
        };
        drop(create_task(with(&futures, &outputs)).await);
        let detached = create_task(with(&futures, &outputs));
        let watched = detached.handle();
        drop(detached);
        while !watched.is_done() {
            yield_now().await;
        }
        let untouched = create_task(with(&futures, &outputs));
        while !untouched.is_done() {
            yield_now().await;
        }
        drop(untouched);
        assert_eq!(futures.count(), 3);
        while outputs.count() < 3 {
            yield_now().await;
        }
    });
}

#[test]
fn a_task_wakes_the_waker_it_was_last_polled_with() {
    inside_each(async || {
        let end = Bell::default();
        let wait = end.clone();
        let mut task = create_task(async move { wait.rung().await });
        {
            let mut first = pin!(&mut task);
            let mut nobody = Context::from_waker(Waker::noop());
            assert!(poll_once(&mut first, &mut nobody).is_pending());
        }
        // Now it is awaited by somebody else, and has to say so to that one.
        let mover = create_task(async move {
            end.ring();
        });
        task.await.unwrap();
        mover.await.unwrap();
    });
}

fn poll_once<T>(task: &mut Task<T>, cx: &mut Context<'_>) -> Poll<()> {
    task.poll_result(cx).map(drop)
}

#[test]
fn waking_in_the_midst_of_a_poll_brings_another_poll() {
    inside_each(async || {
        let polls = Tally::default();
        let count = polls.clone();
        let woken = create_task(poll_fn(move |cx| {
            count.add();
            if count.count() < 100 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        }));
        woken.await.unwrap();
        assert_eq!(polls.count(), 100);
    });
}

#[test]
fn a_local_task_that_is_made_before_the_run_belongs_to_the_thread_that_runs_the_loop() {
    on_each(each_builder(), |event_loop| {
        let here = thread::current().id();
        let shared = Rc::new(5);
        let kept = shared.clone();
        let task = event_loop.create_local_task(async move {
            yield_now().await;
            assert_eq!(thread::current().id(), here);
            *kept
        });
        assert_eq!(event_loop.run_until_complete(task).unwrap().unwrap(), 5);
        assert_eq!(Rc::strong_count(&shared), 1);

        let kept = shared.clone();
        let left = event_loop.create_local_task(async move { *kept });
        event_loop.close().unwrap();
        assert!(left.is_done());
        assert_eq!(Rc::strong_count(&shared), 1, "a loop that closes drops it");
    });
}

#[test]
fn a_local_task_is_refused_where_no_worker_could_run_it() {
    inside_each(async || {
        let event_loop = get_running_loop().unwrap();
        let far = thread::spawn(move || {
            let refused = catch_unwind(AssertUnwindSafe(|| {
                event_loop.create_local_task(async {}).detach();
            }));
            refused.is_err()
        });
        assert!(far.join().unwrap());
    });
}

#[test]
fn a_local_task_that_another_thread_runs_ends_with_a_panic_and_nothing_else() {
    on_each(each_builder(), |event_loop| {
        let task = event_loop.create_local_task(async {});
        let result = thread::scope(|scope| {
            let far = scope.spawn(|| event_loop.run_until_complete(task));
            far.join().unwrap()
        });
        assert!(result.unwrap().unwrap_err().is_panic());
    });
}
