//! Spawn tasks nobody joins: from a worker, and from one and two threads outside of the runtime.

use std::thread;

use super::{Plan, TWO};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::Runtime;
use crate::signal::Countdown;

/// Enough for the start of a thread not to count.
const TASKS: usize = 100_000;

static UNFINISHED: Countdown = Countdown::new();

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let (usage, turns) = repeat(plan, from_a_worker::<R>).await;
        let mut readings = vec![Reading::per_op("worker", "task", usage, turns * TASKS)];
        for (case, threads) in [("1 thread", 1), ("2 threads", 2)] {
            let (usage, turns) = repeat(plan, || from_threads::<R>(TASKS, threads)).await;
            readings.push(Reading::per_op(case, "task", usage, turns * TASKS));
        }
        readings
    })
}

async fn from_a_worker<R: Runtime>() {
    UNFINISHED.reset(TASKS);
    for _ in 0..TASKS {
        R::detach(R::spawn(async { UNFINISHED.tick() }));
    }
    UNFINISHED.zero().await;
}

/// `threads` is a divisor of `tasks`.
pub(super) async fn from_threads<R: Runtime>(tasks: usize, threads: usize) {
    UNFINISHED.reset(tasks);
    for _ in 0..threads {
        let remote = R::remote();
        thread::spawn(move || {
            for _ in 0..tasks / threads {
                R::detach(R::spawn_from(&remote, async { UNFINISHED.tick() }));
            }
        });
    }
    UNFINISHED.zero().await;
}
