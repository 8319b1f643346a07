//! Cancellation at every await: a program is run again and again, and ended where it waits for the
//! first time, then the second, and so on, until it comes through. Whatever is checked afterwards
//! must hold wherever it was ended (I8).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bowerbird::{all_tasks, create_task, current_task, yield_now};

use crate::bell::Tally;
use crate::loops::inside_each;

/// How a program is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// By a request, as `cancel` makes it: what wants to clean up does.
    Cancelled,
    /// By two, the second one wherever the first one's clean-up waits next.
    CancelledTwice,
    /// Dropped, as the loser of a `select!` is: no clean-up runs.
    Dropped,
}

/// Waits between the end of a program and the check. Far more than any clean-up here needs; with
/// tasks that never end, the check fails instead of the test hanging.
const ROUNDS: usize = 100_000;

/// Runs `program` on a fresh `stage` each time, ends it at each of its awaits in turn, in each way
/// and on each kind of loop, waits until all its tasks are gone, and has `check` look at the stage.
#[track_caller]
pub(crate) fn at_every_await<S, F>(
    stage: impl Fn() -> S,
    program: impl Fn(Arc<S>) -> F,
    check: impl Fn(&S),
) where
    S: Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    inside_each(async || {
        for way in [Way::Cancelled, Way::CancelledTwice, Way::Dropped] {
            let mut at = 0;
            loop {
                let stage = Arc::new(stage());
                let reached = Tally::default();
                let program = program(stage.clone());
                let program = async {
                    program.await;
                    // There is one await at least, however quick the others were.
                    yield_now().await;
                };
                let task = create_task(Ended {
                    program: Some(Box::pin(program)),
                    way,
                    awaits_left: at,
                    reached: reached.clone(),
                });
                if let Err(error) = task.await {
                    assert!(error.is_cancelled(), "{way:?} at await {at}: {error}");
                }
                quiet(way, at).await;
                check(&stage);
                if reached.count() == 0 {
                    break;
                }
                at += 1;
            }
        }
    });
}

/// Waits until the program's tasks are gone.
async fn quiet(way: Way, at: usize) {
    for _ in 0..ROUNDS {
        if all_tasks().len() == 1 {
            return;
        }
        yield_now().await;
    }
    panic!("{way:?} at await {at}: tasks are left: {:?}", all_tasks());
}

/// A program, ended where it has waited so often.
struct Ended<F> {
    program: Option<Pin<Box<F>>>,
    way: Way,
    awaits_left: usize,
    /// Whether it came to that.
    reached: Tally,
}

impl<F: Future<Output = ()>> Future for Ended<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(program) = &mut self.program else {
            return Poll::Ready(());
        };
        if program.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if self.awaits_left > 0 {
            self.awaits_left -= 1;
            return Poll::Pending;
        }
        let is_first = self.reached.count() == 0;
        self.reached.add();
        match self.way {
            Way::Cancelled if !is_first => {}
            Way::CancelledTwice if self.reached.count() > 2 => {}
            Way::Cancelled | Way::CancelledTwice => {
                current_task().unwrap().cancel();
            }
            Way::Dropped => {
                self.program = None;
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}

mod programs;

mod outside;
