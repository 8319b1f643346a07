//! A million tasks that wait: how much memory each takes, and how long it takes to create them.
//!
//! A task counts once it was polled for the first time. In `pending` it then awaits nothing that
//! takes memory, so the reading is the task itself; in `sleeping` there is a timer more.

use std::future::{Future, pending as forever};
use std::time::Duration;

use super::{Plan, Point, TWO};
use crate::meter::{Meter, resident_bytes};
use crate::reading::Reading;
use crate::runtimes::{Runtime, Shape};
use crate::signal::Countdown;

/// How many tasks have not been polled yet.
static UNSTARTED: Countdown = Countdown::new();

pub(super) fn pending<R: Runtime>(plan: Plan) -> Vec<Reading> {
    measure::<R, _, _>(TWO, plan.pick(200_000, 1_000_000), forever)
}

pub(super) fn pending_at<R: Runtime>(_: Plan, point: Point) -> Vec<Reading> {
    measure::<R, _, _>(Shape::Workers(point.workers), point.size, forever)
}

pub(super) fn sleeping<R: Runtime>(plan: Plan) -> Vec<Reading> {
    measure::<R, _, _>(TWO, plan.pick(200_000, 1_000_000), an_hour::<R>)
}

pub(super) fn sleeping_at<R: Runtime>(_: Plan, point: Point) -> Vec<Reading> {
    measure::<R, _, _>(Shape::Workers(point.workers), point.size, an_hour::<R>)
}

fn an_hour<R: Runtime>() -> impl Future<Output = ()> + Send + 'static {
    R::sleep(Duration::from_secs(3_600))
}

fn measure<R, W, F>(shape: Shape, count: usize, wait: W) -> Vec<Reading>
where
    R: Runtime,
    W: Fn() -> F + Copy + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    R::run(shape, async move {
        // What a runtime allocates once is not charged to the tasks.
        fill::<R, _, _>(1_000, wait).await;
        let before = resident_bytes();
        let meter = Meter::start();
        fill::<R, _, _>(count, wait).await;
        let usage = meter.stop();
        let grown = resident_bytes().saturating_sub(before);
        vec![
            Reading::lower("size", "bytes/task", grown as f64 / count as f64),
            Reading::per_op("create", "task", usage, count),
        ]
    })
}

async fn fill<R, W, F>(count: usize, wait: W)
where
    R: Runtime,
    W: Fn() -> F + Copy + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    UNSTARTED.reset(count);
    for _ in 0..count {
        R::detach(R::spawn(async move {
            UNSTARTED.tick();
            wait().await;
        }));
    }
    UNSTARTED.zero().await;
}
