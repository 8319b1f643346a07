//! Calls that block.

use std::collections::HashSet;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use bowerbird_core::{Birth, Task, TaskError};
use bowerbird_executor::{Config, Flavor, Handle};

use crate::stage::{
    Count, both, build, in_small_child, run, single, spawn, spin_until, watched, yield_now,
};

fn call<T: Send + 'static>(handle: &Handle, f: impl FnOnce() -> T + Send + 'static) -> Task<T> {
    handle.to_thread(f, Birth::default())
}

fn capped(threads: usize, keep_alive: Duration) -> Config {
    Config {
        flavor: Flavor::CurrentThread,
        max_blocking_threads: threads,
        thread_keep_alive: keep_alive,
        ..Config::default()
    }
}

const LONG: Duration = Duration::from_secs(10);

#[test]
fn calls_run_side_by_side_and_off_the_workers() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let together = Arc::new(Barrier::new(5));
            run(&runtime, async {
                let calls: Vec<_> = (0..5)
                    .map(|_| {
                        let together = together.clone();
                        call(&handle, move || {
                            together.wait();
                            std::thread::current().id()
                        })
                    })
                    .collect();
                let mut threads = HashSet::from([std::thread::current().id()]);
                for call in calls {
                    threads.insert(call.await.unwrap());
                }
                assert_eq!(threads.len(), 6);
            });
        }
    });
}

#[test]
fn fault_008_ten_thousand_panics_cost_no_thread_and_no_answer() {
    watched(|| {
        let runtime = build(capped(2, LONG));
        let handle = runtime.handle();
        run(&runtime, async {
            let calls: Vec<Task<()>> = (0..10_000)
                .map(|_| call(&handle, || std::panic::resume_unwind(Box::new(7))))
                .collect();
            for call in calls {
                let error = call.await.unwrap_err();
                assert_eq!(error.into_panic().unwrap().downcast_ref(), Some(&7));
            }
            let together = Arc::new(Barrier::new(2));
            let other = together.clone();
            let first = call(&handle, move || together.wait().is_leader());
            let second = call(&handle, move || other.wait().is_leader());
            assert!(first.await.unwrap() != second.await.unwrap());
            assert_eq!(handle.metrics().blocking_threads, 2);
        });
    });
}

#[test]
fn the_cap_holds_and_what_is_above_it_waits() {
    watched(|| {
        let runtime = build(capped(3, LONG));
        let handle = runtime.handle();
        let under_way = Count::default();
        let most = Arc::new(Mutex::new(0));
        run(&runtime, async {
            let calls: Vec<_> = (0..60)
                .map(|_| {
                    let (under_way, most) = (under_way.clone(), most.clone());
                    call(&handle, move || {
                        let guard = under_way.guard();
                        under_way.add();
                        // Each call adds one when it begins and one when it ends.
                        let mut most = most.lock().unwrap();
                        *most = usize::max(*most, under_way.read());
                        drop((most, guard));
                    })
                })
                .collect();
            assert!(handle.metrics().blocking_threads <= 3);
            for call in calls {
                call.await.unwrap();
            }
            assert!(handle.metrics().blocking_threads <= 3);
        });
        assert_eq!(under_way.read(), 120);
    });
}

#[test]
fn fault_076_a_call_that_waits_can_be_cancelled_and_never_starts() {
    watched(|| {
        let runtime = build(capped(1, LONG));
        let handle = runtime.handle();
        let (release, released) = mpsc::channel::<()>();
        let (begin, has_begun) = mpsc::channel();
        let busy = call(&handle, move || {
            begin.send(()).unwrap();
            released.recv()
        });
        has_begun.recv().unwrap();
        let (ran, dropped) = (Count::default(), Count::default());
        let (running, guard) = (ran.clone(), dropped.guard());
        let waiting = call(&handle, move || {
            let _guard = guard;
            running.add();
        });
        let last = call(&handle, || 3);
        run(&runtime, async {
            assert!(waiting.cancel());
            release.send(()).unwrap();
            busy.await.unwrap().unwrap();
            assert!(matches!(waiting.await, Err(TaskError::Cancelled)));
            assert_eq!(last.await.unwrap(), 3);
        });
        assert_eq!((ran.read(), dropped.read()), (0, 1));
    });
}

#[test]
fn fault_073_without_any_thread_a_call_fails_with_the_systems_error() {
    watched(|| {
        let runtime = build(Config {
            thread_stack_size: Some(1 << 60),
            ..capped(4, LONG)
        });
        let handle = runtime.handle();
        run(&runtime, async {
            for _ in 0..20 {
                let error = call(&handle, || 1).await.unwrap_err();
                let payload = error.into_panic().unwrap();
                let error: &std::io::Error = payload.downcast_ref().unwrap();
                assert!(error.to_string().contains("no thread"), "{error}");
            }
        });
        assert_eq!(handle.metrics().blocking_threads, 0);
    });
}

#[test]
fn fault_073_where_some_thread_lives_the_call_waits_for_it() {
    // Room for one stack of a gibibyte, but not for two.
    in_small_child("blocking::child_that_gets_one_thread", 1_700_000);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_that_gets_one_thread() {
    watched(|| {
        let runtime = build(Config {
            thread_stack_size: Some(1 << 30),
            ..capped(8, LONG)
        });
        let handle = runtime.handle();
        let (release, released) = mpsc::channel::<()>();
        let (begin, has_begun) = mpsc::channel();
        let busy = call(&handle, move || {
            begin.send(()).unwrap();
            let _released = released.recv();
        });
        has_begun.recv().unwrap();
        let waiting: Vec<_> = (0..20)
            .map(|number| call(&handle, move || number))
            .collect();
        assert_eq!(handle.metrics().blocking_threads, 1);
        drop(release);
        run(&runtime, async {
            busy.await.unwrap();
            for (number, call) in waiting.into_iter().enumerate() {
                assert_eq!(call.await.unwrap(), number);
            }
        });
    });
}

#[test]
fn fault_075_a_job_that_comes_when_its_thread_gives_up_is_run() {
    watched(|| {
        let runtime = build(capped(1, Duration::from_micros(100)));
        let handle = runtime.handle();
        run(&runtime, async {
            for round in 0..2000_u64 {
                assert_eq!(call(&handle, move || round).await.unwrap(), round);
                // Around the moment at which the thread gives up.
                let since = handle.now();
                let pause = Duration::from_nanos(60_000 + round * 37 % 90_000);
                while handle.now().saturating_since(since) < pause {
                    yield_now().await;
                }
            }
            assert!(handle.metrics().blocking_threads <= 1);
        });
    });
}

#[test]
fn fault_075_a_job_that_comes_when_the_only_thread_is_on_its_way_out_is_run() {
    watched(|| {
        let (stop, has_stopped) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let may_go = Mutex::new(may_go);
        let hold = move || {
            let _told = stop.send(());
            let _going = may_go.lock().unwrap().recv();
        };
        let runtime = build(Config {
            on_thread_stop: Some(Arc::new(hold)),
            ..capped(1, Duration::from_micros(10))
        });
        let handle = runtime.handle();
        run(&runtime, call(&handle, || ())).unwrap();
        has_stopped.recv().unwrap();
        let late = call(&handle, || 5);
        drop(go);
        assert_eq!(run(&runtime, late).unwrap(), 5);
    });
}

#[test]
fn idle_threads_end_after_their_time() {
    watched(|| {
        let runtime = build(capped(8, Duration::from_millis(1)));
        let handle = runtime.handle();
        run(&runtime, async {
            for _ in 0..8 {
                call(&handle, || ()).await.unwrap();
            }
        });
        assert!(spin_until(LONG, || handle.metrics().blocking_threads == 0));
    });
}

#[test]
fn a_long_call_does_not_delay_those_behind_it() {
    watched(|| {
        let runtime = single();
        let handle = runtime.handle();
        let (release, released) = mpsc::channel::<()>();
        let long = call(&handle, move || released.recv());
        let short: Vec<_> = (0..50)
            .map(|number| call(&handle, move || number))
            .collect();
        run(&runtime, async {
            for (number, call) in short.into_iter().enumerate() {
                assert_eq!(call.await.unwrap(), number);
            }
            release.send(()).unwrap();
            long.await.unwrap().unwrap();
        });
    });
}

#[test]
fn fault_035_closing_waits_for_its_limit_and_no_longer() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let (release, released) = mpsc::channel::<()>();
            let (begin, has_begun) = mpsc::channel();
            let mut begun = call(&handle, move || {
                begin.send(()).unwrap();
                released.recv().is_err()
            });
            has_begun.recv().unwrap();
            let limit = Duration::from_millis(100);
            let since = handle.now();
            runtime.close(limit).unwrap();
            let took = handle.now().saturating_since(since);
            assert!(took >= limit && took < LONG, "{took:?}");
            // What had begun runs to its end, and its answer is kept.
            drop(release);
            assert!(begun.blocking_result(LONG).unwrap().unwrap());
        }
    });
}

#[test]
fn closing_waits_for_what_has_begun_and_cancels_what_has_not() {
    watched(|| {
        let runtime = build(capped(1, LONG));
        let handle = runtime.handle();
        let (begin, has_begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel();
        let outside = handle.clone();
        let mut begun = call(&handle, move || {
            begin.send(()).unwrap();
            may_go.recv().unwrap();
            // Closing begins with the calls that wait.
            spin_until(LONG, || outside.metrics().blocking_depth == 0)
        });
        has_begun.recv().unwrap();
        let mut waiting = call(&handle, || ());
        go.send(()).unwrap();
        runtime.close(LONG).unwrap();
        assert!(begun.try_result().unwrap().unwrap());
        assert!(waiting.try_result().unwrap().unwrap_err().is_cancelled());
        assert_eq!(handle.metrics().blocking_threads, 0);
    });
}

#[test]
fn a_call_may_use_the_loop_it_was_made_on() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let outside = handle.clone();
            let call = call(&handle, move || {
                let mut task = spawn(&outside, async { 4 });
                task.blocking_result(None).unwrap().unwrap()
            });
            assert_eq!(run(&runtime, call).unwrap(), 4);
        }
    });
}
