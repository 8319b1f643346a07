//! asyncio's `shield`.

use std::future::pending;
use std::time::Duration;

use bowerbird::{catch_cancel, create_task, shield, timeout, yield_now};

use crate::bell::{Bell, Tally, settle, until_done};
use crate::loops::inside_each;

#[test]
fn what_is_done_comes_at_once() {
    inside_each(async || {
        assert_eq!(shield(async { 1 }).await.unwrap(), 1);
        let task = create_task(async { 2 });
        until_done([task.handle()]).await;
        assert_eq!(shield(task).await.unwrap(), 2);
    });
}

#[test]
fn a_cancelled_waiter_leaves_the_inner_task_alone() {
    inside_each(async || {
        let (go_on, done) = (Bell::default(), Bell::default());
        let (wait, ring) = (go_on.clone(), done.clone());
        let inner = create_task(async move {
            wait.rung().await;
            ring.ring();
        });
        let inner_ref = inner.handle();
        let waiter = create_task(async { shield(inner).await.is_ok() });
        settle().await;
        waiter.cancel();
        assert!(waiter.await.unwrap_err().is_cancelled());
        assert_eq!(inner_ref.cancelling(), 0);
        go_on.ring();
        done.rung().await;
    });
}

#[test]
fn a_limit_ends_the_wait_only() {
    inside_each(async || {
        let inner = create_task(pending::<()>());
        let inner_ref = inner.handle();
        let late = timeout(Duration::from_millis(2), shield(inner)).await;
        assert!(late.is_err());
        assert!(!inner_ref.is_done());
        inner_ref.cancel();
        until_done([inner_ref]).await;
    });
}

#[test]
fn a_cancelled_inner_task_is_seen_and_so_is_its_panic() {
    inside_each(async || {
        let inner = create_task(pending::<()>());
        inner.cancel();
        assert!(shield(inner).await.unwrap_err().is_cancelled());
        let panicking = shield(async { panic!("no") });
        assert!(panicking.await.unwrap_err().is_panic());
    });
}

#[test]
fn a_panic_after_the_wait_is_reported_once() {
    inside_each(async || {
        let event_loop = bowerbird::get_running_loop().unwrap();
        let reported = Tally::default();
        let tally = reported.clone();
        event_loop.set_exception_handler(Some(move |_: &bowerbird::Report| tally.add()));
        let go_on = Bell::default();
        let wait = go_on.clone();
        let inner = create_task(async move {
            wait.rung().await;
            panic!("too late");
        });
        let inner_ref = inner.handle();
        assert!(timeout(Duration::ZERO, shield(inner)).await.is_err());
        go_on.ring();
        until_done([inner_ref]).await;
        assert_eq!(reported.count(), 1);
    });
}

#[test]
fn a_caught_request_may_go_on_waiting() {
    inside_each(async || {
        let (begun, go_on) = (Bell::default(), Bell::default());
        let (ring, wait) = (begun.clone(), go_on.clone());
        let waiter = create_task(async move {
            let mut inner = create_task(async move {
                ring.ring();
                wait.rung().await;
                9
            });
            let cancelled = catch_cancel(async { (&mut inner).await }).await;
            assert!(cancelled.is_err());
            inner.await.unwrap()
        });
        begun.rung().await;
        yield_now().await;
        waiter.cancel();
        go_on.ring();
        match waiter.await {
            Ok(value) => assert_eq!(value, 9),
            // The request may have come before the catcher was there.
            Err(error) => assert!(error.is_cancelled()),
        }
    });
}
