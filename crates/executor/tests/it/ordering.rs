//! The order of a single-threaded loop: strictly first in, first out. And what a pool does first.

use std::future::{Future, IntoFuture, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use bowerbird_executor::Handle;

use crate::stage::{pool, run, single, spawn, watched, yield_now};

/// What happened, in order.
type Log = Arc<Mutex<Vec<u32>>>;

fn note(log: &Log, what: u32) {
    log.lock().unwrap().push(what);
}

fn spawn_note(handle: &Handle, log: &Log, what: u32) {
    let log = log.clone();
    spawn(handle, async move { note(&log, what) }).detach();
}

fn call_note(handle: &Handle, log: &Log, what: u32) {
    let log = log.clone();
    handle.call_soon(Box::new(move || note(&log, what)));
}

#[test]
fn tasks_and_callbacks_run_in_the_order_they_were_made() {
    watched(|| {
        let runtime = single();
        let (handle, log) = (runtime.handle(), Log::default());
        for what in (0..200).step_by(2) {
            spawn_note(&handle, &log, what);
            call_note(&handle, &log, what + 1);
        }
        run(&runtime, async {
            for what in (200..400).step_by(2) {
                call_note(&handle, &log, what);
                spawn_note(&handle, &log, what + 1);
            }
            while log.lock().unwrap().len() < 400 {
                yield_now().await;
            }
        });
        assert!(log.lock().unwrap().iter().copied().eq(0..400));
    });
}

#[test]
fn what_another_thread_made_first_runs_first() {
    watched(|| {
        let runtime = single();
        let (handle, log) = (runtime.handle(), Log::default());
        run(&runtime, async {
            for what in (0..100).step_by(2) {
                std::thread::scope(|scope| {
                    scope.spawn(|| spawn_note(&handle, &log, what));
                });
                spawn_note(&handle, &log, what + 1);
            }
            while log.lock().unwrap().len() < 100 {
                yield_now().await;
            }
        });
        assert!(log.lock().unwrap().iter().copied().eq(0..100));
    });
}

#[test]
fn a_task_that_yields_goes_behind_all_that_are_ready() {
    watched(|| {
        let runtime = single();
        let (handle, log) = (runtime.handle(), Log::default());
        let tasks: Vec<_> = (0..5)
            .map(|task| {
                let log = log.clone();
                spawn(&handle, async move {
                    for round in 0..10 {
                        note(&log, round * 5 + task);
                        yield_now().await;
                    }
                })
            })
            .collect();
        run(&runtime, async {
            for task in tasks {
                task.await.unwrap();
            }
        });
        assert!(log.lock().unwrap().iter().copied().eq(0..50));
    });
}

#[test]
fn a_stop_lets_the_pass_under_way_end_and_begins_no_other() {
    watched(|| {
        let runtime = single();
        let (handle, log) = (runtime.handle(), Log::default());
        spawn_note(&handle, &log, 0);
        let (inside, noting) = (handle.clone(), log.clone());
        spawn(&handle, async move {
            inside.stop();
            spawn_note(&inside, &noting, 2);
        })
        .detach();
        spawn_note(&handle, &log, 1);
        runtime.run_forever().unwrap();
        assert_eq!(*log.lock().unwrap(), [0, 1]);
        // asked before the run: one pass, as in asyncio.
        handle.stop();
        runtime.run_forever().unwrap();
        assert_eq!(*log.lock().unwrap(), [0, 1, 2]);
    });
}

/// Three tasks wait, and one poll wakes them in this order; who of them ran first.
async fn first_of_three_woken(handle: &Handle) -> u32 {
    let log = Log::default();
    let wakers = Arc::new(Mutex::new(Vec::<(u32, Waker)>::new()));
    for what in 0..3 {
        let (log, wakers) = (log.clone(), wakers.clone());
        let mut is_woken = false;
        let waits = poll_fn(move |cx| {
            if std::mem::replace(&mut is_woken, true) {
                return Poll::Ready(());
            }
            wakers.lock().unwrap().push((what, cx.waker().clone()));
            Poll::Pending
        });
        let task = async move {
            waits.await;
            note(&log, what);
        };
        spawn(handle, task).detach();
    }
    while wakers.lock().unwrap().len() < 3 {
        yield_now().await;
    }
    let waking = async move {
        let mut wakers = std::mem::take(&mut *wakers.lock().unwrap());
        wakers.sort_by_key(|(what, _)| *what);
        wakers.into_iter().for_each(|(_, waker)| waker.wake());
    };
    spawn(handle, waking).detach();
    while log.lock().unwrap().len() < 3 {
        yield_now().await;
    }
    log.lock().unwrap()[0]
}

/// What one poll wakes last finds what it waits for; those before it may have waited for the same
/// thing. Now and then the queue has its turn before the slot, so it is a matter of most rounds.
#[test]
fn of_those_that_one_poll_of_a_pool_wakes_the_last_runs_next() {
    const ROUNDS: usize = 40;
    watched(|| {
        let runtime = pool(1);
        let handle = runtime.handle();
        let last = run(&runtime, async {
            let mut last = 0;
            for _ in 0..ROUNDS {
                last += usize::from(first_of_three_woken(&handle).await == 2);
            }
            last
        });
        assert!(last > ROUNDS / 2, "{last} of {ROUNDS}");
    });
}

/// Woken for each, it would be polled as often as there are tasks.
#[test]
fn who_awaits_many_tasks_one_by_one_waits_for_many_at_a_time() {
    const TASKS: u32 = 1_000;
    watched(|| {
        let runtime = pool(1);
        let handle = runtime.handle();
        let polls = run(&runtime, async {
            let inside = handle.clone();
            let awaits_all = async move {
                let log = Log::default();
                let make = |what| {
                    let log = log.clone();
                    spawn(&inside, async move { note(&log, what) })
                };
                let tasks: Vec<_> = (0..TASKS).map(make).collect();
                let all = async {
                    for task in tasks {
                        task.into_future().await.unwrap();
                    }
                };
                let polls = count_polls(all).await;
                assert_eq!(log.lock().unwrap().len(), TASKS as usize);
                polls
            };
            spawn(&handle, awaits_all).await.unwrap()
        });
        assert!(polls < TASKS / 10, "{polls} polls for {TASKS} tasks");
    });
}

async fn count_polls(future: impl Future<Output = ()>) -> u32 {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(|cx| {
        polls += 1;
        future.as_mut().poll(cx)
    })
    .await;
    polls
}
