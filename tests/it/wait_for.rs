//! asyncio's `wait_for`.

use std::future::pending;
use std::time::Duration;

use bowerbird::{TimeoutError, catch_cancel, create_task, finally, wait_for, yield_now};

use crate::bell::{Bell, Counted, Tally, settle, until_done};
use crate::loops::inside_each;

const SHORT: Duration = Duration::from_millis(2);

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn what_comes_in_time_is_given_and_no_timer_is_left() {
    inside_each(async || {
        let event_loop = bowerbird::get_running_loop().unwrap();
        let before = event_loop.metrics().timers;
        assert_eq!(wait_for(async { 1 }, LONG).await, Ok(1));
        let yielding = async {
            yield_now().await;
            2
        };
        assert_eq!(wait_for(yielding, LONG).await, Ok(2));
        assert_eq!(event_loop.metrics().timers, before);
    });
}

#[test]
fn what_does_not_come_is_dropped_when_the_time_is_over() {
    inside_each(async || {
        let dropped = Tally::default();
        let counted = Counted(dropped.clone());
        let never = async move {
            let _counted = counted;
            pending::<()>().await;
        };
        assert_eq!(wait_for(never, SHORT).await, Err(TimeoutError::default()));
        assert_eq!(dropped.count(), 1);
    });
}

#[test]
fn no_limit_waits_for_ever() {
    inside_each(async || {
        let bell = Bell::default();
        let ring = bell.clone();
        let ringer = create_task(async move { ring.ring() });
        assert_eq!(wait_for(bell.rung(), None).await, Ok(()));
        ringer.await.unwrap();
    });
}

#[test]
fn a_limit_of_zero_polls_once() {
    inside_each(async || {
        let polls = Tally::default();
        let ready = async {
            polls.add();
            3
        };
        assert_eq!(wait_for(ready, Duration::ZERO).await, Ok(3));
        let late = async {
            polls.add();
            yield_now().await;
            polls.add();
        };
        assert!(wait_for(late, Duration::ZERO).await.is_err());
        assert_eq!(polls.count(), 2);
    });
}

#[test]
fn borrowed_futures_can_be_waited_for_again() {
    inside_each(async || {
        let bell = Bell::default();
        let mut waiting = std::pin::pin!(bell.rung());
        assert!(wait_for(waiting.as_mut(), SHORT).await.is_err());
        bell.ring();
        assert_eq!(wait_for(waiting, LONG).await, Ok(()));
    });
}

#[test]
fn a_task_that_is_late_is_cancelled_and_has_ended_when_the_wait_is_over() {
    inside_each(async || {
        let dropped = Tally::default();
        let counted = Counted(dropped.clone());
        let task = create_task(async move {
            let _counted = counted;
            pending::<()>().await;
        });
        let task_ref = task.handle();
        assert!(matches!(
            wait_for(task, SHORT).await,
            Err(TimeoutError { .. })
        ));
        assert!(task_ref.is_done());
        assert_eq!(dropped.count(), 1);

        let mut kept = create_task(pending::<()>());
        assert!(wait_for(&mut kept, SHORT).await.is_err());
        assert!(kept.is_done());
    });
}

#[test]
fn a_task_that_others_cancelled_was_not_late() {
    inside_each(async || {
        let task = create_task(pending::<()>());
        task.cancel();
        assert!(
            wait_for(task, LONG)
                .await
                .unwrap()
                .unwrap_err()
                .is_cancelled()
        );
    });
}

#[test]
fn cancelling_the_waiter_cancels_the_task_it_waits_for() {
    inside_each(async || {
        let inner = create_task(pending::<()>());
        let inner_ref = inner.handle();
        let begun = Bell::default();
        let ring = begun.clone();
        let waiter = create_task(async move {
            ring.ring();
            wait_for(inner, LONG).await.is_ok()
        });
        begun.rung().await;
        waiter.cancel();
        assert!(waiter.await.unwrap_err().is_cancelled());
        until_done([inner_ref]).await;
    });
}

#[test]
fn a_cancelled_waiter_ends_when_its_task_has_cleaned_up() {
    inside_each(async || {
        let (begun, cleaned) = (Bell::default(), Tally::default());
        let (ring, clean) = (begun.clone(), cleaned.clone());
        let inner = create_task(finally(
            async move {
                ring.ring();
                pending::<()>().await;
            },
            async move {
                settle().await;
                clean.add();
            },
        ));
        let inner_ref = inner.handle();
        let waiter = create_task(async { wait_for(inner, LONG).await.is_ok() });
        begun.rung().await;
        settle().await;
        waiter.cancel();
        assert!(waiter.await.unwrap_err().is_cancelled());
        assert!(inner_ref.is_done());
        assert_eq!((cleaned.count(), inner_ref.cancelling()), (1, 1));
    });
}

#[test]
fn what_answers_its_cancel_with_a_value_gives_that() {
    inside_each(async || {
        let refusing = |begun: Bell| async move {
            let waiting = async {
                begun.ring();
                pending::<()>().await;
            };
            assert!(catch_cancel(waiting).await.is_err());
            yield_now().await;
            6
        };
        // Whether the limit is over, for a future and for a task,
        assert_eq!(wait_for(refusing(Bell::default()), SHORT).await, Ok(6));
        let task = create_task(refusing(Bell::default()));
        assert_eq!(wait_for(task, SHORT).await.unwrap().unwrap(), 6);
        // or the waiter is cancelled: what the inner task refuses is refused.
        let begun = Bell::default();
        let inner = create_task(refusing(begun.clone()));
        let waiter = create_task(async { wait_for(inner, LONG).await.unwrap().unwrap() });
        begun.rung().await;
        settle().await;
        waiter.cancel();
        assert_eq!(waiter.await.unwrap(), 6);
    });
}

#[test]
fn a_cancel_from_outside_wins_over_a_limit_that_is_over_too() {
    inside_each(async || {
        let (begun, cleaning, go_on) = (Bell::default(), Bell::default(), Bell::default());
        let (ring, ring_too, wait) = (begun.clone(), cleaning.clone(), go_on.clone());
        let inner = create_task(finally(
            async move {
                ring.ring();
                pending::<()>().await;
            },
            async move {
                ring_too.ring();
                wait.rung().await;
            },
        ));
        let waiter = create_task(async { wait_for(inner, SHORT).await.is_err() });
        begun.rung().await;
        cleaning.rung().await;
        // The limit is over and the task cleans up; this request is a second one.
        waiter.cancel();
        go_on.ring();
        assert!(waiter.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn of_nested_limits_each_ends_its_own_wait() {
    inside_each(async || {
        let inner = wait_for(pending::<()>(), SHORT);
        assert_eq!(
            wait_for(inner, LONG).await,
            Ok(Err(TimeoutError::default()))
        );
        let inner = wait_for(pending::<()>(), LONG);
        assert_eq!(wait_for(inner, SHORT).await, Err(TimeoutError::default()));
    });
}
