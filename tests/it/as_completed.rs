//! asyncio's `as_completed`.

use std::future::pending;
use std::time::Duration;

use bowerbird::{Task, TimeoutError, as_completed, create_task, wait_for, yield_now};
use futures_lite::{Stream, StreamExt};

use crate::bell::{Bell, Tally};
use crate::loops::{each_builder, inside_each, watched};

const SHORT: Duration = Duration::from_millis(2);

const LONG: Duration = Duration::from_secs(3600);

#[test]
fn results_come_in_the_order_of_the_ends() {
    inside_each(async || {
        let bells: Vec<Bell> = (0..4).map(|_| Bell::default()).collect();
        let items = bells
            .iter()
            .cloned()
            .enumerate()
            .map(|(at, bell)| async move {
                bell.rung().await;
                at
            });
        let mut results = as_completed(items);
        for at in [2, 0, 3, 1] {
            bells[at].ring();
            assert_eq!(results.next().await.unwrap().unwrap(), at);
        }
        assert!(results.next().await.is_none());
        assert!(results.next().await.is_none(), "the end stays the end");
    });
}

#[test]
fn the_order_of_the_ends_counts_though_nobody_looked_meanwhile() {
    // On one thread: elsewhere a task is done a moment before whoever awaits it is told.
    let [single, ..] = each_builder();
    let main = async {
        let bells: Vec<Bell> = (0..3).map(|_| Bell::default()).collect();
        let tasks: Vec<Task<usize>> = bells
            .iter()
            .cloned()
            .enumerate()
            .map(|(at, bell)| {
                create_task(async move {
                    bell.rung().await;
                    at
                })
            })
            .collect();
        let refs: Vec<_> = tasks.iter().map(Task::handle).collect();
        let results = as_completed(tasks);
        for at in [1, 2, 0] {
            bells[at].ring();
            while !refs[at].is_done() {
                yield_now().await;
            }
        }
        let order: Vec<_> = results.map(Result::unwrap).collect().await;
        assert_eq!(order, [1, 2, 0]);
    };
    watched(|| single.build().unwrap().run_until_complete(main)).unwrap();
}

#[test]
fn nothing_is_the_end_at_once() {
    inside_each(async || {
        let mut results = as_completed(Vec::<Task<()>>::new());
        assert_eq!(results.size_hint(), (0, Some(0)));
        assert!(results.next().await.is_none());
        let mut limited = as_completed(Vec::<Task<()>>::new()).timeout(Duration::ZERO);
        assert!(limited.next().await.is_none(), "nothing can be late");
    });
}

#[test]
fn each_failure_is_one_result_and_the_others_come_all_the_same() {
    inside_each(async || {
        let cancelled = create_task(pending::<u32>());
        cancelled.cancel();
        let panicking = create_task(async { panic!("no") });
        let results = as_completed([cancelled, panicking, create_task(async { 1 })]);
        assert_eq!(results.size_hint(), (3, Some(3)));
        let all: Vec<_> = results.collect().await;
        let count = |wanted: fn(&Result<u32, bowerbird::TaskError>) -> bool| {
            all.iter().filter(|result| wanted(result)).count()
        };
        assert_eq!(count(|result| matches!(result, Ok(1))), 1);
        assert_eq!(count(|r| r.as_ref().is_err_and(|e| e.is_cancelled())), 1);
        assert_eq!(count(|r| r.as_ref().is_err_and(|e| e.is_panic())), 1);
    });
}

#[test]
fn a_dropped_next_loses_no_result() {
    inside_each(async || {
        let bell = Bell::default();
        let wait = bell.clone();
        let mut results = as_completed([async move {
            wait.rung().await;
            1
        }]);
        let nothing_yet = wait_for(results.next(), Duration::ZERO).await;
        assert!(nothing_yet.is_err());
        bell.ring();
        assert_eq!(results.next().await.unwrap().unwrap(), 1);
    });
}

#[test]
fn a_timeout_ends_it_once_and_the_tasks_live_on() {
    inside_each(async || {
        let bell = Bell::default();
        let wait = bell.clone();
        let slow = create_task(async move {
            wait.rung().await;
            1
        });
        let mut results = as_completed([slow, create_task(async { 2 })]).timeout(SHORT);
        assert_eq!(results.next().await.unwrap().unwrap().unwrap(), 2);
        assert_eq!(
            results.next().await.unwrap().unwrap_err(),
            TimeoutError::default()
        );
        assert!(results.next().await.is_none());
        let mut left = results.into_pending();
        assert_eq!((left.len(), left[0].cancelling()), (1, 0));
        bell.ring();
        assert_eq!(left.remove(0).await.unwrap(), 1);
    });
}

#[test]
fn what_is_there_comes_before_the_timeout() {
    inside_each(async || {
        let task = create_task(async { 1 });
        while !task.is_done() {
            yield_now().await;
        }
        let mut results = as_completed([task]).timeout(Duration::ZERO);
        assert_eq!(results.next().await.unwrap().unwrap().unwrap(), 1);
        assert!(results.next().await.is_none());
    });
}

#[test]
fn in_time_a_limit_changes_nothing() {
    inside_each(async || {
        for limit in [Some(LONG), Some(Duration::MAX), None] {
            let items = (0..10).map(|number| async move { number });
            let results = as_completed(items).timeout(limit);
            let mut all: Vec<_> = results
                .map(|result| result.unwrap().unwrap())
                .collect()
                .await;
            all.sort_unstable();
            assert_eq!(all, (0..10).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_dropped_stream_leaves_its_tasks_running() {
    inside_each(async || {
        let (bell, ended) = (Bell::default(), Tally::default());
        let items = (0..3).map(|_| {
            let (bell, ended) = (bell.clone(), ended.clone());
            async move {
                bell.rung().await;
                ended.add();
            }
        });
        drop(as_completed(items));
        bell.ring();
        while ended.count() < 3 {
            yield_now().await;
        }
    });
}

#[test]
fn ten_thousand_results_come_once_each() {
    inside_each(async || {
        let items = (0..10_000_usize).map(|number| async move {
            yield_now().await;
            number
        });
        let mut seen = vec![false; 10_000];
        let mut results = as_completed(items);
        while let Some(result) = results.next().await {
            assert!(!std::mem::replace(&mut seen[result.unwrap()], true));
        }
        assert!(seen.into_iter().all(|seen| seen));
    });
}
