//! asyncio's `timeouts`: limits as scopes.

use std::cell::Cell;
use std::future::{pending, ready};
use std::time::{Duration, Instant};

use bowerbird::{
    TimeoutError, catch_cancel, create_task, current_task, finally, sleep, timeout, timeout_at,
    timeout_scope, yield_now,
};

use crate::bell::{Bell, Counted, Tally, settle};
use crate::loops::inside_each;

const SHORT: Duration = Duration::from_millis(2);

const LONG: Duration = Duration::from_secs(3600);

#[expect(
    clippy::disallowed_methods,
    reason = "deadlines are users' own points in time"
)]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn what_comes_in_time_is_given_and_no_timer_is_left() {
    inside_each(async || {
        let event_loop = bowerbird::get_running_loop().unwrap();
        let before = event_loop.metrics().timers;
        assert_eq!(timeout(LONG, ready(1)).await, Ok(1));
        let waiting = async {
            yield_now().await;
            2
        };
        assert_eq!(timeout(LONG, waiting).await, Ok(2));
        let dropped = timeout(LONG, pending::<()>());
        assert!(timeout(Duration::ZERO, dropped).await.is_err());
        let scoped = timeout_scope(LONG, async |_| yield_now().await);
        assert_eq!(scoped.await, Ok(()));
        assert_eq!(event_loop.metrics().timers, before);
    });
}

#[test]
fn what_is_late_is_dropped_at_its_await() {
    inside_each(async || {
        let dropped = Tally::default();
        let counted = Counted(dropped.clone());
        let late = timeout(SHORT, async move {
            let _counted = counted;
            pending::<()>().await;
        });
        let began = now();
        assert_eq!(late.await.unwrap_err().to_string(), "timed out");
        assert!(began.elapsed() >= SHORT);
        assert_eq!(dropped.count(), 1);
    });
}

#[test]
fn no_limit_waits_for_ever() {
    inside_each(async || {
        let bell = Bell::default();
        let ring = bell.clone();
        let ringer = create_task(async move { ring.ring() });
        assert_eq!(timeout(None, bell.rung()).await, Ok(()));
        ringer.await.unwrap();
        assert_eq!(timeout_at(None, ready(1)).await, Ok(1));
        assert_eq!(
            timeout_scope(None, async |limit| limit.when()).await,
            Ok(None)
        );
    });
}

#[test]
fn a_past_deadline_fires_at_the_first_await_and_leaves_what_never_waits_alone() {
    inside_each(async || {
        let past = now() - SHORT;
        assert_eq!(timeout_at(past, ready(1)).await, Ok(1));
        assert_eq!(timeout(Duration::ZERO, ready(1)).await, Ok(1));
        assert_eq!(timeout_scope(Duration::ZERO, async |_| 1).await, Ok(1));
        let begun = Cell::new(0);
        let waiting = async || {
            begun.set(begun.get() + 1);
            yield_now().await;
            begun.set(begun.get() + 10);
        };
        assert!(timeout_at(past, waiting()).await.is_err());
        assert!(timeout(Duration::ZERO, waiting()).await.is_err());
        let scoped = timeout_scope(Duration::ZERO, async |_| waiting().await);
        assert!(scoped.await.is_err());
        assert_eq!(begun.get(), 3);
    });
}

#[test]
fn of_nested_limits_the_one_that_fired_says_so() {
    inside_each(async || {
        let inner = timeout(SHORT, pending::<()>());
        assert_eq!(timeout(LONG, inner).await, Ok(Err(TimeoutError::default())));
        let inner = timeout(LONG, pending::<()>());
        assert!(timeout(SHORT, inner).await.is_err());
        // With a catcher inside both, the request still finds its own scope.
        let cleaned = Tally::default();
        let inner = timeout(LONG, finally(pending::<()>(), async { cleaned.add() }));
        assert!(timeout(SHORT, inner).await.is_err());
        let inner = timeout(SHORT, finally(pending::<()>(), async { cleaned.add() }));
        assert_eq!(timeout(LONG, inner).await, Ok(Err(TimeoutError::default())));
        assert_eq!(cleaned.count(), 2);
    });
}

#[test]
fn an_inner_limit_does_not_mark_the_outer_one() {
    inside_each(async || {
        let outer = timeout_scope(LONG, async |outer| {
            let inner = timeout_scope(SHORT, async |_| pending::<()>().await);
            assert!(inner.await.is_err());
            yield_now().await;
            outer
        });
        assert!(!outer.await.unwrap().expired());
    });
}

/// Limits that are over at the same moment, inside one another, and a program that swallows what
/// they ask for: each limit knows that it is over, and nothing of it is left in the task.
#[test]
fn fault_028_requests_of_nested_limits_that_are_swallowed_stay_with_their_limits() {
    inside_each(async || {
        let task = create_task(async {
            for catches in 0..3 {
                let outer = timeout_scope(SHORT, async |outer| {
                    let inner = timeout_scope(SHORT, async |inner| {
                        while !inner.expired() || !outer.expired() {
                            assert!(catch_cancel(pending::<()>()).await.is_err());
                        }
                        for _ in 0..catches {
                            // All that was asked for has come: this one is let alone.
                            assert!(catch_cancel(yield_now()).await.is_ok());
                        }
                        catches
                    });
                    inner.await
                });
                assert_eq!(
                    outer.await,
                    Ok(Ok(catches)),
                    "a swallowed request is a refusal"
                );
                assert_eq!(current_task().unwrap().cancelling(), 0);
                sleep(Duration::from_micros(100)).await;
            }
            // An outer limit without a catcher of its own still ends what is inside.
            let inner = timeout_scope(SHORT, async |_| {
                let caught = catch_cancel(pending::<()>()).await;
                assert!(caught.is_err());
                pending::<()>().await;
            });
            assert!(timeout(SHORT * 5, inner).await.is_err());
            "not cancelled"
        });
        assert_eq!(task.await.unwrap(), "not cancelled");
    });
}

#[test]
fn a_cancel_from_outside_is_never_a_timeout() {
    inside_each(async || {
        let begun = Bell::default();
        let ring = begun.clone();
        let task = create_task(async move {
            let waiting = async {
                ring.ring();
                pending::<()>().await;
            };
            timeout(LONG, timeout_scope(LONG, async |_| waiting.await)).await
        });
        begun.rung().await;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn of_a_cancel_and_a_deadline_in_the_same_pass_the_cancel_wins() {
    inside_each(async || {
        let task = create_task(async {
            let me = current_task().unwrap();
            let late = timeout(Duration::ZERO, async move {
                me.cancel();
                pending::<()>().await;
            });
            let late = late.await;
            yield_now().await;
            late
        });
        assert!(task.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn what_is_late_cleans_up_with_awaits_before_the_limit_reports() {
    inside_each(async || {
        let steps = Tally::default();
        let clean_up = async {
            for _ in 0..3 {
                yield_now().await;
                steps.add();
            }
        };
        assert!(
            timeout(SHORT, finally(pending::<()>(), clean_up))
                .await
                .is_err()
        );
        assert_eq!(steps.count(), 3);
        let scoped = timeout_scope(SHORT, async |_| {
            let cancelled = catch_cancel(pending::<()>()).await.unwrap_err();
            assert!(!cancelled.is_for_task());
            yield_now().await;
            steps.add();
            cancelled.resume().await;
        });
        assert!(scoped.await.is_err());
        assert_eq!(steps.count(), 4);
    });
}

#[test]
fn what_refuses_to_end_gives_its_value_and_the_limit_has_expired() {
    inside_each(async || {
        let refusing = timeout(SHORT, async {
            assert!(catch_cancel(pending::<()>()).await.is_err());
            yield_now().await;
            5
        });
        assert_eq!(refusing.await, Ok(5));
        let scoped = timeout_scope(SHORT, async |limit| {
            assert!(!limit.expired());
            assert!(catch_cancel(pending::<()>()).await.is_err());
            assert!(limit.expired());
            assert!(!limit.reschedule(None), "too late");
            yield_now().await;
            limit
        });
        assert!(scoped.await.unwrap().expired());
    });
}

#[test]
fn a_task_is_cancelled_and_has_ended_when_the_limit_reports() {
    inside_each(async || {
        let cleaned = Tally::default();
        let counted = Counted(cleaned.clone());
        let task = create_task(finally(pending::<()>(), async move {
            settle().await;
            drop(counted);
        }));
        let task_ref = task.handle();
        assert!(timeout(SHORT, task).await.is_err());
        assert!(task_ref.is_done());
        assert_eq!(cleaned.count(), 1);
    });
}

#[test]
fn the_deadline_moves_from_inside() {
    inside_each(async || {
        let longer = timeout_scope(SHORT, async |limit| {
            let first = limit.when().unwrap();
            assert!(limit.reschedule(first + LONG));
            sleep(2 * SHORT).await;
            assert_eq!(limit.when(), Some(first + LONG));
        });
        assert_eq!(longer.await, Ok(()));
        let none = timeout_scope(SHORT, async |limit| {
            assert!(limit.reschedule(None));
            sleep(2 * SHORT).await;
        });
        assert_eq!(none.await, Ok(()));
        let shorter = timeout_scope(LONG, async |limit| {
            assert!(limit.reschedule(now()));
            pending::<()>().await;
        });
        assert!(shorter.await.is_err());
        let late = timeout_scope(None, async |limit| {
            assert!(limit.reschedule(now() + SHORT));
            pending::<()>().await;
        });
        assert!(late.await.is_err());
    });
}

#[test]
fn the_deadline_moves_from_another_task_and_no_longer_once_it_is_over() {
    inside_each(async || {
        let (given, take) = std::sync::mpsc::channel();
        let waiting = create_task(async move {
            timeout_scope(LONG, async |limit| {
                given.send(limit).unwrap();
                pending::<()>().await;
            })
            .await
        });
        let limit = loop {
            match take.try_recv() {
                Ok(limit) => break limit,
                Err(_) => yield_now().await,
            }
        };
        // Wherever its task is between two polls, the deadline reaches it.
        assert!(limit.reschedule(now()));
        assert!(waiting.await.unwrap().is_err());
        assert!(limit.expired());
        assert!(!limit.reschedule(None));
    });
}

#[test]
fn borrowed_futures_can_be_waited_for_again() {
    inside_each(async || {
        let bell = Bell::default();
        let mut waiting = std::pin::pin!(bell.rung());
        assert!(timeout(SHORT, waiting.as_mut()).await.is_err());
        bell.ring();
        assert_eq!(timeout(LONG, waiting).await, Ok(()));
    });
}

#[test]
fn limits_may_travel_between_threads() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    drop(assert_send(timeout(LONG, yield_now())));
    drop(assert_send(timeout_scope(LONG, async |limit| {
        yield_now().await;
        limit.expired()
    })));
}
