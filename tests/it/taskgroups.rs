//! asyncio's `TaskGroup`: what fails, who is cancelled for it, and that nobody is left behind.

use std::cell::Cell;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bowerbird::taskgroups::Failure;
use bowerbird::{
    Task, TaskGroup, TaskGroupError, TaskRef, all_tasks, catch_cancel, create_task, finally,
    gather, timeout, to_thread, yield_now,
};

use crate::bell::{Bell, Counted, Tally, settle, until_done};
use crate::loops::inside_each;

/// Errors in these tests are told apart by their texts.
type Text = &'static str;

const SHORT: Duration = Duration::from_millis(2);

/// Waits for ever; when cancelled, takes its time and adds to the tally.
async fn lingering(begun: Bell, cleaned: Tally) {
    let waiting = async {
        begun.ring();
        pending::<()>().await;
    };
    finally(waiting, async {
        settle().await;
        cleaned.add();
    })
    .await;
}

/// The failures as texts.
fn texts(error: &TaskGroupError<Text>) -> Vec<String> {
    error.failures().iter().map(ToString::to_string).collect()
}

#[test]
fn all_children_are_done_when_the_scope_is() {
    inside_each(async || {
        let ran = Tally::default();
        let tasks = TaskGroup::scope(async |group| {
            let child = |rounds: usize| {
                let ran = ran.clone();
                group.create_task(async move {
                    for _ in 0..rounds {
                        yield_now().await;
                    }
                    ran.add();
                })
            };
            Ok::<_, Text>(
                (0..100)
                    .map(child)
                    .map(|task| task.handle())
                    .collect::<Vec<_>>(),
            )
        });
        let tasks = tasks.await.unwrap();
        assert_eq!(ran.count(), 100);
        assert!(tasks.iter().all(TaskRef::is_done));
        assert_eq!(all_tasks().len(), 1);
    });
}

#[test]
fn an_empty_group_gives_the_bodys_value_and_the_body_may_borrow() {
    inside_each(async || {
        let seen = Cell::new(0);
        let value = TaskGroup::<Text>::scope(async |_| {
            seen.set(1);
            Ok(7)
        });
        assert_eq!(value.await.unwrap(), 7);
        assert_eq!(seen.get(), 1);
    });
}

#[test]
fn children_give_their_values_to_whoever_awaits_them() {
    inside_each(async || {
        let sum = TaskGroup::<Text>::scope(async |group| {
            let one = group.create_task(async { Ok(1) });
            let two = group.create_task(async {
                yield_now().await;
                Ok(2)
            });
            let (one, two) = gather!(one, two).await.unwrap();
            Ok(one + two)
        });
        assert_eq!(sum.await.unwrap(), 3);
    });
}

#[test]
fn the_first_failure_cancels_siblings_and_body_and_all_are_awaited() {
    inside_each(async || {
        let (cleaned, went_on) = (Tally::default(), Tally::default());
        let begun: Vec<Bell> = (0..10).map(|_| Bell::default()).collect();
        let failed = TaskGroup::scope(async |group| {
            for bell in &begun {
                group.create_task(lingering(bell.clone(), cleaned.clone()));
            }
            for bell in &begun {
                bell.rung().await;
            }
            group.create_task(async { Err::<(), _>("first") });
            pending::<()>().await;
            went_on.add();
            Ok(())
        });
        let error = failed.await.unwrap_err();
        assert_eq!(texts(&error), ["first"]);
        assert_eq!((cleaned.count(), went_on.count()), (10, 0));
        assert_eq!(all_tasks().len(), 1);
    });
}

#[test]
fn every_failure_is_told_in_the_order_of_happening_and_the_bodys_at_last() {
    inside_each(async || {
        let begun = Bell::default();
        let failed = TaskGroup::scope(async |group| {
            let ring = begun.clone();
            group.create_task(async move {
                let caught = catch_cancel(async {
                    ring.ring();
                    pending::<()>().await;
                });
                assert!(caught.await.is_err());
                settle().await;
                Err::<(), _>("in its clean-up")
            });
            begun.rung().await;
            group.create_task(async { panic!("first") });
            assert!(catch_cancel(pending::<()>()).await.is_err());
            Err::<(), _>("the body")
        });
        let error = failed.await.unwrap_err();
        let expected = ["task panicked: first", "in its clean-up", "the body"];
        assert_eq!(texts(&error), expected);
        let all = "3 failures in a task group: task panicked: first; in its clean-up; the body";
        assert_eq!(error.to_string(), all);
        let mut failures = error.into_iter();
        let panic = failures.next();
        assert!(
            matches!(panic, Some(Failure::Panicked(panic)) if panic.message() == Some("first"))
        );
    });
}

#[test]
fn a_failure_of_the_body_cancels_the_children() {
    inside_each(async || {
        let (begun, cleaned) = (Bell::default(), Tally::default());
        let failed = TaskGroup::scope(async |group| {
            group.create_task(lingering(begun.clone(), cleaned.clone()));
            begun.rung().await;
            Err::<(), _>("the body")
        });
        assert_eq!(texts(&failed.await.unwrap_err()), ["the body"]);
        assert_eq!(cleaned.count(), 1);
    });
}

#[test]
fn a_panic_of_the_body_goes_on_when_all_children_have_ended() {
    inside_each(async || {
        let (begun, cleaned) = (Bell::default(), Tally::default());
        let (bell, tally) = (begun.clone(), cleaned.clone());
        let task = create_task(async move {
            let scope = TaskGroup::<Text>::scope(async |group| {
                group.create_task(lingering(bell.clone(), tally));
                bell.rung().await;
                panic!("the body");
                #[expect(unreachable_code, reason = "the type of a body that never ends")]
                Ok(())
            });
            scope.await.is_ok()
        });
        let error = task.await.unwrap_err();
        assert_eq!(error.to_string(), "task panicked: the body");
        assert_eq!(cleaned.count(), 1);
    });
}

#[test]
fn a_cancelled_child_has_not_failed_whoever_cancelled_it() {
    inside_each(async || {
        let value = TaskGroup::<Text>::scope(async |group| {
            let from_outside = group.create_task(pending::<()>());
            from_outside.cancel();
            let from_inside = group.create_task(async {
                bowerbird::current_task().unwrap().cancel();
                pending::<()>().await;
            });
            assert!(from_outside.await.unwrap_err().is_cancelled());
            assert!(from_inside.await.unwrap_err().is_cancelled());
            Ok(1)
        });
        assert_eq!(value.await.unwrap(), 1);
    });
}

#[test]
fn whoever_awaits_a_failed_child_sees_it_cancelled() {
    inside_each(async || {
        let failed = TaskGroup::<Text>::scope(async |group| {
            let child = group.create_task(async { Err::<(), _>("its own") });
            // Caught, so that the body sees both.
            let seen = catch_cancel(async { child.await.unwrap_err().is_cancelled() }).await;
            assert!(seen.unwrap_or(true));
            Ok(())
        });
        assert_eq!(texts(&failed.await.unwrap_err()), ["its own"]);
    });
}

#[test]
fn a_body_that_swallows_the_groups_cancel_goes_on_and_the_group_fails_all_the_same() {
    inside_each(async || {
        let went_on = Tally::default();
        let failed = TaskGroup::scope(async |group| {
            group.create_task(async { Err::<(), _>("child") });
            assert!(catch_cancel(pending::<()>()).await.is_err());
            settle().await;
            went_on.add();
            Ok(())
        });
        assert_eq!(texts(&failed.await.unwrap_err()), ["child"]);
        assert_eq!(went_on.count(), 1);
    });
}

#[test]
fn children_create_children_also_when_the_body_has_ended() {
    inside_each(async || {
        fn grow(group: TaskGroup<Text>, depth: usize, ran: Tally) {
            for _ in 0..2 {
                let (inner, ran) = (group.clone(), ran.clone());
                group.create_task(async move {
                    yield_now().await;
                    ran.add();
                    if depth > 0 {
                        grow(inner, depth - 1, ran);
                    }
                });
            }
        }
        let ran = Tally::default();
        let scope = TaskGroup::scope(async |group| {
            grow(group, 5, ran.clone());
            Ok(())
        });
        scope.await.unwrap();
        assert_eq!(ran.count(), 2 + 4 + 8 + 16 + 32 + 64);
    });
}

#[test]
fn a_group_that_ends_or_has_ended_refuses_children_and_drops_their_futures_at_once() {
    inside_each(async || {
        let (dropped, started) = (Tally::default(), Tally::default());
        let refused = |group: &TaskGroup<Text>| {
            let (counted, started) = (Counted(dropped.clone()), started.clone());
            group.create_task(async move {
                let _counted = counted;
                started.add();
            })
        };
        let (given, take) = std::sync::mpsc::channel();
        let failed = TaskGroup::scope(async |group| {
            given.send(group.clone()).unwrap();
            group.create_task(async { Err::<(), _>("child") });
            assert!(catch_cancel(pending::<()>()).await.is_err());
            let late = refused(&group);
            assert_eq!(dropped.count(), 1);
            assert!(late.await.unwrap_err().is_cancelled());
            Ok(())
        });
        assert!(failed.await.is_err());
        let late = refused(&take.recv().unwrap());
        assert_eq!(dropped.count(), 2);
        assert!(late.await.unwrap_err().is_cancelled());
        assert_eq!(started.count(), 0);
    });
}

#[test]
fn a_cancel_from_outside_cancels_and_awaits_the_children_and_goes_on_outwards() {
    inside_each(async || {
        for is_in_body in [true, false] {
            let (begun, cleaned) = (Bell::default(), Tally::default());
            let (bell, tally) = (begun.clone(), cleaned.clone());
            let task = create_task(async move {
                let scope = TaskGroup::<Text>::scope(async |group| {
                    group.create_task(lingering(bell, tally));
                    if is_in_body {
                        pending::<()>().await;
                    }
                    Ok(())
                });
                scope.await.is_ok()
            });
            begun.rung().await;
            settle().await;
            task.cancel();
            assert!(task.await.unwrap_err().is_cancelled());
            assert_eq!(cleaned.count(), 1);
            assert_eq!(all_tasks().len(), 1);
        }
    });
}

#[test]
fn fault_031_with_a_failure_in_a_clean_up_the_group_is_told_and_the_next_await_is_cancelled() {
    inside_each(async || {
        let (begun, told, went_on) = (Bell::default(), Tally::default(), Tally::default());
        let (bell, tell, go_on) = (begun.clone(), told.clone(), went_on.clone());
        let task = create_task(async move {
            let scope = TaskGroup::<Text>::scope(async |group| {
                group.create_task(async move {
                    let waiting = async {
                        bell.ring();
                        pending::<()>().await;
                    };
                    assert!(catch_cancel(waiting).await.is_err());
                    Err::<(), _>("in its clean-up")
                });
                pending::<()>().await;
                Ok(())
            });
            assert_eq!(texts(&scope.await.unwrap_err()), ["in its clean-up"]);
            tell.add();
            yield_now().await;
            go_on.add();
        });
        begun.rung().await;
        settle().await;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!((told.count(), went_on.count()), (1, 0));
    });
}

#[test]
fn a_limit_around_a_group_reports_when_all_have_ended_unless_one_failed() {
    inside_each(async || {
        let cleaned = Tally::default();
        let scope = TaskGroup::<Text>::scope(async |group| {
            group.create_task(lingering(Bell::default(), cleaned.clone()));
            pending::<()>().await;
            Ok(())
        });
        assert!(timeout(Duration::from_millis(50), scope).await.is_err());
        assert_eq!(cleaned.count(), 1);

        let limited = bowerbird::timeout_scope(SHORT, async |limit| {
            let scope = TaskGroup::<Text>::scope(async |group| {
                let (begun, wait) = (Bell::default(), Bell::default());
                let ring = begun.clone();
                group.create_task(async move {
                    let waiting = async {
                        ring.ring();
                        wait.rung().await;
                    };
                    assert!(catch_cancel(waiting).await.is_err());
                    Err::<(), _>("in its clean-up")
                });
                begun.rung().await;
                pending::<()>().await;
                Ok(())
            });
            let error = scope.await.unwrap_err();
            (texts(&error), limit)
        });
        // Where the limit was over before the child began, nothing failed.
        if let Ok((failures, limit)) = limited.await {
            assert_eq!(failures, ["in its clean-up"]);
            assert!(limit.expired());
        }
    });
}

#[test]
fn a_swallowed_cancel_from_outside_leaves_group_and_task_alone() {
    inside_each(async || {
        let (begun, go_on) = (Bell::default(), Bell::default());
        let (bell, wait) = (begun.clone(), go_on.clone());
        let task = create_task(async move {
            let scope = TaskGroup::<Text>::scope(async |group| {
                let child = group.create_task(async move {
                    wait.rung().await;
                    Ok(4)
                });
                let waiting = async {
                    bell.ring();
                    pending::<()>().await;
                };
                assert!(catch_cancel(waiting).await.is_err());
                Ok(child.await.unwrap())
            });
            scope.await.unwrap()
        });
        begun.rung().await;
        task.cancel();
        go_on.ring();
        assert_eq!(task.await.unwrap(), 4);
    });
}

#[test]
fn of_nested_groups_the_outer_failure_comes_flat_and_the_inner_one_inside() {
    inside_each(async || {
        let (begun, cleaned) = (Bell::default(), Tally::default());
        let flat = TaskGroup::scope(async |outer| {
            let wait = begun.clone();
            outer.create_task(async move {
                wait.rung().await;
                Err::<(), _>("outer")
            });
            let inner = TaskGroup::<Text>::scope(async |inner| {
                inner.create_task(lingering(begun.clone(), cleaned.clone()));
                Ok(())
            });
            inner.await.map_err(|_| "inner")
        });
        assert_eq!(texts(&flat.await.unwrap_err()), ["outer"]);
        assert_eq!(cleaned.count(), 1);

        let nested = TaskGroup::scope(async |_| {
            TaskGroup::scope(async |inner| {
                inner.create_task(async { Err::<(), _>("inner") });
                Ok(())
            })
            .await
        });
        let error: TaskGroupError<TaskGroupError<Text>> = nested.await.unwrap_err();
        let inner: Vec<_> = error.errors().map(texts).collect();
        assert_eq!(inner, [["inner"]]);
    });
}

#[test]
fn a_silent_stop_ends_everybody_and_fails_nothing() {
    inside_each(async || {
        let (begun, cleaned) = (Bell::default(), Tally::default());
        let (bell, tally) = (begun.clone(), cleaned.clone());
        let stopped = TaskGroup::<Text>::scope(async |group| {
            group.create_task(lingering(bell.clone(), tally));
            bell.rung().await;
            let inner = group.clone();
            let child = group.create_task(async move {
                inner.cancel();
                inner.cancel();
                pending::<()>().await;
            });
            assert!(child.await.unwrap_err().is_cancelled());
            pending::<()>().await;
            Ok(())
        });
        let error = stopped.await.unwrap_err();
        assert!(error.is_cancelled() && error.failures().is_empty());
        assert_eq!(error.to_string(), "task group was cancelled");
        assert_eq!(cleaned.count(), 1);

        let value = TaskGroup::<Text>::scope(async |group| {
            group.create_task(pending::<()>());
            group.cancel();
            Ok(3)
        });
        assert_eq!(
            value.await.unwrap(),
            3,
            "a body that does not wait is not ended"
        );
    });
}

#[test]
fn a_cancel_from_outside_wins_over_a_silent_stop() {
    inside_each(async || {
        let (begun, cleaning, go_on) = (Bell::default(), Bell::default(), Bell::default());
        let (ring, ring_too, wait) = (begun.clone(), cleaning.clone(), go_on.clone());
        let task = create_task(async move {
            let scope = TaskGroup::<Text>::scope(async |group| {
                group.create_task(finally(
                    async move {
                        ring.ring();
                        pending::<()>().await;
                    },
                    async move {
                        ring_too.ring();
                        wait.rung().await;
                    },
                ));
                begun.rung().await;
                group.cancel();
                pending::<()>().await;
                Ok(())
            });
            scope.await.is_err()
        });
        cleaning.rung().await;
        task.cancel();
        go_on.ring();
        assert!(task.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn a_child_that_the_body_awaits_is_asked_to_end_once() {
    inside_each(async || {
        let (begun, cleaned) = (Bell::default(), Tally::default());
        let asked = std::sync::Mutex::new(None);
        let failed = TaskGroup::scope(async |group| {
            let child = group.create_task(lingering(begun.clone(), cleaned.clone()));
            *asked.lock().unwrap() = Some(child.handle());
            let wait = begun.clone();
            group.create_task(async move {
                wait.rung().await;
                Err::<(), _>("sibling")
            });
            // Dropped by the group, this await cancels the child as well.
            child.await.map_err(|_| "child")
        });
        assert_eq!(texts(&failed.await.unwrap_err()), ["sibling"]);
        let child = asked.lock().unwrap().take().unwrap();
        assert_eq!((child.cancelling(), cleaned.count()), (1, 1));
    });
}

#[test]
fn a_dropped_scope_cancels_its_children_and_what_fails_then_is_reported() {
    inside_each(async || {
        let event_loop = bowerbird::get_running_loop().unwrap();
        let reports = Arc::new(std::sync::Mutex::new(Vec::new()));
        let keep = reports.clone();
        event_loop.set_exception_handler(Some(move |report: &bowerbird::Report| {
            keep.lock().unwrap().push(report.to_string());
        }));
        let (begun, tasks) = (Bell::default(), std::sync::Mutex::new(Vec::new()));
        let scope = TaskGroup::<Text>::scope(async |group| {
            let ring = begun.clone();
            let failing = group.create_task(async move {
                let waiting = async {
                    ring.ring();
                    pending::<()>().await;
                };
                assert!(catch_cancel(waiting).await.is_err());
                Err::<(), _>("too late")
            });
            let quiet = group.create_task(pending::<()>());
            tasks
                .lock()
                .unwrap()
                .extend([failing.handle(), quiet.handle()]);
            pending::<()>().await;
            Ok(())
        });
        let racing = async {
            begun.rung().await;
        };
        // A plain drop, as a `select!` makes it.
        futures_lite::future::or(racing, async { drop(scope.await) }).await;
        let tasks = std::mem::take(&mut *tasks.lock().unwrap());
        assert_eq!(tasks.len(), 2);
        until_done(tasks).await;
        let reports = reports.lock().unwrap();
        assert_eq!(reports.len(), 1);
        assert!(
            reports[0].contains("task group whose result nobody gets"),
            "{reports:?}"
        );
    });
}

#[test]
fn a_destructor_that_panics_is_a_failure_too() {
    struct Fragile;
    impl Drop for Fragile {
        fn drop(&mut self) {
            panic!("in a destructor");
        }
    }
    inside_each(async || {
        let failed = TaskGroup::<Text>::scope(async |group| {
            let child = group.create_task(async {
                let _fragile = Fragile;
                pending::<()>().await;
            });
            settle().await;
            child.cancel();
            Ok(())
        });
        let failed = failed.await;
        // A child that had not begun has nothing to drop but what it was given.
        if let Err(error) = failed {
            assert_eq!(texts(&error), ["task panicked: in a destructor"]);
        }
    });
}

#[test]
fn a_hundred_thousand_children_end_well_and_at_a_failure() {
    inside_each(async || {
        let ran = Tally::default();
        let scope = TaskGroup::<Text>::scope(async |group| {
            for _ in 0..100_000 {
                let ran = ran.clone();
                group.create_task(async move { ran.add() });
            }
            Ok(())
        });
        scope.await.unwrap();
        assert_eq!(ran.count(), 100_000);
        let failed = TaskGroup::scope(async |group| {
            for _ in 0..100_000 {
                group.create_task(pending::<()>());
            }
            group.create_task(async { Err::<(), _>("one") });
            Ok(())
        });
        assert_eq!(texts(&failed.await.unwrap_err()), ["one"]);
        assert_eq!(all_tasks().len(), 1);
    });
}

#[test]
fn children_that_end_while_the_group_is_dropped_harm_nobody() {
    inside_each(async || {
        for _ in 0..200 {
            let tasks = std::sync::Mutex::new(Vec::new());
            let scope = TaskGroup::<Text>::scope(async |group| {
                for _ in 0..8 {
                    let child = group.create_task(yield_now());
                    tasks.lock().unwrap().push(child.handle());
                }
                yield_now().await;
                Ok(())
            });
            assert!(timeout(Duration::ZERO, scope).await.is_err());
            until_done(tasks.into_inner().unwrap()).await;
        }
    });
}

#[test]
fn groups_may_travel_between_threads_and_run_as_a_main_future() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let scope = TaskGroup::<Text>::scope(async |group| {
        let child: Task<u8> = group.create_task(async { Ok(1) });
        Ok(child.await.unwrap())
    });
    assert_eq!(bowerbird::run(assert_send(scope)).unwrap(), 1);
}

#[test]
fn a_child_made_outside_of_the_loop_panics_and_holds_nobody_up() {
    inside_each(async || {
        let value = TaskGroup::scope(async |group| {
            group.create_task(async {});
            let far = group.clone();
            let made = to_thread(move || far.create_task(async {}).detach()).await;
            assert!(made.unwrap_err().is_panic());
            Ok::<_, Text>(1)
        });
        assert_eq!(value.await.unwrap(), 1);
    });
}
