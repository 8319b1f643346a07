//! A timeout around a future that is ready at once, and around one that yields once.

use std::time::Duration;

use futures_lite::future;

use super::{Plan, TWO};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::Runtime;

/// Never reached.
const LIMIT: Duration = Duration::from_secs(30);
const CALLS: usize = 10_000;

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let (ready, turns) = repeat(plan, all_ready::<R>).await;
        let ready = Reading::per_op("ready", "call", ready, turns * CALLS);
        let (once, turns) = repeat(plan, all_yield_once::<R>).await;
        let once = Reading::per_op("yields once", "call", once, turns * CALLS);
        vec![ready, once]
    })
}

async fn all_ready<R: Runtime>() {
    for _ in 0..CALLS {
        R::timeout(LIMIT, future::ready(()))
            .await
            .expect("a ready future is in time");
    }
}

async fn all_yield_once<R: Runtime>() {
    for _ in 0..CALLS {
        R::timeout(LIMIT, future::yield_now())
            .await
            .expect("a yield is in time");
    }
}
