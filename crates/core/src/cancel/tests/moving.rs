//! Futures that are polled somewhere else next time, and receipts that are taken along.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::rc::Rc;

use super::super::{Delivery, catch_cancel, scope};
use super::properties::audit;
use super::toy::*;

#[test]
fn a_future_polled_by_another_task_is_that_ones_business() {
    let log = Log::default();
    let moving = shared(refuse(log.clone(), "moved", pending()));
    let mut old = Task::started(borrow(&moving));
    let mut new = Task::started(borrow(&moving));
    assert_eq!(old.request("stop"), Delivery::NoCatcher);
    assert_eq!(new.request("stop"), Delivery::Caught);
    new.run();
    assert_eq!(log.take(), ["moved: stop"]);
    assert_eq!(new.stand, Stand::Done(()));
}

#[test]
fn a_handle_follows_its_scope_to_another_task_and_a_request_goes_along() {
    let log = Log::default();
    let (scope, handle) = scoped(pass_on(log.clone(), "inside", pending()));
    let moving = Rc::new(std::cell::RefCell::new(scope));
    let old = Task::started(borrow(&moving));
    handle.request(text("told in the old task"));
    let new = Task::started(borrow(&moving));
    assert_eq!(log.take(), ["inside: told in the old task"]);
    assert!(matches!(&new.stand, Stand::Done(Err(_))));
    assert!(matches!(&old.stand, Stand::Running));
    assert_eq!(old.tree.len(), 1, "nothing was left behind");
}

#[test]
fn a_receipt_is_good_in_the_task_that_its_scope_moved_to() {
    let log = Log::default();
    let gate = Gate::default();
    let (scope, handle) = scoped(clean_up(log.clone(), "inside", gate.clone()));
    let moving = Rc::new(std::cell::RefCell::new(scope));
    let mut old = Task::started(borrow(&moving));
    handle.request(text("stop"));
    old.run();
    let mut new = Task::started(borrow(&moving));
    gate.open();
    new.run();
    assert_eq!(log.take(), ["inside: stop", "inside is clean"]);
    assert!(
        matches!(&new.stand, Stand::Done(Err(_))),
        "the scope ended, not the task"
    );
}

#[test]
fn a_task_polled_inside_the_poll_of_another_does_not_stand_in_its_scopes() {
    let log = Log::default();
    let inner = Rc::new(std::cell::RefCell::new(Task::new(refuse(
        log.clone(),
        "inner",
        pending(),
    ))));
    let nested = inner.clone();
    let mut outer = Task::started(scope(async move {
        nested.borrow_mut().poll();
        pending::<()>().await;
    }));
    assert_eq!(outer.request("stop"), Delivery::NoCatcher);
    assert_eq!(inner.borrow_mut().request("stop"), Delivery::Caught);
}

#[test]
fn a_receipt_taken_out_of_its_finished_scope_ends_the_task_when_resumed() {
    let (scope, handle) = scoped(catch_cancel(pending::<()>()));
    let mut task = Task::started(async move {
        match scope.await {
            Ok(Err(cancelled)) => match cancelled.resume().await {},
            _ => panic!("the scope gave the receipt away"),
        }
    });
    handle.request(None);
    task.run();
    assert!(task.is_cancelled());
}

#[test]
fn a_receipt_carried_out_of_an_outer_catcher_goes_on_from_there() {
    let log = Log::default();
    let inner = catch_cancel(catch_cancel(pending::<()>()));
    let body = async move {
        match inner.await {
            Ok(Err(cancelled)) => match cancelled.resume().await {},
            _ => panic!("the outer catcher finished with the receipt"),
        }
    };
    let mut task = Task::started(refuse(log.clone(), "outer", body));
    task.cancel("stop");
    assert_eq!(log.take(), ["outer: stop"]);
    assert_eq!(task.stand, Stand::Done(()));
}

#[test]
fn resuming_inside_a_new_catcher_reaches_that_one() {
    let log = Log::default();
    let seen = log.clone();
    let mut task = Task::started(async move {
        let Err(cancelled) = catch_cancel(pending::<()>()).await else {
            return;
        };
        let resumed = async { match cancelled.resume().await {} };
        refuse(seen, "around the resume", resumed).await;
    });
    task.cancel("stop");
    assert_eq!(log.take(), ["around the resume: stop"]);
    assert_eq!(task.stand, Stand::Done(()));
}

#[test]
fn a_future_awaited_again_in_another_scope_is_that_ones_content() {
    let log = Log::default();
    let gate = Gate::default();
    let (work, wait) = (refuse(log.clone(), "work", pending()), gate.clone());
    let (second, handle) = {
        let work = Rc::new(std::cell::RefCell::new(boxed(work)));
        let again = work.clone();
        let first = scope(poll_fn(move |cx| work.borrow_mut().as_mut().poll(cx)));
        let second = async move {
            select(boxed(async { drop(first.await) }), boxed(gate_then(wait))).await;
        };
        let (scope, handle) = scoped(poll_fn(move |cx| again.borrow_mut().as_mut().poll(cx)));
        (async move { (second.await, scope.await).1 }, handle)
    };
    let mut task = Task::started(second);
    gate.open();
    task.run();
    handle.request(text("stop"));
    task.run();
    assert_eq!(log.take(), ["work: stop"]);
    assert_eq!(task.stand, Stand::Done(Ok(())));
}

#[test]
fn a_handle_made_before_a_move_reaches_the_scope_after_it() {
    let log = Log::default();
    let (scope, handle) = scoped(pass_on(log.clone(), "inside", pending()));
    let moving = Rc::new(std::cell::RefCell::new(scope));
    let old = Task::started(borrow(&moving));
    let mut new = Task::started(borrow(&moving));
    assert!(handle.request(text("told after the move")));
    new.run();
    assert_eq!(log.take(), ["inside: told after the move"]);
    assert!(matches!(&new.stand, Stand::Done(Err(_))));
    assert!(matches!(&old.stand, Stand::Running));
}

#[test]
fn a_receipt_carried_out_of_an_outer_catcher_can_still_be_refused() {
    let log = Log::default();
    let inner = catch_cancel(catch_cancel(pending::<()>()));
    let body = async move {
        assert!(matches!(inner.await, Ok(Err(_refused))));
        pending::<()>().await;
    };
    let mut task = Task::started(refuse(log.clone(), "outer", body));
    task.cancel("stop");
    assert!(log.take().is_empty());
    assert_eq!(task.stand, Stand::Running);
}

#[test]
fn a_new_task_at_the_address_of_an_old_one_is_not_mistaken_for_it() {
    let moving = shared(refuse(Log::default(), "moved", pending()));
    let old = Task::started(borrow(&moving));
    old.tree.task_ended();
    let mut new = Task::at_the_place_of(&old, borrow(&moving));
    new.poll();
    assert_eq!(new.request("stop"), Delivery::Caught);
}

/// A catcher polled in the one scope or in the other, by a switch, in one task.
#[test]
fn a_told_catcher_that_is_polled_in_another_scope_of_the_task_takes_the_tasks_request_along() {
    let (log, is_second) = (Log::default(), Rc::new(Cell::new(false)));
    let moving = shared(refuse(log.clone(), "moved", pending()));
    let mut task = Task::started(join(vec![
        boxed(scope(polled_when(&is_second, false, borrow(&moving)))),
        boxed(scope(polled_when(&is_second, true, borrow(&moving)))),
    ]));
    task.is_owner = false;
    assert_eq!(task.request("stop"), Delivery::Caught);
    is_second.set(true);
    task.run();
    audit(&task.tree);
    assert_eq!(log.take(), ["moved: stop"]);
}

#[test]
fn a_told_catcher_that_leaves_the_scope_that_was_asked_lets_it_end() {
    let (log, is_second) = (Log::default(), Rc::new(Cell::new(false)));
    let moving = shared(refuse(log.clone(), "moved", pending()));
    let (first, handle) = scoped(polled_when(&is_second, false, borrow(&moving)));
    let seen = log.clone();
    let first = async move {
        if first.await.is_err() {
            seen.add("scope ended");
        }
    };
    let second = polled_when(&is_second, true, borrow(&moving));
    let mut task = Task::started(join(vec![boxed(first), boxed(second)]));
    task.is_owner = false;
    handle.request(text("stop"));
    is_second.set(true);
    task.run();
    audit(&task.tree);
    assert_eq!(log.take(), ["scope ended"]);
    assert_eq!(
        task.request("now"),
        Delivery::Caught,
        "the catcher lives on in its new place"
    );
}

/// Polls `future` only while the switch has the value.
fn polled_when<F: Future<Output = ()> + 'static>(
    switch: &Rc<Cell<bool>>,
    value: bool,
    future: F,
) -> impl Future<Output = ()> + use<F> {
    let (switch, mut future) = (switch.clone(), Box::pin(future));
    poll_fn(move |cx| {
        if switch.get() == value {
            future.as_mut().poll(cx)
        } else {
            std::task::Poll::Pending
        }
    })
}
