//! The 20th Fibonacci number by recursion, a task for each call: fork and join with nothing else.

use super::{Plan, TWO};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::Runtime;

const N: u32 = 20;

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let tasks = tasks_of(N);
        let (usage, turns) = repeat(plan, || with_tasks::<R>(tasks)).await;
        vec![Reading::per_op("20", "task", usage, turns * tasks)]
    })
}

/// The number that takes so many tasks, or the next one; checked, to see that nothing was lost.
pub(super) async fn with_tasks<R: Runtime>(tasks: usize) {
    let n = (0..).find(|n| tasks_of(*n) >= tasks);
    let n = n.expect("the numbers have no end");
    assert_eq!(R::join(fib::<R>(n)).await, number(n));
}

/// How many calls it takes.
fn tasks_of(n: u32) -> usize {
    usize::try_from(2 * number(n + 1) - 1).expect("as many tasks would not fit into memory")
}

/// The number itself, by adding.
fn number(n: u32) -> u64 {
    let (last, _) = (0..n).fold((0, 1), |(last, next), _| (next, last + next));
    last
}

fn fib<R: Runtime>(n: u32) -> R::Task<u64> {
    R::spawn(async move {
        if n < 2 {
            return u64::from(n);
        }
        let (one_less, two_less) = (fib::<R>(n - 1), fib::<R>(n - 2));
        R::join(one_less).await + R::join(two_less).await
    })
}

#[cfg(test)]
mod tests;
