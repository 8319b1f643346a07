//! asyncio's `except CancelledError` and `finally`: seeing a cancel request, and answering it.

use std::future::pending;

use bowerbird::{catch_cancel, create_task, current_task, finally, yield_now};

use crate::bell::{Bell, Tally};
use crate::loops::inside_each;

#[test]
fn a_caught_request_leaves_the_task_to_clean_up_and_return() {
    inside_each(async || {
        let begun = Bell::default();
        let ring = begun.clone();
        let task = create_task(async move {
            let waiting = async {
                ring.ring();
                pending::<()>().await;
            };
            let cancelled = catch_cancel(waiting).await.unwrap_err();
            assert!(cancelled.is_for_task());
            yield_now().await;
            cancelled.message().map(str::to_string)
        });
        begun.rung().await;
        assert!(task.cancel_with("enough"));
        assert_eq!(task.await.unwrap().as_deref(), Some("enough"));
    });
}

#[test]
fn a_request_that_is_passed_on_ends_the_task() {
    inside_each(async || {
        let (begun, cleaned) = (Bell::default(), Tally::default());
        let (ring, clean) = (begun.clone(), cleaned.clone());
        let task = create_task(async move {
            let waiting = async {
                ring.ring();
                pending::<()>().await;
            };
            if let Err(cancelled) = catch_cancel(waiting).await {
                yield_now().await;
                clean.add();
                cancelled.resume().await;
            }
            unreachable!("it was cancelled");
        });
        begun.rung().await;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(cleaned.count(), 1);
    });
}

#[test]
fn a_clean_up_runs_on_every_way_out() {
    inside_each(async || {
        let cleaned = Tally::default();
        assert_eq!(finally(async { 7 }, async { cleaned.add() }).await, 7);
        let clean = cleaned.clone();
        let panicking = create_task(finally(async { panic!("on purpose") }, async move {
            clean.add()
        }));
        assert!(panicking.await.unwrap_err().is_panic());
        let (begun, clean) = (Bell::default(), cleaned.clone());
        let ring = begun.clone();
        let waiting = async move {
            ring.ring();
            pending::<()>().await;
        };
        let task = create_task(finally(waiting, async move {
            yield_now().await;
            clean.add();
        }));
        begun.rung().await;
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(cleaned.count(), 3);
    });
}

#[test]
fn a_second_request_interrupts_the_clean_up() {
    inside_each(async || {
        let (begun, cleaning) = (Bell::default(), Bell::default());
        let (ring, ring_too) = (begun.clone(), cleaning.clone());
        let waiting = async move {
            ring.ring();
            pending::<()>().await;
        };
        let task = create_task(finally(waiting, async move {
            ring_too.ring();
            pending::<()>().await;
        }));
        begun.rung().await;
        task.cancel();
        cleaning.rung().await;
        assert!(!task.is_done());
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn the_innermost_catcher_gets_the_request_and_the_next_one_what_it_passes_on() {
    inside_each(async || {
        let steps = Tally::default();
        let step = steps.clone();
        let task = create_task(async move {
            let inner = finally(
                async {
                    current_task().unwrap().cancel();
                    pending::<()>().await;
                },
                async {
                    assert_eq!(step.count(), 0);
                    step.add();
                },
            );
            let outer = catch_cancel(inner).await;
            assert_eq!(step.count(), 1);
            outer.is_err()
        });
        assert!(task.await.unwrap());
    });
}
