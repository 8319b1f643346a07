//! A task spawned by a worker that then stays busy.

use super::{BUSY, Flag, Plan, REST, Runtime, TWO, Trial, is_still, keep_busy, summarise, trials};
use crate::meter::now;
use crate::reading::Reading;

pub(crate) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let mut found = Vec::new();
        for _ in 0..trials(plan) {
            R::sleep(REST).await;
            found.push(R::join(R::spawn(trial::<R>())).await);
        }
        summarise(&found)
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
        Trial {
            is_in_time: is_still(&flag) || delay < BUSY / 2,
            delay,
        }
    });
    keep_busy(&is_busy);
    R::join(task).await
}
