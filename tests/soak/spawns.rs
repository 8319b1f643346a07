//! Storms of tasks that make tasks: on whichever worker, awaited, gathered, local, let go.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bowerbird::{Task, create_local_task, create_task, gather, sleep, yield_now};

use crate::ledger::Stage;

/// Tasks that were let go add themselves here. Relaxed throughout: it is looked at until it is
/// right.
type Strays = Arc<AtomicUsize>;

/// How many tasks ran, and how many more will that nobody awaits.
#[derive(Default)]
struct Sum {
    /// Those that were awaited.
    ran: usize,
    /// Those that should have been.
    wanted: usize,
    /// Those that were let go.
    strays: usize,
}

pub(crate) async fn run(mut stage: Stage) {
    let strays = Strays::default();
    let mut all = Sum::default();
    for _ in 0..1 + stage.dice.below(4) {
        let depth = 1 + stage.dice.below(4);
        let sum = grow(stage.fork(), strays.clone(), depth).await;
        all.ran += sum.ran;
        all.wanted += sum.wanted;
        all.strays += sum.strays;
    }
    let Sum { ran, wanted, .. } = all;
    let is_right = ran == wanted || stage.ledger.is_lenient();
    stage
        .ledger
        .check(is_right, || format!("{ran} tasks ran instead of {wanted}"));
    // One that is lost leaves this waiting, for the watchdog to find.
    while strays.load(Ordering::Relaxed) < all.strays {
        sleep(stage.dice.micros(500)).await;
    }
}

/// A tree of tasks, with its sum.
fn grow(
    mut stage: Stage,
    strays: Strays,
    depth: usize,
) -> Pin<Box<dyn Future<Output = Sum> + Send>> {
    Box::pin(async move {
        let _entry = stage.ledger.enter();
        for _ in 0..stage.dice.below(4) {
            yield_now().await;
        }
        let mut sum = Sum {
            ran: 1,
            wanted: 1,
            strays: 0,
        };
        if depth == 0 {
            return sum;
        }
        sum.strays = let_go(&mut stage, &strays);
        let children = 1 + stage.dice.below(5);
        let child = |_| create_task(grow(stage.fork(), strays.clone(), depth - 1));
        let children: Vec<Task<Sum>> = (0..children).map(child).collect();
        for part in harvest(&mut stage, children).await {
            sum.ran += part.ran;
            sum.wanted += part.wanted;
            sum.strays += part.strays;
        }
        let local = here(stage.fork());
        sum.wanted += 1;
        sum.ran += usize::from(stage.ledger.allow("a local task", local.await).is_some());
        sum
    })
}

/// Awaits all, in one of two ways.
async fn harvest(stage: &mut Stage, tasks: Vec<Task<Sum>>) -> Vec<Sum> {
    if stage.dice.is_one_in(2) {
        return stage
            .ledger
            .allow("a gather", gather(tasks).await)
            .unwrap_or_default();
    }
    let mut sums = Vec::new();
    for task in tasks {
        sums.extend(stage.ledger.allow("a child", task.await));
    }
    sums
}

/// Tasks whose handles are dropped at once: they run all the same.
fn let_go(stage: &mut Stage, strays: &Strays) -> usize {
    let count = stage.dice.below(4);
    for _ in 0..count {
        let (entry, strays) = (stage.ledger.enter(), strays.clone());
        let pauses = stage.dice.below(3);
        let stray = create_task(async move {
            let _entry = entry;
            for _ in 0..pauses {
                yield_now().await;
            }
            strays.fetch_add(1, Ordering::Relaxed);
        });
        stray.detach();
    }
    count
}

/// A task that stays on the worker that makes it.
fn here(mut stage: Stage) -> Task<()> {
    create_local_task(async move {
        let _entry = stage.ledger.enter();
        let home = std::thread::current().id();
        for _ in 0..stage.dice.below(3) {
            yield_now().await;
            let is_home = std::thread::current().id() == home;
            stage
                .ledger
                .check(is_home, || "a local task has moved".into());
        }
    })
}
