//! tasks: making, looking at, cancelling, waiting for.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bowerbird::{
    Cancelled, Context, ReturnWhen, Task, TaskError, TaskRef, TimeoutError, all_tasks,
    as_completed, catch_cancel, copy_context, create_local_task, create_task, current_task,
    finally, gather, interval, shield, sleep, sleep_until, task, try_gather, try_wait, wait,
    wait_for, yield_now,
};
use futures_lite::StreamExt;

use super::{LONG, SHORT, is_send};
use crate::loops::inside_each;

#[test]
fn tasks_are_made() {
    inside_each(async || {
        let plain: Task<i32> = create_task(async { 1 });
        let shared = Rc::new(2);
        let local: Task<i32> = create_local_task(async move { *shared });
        let context: Context = copy_context();
        let built: Task<i32> = task::Builder::new()
            .name("built")
            .context(context)
            .eager(true)
            .create_task(async { 3 });
        assert!(built.is_done(), "an eager task begins at once");
        assert_eq!(&*built.name(), "built");
        assert_eq!(plain.await.unwrap(), 1);
        assert_eq!(local.await.unwrap(), 2);
        assert_eq!(is_send(built.into_future()).await.unwrap(), 3);
    });
}

#[test]
fn a_task_is_looked_at_and_cancelled() {
    inside_each(async || {
        let mut task: Task<()> = create_task(std::future::pending());
        assert!(task.name().starts_with("Task-"));
        task.set_name("renamed");
        let handle: TaskRef = is_send(task.handle());
        assert_eq!((handle.id(), &*handle.name()), (task.id(), "renamed"));
        assert!(task.try_result().is_none() && !task.is_done());
        let callback = task.add_done_callback(|task: &TaskRef| assert!(task.is_done()));
        assert!(task.remove_done_callback(callback));
        assert_eq!((task.cancelling(), task.uncancel()), (0, 0));
        assert!(task.cancel_with("enough"));
        assert_eq!(task.cancelling(), 1);
        assert!(matches!((&mut task).await, Err(TaskError::Cancelled)));
        assert!(!task.cancel() && handle.is_cancelled() && handle.is_done());
    });
}

#[test]
fn a_panic_is_the_awaiters() {
    inside_each(async || {
        let failed = create_task(async { std::panic::resume_unwind(Box::new("payload")) });
        let failed: Task<()> = failed;
        let error: TaskError = failed.await.unwrap_err();
        assert!(matches!(error, TaskError::Panicked(_)));
        let payload = error.into_panic().unwrap();
        assert_eq!(*payload.downcast_ref::<&str>().unwrap(), "payload");
        assert!(TaskError::Cancelled.into_panic().is_err());
        let failed: Task<()> = create_task(async { std::panic::resume_unwind(Box::new(1)) });
        let error = failed.await.unwrap_err();
        let resumed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| error.resume()));
        assert_eq!(*resumed.unwrap_err().downcast_ref::<i32>().unwrap(), 1);
    });
}

#[test]
fn a_result_can_be_had_without_awaiting() {
    inside_each(async || {
        let mut task = create_task(async { 1 });
        while !task.is_done() {
            yield_now().await;
        }
        let result: Option<Result<i32, TaskError>> = task.try_result();
        assert_eq!(result.unwrap().unwrap(), 1);
        let mut task = create_task(std::future::pending::<()>());
        let none: Option<Result<(), TaskError>> = task.blocking_result(Duration::ZERO);
        assert!(none.is_none());
        let detached: TaskRef = task.handle();
        drop(task);
        assert!(!detached.is_done(), "dropping a handle detaches");
        detached.cancel();
    });
}

#[test]
fn a_request_is_caught_and_passed_on() {
    inside_each(async || {
        let caught = create_task(async {
            let caught: Result<(), Cancelled> = catch_cancel(std::future::pending()).await;
            let cancelled = caught.unwrap_err();
            assert_eq!(cancelled.message(), Some("why"));
            yield_now().await;
            cancelled.resume().await;
        });
        let cleaned = create_task(async {
            finally(std::future::pending::<()>(), async { yield_now().await }).await;
        });
        yield_now().await;
        sleep(SHORT).await;
        caught.cancel_with("why");
        cleaned.cancel();
        assert!(caught.await.unwrap_err().is_cancelled());
        assert!(cleaned.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn gathers_keep_the_order() {
    inside_each(async || {
        let values: Result<Vec<i32>, TaskError> =
            is_send(gather((1..3).map(async |number| number))).await;
        assert_eq!(values.unwrap(), [1, 2]);
        let tasks = vec![create_task(async { 1 }), create_task(async { 2 })];
        let all: Vec<Result<i32, TaskError>> = gather(tasks).return_exceptions().await;
        assert_eq!(all.len(), 2);
        assert!(gather(Vec::<Task<()>>::new()).await.unwrap().is_empty());
        let (one, two) = gather!(async { 1 }, async { "two" }).await.unwrap();
        assert_eq!((one, two), (1, "two"));
    });
}

/// An error that a `try_gather` can make of a task's.
#[derive(Debug, PartialEq)]
struct Failed;

impl From<TaskError> for Failed {
    fn from(_: TaskError) -> Self {
        Self
    }
}

#[test]
fn gathers_see_into_results() {
    inside_each(async || {
        async fn half(number: i32) -> Result<i32, Failed> {
            if number % 2 == 0 {
                Ok(number / 2)
            } else {
                Err(Failed)
            }
        }
        let values: Result<Vec<i32>, Failed> = try_gather([half(2), half(4)]).await;
        assert_eq!(values.unwrap(), [1, 2]);
        assert_eq!(try_gather([half(2), half(3)]).await, Err(Failed));
        let pair: Result<(i32, i32), Failed> = bowerbird::try_gather!(half(2), half(4)).await;
        assert_eq!(pair.unwrap(), (1, 2));
    });
}

#[test]
fn waits_split_and_never_cancel() {
    inside_each(async || {
        let tasks: Vec<Task<()>> = vec![
            create_task(std::future::pending()),
            create_task(async {}),
            create_task(std::future::pending()),
        ];
        let ids: Vec<_> = tasks.iter().map(Task::id).collect();
        let first = wait(tasks).return_when(ReturnWhen::FirstCompleted);
        let (done, pending): (Vec<Task<()>>, Vec<Task<()>>) = first.await;
        assert_eq!(done[0].id(), ids[1]);
        assert_eq!([pending[0].id(), pending[1].id()], [ids[0], ids[2]]);
        let late = wait(pending).return_when(ReturnWhen::AllCompleted);
        let (done, pending) = late.timeout(SHORT).await;
        assert!(done.is_empty() && pending.iter().all(|task| !task.is_done()));
        pending.iter().for_each(|task| assert!(task.cancel()));
        let failing = [create_task(async { Err::<(), _>(1) })];
        let (failed, _) = try_wait(failing)
            .return_when(ReturnWhen::FirstException)
            .await;
        assert_eq!(failed.len(), 1);
    });
}

#[test]
fn results_come_as_they_are_ready() {
    inside_each(async || {
        let mut results = as_completed([create_task(async { 1 })]);
        assert_eq!(results.next().await.unwrap().unwrap(), 1);
        assert!(results.next().await.is_none());
        let stream = as_completed((1..3).map(async |number| number));
        let sum: Vec<Result<i32, TaskError>> = StreamExt::collect(stream).await;
        assert_eq!(sum.len(), 2);
        let mut late = as_completed([std::future::pending::<()>()]).timeout(SHORT);
        assert!(matches!(late.next().await, Some(Err(TimeoutError { .. }))));
        assert!(late.next().await.is_none());
    });
}

#[test]
fn limits_take_borrowed_futures_and_tasks() {
    inside_each(async || {
        let text = String::from("borrowed");
        let length: Result<usize, TimeoutError> = wait_for(async { text.len() }, LONG).await;
        assert_eq!(length.unwrap(), 8);
        assert!(wait_for(async { text.len() }, None).await.is_ok());
        let mut task = create_task(std::future::pending::<()>());
        assert!(wait_for(&mut task, SHORT).await.is_err());
        assert!(task.is_cancelled(), "the limit has waited for its end");
        assert!(
            wait_for(std::future::pending::<()>(), Duration::ZERO)
                .await
                .is_err()
        );
        assert!(wait_for(async {}, Duration::ZERO).await.is_ok());
    });
}

#[test]
fn a_shield_keeps_the_inner_task() {
    inside_each(async || {
        let inner = create_task(std::future::pending::<()>());
        let handle = inner.handle();
        drop(shield(inner));
        assert!(!handle.is_done());
        handle.cancel();
        let cancelled = create_task(std::future::pending::<()>());
        cancelled.cancel();
        assert!(shield(cancelled).await.unwrap_err().is_cancelled());
    });
}

#[test]
fn time_passes() {
    inside_each(async || {
        let begun = Instant::now_of_loop();
        sleep(SHORT).await;
        sleep_until(begun + SHORT).await;
        assert_eq!(sleep(SHORT).with_result(7).await, 7);
        let mut ticks = interval(SHORT);
        let first: Instant = ticks.tick().await;
        assert!(ticks.tick().await >= first + SHORT);
        assert!(Instant::now_of_loop() >= begun + SHORT);
        yield_now().await;
    });
}

/// The clock of the loop, which is the only one there is.
trait OfLoop {
    fn now_of_loop() -> Instant;
}

impl OfLoop for Instant {
    fn now_of_loop() -> Instant {
        bowerbird::get_running_loop().unwrap().time()
    }
}

#[test]
fn tasks_know_each_other() {
    inside_each(async || {
        let me: Option<TaskRef> = current_task();
        let all: Vec<TaskRef> = all_tasks();
        assert!(
            all.iter()
                .any(|task| task.id() == me.as_ref().unwrap().id())
        );
        let on_loop = bowerbird::get_running_loop().unwrap().all_tasks();
        assert_eq!(all.len(), on_loop.len());
        assert!(current_task().is_some_and(|task| !task.is_done()));
    });
    assert!(current_task().is_none());
}
