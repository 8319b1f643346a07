//! Create 100,000 timers and let them fire, each in a task of its own.
//!
//! They are due between 20 and 70 ms from their creation, so wall time says nothing and processor
//! time is the reading. How late they fire is measured in a turn of its own, since the looks at the
//! clock cost something, too.

use std::time::Duration;

use super::{Plan, TWO};
use crate::meter::{Meter, now};
use crate::reading::Reading;
use crate::runtimes::{Runtime, Shape};
use crate::summary::percentile;

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    let count = plan.pick(20_000, 100_000);
    let mut readings = measure::<R>(TWO, count);
    let mut late_us = R::run(TWO, all_fire_late::<R>(count));
    for percent in [50.0, 99.0] {
        let late = percentile(&mut late_us, percent);
        readings.push(Reading::lower(format!("p{percent}"), "us late", late));
    }
    readings
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

/// Neighbours in creation are no neighbours in time: the factor is odd and far from 50,000.
fn due(number: u64) -> Duration {
    Duration::from_micros(20_000 + number * 7_919 % 50_000)
}

async fn all_fire<R: Runtime>(count: usize) {
    let tasks: Vec<_> = (0..count as u64)
        .map(|number| R::spawn(R::sleep(due(number))))
        .collect();
    for task in tasks {
        R::join(task).await;
    }
}

/// How many microseconds after it was due each of them fired.
async fn all_fire_late<R: Runtime>(count: usize) -> Vec<f64> {
    let tasks: Vec<_> = (0..count as u64)
        .map(|number| {
            R::spawn(async move {
                let (created, length) = (now(), due(number));
                R::sleep(length).await;
                let late = created.elapsed().saturating_sub(length);
                late.as_secs_f64() * 1e6
            })
        })
        .collect();
    let mut late_us = Vec::with_capacity(count);
    for task in tasks {
        late_us.push(R::join(task).await);
    }
    late_us
}
