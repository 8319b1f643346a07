//! 10,000 tasks of about 5 us of arithmetic, spawned by one task: how much a second worker helps.
//!
//! The work is counted in steps and not by the clock, so that being preempted takes longer.

use std::hint::black_box;
use std::time::Duration;

use super::Plan;
use crate::meter::{Meter, Usage, now};
use crate::reading::Reading;
use crate::runtimes::{Runtime, Shape};
use crate::summary::median;

const TASKS: usize = 10_000;
/// How long each works.
const GRAIN: Duration = Duration::from_micros(5);

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    let steps = calibrate();
    let mut speedups = Vec::new();
    let mut both = (Usage::default(), Usage::default());
    for _ in 0..plan.pick(1, 5) {
        let one = R::run(Shape::Workers(1), measured::<R>(steps));
        let two = R::run(Shape::Workers(2), measured::<R>(steps));
        speedups.push(one.wall.as_secs_f64() / two.wall.as_secs_f64());
        both = (one, two);
    }
    vec![
        Reading::per_op("1 worker", "task", both.0, TASKS),
        Reading::per_op("2 workers", "task", both.1, TASKS),
        Reading::higher("2 against 1", "x", median(&mut speedups)),
    ]
}

async fn measured<R: Runtime>(steps: u32) -> Usage {
    fan_out::<R>(TASKS, steps).await;
    let meter = Meter::start();
    fan_out::<R>(TASKS, steps).await;
    meter.stop()
}

pub(super) async fn fan_out<R: Runtime>(count: usize, steps: u32) {
    let tasks: Vec<_> = (0..count)
        .map(|_| R::spawn(async move { grind(steps) }))
        .collect();
    for task in tasks {
        R::join(task).await;
    }
}

/// How many steps make a grain here. The quickest of some tries is the one nobody disturbed.
pub(super) fn calibrate() -> u32 {
    const TRIAL: u32 = 200_000;
    let trial = || {
        let started = now();
        grind(TRIAL);
        started.elapsed()
    };
    let best = (0..20).map(|_| trial()).min().expect("there were tries");
    let steps = GRAIN.as_secs_f64() / best.as_secs_f64() * f64::from(TRIAL);
    // The quotient is a few thousand: it fits, and a fraction of a step does not matter.
    steps as u32
}

/// Arithmetic in which each step needs the one before.
fn grind(steps: u32) -> u64 {
    let start = black_box(u64::from(steps));
    (0..steps).fold(start, |x, _| {
        black_box(x.wrapping_mul(6_364_136_223_846_793_005) ^ (x >> 7))
    })
}
