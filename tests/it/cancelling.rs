//! asyncio's `tasks`: what `cancel` does, and what it does not.

use std::future::pending;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bowerbird::{TaskError, catch_cancel, create_task, current_task, sleep, wait_for, yield_now};

use crate::bell::{Bell, Counted, Tally};
use crate::loops::{inside_each, inside_each_pool};

#[test]
fn a_cancelled_task_is_dropped_where_it_waits_and_its_awaiter_learns() {
    inside_each(async || {
        let dropped = Tally::default();
        let (begun, counted) = (Bell::default(), Counted(dropped.clone()));
        let ring = begun.clone();
        let task = create_task(async move {
            let _counted = counted;
            ring.ring();
            pending::<()>().await;
        });
        begun.rung().await;
        assert!(task.cancel());
        assert!(matches!(task.await, Err(TaskError::Cancelled)));
        assert_eq!(dropped.count(), 1);
    });
}

#[test]
fn a_task_that_is_cancelled_before_its_first_poll_never_starts() {
    inside_each(async || {
        let (started, end) = (Bell::default(), Bell::default());
        let ring = started.clone();
        // Cancelled by its own creator, which no other worker can outrun: it holds this one's slot.
        let wait = end.clone();
        let outcome = create_task(async move {
            let inner = create_task(async move {
                wait.rung().await;
                ring.ring();
            });
            inner.cancel();
            end.ring();
            inner.await
        });
        assert!(outcome.await.unwrap().unwrap_err().is_cancelled());
        assert!(!started.is_rung());
    });
}

#[test]
fn cancelling_a_task_that_is_over_says_so_and_changes_nothing() {
    inside_each(async || {
        let mut task = create_task(async { 8 });
        while !task.is_done() {
            yield_now().await;
        }
        assert!(!task.cancel());
        assert_eq!(task.try_result().unwrap().unwrap(), 8);
    });
}

#[test]
fn a_task_says_whether_it_ended_as_a_cancelled_one() {
    inside_each(async || {
        let mut obeying = create_task(pending::<()>());
        let obeying_ref = obeying.handle();
        obeying.cancel();
        assert!((&mut obeying).await.is_err());
        // Also when the result is gone, and the handle.
        assert!(obeying.is_cancelled());
        drop(obeying);
        assert!(obeying_ref.is_done() && obeying_ref.is_cancelled());

        let begun = Bell::default();
        let ring = begun.clone();
        let mut refusing = create_task(async move {
            let waiting = async {
                ring.ring();
                pending::<()>().await;
            };
            catch_cancel(waiting).await.is_err()
        });
        begun.rung().await;
        assert!(refusing.cancel());
        assert!((&mut refusing).await.unwrap());
        assert!(refusing.is_done() && !refusing.is_cancelled());

        let mut panicking = create_task(async { panic!("on purpose") });
        assert!(!panicking.is_cancelled());
        assert!((&mut panicking).await.unwrap_err().is_panic());
        assert!(!panicking.is_cancelled());
    });
}

#[test]
fn a_dropped_await_cancels_the_task_it_owned() {
    inside_each(async || {
        let inner = create_task(pending::<()>());
        let inner_ref = inner.handle();
        let begun = Bell::default();
        let ring = begun.clone();
        let outer = create_task(async move {
            ring.ring();
            inner.await.is_err()
        });
        begun.rung().await;
        outer.cancel();
        assert!(outer.await.unwrap_err().is_cancelled());
        while !inner_ref.is_done() {
            yield_now().await;
        }
    });
}

#[test]
fn a_dropped_await_by_reference_leaves_the_task_alone() {
    inside_each(async || {
        let end = Bell::default();
        let wait = end.clone();
        let mut task = create_task(async move {
            wait.rung().await;
            9
        });
        // A future of its own around the reference, so that nothing but a drop can be its end.
        let waiting = async { (&mut task).await.unwrap() };
        let limited = wait_for(waiting, Duration::from_millis(1)).await;
        assert!(limited.is_err());
        assert!(!task.is_done());
        assert_eq!(task.cancelling(), 0);
        end.ring();
        assert_eq!(task.await.unwrap(), 9);
    });
}

#[test]
fn fault_022_a_running_task_is_cancelled_from_elsewhere_after_its_poll() {
    inside_each_pool(async || {
        // In a task of its own: the main future stays on its thread, which the poll may hold up.
        create_task(cancel_in_the_midst_of_a_poll()).await.unwrap();
    });
}

async fn cancel_in_the_midst_of_a_poll() {
    let (polling, cancelled) = (Bell::default(), Bell::default());
    let (ring, wait) = (polling.clone(), cancelled.clone());
    let alive = Arc::new(());
    let witness = alive.clone();
    let task = create_task(async move {
        ring.ring();
        wait.block_until_rung();
        // The request came during this poll; nothing was dropped under our feet.
        assert_eq!(Arc::strong_count(&witness), 2);
        pending::<()>().await;
    });
    polling.rung().await;
    assert!(task.cancel());
    assert_eq!(Arc::strong_count(&alive), 2);
    cancelled.ring();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn fault_023_a_task_that_cancels_itself_ends_at_its_next_await() {
    inside_each(async || {
        let (before, after) = (Bell::default(), Bell::default());
        let (first, second) = (before.clone(), after.clone());
        let task = create_task(async move {
            current_task().unwrap().cancel();
            first.ring();
            yield_now().await;
            second.ring();
        });
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(before.is_rung());
        assert!(!after.is_rung());
    });
}

#[test]
fn fault_024_a_cancel_out_of_the_drop_that_it_caused_drops_once() {
    struct CancelsAgain(Tally, Bell);

    impl Drop for CancelsAgain {
        fn drop(&mut self) {
            self.0.add();
            if let Some(task) = current_task() {
                task.cancel();
            }
            self.1.ring();
        }
    }

    inside_each(async || {
        let (dropped, bell) = (Tally::default(), Bell::default());
        let guard = CancelsAgain(dropped.clone(), bell.clone());
        let task = create_task(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        task.cancel();
        assert!(task.await.unwrap_err().is_cancelled());
        bell.rung().await;
        assert_eq!(dropped.count(), 1);
    });
}

#[test]
fn requests_are_counted_and_can_be_taken_back() {
    inside_each(async || {
        let task = create_task(async {
            let me = current_task().unwrap();
            me.cancel_with("not meant");
            assert_eq!(me.cancelling(), 1);
            assert_eq!(me.uncancel(), 0);
            yield_now().await;
            "went on"
        });
        assert_eq!(task.await.unwrap(), "went on");
    });
}

#[test]
fn fault_025_of_a_completion_and_a_cancel_at_once_one_is_seen() {
    inside_each(async || {
        for _ in 0..200 {
            let dropped = Tally::default();
            let value = Counted(dropped.clone());
            let task = create_task(async move {
                yield_now().await;
                value
            });
            let request = task.handle();
            let canceller = thread::spawn(move || request.cancel());
            match task.await {
                Ok(value) => drop(value),
                Err(error) => assert!(error.is_cancelled()),
            }
            assert_eq!(dropped.count(), 1);
            canceller.join().unwrap();
        }
    });
}

#[test]
fn a_cancelled_sleep_takes_its_timer_along() {
    inside_each(async || {
        let event_loop = bowerbird::get_running_loop().unwrap();
        let before = event_loop.metrics().timers;
        let sleepers: Vec<_> = (0..100)
            .map(|_| create_task(sleep(Duration::from_secs(3600))))
            .collect();
        while event_loop.metrics().timers < before + 100 {
            yield_now().await;
        }
        for sleeper in sleepers {
            sleeper.cancel();
            assert!(sleeper.await.unwrap_err().is_cancelled());
        }
        assert_eq!(event_loop.metrics().timers, before);
    });
}
