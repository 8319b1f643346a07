//! Tasks that wait for the task they have spawned: 1,000 deep, and one after the other.

use super::{Plan, TWO};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::{Runtime, Shape};

/// How many tasks a turn spawns, in either case.
const LENGTH: usize = 1_000;

pub(super) fn on_workers<R: Runtime>(plan: Plan) -> Vec<Reading> {
    measure::<R>(plan, TWO)
}

pub(super) fn on_one_thread<R: Runtime>(plan: Plan) -> Vec<Reading> {
    measure::<R>(plan, Shape::CurrentThread)
}

fn measure<R: Runtime>(plan: Plan, shape: Shape) -> Vec<Reading> {
    R::run(shape, async move {
        let (deep, turns) = repeat(plan, || R::join(link::<R>(LENGTH - 1))).await;
        let deep = Reading::per_op("nested", "task", deep, turns * LENGTH);
        let (flat, turns) = repeat(plan, one_by_one::<R>).await;
        let flat = Reading::per_op("in turn", "task", flat, turns * LENGTH);
        vec![deep, flat]
    })
}

/// A task that spawns the next and waits for it, `below` times over.
pub(super) fn link<R: Runtime>(below: usize) -> R::Task<()> {
    R::spawn(async move {
        if below > 0 {
            R::join(link::<R>(below - 1)).await;
        }
    })
}

async fn one_by_one<R: Runtime>() {
    for _ in 0..LENGTH {
        R::join(R::spawn(async {})).await;
    }
}
