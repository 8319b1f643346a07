//! asyncio's `gather`.

use std::future::pending;
use std::sync::Arc;

use bowerbird::{Task, create_task, gather, yield_now};

use crate::bell::{Bell, Tally};
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
        for task in refs {
            while !task.is_done() {
                yield_now().await;
            }
        }
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
