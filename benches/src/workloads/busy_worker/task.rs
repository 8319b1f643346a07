//! A task spawned by a worker that then stays busy.

use super::{BUSY, Flag, Plan, REST, Runtime, TWO, Trial, is_still, keep_busy, summarise, trials};
use crate::meter::{Meter, now};
use crate::reading::Reading;

pub(crate) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let mut found = Vec::new();
        let meter = Meter::start();
        for _ in 0..trials(plan) {
            R::sleep(REST).await;
            found.push(R::join(R::spawn(trial::<R>())).await);
        }
        summarise(&found, meter)
    })
}

/// One task for a trial, so that the main task is not in the spawner's way.
async fn trial<R: Runtime>() -> Trial {
    let is_busy = Flag::default();
    let flag = is_busy.clone();
    let spawned = now();
    let task = R::spawn(async move {
        let delay = spawned.elapsed();
        // The idle worker may be so quick that the flag is not up yet.
        (is_still(&flag) || delay < BUSY / 2, delay)
    });
    let busy = keep_busy(&is_busy);
    let (is_in_time, delay) = R::join(task).await;
    Trial {
        is_in_time,
        delay,
        busy,
    }
}
