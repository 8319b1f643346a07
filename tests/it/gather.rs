//! asyncio's `gather`.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::{
    Task, TaskError, TaskRef, catch_cancel, create_task, finally, gather, timeout, try_gather,
    yield_now,
};

use crate::bell::{Bell, Tally, settle, until_done};
use crate::loops::inside_each;

#[test]
fn results_come_in_the_order_given_whatever_the_order_of_the_ends() {
    inside_each(async || {
        let waits = (0..50_usize).map(|number| async move {
            for _ in 0..(50 - number) {
                yield_now().await;
            }
            number
        });
        let all = gather(waits).await.unwrap();
        assert_eq!(all, (0..50).collect::<Vec<_>>());
    });
}

#[test]
fn nothing_gives_nothing_at_once() {
    inside_each(async || {
        let none: [Task<()>; 0] = [];
        assert_eq!(gather(none).await.unwrap(), []);
    });
}

#[test]
fn everything_starts_at_the_call_and_runs_at_the_same_time() {
    inside_each(async || {
        let bells: Arc<Vec<Bell>> = Arc::new((0..10).map(|_| Bell::default()).collect());
        // Each waits for the next one: in a row they would never end.
        let ring = (0..10).map(|number: usize| {
            let bells = bells.clone();
            async move {
                bells[number].ring();
                bells[(number + 1) % 10].rung().await;
            }
        });
        let gathered = gather(ring);
        bells[9].rung().await;
        gathered.await.unwrap();
    });
}

#[test]
fn the_first_failure_comes_at_once_and_the_others_run_on() {
    inside_each(async || {
        let (go_on, done) = (Bell::default(), Bell::default());
        let (wait, ring) = (go_on.clone(), done.clone());
        let patient = create_task(async move {
            wait.rung().await;
            ring.ring();
        });
        let failing = create_task(async { panic!("first") });
        let error = gather([patient, failing]).await.unwrap_err();
        assert_eq!(error.to_string(), "task panicked: first");
        assert!(!done.is_rung());
        go_on.ring();
        done.rung().await;
    });
}

#[test]
fn return_exceptions_waits_for_all_and_gives_each_its_own() {
    inside_each(async || {
        let cancelled = create_task(pending::<u32>());
        cancelled.cancel();
        let panicking = create_task(async { panic!("no") });
        let slow = create_task(async {
            yield_now().await;
            3
        });
        let all = gather([cancelled, panicking, slow])
            .return_exceptions()
            .await;
        assert!(all[0].as_ref().unwrap_err().is_cancelled());
        assert!(all[1].as_ref().unwrap_err().is_panic());
        assert_eq!(*all[2].as_ref().unwrap(), 3);
    });
}

#[test]
fn a_dropped_gather_cancels_its_tasks() {
    inside_each(async || {
        let tasks: Vec<_> = (0..10).map(|_| create_task(pending::<()>())).collect();
        let refs: Vec<_> = tasks.iter().map(Task::handle).collect();
        let begun = Bell::default();
        let ring = begun.clone();
        let waiting = create_task(async move {
            ring.ring();
            gather(tasks).await.map(drop)
        });
        begun.rung().await;
        waiting.cancel();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert!(refs.iter().all(TaskRef::is_done));
    });
}

#[test]
fn thousands_are_gathered_and_every_one_is_run_once() {
    inside_each(async || {
        let ran = Tally::default();
        let many = (0..5_000).map(|_| {
            let ran = ran.clone();
            async move {
                yield_now().await;
                ran.add();
            }
        });
        assert_eq!(gather(many).await.unwrap().len(), 5_000);
        assert_eq!(ran.count(), 5_000);
    });
}

#[test]
fn a_failure_of_any_kind_is_the_first_one_and_no_panic_of_the_rest_is_lost() {
    inside_each(async || {
        let event_loop = bowerbird::get_running_loop().unwrap();
        let reported = Tally::default();
        let tally = reported.clone();
        event_loop.set_exception_handler(Some(move |_: &bowerbird::Report| tally.add()));
        let go_on = Bell::default();
        let wait = go_on.clone();
        let cancelled = create_task(pending::<()>());
        let late = create_task(async move {
            wait.rung().await;
            panic!("nobody awaits this any more");
        });
        let late_ref = late.handle();
        cancelled.cancel();
        assert!(gather([late, cancelled]).await.unwrap_err().is_cancelled());
        go_on.ring();
        until_done([late_ref]).await;
        assert_eq!(reported.count(), 1);
    });
}

#[test]
fn a_cancelled_gather_ends_when_its_tasks_have_cleaned_up() {
    inside_each(async || {
        let (begun, cleaned) = (Tally::default(), Tally::default());
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (begun, cleaned) = (begun.clone(), cleaned.clone());
                create_task(finally(
                    async move {
                        begun.add();
                        pending::<()>().await;
                    },
                    async move {
                        settle().await;
                        cleaned.add();
                    },
                ))
            })
            .collect();
        let refs: Vec<_> = tasks.iter().map(Task::handle).collect();
        let waiting = create_task(async { gather(tasks).await.map(drop) });
        while begun.count() < 10 {
            yield_now().await;
        }
        settle().await;
        waiting.cancel();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(cleaned.count(), 10);
        assert!(refs.iter().all(TaskRef::is_done));
        assert!(refs.iter().all(|task| task.cancelling() == 1));
    });
}

#[test]
fn a_cancelled_gather_is_cancelled_though_its_tasks_refuse_and_even_with_return_exceptions() {
    inside_each(async || {
        let refusing = |begun: Bell| async move {
            let caught = catch_cancel(async {
                begun.ring();
                pending::<()>().await;
            });
            assert!(caught.await.is_err());
            yield_now().await;
        };
        let begun = Bell::default();
        let child = create_task(refusing(begun.clone()));
        let child_ref = child.handle();
        let waiting = create_task(async { gather([child]).return_exceptions().await.len() });
        begun.rung().await;
        settle().await;
        waiting.cancel();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert!(child_ref.is_done());
    });
}

#[test]
fn a_second_cancel_interrupts_the_clean_ups_and_all_are_still_awaited() {
    inside_each(async || {
        let (begun, cleaning) = (Bell::default(), Bell::default());
        let (ring, ring_too) = (begun.clone(), cleaning.clone());
        let child = create_task(finally(
            async move {
                ring.ring();
                pending::<()>().await;
            },
            async move {
                ring_too.ring();
                pending::<()>().await;
            },
        ));
        let child_ref = child.handle();
        let waiting = create_task(async { gather([child]).await.is_ok() });
        begun.rung().await;
        settle().await;
        waiting.cancel();
        cleaning.rung().await;
        assert!(!waiting.is_done());
        waiting.cancel();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert!(child_ref.is_done());
    });
}

#[test]
fn a_gather_inside_a_limit_ends_with_all_its_tasks_done() {
    inside_each(async || {
        let tasks: Vec<_> = (0..10)
            .map(|_| create_task(finally(pending::<()>(), settle())))
            .collect();
        let refs: Vec<_> = tasks.iter().map(Task::handle).collect();
        let late = timeout(Duration::from_millis(2), gather(tasks));
        assert!(late.await.is_err());
        assert!(refs.iter().all(TaskRef::is_done));
    });
}

/// An error of a program's own.
#[derive(Debug, PartialEq)]
enum Error {
    Own(u32),
    Task(String),
}

impl From<TaskError> for Error {
    fn from(error: TaskError) -> Self {
        Self::Task(error.to_string())
    }
}

#[test]
fn try_gather_takes_errors_and_panics_for_failures() {
    inside_each(async || {
        let fine = (0..5).map(|number| async move { Ok::<_, Error>(number) });
        assert_eq!(try_gather(fine).await.unwrap(), [0, 1, 2, 3, 4]);
        let own = (0..5).map(|number| async move {
            if number == 3 {
                Err(Error::Own(3))
            } else {
                Ok(number)
            }
        });
        assert_eq!(try_gather(own).await, Err(Error::Own(3)));
        let panicking = create_task(async { panic!("no") });
        let panicked: Result<Vec<()>, Error> = try_gather([panicking]).await;
        assert_eq!(panicked, Err(Error::Task("task panicked: no".into())));
        let mixed = (0..3).map(|number| async move {
            if number == 1 {
                Err(Error::Own(1))
            } else {
                Ok(number)
            }
        });
        let all = try_gather(mixed).return_exceptions().await;
        assert_eq!(all, [Ok(0), Err(Error::Own(1)), Ok(2)]);
    });
}

#[test]
fn different_types_are_gathered_as_a_tuple() {
    inside_each(async || {
        let task = create_task(async { "task" });
        let slow = async {
            settle().await;
            2.5
        };
        let all = gather!(async { 1 }, task, slow, create_task(async {})).await;
        assert_eq!(all.unwrap(), (1, "task", 2.5, ()));
        let one = gather!(async { 1 }).await.unwrap();
        assert_eq!(one, (1,));

        let failing = create_task(async { panic!("no") });
        let never = create_task(pending::<u8>());
        let never_ref = never.handle();
        assert!(gather!(failing, never).await.unwrap_err().is_panic());
        assert!(!never_ref.is_done(), "the others run on");
        never_ref.cancel();

        let tried = try_gather!(async { Ok::<_, Error>(1) }, async {
            Err::<(), _>(Error::Own(2))
        });
        assert_eq!(tried.await, Err(Error::Own(2)));
        let both = gather!(async { 1 }, create_task(async { Err::<(), _>("own") }));
        assert_eq!(both.await.unwrap(), (1, Err("own")));
    });
}

#[test]
fn a_cancelled_tuple_waits_for_its_tasks_too() {
    inside_each(async || {
        let cleaned = Tally::default();
        let (one, two) = (cleaned.clone(), cleaned.clone());
        let late = timeout(
            Duration::from_millis(2),
            gather!(
                finally(pending::<u8>(), async move {
                    settle().await;
                    one.add();
                }),
                finally(pending::<()>(), async move { two.add() }),
            ),
        );
        assert!(late.await.is_err());
        assert_eq!(cleaned.count(), 2);
    });
}

#[test]
fn gathers_may_travel_between_threads() {
    fn assert_send(value: impl Send) {
        drop(value);
    }
    inside_each(async || {
        assert_send(gather([async { 1 }]));
        assert_send(gather!(async { 1 }, async { "two" }));
        assert_send(try_gather!(async { Ok::<_, Error>(1) }));
    });
}
