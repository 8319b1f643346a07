//! Knobs: good ones, bad ones, and hooks.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use bowerbird_core::Birth;
use bowerbird_executor::{Config, Flavor, Runtime};

use crate::stage::{Count, build, in_child, run, watched, yield_now};

fn refusal(config: Config) -> String {
    let error = Runtime::new(config).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.to_string()
}

fn workers(workers: usize) -> Config {
    Config {
        worker_threads: Some(workers),
        ..Config::default()
    }
}

#[test]
fn numbers_of_workers_that_cannot_be_are_refused_by_name() {
    assert!(refusal(workers(0)).contains("worker_threads"));
    assert!(refusal(workers(1024)).contains("1023"));
    let two_on_one_thread = Config {
        flavor: Flavor::CurrentThread,
        ..workers(2)
    };
    assert!(refusal(two_on_one_thread).contains("current_thread"));
    let zero_byte = Config {
        thread_name: "a\0b".into(),
        ..Config::default()
    };
    assert!(refusal(zero_byte).contains("thread_name"));
}

#[test]
fn a_bad_number_in_the_environment_is_refused_by_name() {
    for bad in ["0", "many", "-1", "", "99999"] {
        in_child(
            "configuring::child_that_finds_a_bad_number",
            &[("BOWERBIRD_WORKER_THREADS", bad)],
        );
    }
    in_child(
        "configuring::child_that_finds_three",
        &[("BOWERBIRD_WORKER_THREADS", " 3 ")],
    );
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_that_finds_a_bad_number() {
    let told = refusal(Config::default());
    assert!(told.contains("WORKER_THREADS") || told.contains("worker_threads"));
    // What the program asks for goes before what the environment says.
    drop(build(workers(1)));
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_that_finds_three() {
    assert_eq!(build(Config::default()).handle().metrics().workers.len(), 3);
}

#[test]
fn hooks_run_once_on_every_thread_of_the_loop() {
    watched(|| {
        let (starts, stops) = (Count::default(), Count::default());
        let (starting, stopping) = (starts.clone(), stops.clone());
        let runtime = build(Config {
            on_thread_start: Some(Arc::new(move || starting.add())),
            on_thread_stop: Some(Arc::new(move || stopping.add())),
            ..workers(3)
        });
        let handle = runtime.handle();
        run(&runtime, async {
            handle.to_thread(|| (), Birth::default()).await.unwrap();
        });
        runtime.close(Duration::from_secs(10)).unwrap();
        assert_eq!((starts.read(), stops.read()), (3, 3));
    });
}

#[test]
fn a_hook_that_panics_takes_no_work_with_it() {
    watched(|| {
        let runtime = build(Config {
            on_thread_start: Some(Arc::new(|| panic!("a hook, on purpose"))),
            on_thread_stop: Some(Arc::new(|| panic!("a hook, on purpose"))),
            ..workers(2)
        });
        let handle = runtime.handle();
        run(&runtime, async {
            yield_now().await;
            for number in 0..3 {
                let call = handle.to_thread(move || number, Birth::default());
                assert_eq!(call.await.unwrap(), number);
            }
        });
        runtime.close(Duration::from_secs(10)).unwrap();
    });
}

#[test]
fn a_loop_that_gets_no_threads_leaves_none_behind() {
    in_child("configuring::child_that_gets_no_threads", &[]);
}

#[test]
#[ignore = "run by another test, in a process of its own"]
fn child_that_gets_no_threads() {
    let before = (crate::stage::threads().len(), crate::stage::descriptors());
    for _ in 0..20 {
        let refused = Runtime::new(Config {
            // No machine has so much room for a stack.
            thread_stack_size: Some(1 << 60),
            ..workers(4)
        });
        assert!(refused.is_err());
    }
    let after = (crate::stage::threads().len(), crate::stage::descriptors());
    assert_eq!(before, after);
}
