//! 1,000 pairs of tasks; in each, one sends the other a value and waits for the answer.

use super::{Plan, TWO};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::Runtime;
use crate::signal::oneshot;

const PAIRS: usize = 1_000;

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let (usage, turns) = repeat(plan, || all_pairs::<R>(PAIRS)).await;
        vec![Reading::per_op("", "pair", usage, turns * PAIRS)]
    })
}

pub(super) async fn all_pairs<R: Runtime>(count: usize) {
    let pairs: Vec<_> = (0..count).map(|_| R::spawn(ping::<R>())).collect();
    for pair in pairs {
        R::join(pair).await;
    }
}

/// Spawns its partner, so that a pair begins on one worker.
async fn ping<R: Runtime>() {
    let (ping, pinged) = oneshot();
    let (pong, ponged) = oneshot();
    R::detach(R::spawn(async move {
        pinged.await;
        pong.send(());
    }));
    ping.send(());
    ponged.await;
}
