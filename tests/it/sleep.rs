//! asyncio's `sleep`, and intervals.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bowerbird::tasks::Sleep;
use bowerbird::{create_task, gather, interval, sleep, sleep_until, timeout, yield_now};

use crate::loops::{each_builder, inside_each, inside_each_pool, on_each};

#[expect(
    clippy::disallowed_methods,
    reason = "the promise is about the machine's clock"
)]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn a_sleep_never_ends_early() {
    inside_each(async || {
        for micros in [1, 50, 700, 1_000, 5_300] {
            let delay = Duration::from_micros(micros);
            let begin = now();
            sleep(delay).await;
            assert!(begin.elapsed() >= delay, "{micros}");
        }
    });
}

#[test]
fn fault_051_a_sleep_of_nothing_or_into_the_past_yields_once() {
    inside_each(async || {
        let timers = || bowerbird::get_running_loop().unwrap().metrics().timers;
        let before = timers();
        for wait in [sleep(Duration::ZERO), sleep_until(now())] {
            let mut wait = std::pin::pin!(wait);
            let mut polls = 0;
            std::future::poll_fn(|cx| {
                polls += 1;
                wait.as_mut().poll(cx)
            })
            .await;
            assert_eq!(polls, 2);
            assert_eq!(timers(), before);
        }
    });
}

#[test]
fn a_sleep_brings_the_result_it_was_given() {
    inside_each(async || {
        let answer = sleep(Duration::from_millis(1)).with_result("awake").await;
        assert_eq!(answer, "awake");
    });
}

#[test]
fn shorter_sleeps_end_first() {
    inside_each(async || {
        let order = Arc::new(Mutex::new(Vec::new()));
        let begin = now();
        let sleepers = [9_u64, 3, 12, 6].map(|step| {
            let order = order.clone();
            async move {
                sleep_until(begin + Duration::from_millis(20 * step)).await;
                order.lock().unwrap().push((now(), step));
            }
        });
        gather(sleepers).await.unwrap();
        let order = order.lock().unwrap();
        for &(ended, step) in order.iter() {
            assert!(ended >= begin + Duration::from_millis(20 * step));
        }
    });
}

#[test]
fn thousands_of_sleeps_all_end() {
    inside_each(async || {
        let sleepers = (0..5_000_u64).map(|number| async move {
            sleep(Duration::from_micros(number * 7 % 20_000)).await;
        });
        assert_eq!(gather(sleepers).await.unwrap().len(), 5_000);
    });
}

#[test]
fn fault_056_an_idle_loop_notices_an_earlier_timer_from_another_thread() {
    inside_each_pool(async || {
        let event_loop = bowerbird::get_running_loop().unwrap();
        let far = create_task(sleep(Duration::from_secs(3600)));
        yield_now().await;
        let near = std::thread::spawn(move || {
            let mut near = event_loop.create_task(sleep(Duration::from_millis(5)));
            near.blocking_result(None).unwrap().unwrap();
        });
        while !near.is_finished() {
            sleep(Duration::from_millis(1)).await;
        }
        near.join().unwrap();
        far.cancel();
    });
}

#[test]
fn an_interval_ticks_at_once_and_then_in_its_rhythm() {
    inside_each(async || {
        let period = Duration::from_millis(3);
        let mut ticks = interval(period);
        let first = ticks.tick().await;
        for _ in 0..5 {
            let due = ticks.tick().await;
            assert!(now() >= due);
            let steps = (due - first).as_nanos() as f64 / period.as_nanos() as f64;
            assert!((steps - steps.round()).abs() < 1e-6, "{steps}");
        }
    });
}

#[test]
fn fault_055_an_interval_skips_the_ticks_that_a_stall_made_it_miss() {
    inside_each(async || {
        let period = Duration::from_millis(2);
        let mut ticks = interval(period);
        let first = ticks.tick().await;
        sleep_until(first + 10 * period).await;
        // The one that was due first is still given; the next one is not older than now.
        assert_eq!(ticks.tick().await, first + period);
        let seen = now();
        assert!(ticks.tick().await + period > seen);
    });
}

/// Which clock the kernel's timers go by is written where their descriptors are described.
#[cfg(target_os = "linux")]
#[test]
fn fault_055_no_timer_goes_by_the_clock_that_people_set() {
    const MONOTONIC: &str = "1";

    let name = "sleep::fault_055_no_timer_goes_by_the_clock_that_people_set";
    crate::alone::alone(name, || {
        inside_each(async || {
            let sleeper = create_task(sleep(Duration::from_secs(3600)));
            sleep(Duration::from_millis(1)).await;
            let mut timers = 0;
            for entry in std::fs::read_dir("/proc/self/fdinfo").unwrap() {
                // The descriptor of the folder itself is gone by now.
                let text = std::fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
                let clocks = text
                    .lines()
                    .filter_map(|line| line.strip_prefix("clockid:"));
                for clock in clocks {
                    assert_eq!(clock.trim(), MONOTONIC);
                    timers += 1;
                }
            }
            assert!(timers > 0, "no timer of the kernel is in use");
            sleeper.cancel();
        });
    });
}

#[test]
fn an_interval_longer_than_any_clock_shows_ticks_once() {
    inside_each(async || {
        let mut ticks = interval(Duration::MAX);
        ticks.tick().await;
        assert!(
            timeout(Duration::from_millis(1), ticks.tick())
                .await
                .is_err()
        );
    });
}

/// Polls once, as somebody does who is in no loop.
fn poll_outside(sleep: &mut Sleep) -> Poll<()> {
    Pin::new(sleep).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn a_sleep_that_is_over_says_so_though_its_loop_has_closed_meanwhile() {
    on_each(each_builder(), |event_loop| {
        let mut first = sleep(Duration::from_millis(1));
        let sleeping = async {
            assert!(poll_outside(&mut first).is_pending());
            // Later than the first one: by then that has fired, and nobody has looked.
            sleep(Duration::from_millis(2)).await;
        };
        event_loop.run_until_complete(sleeping).unwrap();
        event_loop.close().unwrap();
        assert!(poll_outside(&mut first).is_ready());
    });
}

#[test]
fn fault_038_a_sleep_that_outlives_its_loop_fails_at_once() {
    on_each(each_builder(), |event_loop| {
        let mut long = sleep(Duration::from_secs(3_600));
        let sleeping = async { assert!(poll_outside(&mut long).is_pending()) };
        event_loop.run_until_complete(sleeping).unwrap();
        event_loop.close().unwrap();
        let polled = catch_unwind(AssertUnwindSafe(|| poll_outside(&mut long)));
        let why = polled.unwrap_err().downcast::<&str>().unwrap();
        assert_eq!(*why, "cannot sleep: event loop is closed");
    });
}
