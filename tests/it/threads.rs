//! asyncio's `threads`: calls that block.

use std::collections::HashSet;
use std::panic::catch_unwind;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use bowerbird::{Task, create_task, gather, to_thread, yield_now};

use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, inside_each, watched};

#[test]
fn a_call_runs_off_the_workers_and_its_value_comes_back() {
    inside_each(async || {
        let workers = Arc::new(Mutex::new(HashSet::from([thread::current().id()])));
        let seen = workers.clone();
        let polled = create_task(async move {
            for _ in 0..100 {
                seen.lock().unwrap().insert(thread::current().id());
                yield_now().await;
            }
        });
        polled.await.unwrap();
        let there = to_thread(|| thread::current().id()).await.unwrap();
        assert!(!workers.lock().unwrap().contains(&there));
    });
}

#[test]
fn a_blocked_thread_holds_up_nobody() {
    inside_each(async || {
        let bell = Bell::default();
        let wait = bell.clone();
        let blocked = to_thread(move || wait.block_until_rung());
        for _ in 0..100 {
            create_task(yield_now()).await.unwrap();
        }
        assert!(!blocked.is_done());
        bell.ring();
        blocked.await.unwrap();
    });
}

#[test]
fn calls_run_at_the_same_time() {
    inside_each(async || {
        let meeting = Arc::new(Barrier::new(8));
        let calls = (0..8).map(|_| {
            let meeting = meeting.clone();
            to_thread(move || meeting.wait().is_leader())
        });
        let leaders = gather(calls).await.unwrap();
        assert_eq!(leaders.into_iter().filter(|&leads| leads).count(), 1);
    });
}

#[test]
fn thousands_of_calls_all_come_back() {
    inside_each(async || {
        let calls = (0..3_000_u32).map(|number| to_thread(move || number));
        let all = gather(calls).await.unwrap();
        assert_eq!(all, (0..3_000).collect::<Vec<_>>());
    });
}

#[test]
fn a_limit_on_threads_is_kept() {
    for builder in each_builder() {
        let event_loop = builder.max_blocking_threads(3).build().unwrap();
        let threads = Arc::new(Mutex::new(HashSet::new()));
        let calls = async {
            let calls = (0..200).map(|_| {
                let threads = threads.clone();
                to_thread(move || {
                    threads.lock().unwrap().insert(thread::current().id());
                    thread::yield_now();
                })
            });
            gather(calls).await.unwrap();
        };
        watched(|| event_loop.run_until_complete(calls)).unwrap();
        assert!(threads.lock().unwrap().len() <= 3);
    }
}

#[test]
fn a_call_that_waits_for_a_thread_and_is_cancelled_never_starts() {
    for builder in each_builder() {
        let event_loop = builder.max_blocking_threads(1).build().unwrap();
        let calls = async {
            let (bell, begun) = (Bell::default(), Bell::default());
            let (wait, ring) = (bell.clone(), begun.clone());
            let first = to_thread(move || {
                ring.ring();
                wait.block_until_rung();
            });
            begun.rung().await;
            let started = Bell::default();
            let never = started.clone();
            let second = to_thread(move || never.ring());
            second.cancel();
            bell.ring();
            first.await.unwrap();
            assert!(second.await.unwrap_err().is_cancelled());
            to_thread(|| ()).await.unwrap();
            assert!(!started.is_rung());
        };
        watched(|| event_loop.run_until_complete(calls)).unwrap();
    }
}

#[test]
fn fault_076_a_call_that_has_begun_runs_to_its_end_and_its_value_is_dropped_once() {
    inside_each(async || {
        let dropped = Tally::default();
        let (begun, go_on) = (Bell::default(), Bell::default());
        let (ring, wait, value) = (begun.clone(), go_on.clone(), Counted(dropped.clone()));
        let call = to_thread(move || {
            ring.ring();
            wait.block_until_rung();
            value
        });
        begun.rung().await;
        call.cancel();
        drop(call);
        assert_eq!(dropped.count(), 0);
        go_on.ring();
        while dropped.count() == 0 {
            yield_now().await;
        }
        to_thread(|| ()).await.unwrap();
        assert_eq!(dropped.count(), 1);
    });
}

#[test]
fn fault_008_calls_that_panic_tell_their_awaiters_and_cost_no_thread() {
    for builder in each_builder() {
        let event_loop = builder.max_blocking_threads(2).build().unwrap();
        let calls = async {
            let calls: Vec<Task<()>> = (0..500)
                .map(|_| to_thread(|| std::panic::resume_unwind(Box::new("quiet"))))
                .collect();
            for result in gather(calls).return_exceptions().await {
                assert!(result.unwrap_err().is_panic());
            }
            // Both threads are still there: each of these calls needs the other one.
            let meeting = Arc::new(Barrier::new(2));
            let other = meeting.clone();
            let both = [
                to_thread(move || meeting.wait().is_leader()),
                to_thread(move || other.wait().is_leader()),
            ];
            gather(both).await.unwrap();
        };
        watched(|| event_loop.run_until_complete(calls)).unwrap();
    }
}

#[test]
fn calls_are_made_inside_a_loop_only() {
    assert!(catch_unwind(|| to_thread(|| ()).detach()).is_err());
}
