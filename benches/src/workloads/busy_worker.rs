//! One worker is held up for 5 ms while the other one is idle: does what becomes ready meanwhile
//! run on the idle one, and how soon?
//!
//! Three rows: a task the busy worker has spawned, a timer that comes due, a socket that becomes
//! readable. For each: how many of N were served while the other was still busy, and the delay of
//! all N. Processor time is what a trial took beside being busy.

pub(super) mod task;

pub(super) mod timer;

pub(super) mod socket;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Plan, TWO};
use crate::meter::{Meter, thread_time};
use crate::reading::Reading;
use crate::runtimes::Runtime;
use crate::summary::{median, percentile};

/// How long a worker is kept from its queue.
const BUSY: Duration = Duration::from_millis(5);
/// Between two trials; both workers go to sleep.
const REST: Duration = Duration::from_millis(2);

/// Raised while a worker is busy.
type Flag = Arc<AtomicBool>;

/// What one trial came to.
#[derive(Clone, Copy, Debug)]
struct Trial {
    /// Served while the other worker was still busy.
    is_in_time: bool,
    delay: Duration,
    /// Processor time of being busy, which is none of the runtime's.
    busy: Duration,
}

/// Keeps the calling worker busy under the flag; the processor time that took.
fn keep_busy(is_busy: &AtomicBool) -> Duration {
    let before = thread_time();
    // Release and Acquire pair with each other here and in `is_still`; only the flag is passed.
    is_busy.store(true, Ordering::Release);
    crate::meter::stay_busy(BUSY);
    is_busy.store(false, Ordering::Release);
    thread_time().saturating_sub(before)
}

/// Whether the other worker is under the flag now.
fn is_still(is_busy: &AtomicBool) -> bool {
    // Acquire: pairs with the stores of `keep_busy`.
    is_busy.load(Ordering::Acquire)
}

fn trials(plan: Plan) -> usize {
    plan.pick(30, 300)
}

/// What all trials came to, which used as much as `meter` says.
fn summarise(trials: &[Trial], meter: Meter) -> Vec<Reading> {
    let mut usage = meter.stop();
    let busy: Duration = trials.iter().map(|trial| trial.busy).sum();
    usage.cpu = usage.cpu.saturating_sub(busy);
    let count = trials.len();
    let in_time = trials.iter().filter(|trial| trial.is_in_time).count();
    let mut delays: Vec<f64> = trials.iter().map(|t| t.delay.as_secs_f64() * 1e6).collect();
    vec![
        Reading::higher("in time", format!("of {count}"), in_time as f64).with(usage, count),
        Reading::lower("delay", "us median", median(&mut delays)),
        Reading::lower("delay p99", "us", percentile(&mut delays, 99.0)),
    ]
}
