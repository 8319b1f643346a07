//! What a process costs that only waits: 10,000 timers, none of them due for an hour.

use std::time::Duration;

use super::{Plan, TWO};
use crate::meter::Meter;
use crate::reading::Reading;
use crate::runtimes::Runtime;
use crate::signal::Countdown;

const TIMERS: usize = 10_000;

static UNSTARTED: Countdown = Countdown::new();

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    let length = Duration::from_millis(plan.pick(200, 1_000));
    R::run(TWO, async move {
        UNSTARTED.reset(TIMERS);
        for _ in 0..TIMERS {
            R::detach(R::spawn(async {
                UNSTARTED.tick();
                R::sleep(Duration::from_secs(3_600)).await;
            }));
        }
        UNSTARTED.zero().await;
        // A runtime may spin for a moment before it rests; that is not what this is about.
        R::sleep(Duration::from_millis(50)).await;
        let meter = Meter::start();
        R::sleep(length).await;
        let usage = meter.stop();
        let seconds = usage.wall.as_secs_f64();
        vec![
            Reading::lower("processor", "us/s", usage.cpu.as_secs_f64() * 1e6 / seconds),
            Reading::lower("sleeps of threads", "/s", usage.switches as f64 / seconds),
        ]
    })
}
