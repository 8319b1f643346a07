//! The 20th Fibonacci number by recursion, a task for each call: fork and join with nothing else.

use super::{Plan, TWO};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::Runtime;

const N: u32 = 20;
/// `fib(20)`, to see that nothing was lost.
const VALUE: u64 = 6_765;
/// Calls it takes: `2 * fib(21) - 1`.
const CALLS: usize = 21_891;

pub(super) fn run<R: Runtime>(plan: Plan) -> Vec<Reading> {
    R::run(TWO, async move {
        let once = || async { assert_eq!(R::join(fib::<R>(N)).await, VALUE) };
        let (usage, turns) = repeat(plan, once).await;
        vec![Reading::per_op("20", "task", usage, turns * CALLS)]
    })
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
