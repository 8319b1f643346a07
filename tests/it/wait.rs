//! asyncio's `wait`.

use std::future::pending;
use std::time::Duration;

use bowerbird::{ReturnWhen, Task, create_task, try_wait, wait, yield_now};

use crate::bell::{Bell, Counted, Tally};
use crate::loops::inside_each;

const SHORT: Duration = Duration::from_millis(2);

const LONG: Duration = Duration::from_secs(3600);

/// Rings when its task goes on, and gives its number.
async fn after(bell: Bell, number: u32) -> u32 {
    bell.rung().await;
    number
}

fn values(done: &mut [Task<u32>]) -> Vec<u32> {
    let value = |task: &mut Task<u32>| task.try_result().unwrap().unwrap();
    done.iter_mut().map(value).collect()
}

/// Ends the tasks, so that none of them outlives its test.
async fn end(tasks: Vec<Task<u32>>) {
    for task in tasks {
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
    }
}

#[test]
fn it_waits_for_all_and_keeps_the_order_given() {
    inside_each(async || {
        let bells: Vec<Bell> = (0..3).map(|_| Bell::default()).collect();
        let tasks: Vec<_> = (0..3)
            .map(|at| create_task(after(bells[at as usize].clone(), at)))
            .collect();
        let ringer = create_task(async move {
            for bell in bells.iter().rev() {
                bell.ring();
                yield_now().await;
            }
        });
        let (mut done, pending) = wait(tasks).await;
        assert!(pending.is_empty());
        assert_eq!(values(&mut done), [0, 1, 2]);
        ringer.await.unwrap();
    });
}

#[test]
fn nothing_to_wait_for_is_two_empty_parts_at_once() {
    inside_each(async || {
        for enough in [
            ReturnWhen::FirstCompleted,
            ReturnWhen::FirstException,
            ReturnWhen::AllCompleted,
        ] {
            let none: Vec<Task<()>> = Vec::new();
            let (done, pending) = wait(none).return_when(enough).timeout(LONG).await;
            assert!(done.is_empty() && pending.is_empty());
        }
    });
}

#[test]
fn the_first_that_is_done_is_enough_and_the_others_come_back_alive() {
    inside_each(async || {
        let (one, other) = (Bell::default(), Bell::default());
        let tasks = [
            create_task(after(one.clone(), 1)),
            create_task(after(other.clone(), 2)),
            create_task(after(one.clone(), 3)),
        ];
        other.ring();
        let (mut done, pending) = wait(tasks).return_when(ReturnWhen::FirstCompleted).await;
        assert_eq!((values(&mut done), pending.len()), (vec![2], 2));
        assert!(pending.iter().all(|task| task.cancelling() == 0));
        one.ring();
        let (mut done, pending) = wait(pending).await;
        assert_eq!((values(&mut done), pending.len()), (vec![1, 3], 0));
    });
}

#[test]
fn what_is_done_already_is_enough_without_a_wait() {
    inside_each(async || {
        let done_before = create_task(async { 1 });
        while !done_before.is_done() {
            yield_now().await;
        }
        let endless = create_task(pending());
        let (mut done, pending) = wait([endless, done_before])
            .return_when(ReturnWhen::FirstCompleted)
            .await;
        assert_eq!(values(&mut done), [1]);
        end(pending).await;
    });
}

#[test]
fn the_first_panic_is_enough_and_a_cancelled_task_is_not() {
    inside_each(async || {
        let (endless, cancelled) = (create_task(pending::<u32>()), create_task(pending()));
        cancelled.cancel();
        while !cancelled.is_done() {
            yield_now().await;
        }
        let fine = create_task(async { 1 });
        let bell = Bell::default();
        let last = bell.clone();
        let failing = create_task(async move {
            last.rung().await;
            panic!("enough");
        });
        let tasks = [endless, cancelled, fine, failing];
        let waiting =
            create_task(async { wait(tasks).return_when(ReturnWhen::FirstException).await });
        for _ in 0..50 {
            yield_now().await;
        }
        assert!(!waiting.is_done());
        bell.ring();
        let (mut done, pending) = waiting.await.unwrap();
        assert_eq!((done.len(), pending.len()), (3, 1));
        assert!(done[0].try_result().unwrap().unwrap_err().is_cancelled());
        assert_eq!(done[1].try_result().unwrap().unwrap(), 1);
        assert!(done[2].try_result().unwrap().unwrap_err().is_panic());
        end(pending).await;
    });
}

#[test]
fn an_err_is_enough_for_try_wait_and_for_nobody_else() {
    inside_each(async || {
        let failing = || create_task(async { Err::<u32, _>("no") });
        let fine = || create_task(async { Ok::<u32, &str>(1) });
        let endless = create_task(pending::<Result<u32, &str>>());
        let (done, pending) = try_wait([endless, failing()])
            .return_when(ReturnWhen::FirstException)
            .await;
        assert_eq!((done.len(), pending.len()), (1, 1));
        pending[0].cancel();
        let (done, pending) = wait([failing(), fine()])
            .return_when(ReturnWhen::FirstException)
            .await;
        assert_eq!((done.len(), pending.len()), (2, 0));
    });
}

#[test]
fn all_done_is_enough_though_nobody_failed() {
    inside_each(async || {
        let tasks = [1, 2].map(|number| create_task(async move { number }));
        let (mut done, pending) = wait(tasks).return_when(ReturnWhen::FirstException).await;
        assert_eq!((values(&mut done), pending.len()), (vec![1, 2], 0));
    });
}

#[test]
fn a_timeout_cancels_nobody_and_is_no_error() {
    inside_each(async || {
        let bell = Bell::default();
        let tasks = [
            create_task(after(bell.clone(), 1)),
            create_task(async { 2 }),
        ];
        let (mut done, pending) = wait(tasks).timeout(SHORT).await;
        assert_eq!((values(&mut done), pending.len()), (vec![2], 1));
        assert_eq!(pending[0].cancelling(), 0);
        bell.ring();
        let (mut done, pending) = wait(pending).timeout(None).await;
        assert_eq!((values(&mut done), pending.len()), (vec![1], 0));
    });
}

#[test]
fn a_timeout_of_zero_lets_the_others_run_once() {
    inside_each(async || {
        let (done, pending) = wait([create_task(pending::<u32>())])
            .timeout(Duration::ZERO)
            .await;
        assert!(done.is_empty());
        end(pending).await;
    });
}

#[test]
fn a_dropped_wait_cancels_nobody_and_leaves_no_trace() {
    inside_each(async || {
        let (bell, begun) = (Bell::default(), Bell::default());
        let (held, ended) = (Tally::default(), Tally::default());
        let mut lent = create_task(after(bell.clone(), 1));
        let given = create_task({
            let (bell, ended) = (bell.clone(), ended.clone());
            async move {
                bell.rung().await;
                ended.add();
                1
            }
        });
        let (ring, guard) = (begun.clone(), Counted(held.clone()));
        let waiting = create_task(async move {
            let _guard = guard;
            ring.ring();
            wait([given]).await
        });
        begun.rung().await;
        {
            let borrowed = wait([&mut lent]).timeout(Duration::ZERO).await;
            assert_eq!((borrowed.0.len(), borrowed.1.len()), (0, 1));
        }
        waiting.cancel();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(held.count(), 1);
        bell.ring();
        assert_eq!(lent.await.unwrap(), 1);
        while ended.count() == 0 {
            yield_now().await;
        }
    });
}

#[test]
fn ten_thousand_tasks_are_waited_for_with_work_for_each_only_once() {
    inside_each(async || {
        let wakes = Tally::default();
        let tasks: Vec<_> = (0..10_000_u32)
            .map(|number| {
                create_task(async move {
                    yield_now().await;
                    number
                })
            })
            .collect();
        let (mut done, pending) = counting(&wakes, wait(tasks)).await;
        assert_eq!((done.len(), pending.len()), (10_000, 0));
        assert_eq!(values(&mut done), (0..10_000).collect::<Vec<_>>());
        assert!(wakes.count() <= 10_001, "{} polls", wakes.count());
    });
}

/// Counts the polls of a future.
async fn counting<F: Future>(polls: &Tally, future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        polls.add();
        future.as_mut().poll(cx)
    })
    .await
}
