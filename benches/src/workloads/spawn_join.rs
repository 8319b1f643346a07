//! Spawn many empty tasks from a worker, then await them all.

use super::{Plan, TWO};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::{Runtime, Shape};

pub(super) fn on_workers<R: Runtime>(plan: Plan) -> Vec<Reading> {
    measure::<R>(plan, TWO)
}

pub(super) fn on_one_thread<R: Runtime>(plan: Plan) -> Vec<Reading> {
    measure::<R>(plan, Shape::CurrentThread)
}

fn measure<R: Runtime>(plan: Plan, shape: Shape) -> Vec<Reading> {
    R::run(shape, async move {
        let mut readings = Vec::new();
        for (case, count) in [("10k", 10_000), ("100k", 100_000)] {
            let (usage, turns) = repeat(plan, || spawn_and_join::<R>(count)).await;
            readings.push(Reading::per_op(case, "task", usage, turns * count));
        }
        readings
    })
}

pub(super) async fn spawn_and_join<R: Runtime>(count: usize) {
    let tasks: Vec<_> = (0..count).map(|_| R::spawn(async {})).collect();
    for task in tasks {
        R::join(task).await;
    }
}
