//! The order of a single-threaded loop: strictly first in, first out.

use std::sync::{Arc, Mutex};

use bowerbird_executor::Handle;

use crate::stage::{run, single, spawn, watched, yield_now};

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
