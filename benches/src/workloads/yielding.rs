//! 200 tasks that give way to each other 1,000 times each.

use super::{Plan, TWO};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::Runtime;

const TASKS: usize = 200;
const YIELDS: usize = 1_000;

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let (usage, turns) = repeat(plan, || all_yield::<R>(TASKS, YIELDS)).await;
        vec![Reading::per_op("", "yield", usage, turns * TASKS * YIELDS)]
    })
}

pub(super) async fn all_yield<R: Runtime>(tasks: usize, yields: usize) {
    let one = || async move {
        for _ in 0..yields {
            R::yield_now().await;
        }
    };
    let tasks: Vec<_> = (0..tasks).map(|_| R::spawn(one())).collect();
    for task in tasks {
        R::join(task).await;
    }
}
