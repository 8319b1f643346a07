//! asyncio's `events`: the loop itself, its builder, its life.

use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

use bowerbird::{EventLoop, Flavor, LoopError, create_task, get_running_loop, yield_now};

use crate::alone::alone_with;
use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, each_pool, inside_each, on_each, watched};

#[test]
fn a_running_loop_refuses_to_be_run_again_or_closed() {
    on_each(each_builder(), |event_loop| {
        let same = event_loop.clone();
        let other = EventLoop::new_current_thread().unwrap();
        let answers = event_loop.run_until_complete(async {
            let from_elsewhere = {
                let same = same.clone();
                thread::spawn(move || same.run_forever()).join().unwrap()
            };
            [
                same.run_until_complete(async {}),
                from_elsewhere,
                same.close(),
                other.run_until_complete(async {}),
            ]
        });
        let expected = [
            Err(LoopError::AlreadyRunning),
            Err(LoopError::AlreadyRunning),
            Err(LoopError::Running),
            Err(LoopError::AnotherRunning),
        ];
        assert_eq!(answers.unwrap(), expected);
        assert_eq!(other.run_until_complete(async { 1 }), Ok(1));
    });
    let told = LoopError::AlreadyRunning.to_string();
    assert_eq!(told, "this event loop is already running");
}

#[test]
fn a_closed_loop_runs_nothing_and_takes_no_tasks() {
    on_each(each_builder(), |event_loop| {
        assert!(!event_loop.is_closed());
        event_loop.close().unwrap();
        event_loop.close().unwrap();
        assert!(event_loop.is_closed());
        assert_eq!(
            event_loop.run_until_complete(async {}),
            Err(LoopError::Closed)
        );
        assert_eq!(event_loop.run_forever(), Err(LoopError::Closed));
        let refused = catch_unwind(AssertUnwindSafe(|| event_loop.create_task(async {})));
        let payload = refused.unwrap_err();
        let message = payload.downcast_ref::<String>().unwrap();
        assert!(message.contains("event loop is closed"), "{message}");
    });
}

#[test]
fn work_makes_progress_only_while_the_loop_runs() {
    on_each(each_builder(), |event_loop| {
        let begun = Bell::default();
        let ring = begun.clone();
        let task = event_loop.create_task(async move { ring.ring() });
        assert!(!event_loop.is_running());
        assert!(!begun.is_rung());
        assert!(!task.is_done());
        event_loop.run_until_complete(task).unwrap().unwrap();
        assert!(begun.is_rung());
    });
}

#[test]
fn a_stopped_loop_can_be_run_again() {
    on_each(each_builder(), |event_loop| {
        let stop = event_loop.clone();
        let stopped = event_loop.run_until_complete(async move {
            stop.stop();
            pending::<()>().await;
        });
        assert_eq!(stopped, Err(LoopError::Stopped));
        assert_eq!(event_loop.run_until_complete(async { 2 }), Ok(2));
    });
}

#[test]
fn run_forever_ends_when_another_thread_stops_it() {
    on_each(each_builder(), |event_loop| {
        let running = Bell::default();
        let ring = running.clone();
        let _detached = event_loop.create_task(async move { ring.ring() });
        let stop = event_loop.clone();
        let stopper = thread::spawn(move || {
            running.block_until_rung();
            assert!(stop.is_running());
            stop.stop();
        });
        assert_eq!(event_loop.run_forever(), Ok(()));
        stopper.join().unwrap();
        assert!(!event_loop.is_running());
    });
}

#[test]
fn a_stop_before_the_run_makes_one_pass() {
    watched(|| {
        let event_loop = EventLoop::new_current_thread().unwrap();
        let polled = Tally::default();
        let count = polled.clone();
        let _detached = event_loop.create_task(async move {
            loop {
                count.add();
                yield_now().await;
            }
        });
        event_loop.stop();
        assert_eq!(event_loop.run_forever(), Ok(()));
        assert_eq!(polled.count(), 1);
    });
}

#[test]
fn tasks_come_from_any_thread_at_any_time() {
    on_each(each_builder(), |event_loop| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let event_loop = event_loop.clone();
                thread::spawn(move || {
                    let tasks =
                        (0..250).map(|number| event_loop.create_task(async move { number }));
                    tasks.collect::<Vec<_>>()
                })
            })
            .collect();
        let sum = event_loop.run_until_complete(async {
            let mut sum = 0;
            for thread in threads {
                for task in thread.join().unwrap() {
                    sum += task.await.unwrap();
                }
            }
            sum
        });
        assert_eq!(sum, Ok(4 * (0..250).sum::<i32>()));
    });
}

#[test]
fn a_single_thread_runs_tasks_first_in_first_out() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let order = Arc::new(Mutex::new(Vec::new()));
    let write = |number: u32| {
        let order = order.clone();
        async move {
            order.lock().unwrap().push(number);
            yield_now().await;
            order.lock().unwrap().push(number + 10);
        }
    };
    let tasks: Vec<_> = (0..4)
        .map(|number| event_loop.create_task(write(number)))
        .collect();
    event_loop
        .run_until_complete(async {
            for task in tasks {
                task.await.unwrap();
            }
        })
        .unwrap();
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 10, 11, 12, 13]);
}

#[test]
fn knobs_that_make_no_sense_are_errors() {
    let none = EventLoop::builder().worker_threads(0).build();
    assert_eq!(
        none.unwrap_err().to_string(),
        "worker_threads must be at least 1"
    );
    let several = EventLoop::builder().flavor(Flavor::CurrentThread);
    let several = several.worker_threads(2).build().unwrap_err();
    assert_eq!(several.kind(), std::io::ErrorKind::InvalidInput);
}

#[test]
fn the_environment_sets_the_number_of_workers() {
    let variable = [("BOWERBIRD_WORKER_THREADS", "3")];
    let name = "events::the_environment_sets_the_number_of_workers";
    alone_with(name, &variable, || {
        let by_default = EventLoop::new().unwrap();
        assert_eq!(by_default.metrics().workers.len(), 3);
        let by_hand = EventLoop::builder().worker_threads(2).build().unwrap();
        assert_eq!(by_hand.metrics().workers.len(), 2);
    });
}

#[test]
fn an_environment_that_is_no_number_is_an_error() {
    let variable = [("BOWERBIRD_WORKER_THREADS", "many")];
    let name = "events::an_environment_that_is_no_number_is_an_error";
    alone_with(name, &variable, || {
        let refused = EventLoop::new().unwrap_err().to_string();
        assert!(refused.contains("BOWERBIRD_WORKER_THREADS"), "{refused}");
    });
}

#[test]
fn code_inside_knows_its_loop_and_code_outside_that_there_is_none() {
    assert!(get_running_loop().is_err());
    on_each(each_builder(), |event_loop| {
        let same = event_loop.clone();
        let seen = event_loop.run_until_complete(async move {
            let here = get_running_loop().unwrap() == same;
            let there = create_task(async move { get_running_loop().unwrap() == same });
            here && there.await.unwrap()
        });
        assert_eq!(seen, Ok(true));
    });
    assert!(get_running_loop().is_err());
}

#[test]
fn hooks_run_on_every_thread_and_every_thread_ends_with_the_loop() {
    for builder in each_builder() {
        let (started, stopped) = (Tally::default(), Tally::default());
        let (on_start, on_stop) = (started.clone(), stopped.clone());
        let event_loop = builder
            .on_thread_start(move || on_start.add())
            .on_thread_stop(move || on_stop.add())
            .build()
            .unwrap();
        let workers = event_loop.metrics().workers.len();
        let blocking = async { bowerbird::to_thread(|| ()).await.unwrap() };
        event_loop.run_until_complete(blocking).unwrap();
        event_loop.close().unwrap();
        // The thread that runs the loop is the caller's own; one more made the blocking call. It is
        // not waited for by `close`, as in asyncio, but by a runner.
        assert_eq!(started.count(), workers);
        assert!(stopped.count() >= workers - 1);
    }
}

#[test]
fn dropping_the_last_clone_closes_the_loop_and_drops_its_tasks() {
    on_each(each_builder(), |event_loop| {
        let dropped = Tally::default();
        let begun = Bell::default();
        let counted = Counted(dropped.clone());
        let ring = begun.clone();
        let mut task = event_loop.create_task(async move {
            let _counted = counted;
            ring.ring();
            pending::<()>().await;
        });
        event_loop.run_until_complete(begun.rung()).unwrap();
        let clone = event_loop.clone();
        drop(event_loop);
        assert_eq!(dropped.count(), 0);
        drop(clone);
        assert_eq!(dropped.count(), 1);
        assert!(task.try_result().unwrap().unwrap_err().is_cancelled());
    });
}

#[test]
fn metrics_count_what_the_loop_does() {
    inside_each(async || {
        let event_loop = get_running_loop().unwrap();
        let before = event_loop.metrics();
        for _ in 0..50 {
            create_task(yield_now()).await.unwrap();
        }
        let (sleeping, ring) = (Bell::default(), Bell::default());
        let (begun, end) = (sleeping.clone(), ring.clone());
        let waiting = create_task(async move {
            begun.ring();
            end.rung().await;
        });
        sleeping.rung().await;
        let after = event_loop.metrics();
        // Each of the fifty was polled twice, and has ended.
        assert!(after.total().polls >= before.total().polls + 100);
        assert_eq!(after.alive_tasks, before.alive_tasks + 1);
        ring.ring();
        waiting.await.unwrap();
    });
}

#[test]
fn a_loop_of_many_workers_uses_several_of_them() {
    on_each(each_pool(), |event_loop| {
        let meeting = Arc::new(std::sync::Barrier::new(2));
        let meet = |meeting: Arc<std::sync::Barrier>| async move {
            meeting.wait();
        };
        let tasks = [meet(meeting.clone()), meet(meeting)].map(|task| event_loop.create_task(task));
        event_loop
            .run_until_complete(async {
                for task in tasks {
                    task.await.unwrap();
                }
            })
            .unwrap();
    });
}
