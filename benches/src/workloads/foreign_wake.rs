//! A thread outside of the runtime wakes a task and gets its answer, again and again: back to
//! back, so that the worker is warm, and with gaps in which it falls asleep.
//!
//! The thread waits for the answer spinning, so that its own awakening is no part of the reading,
//! and its processor time is taken off again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{hint, thread};

use super::{Plan, TWO};
use crate::meter::{Meter, Usage, now, pause, thread_time};
use crate::reading::Reading;
use crate::runtimes::Runtime;
use crate::signal::{Bell, oneshot};
use crate::summary::{median, percentile};

/// Long enough for every runtime to have gone to sleep.
const GAP: Duration = Duration::from_millis(3);

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let mut readings = Vec::new();
        let warm = plan.pick(2_000, 20_000);
        let asleep = plan.pick(40, 300);
        for (case, trips, gap) in [("warm", warm, Duration::ZERO), ("asleep", asleep, GAP)] {
            let (mut times, usage) = round_trips::<R>(trips, gap).await;
            let middle = Reading::lower(case, "us median", median(&mut times));
            readings.push(middle.with(usage, trips));
            let slowest = percentile(&mut times, 99.0);
            readings.push(Reading::lower(format!("{case} p99"), "us", slowest));
        }
        readings
    })
}

/// What the thread and the task share.
#[derive(Default)]
struct Line {
    /// Rung by the thread.
    bell: Bell,
    /// How many rings the task has answered.
    answered: AtomicUsize,
}

/// The length of each trip in microseconds, and what all of them used without the thread.
async fn round_trips<R: Runtime>(trips: usize, gap: Duration) -> (Vec<f64>, Usage) {
    let line = Arc::new(Line::default());
    let theirs = line.clone();
    let task = R::spawn(async move {
        for heard in 0..trips {
            theirs.bell.ring_after(heard).await;
            // Release: pairs with the Acquire of `call`; there is only the number to see.
            theirs.answered.store(heard + 1, Ordering::Release);
        }
    });
    let (done, times) = oneshot();
    let meter = Meter::start();
    thread::spawn(move || {
        let times = (0..trips)
            .map(|trip| call(&line, trip, gap))
            .collect::<Vec<_>>();
        done.send((times, thread_time()));
    });
    let (times, foreign) = times.await;
    let mut usage = meter.stop();
    usage.cpu = usage.cpu.saturating_sub(foreign);
    R::join(task).await;
    (times, usage)
}

/// Rings, and waits for the answer; the microseconds this took.
fn call(line: &Line, trip: usize, gap: Duration) -> f64 {
    /// Spins before the thread lets others have its processor; some 20 us.
    const PATIENCE: u32 = 1_000;
    if !gap.is_zero() {
        pause(gap);
    }
    let started = now();
    line.bell.ring();
    let mut spins = 0;
    // Acquire: pairs with the Release in the task.
    while line.answered.load(Ordering::Acquire) <= trip {
        hint::spin_loop();
        spins += 1;
        if spins % PATIENCE == 0 {
            thread::yield_now();
        }
    }
    started.elapsed().as_secs_f64() * 1e6
}
