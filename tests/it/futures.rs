//! asyncio's `futures`: promises, and the done-callbacks of promises and tasks.

use std::future::{IntoFuture, pending};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bowerbird::{
    EventLoop, InvalidStateError, Promise, PromiseError, TaskRef, create_task, gather,
    get_running_loop, wait_for, yield_now,
};

use crate::bell::{Bell, Counted, Tally};
use crate::loops::{each_builder, inside_each, on_each, watched};

/// What callbacks wrote, in their order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u32>>>);

impl Log {
    fn add(&self, line: u32) {
        self.0.lock().unwrap().push(line);
    }

    fn lines(&self) -> Vec<u32> {
        self.0.lock().unwrap().clone()
    }

    async fn has(&self, count: usize) {
        while self.lines().len() < count {
            yield_now().await;
        }
    }
}

/// What the loop was told, since there was nobody else.
fn reports(event_loop: &EventLoop) -> Arc<Mutex<Vec<String>>> {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let desk = reports.clone();
    event_loop.set_exception_handler(Some(move |report: &bowerbird::Report| {
        desk.lock().unwrap().push(report.to_string());
    }));
    reports
}

#[test]
fn many_await_one_promise_and_each_gets_its_clone() {
    inside_each(async || {
        let promise = Promise::new();
        let waits = (0..20).map(|_| promise.clone().into_future());
        let waiting = gather(waits);
        yield_now().await;
        promise.set_result("set".to_string()).unwrap();
        for value in waiting.await.unwrap() {
            assert_eq!(value.unwrap(), "set");
        }
        assert_eq!((&promise).await.unwrap(), "set", "done ones do not wait");
        assert_eq!(promise.result().unwrap(), "set");
        assert!(promise.exception().unwrap().is_none());
    });
}

#[test]
fn a_promise_ends_once_and_a_second_end_changes_nothing() {
    inside_each(async || {
        let promise = Promise::new();
        assert!(matches!(
            promise.result(),
            Err(PromiseError::InvalidState(InvalidStateError::Pending))
        ));
        promise.set_result(1).unwrap();
        assert_eq!(promise.set_result(2), Err(InvalidStateError::Done));
        assert!(promise.set_exception(io::Error::other("late")).is_err());
        assert!(!promise.cancel());
        assert!(promise.is_done() && !promise.is_cancelled());
        assert_eq!(promise.await.unwrap(), 1);
    });
}

#[test]
fn a_cancelled_promise_tells_its_message_to_all() {
    inside_each(async || {
        let promise = Promise::<u32>::new();
        let wait = create_task(promise.clone().into_future());
        assert!(promise.cancel_with("enough"));
        assert!(promise.is_done() && promise.is_cancelled());
        let error = wait.await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "promise was cancelled: enough");
        let Err(PromiseError::Cancelled(Some(message))) = promise.result() else {
            panic!("it was cancelled");
        };
        assert_eq!(&*message, "enough");
    });
}

#[test]
fn everybody_gets_the_very_same_error() {
    inside_each(async || {
        let promise = Promise::<u32>::new();
        promise.set_exception(io::Error::other("no")).unwrap();
        let first = promise.exception().unwrap().unwrap();
        let Err(PromiseError::Failed(second)) = (&promise).await else {
            panic!("it failed");
        };
        assert!(first.is_same(&second));
        assert!(first.error().downcast_ref::<io::Error>().is_some());
    });
}

#[test]
fn a_dropped_wait_leaves_the_promise_and_the_others_alone() {
    inside_each(async || {
        let promise = Promise::new();
        let gives_up = wait_for(&promise, Duration::ZERO).await;
        assert!(gives_up.is_err() && !promise.is_done());
        let cancelled = create_task(promise.clone().into_future());
        let patient = create_task(promise.clone().into_future());
        yield_now().await;
        cancelled.cancel();
        assert!(cancelled.await.unwrap_err().is_cancelled());
        promise.set_result(5).unwrap();
        assert_eq!(patient.await.unwrap().unwrap(), 5);
    });
}

#[test]
fn callbacks_run_on_the_loop_in_order_and_never_inside_the_call() {
    inside_each(async || {
        let (promise, log) = (Promise::new(), Log::default());
        let is_setting = Arc::new(Mutex::new(()));
        let add = |line| {
            let (log, is_setting) = (log.clone(), is_setting.clone());
            promise.add_done_callback(move |promise: &Promise<u32>| {
                // On this very thread the lock would be held, and the attempt would fail for ever.
                drop(is_setting.lock().unwrap());
                assert_eq!(promise.result().unwrap(), 7);
                assert!(get_running_loop().is_ok());
                log.add(line);
            })
        };
        let ids: Vec<_> = (0..5).map(add).collect();
        assert!(promise.remove_done_callback(ids[3]));
        assert!(!promise.remove_done_callback(ids[3]), "it is gone");
        {
            let _setting = is_setting.lock().unwrap();
            promise.set_result(7).unwrap();
        }
        assert!(!promise.remove_done_callback(ids[4]), "it is on its way");
        add(9);
        log.has(5).await;
        assert_eq!(log.lines(), [0, 1, 2, 4, 9]);
    });
}

#[test]
fn a_callback_that_panics_is_reported_and_the_others_run() {
    inside_each(async || {
        let seen = reports(&get_running_loop().unwrap());
        let (promise, log) = (Promise::new(), Log::default());
        let (before, after) = (log.clone(), log.clone());
        promise.add_done_callback(move |_| before.add(1));
        promise.add_done_callback(|_| panic!("a bad callback"));
        promise.add_done_callback(move |_| after.add(2));
        promise.set_result(()).unwrap();
        log.has(2).await;
        assert_eq!(log.lines(), [1, 2]);
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 1);
        assert!(seen[0].contains("a bad callback"), "{seen:?}");
    });
}

#[test]
fn an_exception_that_nobody_reads_is_reported_exactly_once() {
    inside_each(async || {
        let seen = reports(&get_running_loop().unwrap());
        let failed = || {
            let promise = Promise::<u32>::new();
            promise.set_exception(io::Error::other("unread")).unwrap();
            promise
        };
        let unread = failed();
        let other = unread.clone();
        drop(unread);
        assert!(seen.lock().unwrap().is_empty(), "a handle is left");
        drop(other);
        assert_eq!(seen.lock().unwrap().len(), 1);
        assert!(seen.lock().unwrap()[0].contains("unread"));
        drop(failed().exception());
        drop(failed().await);
        failed().cancel();
        Promise::new().set_result(1).unwrap();
        Promise::<u32>::new().cancel();
        assert_eq!(seen.lock().unwrap().len(), 1);
    });
}

#[test]
fn a_promise_can_be_made_before_its_loop_runs_and_set_from_any_thread() {
    on_each(each_builder(), |event_loop| {
        let promise = event_loop.create_future::<u32>();
        let (far, log) = (promise.clone(), Log::default());
        let line = log.clone();
        promise.add_done_callback(move |_| line.add(1));
        let setter = std::thread::spawn(move || far.set_result(3));
        assert_eq!(event_loop.run_until_complete(&promise).unwrap().unwrap(), 3);
        setter.join().unwrap().unwrap();
        watched(|| event_loop.run_until_complete(log.has(1))).unwrap();
    });
}

#[test]
#[should_panic(expected = "no running event loop")]
fn a_promise_is_made_inside_a_loop_or_by_one() {
    let _promise = Promise::<u32>::new();
}

#[test]
fn a_pending_promise_that_goes_drops_its_callbacks() {
    inside_each(async || {
        let dropped = Tally::default();
        let (promise, guard) = (Promise::<u32>::new(), Counted(dropped.clone()));
        promise.add_done_callback(move |_| drop(guard));
        drop(promise);
        assert_eq!(dropped.count(), 1);
    });
}

#[test]
fn callbacks_of_a_task_run_in_order_and_after_it_and_soon_if_it_is_done() {
    inside_each(async || {
        let (bell, log) = (Bell::default(), Log::default());
        let wait = bell.clone();
        let task = create_task(async move { wait.rung().await });
        let id = task.id();
        let callback = |line| {
            let log = log.clone();
            move |task: &TaskRef| {
                assert!(task.is_done() && task.id() == id);
                log.add(line);
            }
        };
        let ids: Vec<_> = (0..5)
            .map(|line| task.add_done_callback(callback(line)))
            .collect();
        assert!(task.remove_done_callback(ids[2]));
        assert!(!task.remove_done_callback(ids[2]));
        bell.ring();
        log.has(4).await;
        task.add_done_callback(callback(8));
        task.add_done_callback(callback(9));
        log.has(6).await;
        assert_eq!(log.lines(), [0, 1, 3, 4, 8, 9]);
        assert!(!task.remove_done_callback(ids[0]));
    });
}

#[test]
fn a_panicking_callback_of_a_task_is_reported_and_the_others_run() {
    inside_each(async || {
        let seen = reports(&get_running_loop().unwrap());
        let (task, log) = (create_task(pending::<()>()), Log::default());
        let (before, after) = (log.clone(), log.clone());
        task.add_done_callback(move |_| before.add(1));
        task.add_done_callback(|_| panic!("a bad callback"));
        task.add_done_callback(move |_| after.add(2));
        task.cancel();
        log.has(2).await;
        assert_eq!(log.lines(), [1, 2]);
        assert_eq!(seen.lock().unwrap().len(), 1);
        assert!(seen.lock().unwrap()[0].contains("a bad callback"));
        assert!(task.await.unwrap_err().is_cancelled());
    });
}
