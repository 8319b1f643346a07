//! How late a sleep of 1 ms and of 5 ms ends, on a runtime that has nothing else to do.

use std::time::Duration;

use super::{Plan, TWO};
use crate::meter::{Meter, now};
use crate::reading::Reading;
use crate::runtimes::Runtime;
use crate::summary::{mean, percentile};

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let mut readings = Vec::new();
        let lengths = [(1, plan.pick(60, 600)), (5, plan.pick(20, 150))];
        for (length_ms, count) in lengths {
            let length = Duration::from_millis(length_ms);
            let meter = Meter::start();
            let mut late_us = Vec::new();
            for _ in 0..count {
                let started = now();
                R::sleep(length).await;
                let late = started.elapsed().saturating_sub(length);
                late_us.push(late.as_secs_f64() * 1e6);
            }
            let usage = meter.stop();
            let case = format!("{length_ms} ms mean");
            readings.push(Reading::lower(case, "us late", mean(&late_us)).with(usage, count));
            for percent in [50.0, 99.0] {
                let case = format!("{length_ms} ms p{percent}");
                let late = percentile(&mut late_us, percent);
                readings.push(Reading::lower(case, "us late", late));
            }
        }
        readings
    })
}
