//! Growth: the same workloads at other sizes and on other numbers of workers, to see what an
//! operation costs once there are many.
//!
//! `child` looks a series up in [`catalogue`] and calls it for one [`Point`]. The bodies are those
//! of the workloads. Sizes end at a million, which takes at most [`BYTES_EACH`] bytes apiece.

use std::future::Future;

use super::{
    Plan, channel, cpu_fanout, echo, fib, memory, ping_pong, remote_spawn, spawn_chain, spawn_join,
    timers, to_thread, yielding,
};
use crate::reading::Reading;
use crate::repeat::repeat;
use crate::runtimes::{Runtime, Shape};

/// What an operation of any series takes on any runtime, generously: two tasks and what they share.
pub(crate) const BYTES_EACH: u64 = 2_048;

/// What sizes are measured on, and the middle of the others.
pub(crate) const WORKERS: usize = 2;

/// How many of its sizes a look takes.
const QUICK_SIZES: usize = 2;

const THOUSAND_TO_MILLION: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// The same for what takes microseconds and not nanoseconds.
const THOUSAND_TO_LARGE: [usize; 3] = [1_000, 10_000, 100_000];

/// Descriptors are limited, and so are the ports of one address.
const CONNECTIONS: [usize; 3] = [100, 1_000, 10_000];

/// Tasks of `fib(14)`, `fib(19)`, `fib(24)` and `fib(28)`.
const FIB_TASKS: [usize; 4] = [1_219, 13_529, 150_049, 1_028_457];

/// Where on a curve a reading belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    /// How many at a time, of what the series counts.
    pub(crate) size: usize,
    pub(crate) workers: usize,
}

/// A workload on one runtime whose size can be chosen.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    /// From small to large; the second is measured with other numbers of workers, too.
    sizes: &'static [usize],
    /// Starts the runtime, measures, shuts it down.
    pub(crate) run: fn(Plan, Point) -> Vec<Reading>,
}

impl Series {
    /// All sizes with [`WORKERS`] workers, then one size with 1, 4 and 8.
    pub(crate) fn points(&self, plan: Plan) -> Vec<Point> {
        let at = |size, workers| Point { size, workers };
        let sizes = self.sizes.iter().copied();
        let sizes = sizes.take(plan.pick(QUICK_SIZES, usize::MAX));
        let mut points: Vec<_> = sizes.map(|size| at(size, WORKERS)).collect();
        points.extend([1, 4, 8].map(|workers| at(self.sizes[1], workers)));
        points
    }
}

/// All series on `R`, in the order of the table.
pub(crate) fn catalogue<R: Runtime>() -> Vec<Series> {
    let of = |name, sizes, run| Series { name, sizes, run };
    let (far, near): (&[usize], &[usize]) = (&THOUSAND_TO_MILLION, &THOUSAND_TO_LARGE);
    vec![
        of("spawn_join", far, spawned::<R>),
        of("spawn_chain", far, chained::<R>),
        of("remote_spawn", far, from_a_thread::<R>),
        of("yield", far, yielding::<R>),
        of("ping_pong", far, paired::<R>),
        of("channel", far, sent::<R>),
        of("fib", &FIB_TASKS, forked::<R>),
        of("cpu_fanout", near, fanned_out::<R>),
        of("timers", far, timers_at::<R>),
        of("to_thread", near, blocking::<R>),
        of("echo", &CONNECTIONS, echo::at::<R>),
        of("memory_pending", far, memory::pending_at::<R>),
        of("memory_sleeping", far, memory::sleeping_at::<R>),
    ]
}

/// Repeats `body`, which gets the point's size; `ops` names its operations and says how many there
/// are for each of the size.
fn repeated<R, B, F>(plan: Plan, point: Point, ops: (&str, usize), mut body: B) -> Vec<Reading>
where
    R: Runtime,
    B: FnMut(usize) -> F + Send + 'static,
    F: Future<Output = ()> + Send,
{
    let Point { size, workers } = point;
    let measured = async move { repeat(plan, || body(size)).await };
    let (usage, turns) = R::run(Shape::Workers(workers), measured);
    let (op, each) = ops;
    vec![Reading::per_op("", op, usage, turns * size * each)]
}

fn spawned<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    repeated::<R, _, _>(plan, point, ("task", 1), spawn_join::spawn_and_join::<R>)
}

fn chained<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    let chain = |length| R::join(spawn_chain::link::<R>(length - 1));
    repeated::<R, _, _>(plan, point, ("task", 1), chain)
}

fn from_a_thread<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    let spawn = |tasks| remote_spawn::from_threads::<R>(tasks, 1);
    repeated::<R, _, _>(plan, point, ("task", 1), spawn)
}

fn yielding<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    const EACH: usize = 10;
    let body = |tasks| yielding::all_yield::<R>(tasks, EACH);
    repeated::<R, _, _>(plan, point, ("yield", EACH), body)
}

fn paired<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    repeated::<R, _, _>(plan, point, ("pair", 1), ping_pong::all_pairs::<R>)
}

fn sent<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    const EACH: usize = 4;
    let body = |producers| channel::all_through::<R>(producers, EACH);
    repeated::<R, _, _>(plan, point, ("message", EACH), body)
}

fn forked<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    repeated::<R, _, _>(plan, point, ("task", 1), fib::with_tasks::<R>)
}

fn fanned_out<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    let steps = cpu_fanout::calibrate();
    let body = move |tasks| cpu_fanout::fan_out::<R>(tasks, steps);
    repeated::<R, _, _>(plan, point, ("task", 1), body)
}

fn timers_at<R: Runtime>(_: Plan, point: Point) -> Vec<Reading> {
    timers::measure::<R>(Shape::Workers(point.workers), point.size)
}

fn blocking<R: Runtime>(plan: Plan, point: Point) -> Vec<Reading> {
    repeated::<R, _, _>(plan, point, ("job", 1), to_thread::burst::<R>)
}

#[cfg(test)]
mod tests;
