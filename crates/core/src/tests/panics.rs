//! A panic ends its task and nothing else (I7), and is seen exactly once.

use std::future::{Future, pending, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};

use super::drops::Counter;
use super::toy::Toy;
use super::wakes::yield_now;
use crate::{Task, TaskError};

/// Panics when it is dropped, unless the thread panics already.
struct Bomb(&'static str);

impl Drop for Bomb {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("{}", self.0);
        }
    }
}

/// A future that holds a bomb and something to count, and is ready when `output` is there.
struct Mined<T> {
    output: Option<T>,
    _counted: super::drops::Counted,
    _bomb: Bomb,
}

impl<T: Unpin> Future for Mined<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        self.output.take().map_or(Poll::Pending, Poll::Ready)
    }
}

#[track_caller]
fn assert_panicked<T>(task: &mut Task<T>, message: &str) {
    match task.try_result() {
        Some(Err(TaskError::Panicked(panic))) => assert_eq!(panic.message(), Some(message)),
        Some(Err(TaskError::Cancelled)) => panic!("cancelled, not panicked"),
        Some(Ok(_)) => panic!("a value, no panic"),
        None => panic!("not done"),
    }
}

#[test]
fn fault_001_a_panic_is_kept_for_the_awaiter_and_the_others_go_on() {
    let toy = Toy::new();
    let payload = toy.spawn(async { std::panic::panic_any(41_u32) });
    let mut text = toy.spawn(async {
        yield_now().await;
        let number = 5;
        panic!("number {number}");
    });
    let mut other = toy.spawn(ready(1));
    let mut outer = toy.spawn(async move { payload.await.unwrap_err() });
    toy.settle();
    let error = outer.try_result().unwrap().unwrap();
    assert_eq!(error.into_panic().unwrap().downcast_ref::<u32>(), Some(&41));
    assert_panicked::<()>(&mut text, "number 5");
    assert_eq!(other.try_result().unwrap().unwrap(), 1);
    drop((text, other, outer));
    toy.assert_clean();
}

#[test]
fn a_panic_nobody_sees_reaches_the_loop_exactly_once() {
    for when in ["detached before", "detached after", "taken"] {
        let toy = Toy::new();
        let mut task: Task<()> = toy.spawn(async { panic!("lost") });
        let reference = task.handle();
        match when {
            "detached before" => {
                drop(task);
                toy.settle();
            }
            "detached after" => {
                toy.settle();
                assert_eq!(toy.unseen().len(), 0);
                drop(task);
            }
            _ => {
                toy.settle();
                assert_panicked(&mut task, "lost");
                drop(task);
            }
        }
        let expected = usize::from(when != "taken");
        assert_eq!(toy.unseen().len(), expected, "{when}");
        drop(reference);
        assert_eq!((toy.unseen().len(), toy.live()), (expected, 0), "{when}");
    }
}

#[test]
fn a_cancellation_nobody_sees_is_no_news() {
    let toy = Toy::new();
    let task = toy.spawn(pending::<()>());
    toy.settle();
    task.cancel();
    drop(task);
    toy.settle();
    toy.assert_clean();
}

#[test]
fn fault_003_a_future_that_panics_as_it_is_cancelled_is_freed_once() {
    let toy = Toy::new();
    let held = Counter::new();
    let mined = Mined::<()> {
        output: None,
        _counted: held.guard(),
        _bomb: Bomb("drop"),
    };
    let mut task = toy.spawn(mined);
    toy.settle();
    task.cancel();
    toy.settle();
    assert_panicked(&mut task, "drop");
    assert_eq!(held.dropped(), 1);
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_future_that_panics_as_it_is_dropped_outweighs_its_value() {
    let toy = Toy::new();
    let (held, made) = (Counter::new(), Counter::new());
    let output = Some(made.guard());
    let mut task = toy.spawn(Mined {
        output,
        _counted: held.guard(),
        _bomb: Bomb("drop"),
    });
    toy.settle();
    assert_panicked(&mut task, "drop");
    assert_eq!((held.dropped(), made.dropped()), (1, 1));
    drop(task);
    toy.assert_clean();
}

#[test]
fn fault_003_a_future_and_its_lost_value_may_both_panic() {
    let toy = Toy::new();
    let held = Counter::new();
    let output = Some(Bomb("value"));
    let mut task = toy.spawn(Mined {
        output,
        _counted: held.guard(),
        _bomb: Bomb("future"),
    });
    toy.settle();
    assert_panicked(&mut task, "future");
    assert_eq!(held.dropped(), 1);
    drop(task);
    toy.assert_clean();
}

#[test]
fn the_panic_of_a_poll_is_not_hidden_by_one_of_the_drop() {
    let toy = Toy::new();
    let bomb = Bomb("echo");
    let mut task: Task<()> = toy.spawn(poll_fn(move |_| {
        let _kept = &bomb;
        panic!("cause")
    }));
    toy.settle();
    assert_panicked(&mut task, "cause");
    drop(task);
    toy.assert_clean();
}

#[test]
fn fault_005_an_output_that_panics_as_it_is_dropped_is_freed_and_reported_once() {
    for detached_first in [false, true] {
        let toy = Toy::new();
        let task = toy.spawn(async { Bomb("output") });
        if detached_first {
            drop(task);
            toy.settle();
        } else {
            toy.settle();
            drop(task);
        }
        assert_eq!(toy.unseen(), ["output"], "detached first: {detached_first}");
        assert_eq!(toy.live(), 0, "detached first: {detached_first}");
    }
}

#[test]
fn a_late_value_that_panics_as_it_is_dropped_is_a_panic_of_the_task() {
    let toy = Toy::new();
    let mut task = toy.spawn(async {
        crate::TaskRef::current().unwrap().cancel();
        Bomb("late")
    });
    toy.settle();
    assert_panicked(&mut task, "late");
    drop(task);
    toy.assert_clean();
}

#[test]
fn a_payload_that_panics_as_it_is_dropped_stays_inside() {
    let toy = Toy::new();
    struct Echo(Bomb);
    impl Drop for Echo {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                std::panic::panic_any(Bomb("payload"));
            }
        }
    }
    let echo = Echo(Bomb("field"));
    let mut task: Task<()> = toy.spawn(poll_fn(move |_| {
        let _kept = &echo.0;
        panic!("cause")
    }));
    toy.settle();
    assert_panicked(&mut task, "cause");
    drop(task);
    toy.assert_clean();
}

#[test]
fn fault_006_a_foreign_waker_that_panics_at_its_wake_harms_nobody() {
    struct Angry;
    impl Wake for Angry {
        fn wake(self: Arc<Self>) {
            panic!("no");
        }
    }
    let toy = Toy::new();
    let mut task = toy.spawn(ready(2));
    let waker = Waker::from(Arc::new(Angry));
    assert!(
        task.poll_result(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(waker);
    toy.settle();
    assert_eq!(task.try_result().unwrap().unwrap(), 2);
    drop(task);
    toy.assert_clean();
}

#[test]
fn fault_006_a_foreign_waker_that_panics_at_its_drop_harms_nobody() {
    struct Sore(#[expect(dead_code, reason = "it is there to be dropped")] Bomb);
    impl Wake for Sore {
        fn wake(self: Arc<Self>) {
            std::mem::forget(self);
        }
    }
    let toy = Toy::new();
    let mut task = toy.spawn(ready(2));
    let waker = Waker::from(Arc::new(Sore(Bomb("waker"))));
    assert!(
        task.poll_result(&mut Context::from_waker(&waker))
            .is_pending()
    );
    // From here on the slot holds the last clone.
    drop(waker);
    drop(task);
    toy.settle();
    toy.assert_clean();
}

#[test]
fn fault_006_a_foreign_waker_that_panics_at_its_clone_can_be_replaced() {
    fn refuse(_: *const ()) -> RawWaker {
        panic!("no clones")
    }
    fn ignore(_: *const ()) {}
    static TABLE: RawWakerVTable = RawWakerVTable::new(refuse, ignore, ignore, ignore);
    let toy = Toy::new();
    let mut task = toy.spawn(ready(2));
    #[expect(unsafe_code, reason = "std's safe wakers cannot panic at their clone")]
    // SAFETY: the functions of the table ignore the pointer, so any pointer will do (I7).
    let waker = unsafe { Waker::new(std::ptr::null(), &TABLE) };
    let poll = AssertUnwindSafe(|| task.poll_result(&mut Context::from_waker(&waker)));
    assert!(catch_unwind(poll).is_err());
    assert!(
        task.poll_result(&mut Context::from_waker(Waker::noop()))
            .is_pending()
    );
    toy.settle();
    assert_eq!(task.try_result().unwrap().unwrap(), 2);
    drop(task);
    toy.assert_clean();
}

#[test]
fn an_error_says_what_happened() {
    let toy = Toy::new();
    let mut task: Task<()> = toy.spawn(async { panic!("spilled") });
    toy.settle();
    let error = task.try_result().unwrap().unwrap_err();
    assert!(error.is_panic() && !error.is_cancelled());
    assert_eq!(error.to_string(), "task panicked: spilled");
    let resumed = catch_unwind(AssertUnwindSafe(|| error.resume())).unwrap_err();
    assert_eq!(resumed.downcast_ref::<&str>(), Some(&"spilled"));
    assert_eq!(TaskError::Cancelled.to_string(), "task was cancelled");
    assert!(TaskError::Cancelled.into_panic().is_err());
}
