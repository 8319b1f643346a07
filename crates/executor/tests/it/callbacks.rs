//! Callbacks: in order, one at a time, each on its own risk.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird_executor::Report;

use crate::stage::{Count, both, pool, run, watched, yield_now};

#[test]
fn callbacks_keep_the_order_of_the_calls_and_never_overlap() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let log = Arc::new(Mutex::new(Vec::new()));
            let inside = Count::default();
            run(&runtime, async {
                for number in 0..1000 {
                    let (log, inside) = (log.clone(), inside.clone());
                    handle.call_soon(Box::new(move || {
                        assert_eq!(inside.read() % 2, 0, "another callback is under way");
                        inside.add();
                        log.lock().unwrap().push(number);
                        inside.add();
                    }));
                    if number % 97 == 0 {
                        yield_now().await;
                    }
                }
                while inside.read() < 2000 {
                    yield_now().await;
                }
            });
            assert!(log.lock().unwrap().iter().copied().eq(0..1000));
        }
    });
}

#[test]
fn a_callback_never_runs_inside_the_call() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let ran = Count::default();
            let inside = (handle.clone(), ran.clone());
            // From inside a callback, because the pool runs them one at a time.
            handle.call_soon(Box::new(move || {
                let (handle, ran) = inside;
                let counting = ran.clone();
                handle.call_soon(Box::new(move || counting.add()));
                assert_eq!(ran.read(), 0);
            }));
            run(&runtime, async {
                while ran.read() == 0 {
                    yield_now().await;
                }
            });
        }
    });
}

#[test]
fn a_callback_that_panics_is_reported_and_the_others_run() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let reports = Arc::new(Mutex::new(Vec::new()));
            let kept = reports.clone();
            handle.set_reporter(Some(Arc::new(move |report: &Report| {
                kept.lock().unwrap().push(report.to_string());
            })));
            let ran = Count::default();
            let counting = ran.clone();
            handle.call_soon(Box::new(|| panic!("on purpose")));
            handle.call_soon(Box::new(move || counting.add()));
            run(&runtime, async {
                while ran.read() == 0 {
                    yield_now().await;
                }
            });
            let reports = reports.lock().unwrap();
            assert_eq!(reports.len(), 1);
            assert!(reports[0].contains("on purpose"), "{reports:?}");
        }
    });
}

#[test]
fn a_closed_loop_drops_its_callbacks_and_keeps_no_new_ones() {
    watched(|| {
        for runtime in both() {
            let handle = runtime.handle();
            let (dropped, ran) = (Count::default(), Count::default());
            let callback = || {
                // The handle inside would keep the loop, and with it the callback, for ever.
                let (guard, ran, handle) = (dropped.guard(), ran.clone(), handle.clone());
                Box::new(move || {
                    let _kept = (&guard, &handle);
                    ran.add();
                })
            };
            handle.call_soon(callback());
            handle.call_soon(callback());
            runtime.close(Duration::ZERO).unwrap();
            assert_eq!((dropped.read(), ran.read()), (2, 0));
            handle.call_soon(callback());
            assert_eq!((dropped.read(), ran.read()), (3, 0));
        }
    });
}

#[test]
fn a_reporter_that_panics_harms_nobody() {
    watched(|| {
        let runtime = pool(1);
        let handle = runtime.handle();
        handle.set_reporter(Some(Arc::new(|_: &Report| panic!("the reporter"))));
        let ran = Count::default();
        let counting = ran.clone();
        handle.call_soon(Box::new(|| panic!("on purpose")));
        handle.call_soon(Box::new(move || counting.add()));
        run(&runtime, async {
            while ran.read() == 0 {
                yield_now().await;
            }
        });
    });
}
