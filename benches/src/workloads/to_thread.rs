//! Empty jobs on the pool for blocking calls: one at a time, one after a rest, 20,000 at once.

use std::time::Duration;

use super::{Plan, TWO};
use crate::meter::{Meter, now};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::Runtime;
use crate::summary::{median, percentile};

const IN_TURN: usize = 500;
const BURST: usize = 20_000;
/// Long enough for every pool to have gone to sleep, not for its threads to end.
const REST: Duration = Duration::from_millis(3);

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let (usage, turns) = repeat(plan, in_turn::<R>).await;
        let warm = Reading::per_op("one at a time", "job", usage, turns * IN_TURN);
        let [cold, slowest] = after_rests::<R>(plan.pick(30, 200)).await;
        let (usage, turns) = repeat(plan, || burst::<R>(BURST)).await;
        let burst = Reading::per_op("burst of 20k", "job", usage, turns * BURST);
        vec![warm, cold, slowest, burst]
    })
}

async fn in_turn<R: Runtime>() {
    for _ in 0..IN_TURN {
        R::blocking(|| ()).await;
    }
}

/// What the rests themselves use is in it, as it is on every runtime.
async fn after_rests<R: Runtime>(count: usize) -> [Reading; 2] {
    let mut times_ns = Vec::new();
    let meter = Meter::start();
    for _ in 0..count {
        R::sleep(REST).await;
        let started = now();
        R::blocking(|| ()).await;
        times_ns.push(started.elapsed().as_nanos() as f64);
    }
    let usage = meter.stop();
    let slowest = percentile(&mut times_ns, 99.0);
    [
        Reading::lower("after a rest", "ns median", median(&mut times_ns)).with(usage, count),
        Reading::lower("after a rest p99", "ns", slowest),
    ]
}

pub(super) async fn burst<R: Runtime>(count: usize) {
    let jobs: Vec<_> = (0..count).map(|_| R::blocking(|| ())).collect();
    for job in jobs {
        job.await;
    }
}
