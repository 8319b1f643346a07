//! Wakes, above all from threads that are nobody's workers.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Poll, Waker};

use crate::stage::{Count, both, pool, run, spawn, spin_until, watched, yield_now};

#[test]
fn fault_013_a_storm_of_foreign_wakes_never_overlaps_two_polls() {
    const THREADS: usize = 4;
    const WAKES: usize = 2000;
    watched(|| {
        let runtime = pool(3);
        let polling = AtomicBool::new(false);
        let waker = Arc::new(Mutex::new(None::<Waker>));
        let left = Arc::new(AtomicUsize::new(THREADS));
        let (keep, ending) = (waker.clone(), left.clone());
        let task = spawn(
            &runtime.handle(),
            poll_fn(move |cx| {
                assert!(!polling.swap(true, Ordering::SeqCst), "two polls at once");
                *keep.lock().unwrap() = Some(cx.waker().clone());
                let over = ending.load(Ordering::SeqCst) == 0;
                assert!(polling.swap(false, Ordering::SeqCst));
                if over { Poll::Ready(()) } else { Poll::Pending }
            }),
        );
        let wake = || {
            let waker = waker.lock().unwrap().clone();
            if let Some(waker) = waker {
                waker.wake();
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    (0..WAKES).for_each(|_| wake());
                    // The last wake of all must lead to a poll, or this test hangs.
                    left.fetch_sub(1, Ordering::SeqCst);
                    wake();
                });
            }
            run(&runtime, task).unwrap();
        });
    });
}

#[test]
fn fault_020_a_task_that_comes_while_all_go_to_rest_is_run() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let begin = Barrier::new(2);
            let done = Count::default();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    begin.wait();
                    for round in 1..=3000 {
                        let counting = done.clone();
                        spawn(&handle, async move { counting.add() }).detach();
                        // The next one comes at the moment at which its worker has nothing to do.
                        while done.read() < round {
                            std::hint::spin_loop();
                        }
                    }
                    handle.stop();
                });
                begin.wait();
                runtime.run_forever().unwrap();
            });
            assert_eq!(done.read(), 3000);
        }
    });
}

#[test]
fn a_task_made_elsewhere_in_crowds_is_run_once_each() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let done = Count::default();
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        for _ in 0..2000 {
                            let counting = done.clone();
                            spawn(&handle, async move {
                                yield_now().await;
                                counting.add();
                            })
                            .detach();
                        }
                    });
                }
                run(&runtime, async {
                    while done.read() < 6000 {
                        yield_now().await;
                    }
                });
            });
            // A task counts before its poll is over, which may be on another worker.
            let patience = std::time::Duration::from_secs(10);
            assert!(spin_until(patience, || handle.alive_tasks() == 0));
            assert_eq!(done.read(), 6000);
        }
    });
}

#[test]
fn fault_012_a_waker_of_a_finished_task_does_nothing() {
    watched(|| {
        for runtime in both() {
            let task = spawn(
                &runtime.handle(),
                poll_fn(|cx| Poll::Ready(cx.waker().clone())),
            );
            let waker = run(&runtime, task).unwrap();
            waker.wake_by_ref();
            run(&runtime, yield_now());
            assert_eq!(runtime.handle().alive_tasks(), 0);
        }
    });
}
