//! Create 100,000 timers and let them fire, each in a task of its own.
//!
//! They are due between 20 and 70 ms from their creation, so wall time says nothing and processor
//! time is the reading.

use std::time::Duration;

use super::{Plan, TWO};
use crate::meter::Meter;
use crate::reading::Reading;
use crate::runtimes::{Runtime, Shape};

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    measure::<R>(TWO, plan.pick(20_000, 100_000))
}

pub(super) fn measure<R: Runtime>(shape: Shape, count: usize) -> Vec<Reading> {
    R::run(shape, async move {
        all_fire::<R>(count / 10).await;
        let meter = Meter::start();
        all_fire::<R>(count).await;
        let usage = meter.stop();
        let cpu = usage.cpu.as_nanos() as f64 / count as f64;
        let switches = Some(usage.switches as f64 / count as f64);
        vec![Reading {
            switches,
            ..Reading::lower("", "cpu ns/timer", cpu)
        }]
    })
}

async fn all_fire<R: Runtime>(count: usize) {
    // Neighbours in creation are no neighbours in time: the factor is odd and far from 50,000.
    let due = |number: u64| Duration::from_micros(20_000 + number * 7_919 % 50_000);
    let tasks: Vec<_> = (0..count as u64)
        .map(|number| R::spawn(R::sleep(due(number))))
        .collect();
    for task in tasks {
        R::join(task).await;
    }
}
