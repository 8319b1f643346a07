//! One promise per test.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::super::{Delivery, Ended, ScopeFuture, ScopeHandle, catch_cancel, finally, scope};
use super::toy::{Boxed, Gate, Log, Stand, Task, join, join_woken, select};

/// Catches, notes the message, then goes on.
async fn refuse(log: Log, name: &'static str, body: impl Future<Output = ()>) {
    if let Err(cancelled) = catch_cancel(body).await {
        log.add(format!(
            "{name}: {}",
            cancelled.message().unwrap_or_default()
        ));
    }
}

/// Catches, notes the message, then passes it on.
async fn pass_on(log: Log, name: &'static str, body: impl Future<Output = ()>) {
    if let Err(cancelled) = catch_cancel(body).await {
        log.add(format!(
            "{name}: {}",
            cancelled.message().unwrap_or_default()
        ));
        cancelled.resume().await;
    }
}

/// Catches, waits at the gate, then passes on.
async fn clean_up(log: Log, name: &'static str, gate: Gate) {
    let Err(cancelled) = catch_cancel(pending::<()>()).await else {
        return;
    };
    log.add(format!(
        "{name}: {}",
        cancelled.message().unwrap_or_default()
    ));
    gate.pass().await;
    log.add(format!("{name} is clean"));
    cancelled.resume().await;
}

/// A scope and its handle, ready to be moved into a task.
fn scoped<F: Future>(future: F) -> (Pin<Box<ScopeFuture<F>>>, ScopeHandle) {
    let mut scope = Box::pin(scope(future));
    let handle = scope.as_mut().handle();
    (scope, handle)
}

fn boxed<T>(future: impl Future<Output = T> + 'static) -> Boxed<T> {
    Box::pin(future)
}

/// Notes when it is dropped.
struct OnDrop(Log, &'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add(format!("{} dropped", self.1));
    }
}

fn text(message: &str) -> Option<Arc<str>> {
    Some(message.into())
}

#[test]
fn a_future_that_is_ready_at_once_enters_no_tree() {
    let task = Task::started(async { scope(catch_cancel(async { 7 })).await });
    assert!(matches!(task.stand, Stand::Done(Ok(Ok(7)))));
    assert_eq!(Arc::strong_count(&task.tree), 1);
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

async fn gate_then(gate: Gate) {
    gate.pass().await;
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
fn a_future_polled_by_another_task_is_that_ones_business() {
    let log = Log::default();
    let moving = Rc::new(std::cell::RefCell::new(boxed(refuse(
        log.clone(),
        "moved",
        pending(),
    ))));
    let borrow = |future: &Rc<std::cell::RefCell<Boxed<()>>>| {
        let future = future.clone();
        poll_fn(move |cx| future.borrow_mut().as_mut().poll(cx))
    };
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
    let borrow = |future: &Rc<std::cell::RefCell<Pin<Box<ScopeFuture<_>>>>>| {
        let future = future.clone();
        poll_fn(move |cx| future.borrow_mut().as_mut().poll(cx))
    };
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
    let borrow = |future: &Rc<std::cell::RefCell<Pin<Box<ScopeFuture<_>>>>>| {
        let future = future.clone();
        poll_fn(move |cx| future.borrow_mut().as_mut().poll(cx))
    };
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
fn finally_cleans_up_after_a_value() {
    let log = Log::default();
    let cleanup = log.clone();
    let task = Task::started(finally(async { 7 }, async move { cleanup.add("clean") }));
    assert_eq!(log.take(), ["clean"]);
    assert_eq!(task.stand, Stand::Done(7));
}

#[test]
fn finally_cleans_up_with_awaits_when_cancelled_and_passes_it_on() {
    let log = Log::default();
    let gate = Gate::default();
    let (wait, seen) = (gate.clone(), log.clone());
    let cleanup = async move {
        seen.add("cleaning");
        wait.pass().await;
        seen.add("clean");
    };
    let body = finally(pending::<()>(), cleanup);
    let mut task = Task::started(pass_on(log.clone(), "outer", body));
    task.cancel("stop");
    assert_eq!(log.take(), ["cleaning"]);
    gate.open();
    task.run();
    assert_eq!(log.take(), ["clean", "outer: stop"]);
    assert!(task.is_cancelled());
}

#[test]
fn a_second_cancel_interrupts_what_finally_runs() {
    let log = Log::default();
    let guard = OnDrop(log.clone(), "cleanup");
    let mut task = Task::started(finally(pending::<()>(), async move {
        let _guard = guard;
        pending::<()>().await;
    }));
    task.cancel("first");
    assert!(log.take().is_empty());
    task.cancel("second");
    assert_eq!(log.take(), ["cleanup dropped"]);
    assert!(task.is_cancelled());
}

#[test]
fn finally_cleans_up_after_a_panic_and_lets_it_go_on() {
    let log = Log::default();
    let cleanup = log.clone();
    let body = async { panic!("on purpose") };
    let run = || Task::<()>::started(finally(body, async move { cleanup.add("clean") }));
    let panic = catch_unwind(AssertUnwindSafe(run))
        .err()
        .expect("the panic goes on");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(log.take(), ["clean"]);
}

#[test]
fn a_panic_inside_a_scope_leaves_the_thread_on_firm_ground() {
    let run = || Task::<()>::started(async { drop(scope(async { panic!("on purpose") }).await) });
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    super::toy::forget_current();
    let mut task = Task::started(refuse(Log::default(), "next", pending()));
    assert_eq!(task.request("stop"), Delivery::Caught);
    assert_eq!(
        task.tree.len(),
        2,
        "root and catcher, not inside the scope that panicked"
    );
}

/// Asks a scope to end while it is dropped or woken: deadlocks if any lock is held.
struct Meddler(ScopeHandle, Arc<AtomicUsize>);

impl Drop for Meddler {
    fn drop(&mut self) {
        self.0.request(text("from a drop"));
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

impl Wake for Meddler {
    fn wake(self: Arc<Self>) {
        self.0.request(text("from a wake"));
        self.1.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn no_lock_is_held_while_user_code_is_dropped_or_woken() {
    let count = Arc::new(AtomicUsize::new(0));
    let slot: Rc<std::cell::RefCell<Option<Meddler>>> = Rc::default();
    let inner = slot.clone();
    let (mut scope, handle) = scoped(catch_cancel(async move {
        let _meddler = inner.take();
        pending::<()>().await;
    }));
    slot.replace(Some(Meddler(handle.clone(), count.clone())));
    let poll = |scope: &mut Pin<Box<ScopeFuture<_>>>| {
        let waker = Waker::from(Arc::new(Meddler(handle.clone(), count.clone())));
        scope
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready()
    };
    assert!(!poll(&mut scope));
    assert!(
        !poll(&mut scope),
        "a new waker each time: the old one is dropped"
    );
    let before = count.load(Ordering::SeqCst);
    handle.request(text("stop"));
    assert!(poll(&mut scope));
    assert!(count.load(Ordering::SeqCst) > before + 1);
}

/// Panics when woken.
struct Bomb;

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        panic!("a waker's own fault");
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_asleep() {
    let log = Log::default();
    let (mut scope, handle) = scoped(join(vec![
        boxed(with_bomb(refuse(log.clone(), "bomb", pending()))),
        boxed(refuse(log.clone(), "other", pending())),
        boxed(with_bomb(refuse(log.clone(), "bomb", pending()))),
    ]));
    let flag = Arc::new(super::toy::Flag::default());
    let waker = Waker::from(flag.clone());
    let mut cx = Context::from_waker(&waker);
    assert!(scope.as_mut().poll(&mut cx).is_pending());
    let woken = catch_unwind(AssertUnwindSafe(|| handle.request(text("stop"))));
    assert!(woken.is_err(), "the panic is not hidden");
    assert!(flag.take());
    assert!(scope.as_mut().poll(&mut cx).is_ready());
}

async fn with_bomb(inner: impl Future<Output = ()>) {
    let mut inner = pin!(inner);
    let waker = Waker::from(Arc::new(Bomb));
    poll_fn(|_| inner.as_mut().poll(&mut Context::from_waker(&waker))).await;
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
