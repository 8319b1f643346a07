//! asyncio's `call_soon`, `call_later`, `call_at` and their handles; and what a stop does to them.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use bowerbird::{
    ContextVar, EventLoop, LoopError, Report, TaskRef, current_task, get_running_loop, yield_now,
};

use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, each_pool, on_each, watched};

/// What callbacks write down, in the order in which they run.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u32>>>);

impl Log {
    fn writes(&self, number: u32) -> impl FnOnce() + Send + 'static {
        let log = self.clone();
        move || log.0.lock().unwrap().push(number)
    }

    fn read(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }
}

fn stops(event_loop: &EventLoop) -> impl FnOnce() + Send + 'static {
    let event_loop = event_loop.clone();
    move || event_loop.stop()
}

#[test]
fn callbacks_run_once_in_the_order_of_the_calls_and_never_overlap() {
    on_each(each_builder(), |event_loop| {
        let log = Log::default();
        let inside = Tally::default();
        for number in 0..500 {
            let (write, inside) = (log.writes(number), inside.clone());
            event_loop.call_soon(move || {
                assert_eq!(inside.count() % 2, 0, "another one is under way");
                inside.add();
                write();
                inside.add();
            });
        }
        event_loop.call_soon(stops(&event_loop));
        event_loop.run_forever().unwrap();
        assert_eq!(log.read(), (0..500).collect::<Vec<_>>());
        assert_eq!(inside.count(), 1000);
    });
}

#[test]
fn a_callback_never_runs_inside_the_callback_that_asks_for_it() {
    on_each(each_builder(), |event_loop| {
        let log = Log::default();
        let (own, first, second) = (event_loop.clone(), log.writes(1), log.writes(2));
        event_loop.call_soon(move || {
            own.call_soon(second);
            first();
            own.call_soon(stops(&own));
        });
        event_loop.run_forever().unwrap();
        assert_eq!(log.read(), [1, 2]);
    });
}

#[test]
fn callbacks_and_tasks_of_a_single_thread_stand_in_one_line() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let log = Log::default();
    for number in 0..10 {
        let write = log.writes(number);
        if number % 2 == 0 {
            event_loop.call_soon(write);
        } else {
            event_loop.create_task(async move { write() }).detach();
        }
    }
    event_loop.call_soon(stops(&event_loop));
    event_loop.run_forever().unwrap();
    assert_eq!(log.read(), (0..10).collect::<Vec<_>>());
}

#[test]
fn a_call_from_another_thread_wakes_a_loop_that_has_nothing_to_do() {
    on_each(each_builder(), |event_loop| {
        let begun = Bell::default();
        let ring = begun.clone();
        event_loop.call_soon(move || ring.ring());
        let other = event_loop.clone();
        let caller = thread::spawn(move || {
            begun.block_until_rung();
            other.call_soon_threadsafe(stops(&other));
        });
        event_loop.run_forever().unwrap();
        caller.join().unwrap();
    });
}

#[test]
fn calls_of_many_threads_each_keep_their_order() {
    on_each(each_builder(), |event_loop| {
        let seen = Arc::new(Mutex::new(vec![Vec::new(); 4]));
        let callers = (0..4).map(|caller| {
            let (event_loop, seen) = (event_loop.clone(), seen.clone());
            thread::spawn(move || {
                for number in 0..300 {
                    let seen = seen.clone();
                    event_loop.call_soon_threadsafe(move || {
                        seen.lock().unwrap()[caller].push(number);
                    });
                }
            })
        });
        let callers: Vec<_> = callers.collect();
        let all_in = async {
            while seen.lock().unwrap().iter().map(Vec::len).sum::<usize>() < 1200 {
                yield_now().await;
            }
        };
        event_loop.run_until_complete(all_in).unwrap();
        callers
            .into_iter()
            .for_each(|caller| caller.join().unwrap());
        for numbers in &*seen.lock().unwrap() {
            assert!(numbers.iter().copied().eq(0..300));
        }
    });
}

#[test]
fn callbacks_are_in_no_task_and_know_their_loop() {
    on_each(each_builder(), |event_loop| {
        let (own, stop) = (event_loop.clone(), stops(&event_loop));
        let seen = Arc::new(Mutex::new(None));
        let show = seen.clone();
        event_loop.call_soon(move || {
            let is_own = get_running_loop().unwrap() == own;
            *show.lock().unwrap() = Some((is_own, own.is_running(), current_task().is_none()));
            stop();
        });
        event_loop.run_forever().unwrap();
        assert_eq!(*seen.lock().unwrap(), Some((true, true, true)));
    });
}

#[test]
fn later_callbacks_run_by_their_times_and_equal_times_keep_the_order_of_the_calls() {
    on_each(each_builder(), |event_loop| {
        let log = Log::default();
        let start = event_loop.time();
        let at = |millis| start + Duration::from_millis(millis);
        let last = event_loop.call_at(at(30), stops(&event_loop));
        event_loop.call_at(at(20), log.writes(3));
        for number in 4..100 {
            event_loop.call_at(at(20), log.writes(number));
        }
        event_loop.call_at(at(10), log.writes(1));
        event_loop.call_at(at(10), log.writes(2));
        event_loop.call_soon(log.writes(0));
        event_loop.run_forever().unwrap();
        assert_eq!(log.read(), (0..100).collect::<Vec<_>>());
        assert!(event_loop.time() >= last.when());
        assert_eq!(last.when(), at(30));
    });
}

#[test]
fn times_that_have_passed_run_in_the_next_pass_still_sorted() {
    on_each(each_builder(), |event_loop| {
        let log = Log::default();
        let (own, begin) = (event_loop.clone(), event_loop.time());
        let [zero, soon, old, older] = [3, 0, 2, 1].map(|number| log.writes(number));
        event_loop.call_soon(move || {
            // From inside a callback: nothing can run between these calls.
            own.call_later(Duration::ZERO, zero);
            own.call_at(begin, old);
            own.call_at(begin - Duration::from_nanos(1), older);
            own.call_soon(soon);
            own.call_later(Duration::from_millis(1), stops(&own));
        });
        event_loop.run_forever().unwrap();
        let ran = log.read();
        // A pool hands the timed ones in by a callback of its own, before `soon` was asked for.
        let timed: Vec<_> = ran.iter().filter(|number| **number > 0).collect();
        assert_eq!(timed, [&1, &2, &3], "{ran:?}");
        assert!(ran.contains(&0));
    });
}

#[test]
fn what_is_due_belongs_to_the_pass_of_a_single_thread() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let log = Log::default();
    event_loop.call_soon(log.writes(0));
    event_loop.call_later(Duration::ZERO, log.writes(1));
    event_loop.stop();
    event_loop.run_forever().unwrap();
    assert_eq!(log.read(), [0, 1]);
}

#[test]
fn a_call_that_is_due_soon_comes_although_a_distant_one_was_there_first() {
    on_each(each_builder(), |event_loop| {
        let never = Tally::default();
        let count = never.clone();
        let distant = event_loop.call_later(Duration::from_secs(3600), move || count.add());
        event_loop.call_later(Duration::from_millis(2), stops(&event_loop));
        event_loop.run_forever().unwrap();
        assert!(distant.cancel());
        assert_eq!(event_loop.metrics().timers, 0);
        assert_eq!(never.count(), 0);
        event_loop.call_later(Duration::ZERO, stops(&event_loop));
        event_loop.run_forever().unwrap();
    });
}

#[test]
fn a_cancelled_callback_is_dropped_at_once_and_never_runs() {
    on_each(each_builder(), |event_loop| {
        let dropped = Tally::default();
        let callback = || {
            let counted = Counted(dropped.clone());
            move || {
                drop(counted);
                unreachable!("it was cancelled");
            }
        };
        let soon = event_loop.call_soon(callback());
        let later = event_loop.call_later(Duration::from_millis(1), callback());
        assert!(!soon.is_cancelled() && !later.is_cancelled());
        assert!(soon.cancel() && later.cancel());
        assert_eq!(dropped.count(), 2);
        assert!(!soon.cancel() && !later.clone().cancel());
        assert!(soon.is_cancelled() && later.is_cancelled());
        event_loop.call_later(Duration::from_millis(3), stops(&event_loop));
        event_loop.run_forever().unwrap();
    });
}

#[test]
fn a_callback_can_cancel_one_of_the_same_pass() {
    on_each(each_builder(), |event_loop| {
        let log = Log::default();
        let second = Arc::new(Mutex::new(None::<bowerbird::Handle>));
        let known = second.clone();
        event_loop.call_soon(move || {
            assert!(known.lock().unwrap().as_ref().unwrap().cancel());
        });
        *second.lock().unwrap() = Some(event_loop.call_soon(log.writes(1)));
        event_loop.call_soon(log.writes(2));
        event_loop.call_soon(stops(&event_loop));
        event_loop.run_forever().unwrap();
        assert_eq!(log.read(), [2]);
    });
}

#[test]
fn cancelling_what_has_run_changes_nothing() {
    on_each(each_builder(), |event_loop| {
        let log = Log::default();
        let handle = event_loop.call_soon(log.writes(1));
        event_loop.call_soon(stops(&event_loop));
        event_loop.run_forever().unwrap();
        assert!(!handle.cancel());
        assert!(!handle.is_cancelled());
        assert_eq!(log.read(), [1]);
    });
}

#[test]
fn timer_handles_are_ordered_by_time() {
    let event_loop = EventLoop::new_current_thread().unwrap();
    let late = event_loop.call_later(Duration::from_secs(9), || {});
    let early = event_loop.call_later(Duration::from_secs(1), || {});
    let same = event_loop.call_at(early.when(), || {});
    assert!(early < late && early < same);
    assert_eq!(early, early.clone());
    assert_ne!(early, same);
}

#[test]
fn a_callback_that_panics_is_reported_and_the_others_run() {
    on_each(each_builder(), |event_loop| {
        let reports = Arc::new(Mutex::new(Vec::new()));
        let sink = reports.clone();
        event_loop.set_exception_handler(Some(move |report: &Report| {
            let callback = report.callback.expect("it was a callback");
            assert!(report.panic.is_some() && report.task.is_none());
            let file = callback.location.unwrap().file();
            sink.lock().unwrap().push((report.to_string(), file));
        }));
        let log = Log::default();
        event_loop.call_soon(|| panic!("on purpose"));
        event_loop.call_later(Duration::ZERO, || panic!("on purpose"));
        event_loop.call_soon(log.writes(1));
        event_loop.call_later(Duration::from_millis(1), stops(&event_loop));
        event_loop.run_forever().unwrap();
        assert_eq!(log.read(), [1]);
        let reports = reports.lock().unwrap();
        assert_eq!(reports.len(), 2, "{reports:?}");
        for (text, file) in &*reports {
            assert!(text.starts_with("a callback panicked"), "{text}");
            assert!(text.contains("on purpose"), "{text}");
            assert_eq!(*file, file!());
        }
    });
}

#[test]
fn a_stop_lets_the_pass_end_and_keeps_the_rest_for_the_next_run() {
    on_each(each_builder(), |event_loop| {
        let log = Log::default();
        let (own, later) = (event_loop.clone(), log.writes(4));
        let first = log.writes(1);
        event_loop.call_soon(move || {
            own.call_soon(later);
            first();
        });
        event_loop.call_soon(stops(&event_loop));
        event_loop.call_soon(log.writes(2));
        event_loop.call_soon(log.writes(3));
        event_loop.run_forever().unwrap();
        assert_eq!(log.read(), [1, 2, 3]);
        assert!(!event_loop.is_running());
        event_loop.call_soon(stops(&event_loop));
        event_loop.run_forever().unwrap();
        assert_eq!(log.read(), [1, 2, 3, 4]);
    });
}

#[test]
fn a_stop_before_the_run_gives_exactly_one_pass_and_is_spent() {
    on_each(each_builder(), |event_loop| {
        let log = Log::default();
        let (own, again) = (event_loop.clone(), log.writes(2));
        let first = log.writes(1);
        event_loop.stop();
        event_loop.stop();
        event_loop.call_soon(move || {
            first();
            own.call_soon(again);
        });
        event_loop.run_forever().unwrap();
        assert_eq!(log.read(), [1]);
        let waits = event_loop.run_until_complete(async {
            while log.read().len() < 2 {
                yield_now().await;
            }
        });
        assert_eq!(waits, Ok(()));
    });
}

#[test]
fn nothing_runs_once_a_run_has_returned() {
    on_each(each_pool(), |event_loop| {
        for _ in 0..200 {
            let (ran, returned) = (Tally::default(), Bell::default());
            for _ in 0..20 {
                let (ran, returned) = (ran.clone(), returned.clone());
                event_loop.call_soon(move || {
                    assert!(!returned.is_rung());
                    ran.add();
                });
            }
            event_loop.stop();
            event_loop.run_forever().unwrap();
            assert_eq!(ran.count(), 20);
            returned.ring();
        }
    });
}

#[test]
fn what_the_main_future_asked_for_runs_before_the_run_returns() {
    on_each(each_builder(), |event_loop| {
        let log = Log::default();
        let ran = event_loop.run_until_complete(async {
            let own = get_running_loop().unwrap();
            let inner = log.writes(2);
            let (write, nested) = (log.writes(1), own.clone());
            own.call_soon(move || {
                write();
                nested.call_soon(inner);
            });
        });
        assert_eq!(ran, Ok(()));
        assert_eq!(log.read(), [1]);
    });
}

#[test]
fn a_loop_that_closes_drops_its_callbacks_and_takes_no_more() {
    on_each(each_builder(), |event_loop| {
        let dropped = Tally::default();
        let keep = || {
            let (counted, own) = (Counted(dropped.clone()), event_loop.clone());
            move || drop((counted, own))
        };
        let soon = event_loop.call_soon(keep());
        let later = event_loop.call_later(Duration::from_secs(3600), keep());
        event_loop.close().unwrap();
        assert_eq!(dropped.count(), 2);
        assert!(soon.is_cancelled() && later.is_cancelled());
        let refusals: [&dyn Fn(); 5] = [
            &|| drop(event_loop.call_soon(keep())),
            &|| drop(event_loop.call_soon_threadsafe(keep())),
            &|| drop(event_loop.call_later(Duration::ZERO, keep())),
            &|| drop(event_loop.call_later(Duration::from_secs(1), keep())),
            &|| drop(event_loop.run_in_executor(keep())),
        ];
        for refused in refusals {
            let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(refused));
            let payload = refused.unwrap_err();
            let told = payload.downcast_ref::<String>().unwrap();
            assert!(told.contains("event loop is closed"), "{told}");
        }
        assert_eq!(dropped.count(), 7);
        assert_eq!(event_loop.run_forever(), Err(LoopError::Closed));
    });
}

#[test]
fn a_million_timers_that_are_cancelled_leave_nothing() {
    watched(|| {
        let event_loop = EventLoop::new_current_thread().unwrap();
        for _ in 0..1000 {
            let timers: Vec<_> = (0..1000)
                .map(|millis| event_loop.call_later(Duration::from_millis(600_000 + millis), || {}))
                .collect();
            assert_eq!(event_loop.metrics().timers, 1000);
            assert!(timers.iter().all(bowerbird::TimerHandle::cancel));
        }
        assert_eq!(event_loop.metrics().timers, 0);
    });
}

#[test]
fn blocking_calls_of_an_executor_run_off_the_workers_and_are_refused_after_its_shutdown() {
    on_each(each_builder(), |event_loop| {
        let own = event_loop.clone();
        let ran = event_loop.run_until_complete(async move {
            let here = thread::current().id();
            let there = own.run_in_executor(|| thread::current().id());
            assert_ne!(there.await.unwrap(), here);
            own.shutdown_default_executor(None).await.unwrap();
            assert_eq!(own.metrics().blocking_threads, 0);
            let refused = bowerbird::create_task(async move {
                own.run_in_executor(|| ()).await.unwrap();
            });
            refused.await.unwrap_err().into_panic().unwrap()
        });
        let payload = ran.unwrap();
        let told = payload.downcast_ref::<&str>().unwrap();
        assert_eq!(*told, "Executor shutdown has been called");
    });
}

#[test]
fn a_shutdown_of_the_executor_ends_at_its_limit() {
    on_each(each_builder(), |event_loop| {
        let go_on = Bell::default();
        let wait = go_on.clone();
        let own = event_loop.clone();
        let ran = event_loop.run_until_complete(async move {
            let begun = Bell::default();
            let ring = begun.clone();
            let stuck = own.run_in_executor(move || {
                ring.ring();
                wait.block_until_rung();
            });
            begun.rung().await;
            let ended = own
                .shutdown_default_executor(Duration::from_millis(5))
                .await;
            go_on.ring();
            stuck.await.unwrap();
            ended
        });
        assert_eq!(ran.unwrap(), Err(bowerbird::TimeoutError::default()));
    });
}

#[test]
fn a_callback_sees_the_variables_of_its_call_and_sets_its_own() {
    static COLOUR: ContextVar<u32> = ContextVar::new("colour");

    on_each(each_builder(), |event_loop| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let look = || {
            let seen = seen.clone();
            move || {
                seen.lock().unwrap().push(COLOUR.get());
                let _token = COLOUR.set(99);
            }
        };
        let first = COLOUR.set(1);
        event_loop.call_soon(look());
        let second = COLOUR.set(2);
        event_loop.call_later(Duration::from_millis(1), look());
        COLOUR.reset(second).unwrap();
        COLOUR.reset(first).unwrap();
        event_loop.call_soon(look());
        event_loop.call_later(Duration::from_millis(2), stops(&event_loop));
        event_loop.run_forever().unwrap();
        assert_eq!(*seen.lock().unwrap(), [Some(1), None, Some(2)]);
        assert_eq!(COLOUR.get(), None);
    });
}

#[test]
fn the_exception_handler_runs_in_the_context_of_what_failed() {
    static REQUEST: ContextVar<u32> = ContextVar::new("request");

    on_each(each_builder(), |event_loop| {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink = seen.clone();
        event_loop.set_exception_handler(Some(move |_: &Report| {
            sink.lock().unwrap().push(REQUEST.get());
        }));
        let ran = event_loop.run_until_complete(async {
            let own = get_running_loop().unwrap();
            let _token = REQUEST.set(1);
            own.call_soon(|| panic!("in a callback"));
            let task = bowerbird::create_task(async {
                let _token = REQUEST.set(2);
                panic!("in a task");
            });
            let _token = REQUEST.set(3);
            task.detach();
            while seen.lock().unwrap().len() < 2 {
                yield_now().await;
            }
        });
        ran.unwrap();
        let mut seen = seen.lock().unwrap();
        seen.sort();
        assert_eq!(*seen, [Some(1), Some(2)]);
    });
}

#[test]
fn callbacks_whose_drops_ask_for_more_end_with_the_loop() {
    on_each(each_builder(), |event_loop| {
        let mut task = event_loop.create_task(async {});
        event_loop.run_until_complete(&mut task).unwrap().unwrap();
        drop(Again(task.handle()));
        event_loop.close().unwrap();
    });
}

/// Asks for itself again whenever it is dropped.
struct Again(TaskRef);

impl Drop for Again {
    fn drop(&mut self) {
        let again = Again(self.0.clone());
        self.0.add_done_callback(move |_| drop(again));
    }
}
