//! A timer that comes due 1 ms after a worker got busy.
//!
//! The worker gets busy in a task that another timer has just woken: where one worker waits for
//! events on behalf of all, it is that one, and nobody is left to see the second timer.

use std::time::Duration;

use super::{Flag, Plan, REST, Runtime, TWO, Trial, is_still, keep_busy, summarise, trials};
use crate::meter::{Meter, now};
use crate::reading::Reading;

/// When the worker gets busy.
const FIRST: Duration = Duration::from_millis(2);
/// When the timer is due that the reading is about.
const SECOND: Duration = Duration::from_millis(3);

pub(crate) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let mut found = Vec::new();
        let meter = Meter::start();
        for _ in 0..trials(plan) {
            R::sleep(REST).await;
            found.push(trial::<R>().await);
        }
        summarise(&found, meter)
    })
}

async fn trial<R: Runtime>() -> Trial {
    let is_busy = Flag::default();
    let flag = is_busy.clone();
    let busy = R::spawn(async move {
        R::sleep(FIRST).await;
        keep_busy(&flag)
    });
    let timer = R::spawn(async move {
        let created = now();
        R::sleep(SECOND).await;
        let delay = created.elapsed().saturating_sub(SECOND);
        (is_still(&is_busy), delay)
    });
    let busy = R::join(busy).await;
    let (is_in_time, delay) = R::join(timer).await;
    Trial {
        is_in_time,
        delay,
        busy,
    }
}
