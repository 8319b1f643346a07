//! Doing the same thing until the reading is worth something.
//!
//! Workloads whose body takes micro- or milliseconds call [`repeat`] from inside the runtime.

use std::future::Future;

use crate::meter::{Meter, Usage};
use crate::workloads::Plan;

/// Runs `body` once unmeasured, then as often as fits into the plan's budget, at least three
/// times. Gives back what the measured turns used together, and how many they were.
pub(crate) async fn repeat<B, F>(plan: Plan, mut body: B) -> (Usage, usize)
where
    B: FnMut() -> F + Send,
    F: Future<Output = ()> + Send,
{
    body().await;
    let mut turns = 0;
    let began = crate::meter::now();
    let meter = Meter::start();
    while turns < 3 || began.elapsed() < plan.budget() {
        body().await;
        turns += 1;
    }
    (meter.stop(), turns)
}
