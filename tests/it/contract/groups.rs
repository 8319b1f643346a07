//! futures, taskgroups, timeouts, introspection.

use std::time::{Duration, Instant};

use bowerbird::{
    EventLoop, InvalidStateError, Promise, PromiseError, Task, TaskDump, TaskGroup, TaskGroupError,
    TaskState, Timeout, TimeoutError, create_task, get_running_loop, sleep, timeout, timeout_at,
    timeout_scope,
};

use super::{LONG, SHORT};
use crate::bell::Tally;
use crate::loops::inside_each;

#[test]
fn a_promise_is_kept_once() {
    inside_each(async || {
        let promise: Promise<i32> = Promise::new();
        assert!(matches!(
            promise.result(),
            Err(PromiseError::InvalidState(_))
        ));
        let (called, removed) = (Tally::default(), Tally::default());
        let (note, never) = (called.clone(), removed.clone());
        promise.add_done_callback(move |promise: &Promise<i32>| {
            assert_eq!(promise.result().unwrap(), 5);
            note.add();
        });
        let id = promise.add_done_callback(move |_| never.add());
        assert!(promise.remove_done_callback(id));
        let kept: Result<(), InvalidStateError> = promise.set_result(5);
        kept.unwrap();
        assert_eq!(called.count(), 0, "callbacks never run inside `set_result`");
        assert!(promise.set_result(6).is_err());
        let awaited: Result<i32, PromiseError> = promise.clone().await;
        assert_eq!((awaited.unwrap(), (&promise).await.unwrap()), (5, 5));
        assert!(promise.is_done() && !promise.is_cancelled() && !promise.cancel());
        assert!(promise.exception().unwrap().is_none());
        while called.count() == 0 {
            bowerbird::yield_now().await;
        }
        assert_eq!(removed.count(), 0);
    });
}

#[test]
fn a_promise_is_broken_or_cancelled() {
    inside_each(async || {
        let broken: Promise<i32> = get_running_loop().unwrap().create_future();
        broken.set_exception(std::io::Error::other("no")).unwrap();
        assert!(broken.set_exception(std::fmt::Error).is_err());
        assert!(matches!(broken.result(), Err(PromiseError::Failed(_))));
        assert_eq!(broken.exception().unwrap().unwrap().to_string(), "no");
        let cancelled: Promise<i32> = Promise::new();
        assert!(cancelled.cancel_with("enough") && cancelled.is_cancelled());
        assert!(matches!(cancelled.await, Err(PromiseError::Cancelled(_))));
    });
}

#[test]
fn a_group_gives_the_bodys_value() {
    inside_each(async || {
        let scope = TaskGroup::scope(async |tg| {
            let child: Task<i32> = tg.create_task(async { Ok::<_, String>(1) });
            tg.create_task(async {});
            tg.builder().name("named").create_task(async { Ok(2) });
            Ok(child.await.unwrap() + 1)
        });
        let value: Result<i32, TaskGroupError<String>> = scope.await;
        assert_eq!(value.unwrap(), 2);
    });
}

#[test]
fn a_group_reports_every_failure() {
    inside_each(async || {
        let scope = TaskGroup::scope(async |tg| {
            tg.create_task(async { Err::<(), _>("first") });
            tg.create_task(async {
                let wait = std::future::pending::<()>();
                bowerbird::finally(wait, async {}).await;
                Err::<(), _>("clean-up")
            });
            std::future::pending::<Result<(), &str>>().await
        });
        let error: TaskGroupError<&str> = scope.await.unwrap_err();
        assert!(error.errors().any(|&error| error == "first"));
        assert!(!error.failures().is_empty() && !error.is_cancelled());
        let cancelled = TaskGroup::scope(async |tg| {
            tg.cancel();
            std::future::pending::<Result<(), &str>>().await
        });
        assert!(cancelled.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn limits_end_their_own_scope() {
    inside_each(async || {
        let fine: Result<i32, TimeoutError> = timeout(LONG, async { 1 }).await;
        assert_eq!(fine.unwrap(), 1);
        assert!(timeout(SHORT, std::future::pending::<()>()).await.is_err());
        let past: Instant = get_running_loop().unwrap().time();
        assert!(timeout_at(past, sleep(LONG)).await.is_err());
        let inner = async { timeout(SHORT, sleep(LONG)).await };
        assert!(
            timeout(LONG, inner).await.unwrap().is_err(),
            "the inner one has fired"
        );
    });
}

#[test]
fn a_limit_moves_from_inside() {
    inside_each(async || {
        let body = timeout_scope(LONG, async |t: Timeout| {
            let when: Option<Instant> = t.when();
            assert!(when.is_some() && !t.expired());
            assert!(t.reschedule(None) && t.when().is_none());
            assert!(t.reschedule(when.map(|when| when - LONG)));
            sleep(LONG).await;
        });
        assert!(body.await.is_err());
    });
}

#[test]
fn the_tasks_of_a_loop_are_told() -> std::io::Result<()> {
    let event_loop = EventLoop::builder().debug(true).worker_threads(2).build()?;
    let dump: TaskDump = event_loop
        .run_until_complete(async {
            let inner = bowerbird::task::Builder::new()
                .name("inner")
                .create_task(std::future::pending::<()>());
            let id = inner.id();
            let outer = create_task(async { inner.await });
            sleep(Duration::from_millis(20)).await;
            let dump = get_running_loop().unwrap().dump_tasks();
            let info = dump.task(id).unwrap();
            assert_eq!((&*info.name, info.state), ("inner", TaskState::Waiting));
            assert!(info.location.is_some() && !info.awaited_by.is_empty());
            outer.cancel();
            bowerbird::print_call_graph();
            dump
        })
        .unwrap();
    assert!(dump.tasks().len() >= 3);
    assert!(dump.to_string().contains("inner"));
    Ok(())
}
