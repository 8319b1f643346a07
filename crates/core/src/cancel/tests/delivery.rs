//! Who gets a request, what ends, and what is refused.

use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::super::{Delivery, Ended, ScopeHandle, catch_cancel, scope};
use super::properties::audit;
use super::toy::*;

#[test]
fn a_future_that_is_ready_at_once_enters_no_tree() {
    let task = Task::started(async { scope(catch_cancel(async { 7 })).await });
    assert!(matches!(task.stand, Stand::Done(Ok(Ok(7)))));
    assert_eq!(Arc::strong_count(&task.tree), 1);
}

/// Scopes and catchers in turn, a hundred and fifty deep: more than can be noted in bits.
fn nested(log: &Log, innermost: Boxed<()>) -> Boxed<()> {
    (0..150).fold(innermost, |body, depth| match depth % 3 {
        0 => boxed(pass_on(log.clone(), "catcher", body)),
        _ => boxed(async { scope(body).await.unwrap_or(()) }),
    })
}

#[test]
fn futures_that_are_ready_at_once_enter_no_tree_however_deep_they_stand() {
    let task = Task::started(nested(&Log::default(), boxed(async {})));
    assert_eq!(task.stand, Stand::Done(()));
    assert_eq!(Arc::strong_count(&task.tree), 1);
}

#[test]
fn a_request_reaches_the_catchers_of_any_depth_and_all_on_its_way_out() {
    let log = Log::default();
    let mut task = Task::started(nested(&log, boxed(pending())));
    task.cancel("stop");
    assert_eq!(log.take(), ["catcher: stop"; 50]);
    assert!(task.is_cancelled());
}

#[test]
fn a_task_without_catchers_is_left_to_the_cell() {
    let mut task = Task::started(async { scope(pending::<()>()).await });
    assert_eq!(task.request("stop"), Delivery::NoCatcher);
    assert!(task.is_cancelled());
}

#[test]
fn the_innermost_catcher_gets_the_request_and_the_outer_one_none() {
    let log = Log::default();
    let inner = refuse(log.clone(), "inner", pending());
    let mut task = Task::started(refuse(log.clone(), "outer", inner));
    task.cancel("stop");
    assert_eq!(log.take(), ["inner: stop"]);
    assert_eq!(task.stand, Stand::Done(()));
}

#[test]
fn a_request_that_is_passed_on_reaches_every_catcher_outwards_and_then_ends_the_task() {
    let log = Log::default();
    let inner = pass_on(log.clone(), "inner", pending());
    let middle = scope(pass_on(log.clone(), "middle", inner));
    let outer = pass_on(log.clone(), "outer", async { middle.await.unwrap_or(()) });
    let mut task = Task::started(outer);
    task.cancel("stop");
    assert_eq!(log.take(), ["inner: stop", "middle: stop", "outer: stop"]);
    assert!(task.is_cancelled());
}

#[test]
fn a_scope_without_catchers_drops_its_future_and_says_why() {
    let log = Log::default();
    let guard = OnDrop(log.clone(), "body");
    let (scope, handle) = scoped(async move {
        let _guard = guard;
        pending::<()>().await;
    });
    let mut task = Task::started(scope);
    assert!(handle.request(text("late")));
    assert!(
        log.take().is_empty(),
        "the owner drops it, not the requester"
    );
    task.run();
    assert_eq!(log.take(), ["body dropped"]);
    let Stand::Done(Err(ended)) = &task.stand else {
        panic!("the scope ended")
    };
    assert_eq!(ended.message(), Some("late"));
    assert!(!handle.request(None), "it is over");
}

#[test]
fn a_request_for_a_scope_reaches_no_catcher_outside_of_it() {
    let log = Log::default();
    let (scope, handle) = scoped(pass_on(log.clone(), "inside", pending()));
    let seen = log.clone();
    let body = async move {
        assert!(scope.await.is_err());
        seen.add("scope ended");
    };
    let mut task = Task::started(refuse(log.clone(), "outside", body));
    handle.request(text("stop"));
    task.run();
    assert_eq!(log.take(), ["inside: stop", "scope ended"]);
    assert_eq!(task.stand, Stand::Done(()));
}

#[test]
fn a_scope_that_refuses_returns_its_value() {
    let (scope, handle) = scoped(async { catch_cancel(pending::<()>()).await.is_err() });
    let mut task = Task::started(scope);
    handle.request(None);
    task.run();
    assert_eq!(task.stand, Stand::Done(Ok(true)));
}

#[test]
fn a_request_before_the_first_poll_means_that_the_body_never_runs() {
    let (scope, handle) = scoped(async { panic!("the body must not run") });
    handle.request(text("early"));
    let task = Task::started(scope);
    let Stand::Done(Err::<(), Ended>(ended)) = &task.stand else {
        panic!("the scope ended")
    };
    assert_eq!(ended.message(), Some("early"));
}

#[test]
fn a_request_from_inside_the_first_poll_is_delivered_at_the_next_await() {
    let log = Log::default();
    let inner = log.clone();
    let slot: Rc<std::cell::OnceCell<ScopeHandle>> = Rc::default();
    let own = slot.clone();
    let (scope, handle) = scoped(async move {
        own.get()
            .expect("set before the poll")
            .request(text("self"));
        refuse(inner, "catcher", pending()).await;
    });
    assert!(slot.set(handle).is_ok());
    let task = Task::started(scope);
    assert_eq!(log.take(), ["catcher: self"]);
    assert_eq!(task.stand, Stand::Done(Ok(())));
}

#[test]
fn two_requests_before_the_catcher_looks_are_one_and_the_first_message_wins() {
    let log = Log::default();
    let body = async {
        refuse(log.clone(), "one", pending()).await;
        refuse(log.clone(), "two", pending()).await;
    };
    let (scope, handle) = scoped(body);
    let mut scope = scope;
    // Borrowed data: polled here, by a task made of a reference would not do.
    let mut cx = Context::from_waker(Waker::noop());
    assert!(scope.as_mut().poll(&mut cx).is_pending());
    handle.request(text("first"));
    handle.request(text("second"));
    assert!(scope.as_mut().poll(&mut cx).is_pending());
    assert_eq!(log.take(), ["one: first"]);
}

#[test]
fn a_wider_request_takes_the_place_of_a_narrower_one_not_seen_yet() {
    let log = Log::default();
    let (scope, handle) = scoped(pass_on(log.clone(), "catcher", pending()));
    let mut task = Task::started(async move { scope.await.is_err() });
    handle.request(text("narrow"));
    task.cancel("wide");
    assert_eq!(log.take(), ["catcher: wide"]);
    assert!(task.is_cancelled(), "the request for the task was not lost");
}

#[test]
fn a_second_request_interrupts_the_clean_up() {
    let log = Log::default();
    let mut task = Task::started(clean_up(log.clone(), "a", Gate::default()));
    task.cancel("first");
    assert!(!task.is_cancelled());
    task.cancel("second");
    assert_eq!(log.take(), ["a: first"]);
    assert!(task.is_cancelled());
}

#[test]
fn a_second_request_goes_to_the_catchers_that_live_by_then() {
    let log = Log::default();
    let body = clean_up(log.clone(), "inner", Gate::default());
    let mut task = Task::started(refuse(log.clone(), "outer", body));
    task.cancel("first");
    task.cancel("second");
    assert_eq!(log.take(), ["inner: first", "outer: second"]);
    assert_eq!(task.stand, Stand::Done(()));
}

#[test]
fn all_innermost_catchers_get_it_and_the_scope_waits_for_the_last() {
    let log = Log::default();
    let (one, two) = (Gate::default(), Gate::default());
    let mut task = Task::started(join(vec![
        boxed(clean_up(log.clone(), "one", one.clone())),
        boxed(clean_up(log.clone(), "two", two.clone())),
    ]));
    task.cancel("stop");
    one.open();
    task.run();
    assert!(!task.is_cancelled(), "two still cleans up");
    two.open();
    task.run();
    assert!(task.is_cancelled());
    assert_eq!(
        log.take(),
        ["one: stop", "two: stop", "one is clean", "two is clean"]
    );
}

#[test]
fn an_outer_catcher_waits_for_all_inside_before_it_gets_the_request() {
    let log = Log::default();
    let (one, two) = (Gate::default(), Gate::default());
    let branches = join(vec![
        boxed(clean_up(log.clone(), "one", one.clone())),
        boxed(clean_up(log.clone(), "two", two.clone())),
    ]);
    let body = async move { drop(branches.await) };
    let mut task = Task::started(refuse(log.clone(), "outer", body));
    task.cancel("stop");
    two.open();
    task.run();
    assert_eq!(log.take(), ["one: stop", "two: stop", "two is clean"]);
    one.open();
    task.run();
    assert_eq!(log.take(), ["one is clean", "outer: stop"]);
    assert_eq!(task.stand, Stand::Done(()));
}

#[test]
fn a_branch_that_refuses_does_not_keep_the_scope_from_ending_when_another_passes_on() {
    let log = Log::default();
    let refusing = refuse(log.clone(), "refuses", pending());
    let mut task = Task::started(join(vec![
        boxed(pass_on(log.clone(), "passes", pending())),
        boxed(async move {
            refusing.await;
            pending().await
        }),
    ]));
    task.cancel("stop");
    assert_eq!(log.take(), ["passes: stop", "refuses: stop"]);
    assert!(task.is_cancelled());
}

#[test]
fn a_combinator_that_polls_only_woken_children_polls_the_catcher() {
    let log = Log::default();
    let inner = boxed(refuse(log.clone(), "inner", pending()));
    let nested = join_woken(vec![boxed(pending()), inner]);
    let body = boxed(async move { drop(nested.await) });
    let mut task = Task::started(join_woken(vec![boxed(pending()), body]));
    task.cancel("stop");
    assert_eq!(log.take(), ["inner: stop"]);
}

#[test]
fn a_catcher_dropped_before_it_looked_passes_the_request_on() {
    let log = Log::default();
    let gate = Gate::default();
    let race = select(
        boxed(gate_then(gate.clone())),
        boxed(refuse(log.clone(), "loser", pending())),
    );
    let body = async move {
        race.await;
        pending::<()>().await;
    };
    let mut task = Task::started(refuse(log.clone(), "outer", body));
    let _caught = task.request("stop");
    gate.open();
    task.run();
    assert_eq!(log.take(), ["outer: stop"]);
}

#[test]
fn a_clean_up_cut_short_by_an_inner_scope_does_not_lose_the_outer_request() {
    let log = Log::default();
    let (scope, handle) = scoped(clean_up(log.clone(), "inner", Gate::default()));
    let body = async move {
        assert!(scope.await.is_err());
        pending::<()>().await;
    };
    let mut task = Task::started(refuse(log.clone(), "outer", body));
    task.cancel("for the task");
    handle.request(text("for the scope"));
    task.run();
    assert_eq!(log.take(), ["inner: for the task", "outer: for the task"]);
}

#[test]
fn a_catcher_that_nobody_polls_any_more_does_not_hold_the_request_for_ever() {
    let log = Log::default();
    let asleep = boxed(refuse(log.clone(), "asleep", pending()));
    let mut task = Task::started(async move {
        let mut asleep = asleep;
        poll_fn(|cx| {
            assert!(asleep.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        pending::<()>().await;
    });
    task.cancel("stop");
    assert!(task.is_cancelled());
    assert!(task.polls < 20, "patience has an end: {}", task.polls);
}

#[test]
fn scopes_and_catchers_work_outside_of_every_task() {
    let log = Log::default();
    let (mut scope, handle) = scoped(refuse(log.clone(), "inside", pending()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(scope.as_mut().poll(&mut cx).is_pending());
    assert!(scope.as_mut().poll(&mut cx).is_pending());
    handle.request(text("stop"));
    assert_eq!(scope.as_mut().poll(&mut cx), Poll::Ready(Ok(())));
    assert_eq!(log.take(), ["inside: stop"]);
}

#[test]
fn a_request_from_another_thread_arrives() {
    let (scope, handle) = scoped(pass_on(Log::default(), "inside", pending()));
    let mut task = Task::started(scope);
    let thread = std::thread::spawn(move || handle.request(text("from afar")));
    assert!(thread.join().expect("it does not panic"));
    task.run();
    assert!(matches!(&task.stand, Stand::Done(Err(ended)) if ended.message() == Some("from afar")));
}

#[test]
fn deep_nesting_is_walked_without_a_stack() {
    let mut body: Boxed<()> = boxed(pending());
    for _ in 0..1000 {
        let inner = body;
        body = boxed(async move {
            if let Err(cancelled) = catch_cancel(inner).await {
                cancelled.resume().await;
            }
        });
    }
    let mut task = Task::started(body);
    task.cancel("stop");
    assert!(task.is_cancelled());
}

#[test]
fn a_catcher_that_fell_asleep_counts_no_longer() {
    let log = Log::default();
    let asleep = shared(refuse(log.clone(), "asleep", pending()));
    let left = asleep.clone();
    let body = async move {
        poll_fn(|cx| Poll::Ready(left.borrow_mut().as_mut().poll(cx).is_pending())).await;
        pending::<()>().await;
    };
    let outer = refuse(log.clone(), "outer", body);
    let mut task = Task::started(async move {
        outer.await;
        pending::<()>().await;
    });
    task.is_owner = false;
    task.cancel("first");
    assert_eq!(log.take(), ["outer: first"]);
    assert_eq!(task.request("second"), Delivery::NoCatcher);
    drop(asleep);
    task.end_now();
}

#[test]
fn what_a_closed_catcher_left_behind_is_not_inside_its_scope() {
    let log = Log::default();
    let seen = log.clone();
    let left = shared(async move {
        refuse(seen.clone(), "one", pending()).await;
        refuse(seen, "again", pending()).await;
    });
    let branches = vec![
        boxed(borrow(&left)),
        boxed(pass_on(log.clone(), "two", pending())),
    ];
    let mut task = Task::started(async move {
        let _cancelled = catch_cancel(join(branches)).await;
        pending::<()>().await;
    });
    task.is_owner = false;
    task.cancel("first");
    assert_eq!(log.take(), ["one: first", "two: first"]);
    assert_eq!(task.request("second"), Delivery::NoCatcher);
    drop(left);
    task.end_now();
}

#[test]
fn a_catcher_asleep_beside_one_that_cleans_up_is_not_told_again() {
    let log = Log::default();
    let asleep = shared(refuse(log.clone(), "asleep", pending()));
    let left = asleep.clone();
    let leaving = async move {
        poll_fn(|cx| Poll::Ready(left.borrow_mut().as_mut().poll(cx).is_pending())).await;
        pending::<()>().await;
    };
    let busy = clean_up(log.clone(), "busy", Gate::default());
    let mut task = Task::started(join(vec![boxed(leaving), boxed(busy)]));
    task.is_owner = false;
    task.cancel("first");
    assert_eq!(log.take(), ["busy: first"]);
    audit(&task.tree);
    assert_eq!(task.request("second"), Delivery::NoCatcher);
    drop(asleep);
    task.end_now();
}

#[test]
fn a_request_that_waits_inside_a_dropped_scope_goes_on_outwards() {
    let (log, gate) = (Log::default(), Gate::default());
    let branches = vec![
        boxed(clean_up(log.clone(), "one", Gate::default())),
        boxed(pass_on(log.clone(), "two", pending())),
    ];
    let (scope, _handle) = scoped(pass_on(log.clone(), "inside", async move {
        drop(join(branches).await)
    }));
    let race = select(
        boxed(async { drop(scope.await) }),
        boxed(gate_then(gate.clone())),
    );
    let body = async move {
        race.await;
        pending::<()>().await;
    };
    let mut task = Task::started(refuse(log.clone(), "outside", body));
    task.cancel("for the task");
    let told = log.take();
    assert_eq!(
        told.len(),
        2,
        "the one inside waits for the first: {told:?}"
    );
    gate.open();
    task.run();
    assert_eq!(log.take(), ["outside: for the task"]);
}

#[test]
fn a_later_request_from_within_a_clean_up_interrupts_it() {
    let log = Log::default();
    let seen = log.clone();
    // Whoever holds the first request waits for a catcher that passes the second one on.
    let body = async move {
        let first = catch_cancel(pending::<()>()).await.unwrap_err();
        pass_on(seen.clone(), "inside the clean-up", pending()).await;
        seen.add("came back");
        first.resume().await;
    };
    let mut task = Task::started(pass_on(log.clone(), "outside", body));
    task.cancel("first");
    task.cancel("second");
    let expected = ["inside the clean-up: second", "outside: second"];
    assert_eq!(log.take(), expected);
    assert!(task.is_cancelled());
}

#[test]
fn a_later_request_on_an_inner_scope_ends_that_and_the_earlier_one_goes_on() {
    let log = Log::default();
    let seen = log.clone();
    let (scope, handle) = scoped(async move {
        let first = catch_cancel(pending::<()>()).await.unwrap_err();
        pass_on(seen, "inside the clean-up", pending()).await;
        first.resume().await;
    });
    let body = async {
        drop(scope.await);
        pending::<()>().await;
    };
    let mut task = Task::started(pass_on(log.clone(), "outside", body));
    task.cancel("for the task");
    handle.request(text("for the scope"));
    task.run();
    let expected = [
        "inside the clean-up: for the scope",
        "outside: for the task",
    ];
    assert_eq!(log.take(), expected);
    assert!(task.is_cancelled());
}
