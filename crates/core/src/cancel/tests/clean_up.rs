//! `finally`, and user code that panics or calls back at the worst time.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::super::{
    Catcher, Delivery, Requests, ScopeFuture, ScopeHandle, catch_cancel, finally, scope,
};
use super::toy::*;

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

/// Waits for ever, and keeps the requests that come meanwhile; what the library's futures are.
async fn keep(log: Log, requests_wanted: usize) {
    let (mut catcher, mut requests) = (Catcher::new(), Requests::new());
    let mut left = requests_wanted;
    poll_fn(|cx| {
        while left > 0 {
            match catcher.poll(cx, |_| Poll::<()>::Pending) {
                Ok(_) => return Poll::Pending,
                Err(asked) => {
                    let seen = asked.see();
                    log.add(format!("kept: {}", seen.message().unwrap_or_default()));
                    requests.push(seen);
                    left -= 1;
                }
            }
        }
        catcher.finish();
        requests.pass_on();
        Poll::Pending
    })
    .await
}

#[test]
fn a_catcher_may_catch_again_and_pass_everything_on_at_last() {
    let log = Log::default();
    let mut task = Task::started(pass_on(log.clone(), "outside", keep(log.clone(), 2)));
    task.cancel("first");
    assert_eq!(log.take(), ["kept: first"]);
    task.cancel("second");
    assert_eq!(log.take(), ["kept: second", "outside: first"]);
    assert!(task.is_cancelled());
}

#[test]
fn requests_that_are_kept_by_a_future_that_is_dropped_go_on_outwards() {
    let (log, gate) = (Log::default(), Gate::default());
    let race = select(boxed(keep(log.clone(), 2)), boxed(gate_then(gate.clone())));
    let body = async move {
        race.await;
        pending::<()>().await;
    };
    let mut task = Task::started(pass_on(log.clone(), "outside", body));
    task.cancel("stop");
    assert_eq!(log.take(), ["kept: stop"]);
    gate.open();
    task.run();
    assert_eq!(log.take(), ["outside: stop"]);
    assert!(task.is_cancelled());
}

#[test]
fn a_scope_that_only_its_owner_can_ask_stays_out_of_the_tree() {
    let mut task = Task::started(scope(scope(pending::<()>())));
    assert_eq!(task.tree.len(), 1);
    assert_eq!(task.request("stop"), Delivery::NoCatcher);
    task.end_now();
    // A catcher inside brings in all that is around it.
    let inside = refuse(Log::default(), "inside", pending());
    let mut task = Task::started(scope(scope(inside)));
    assert_eq!(task.tree.len(), 4);
    task.cancel("stop");
}

#[test]
fn an_owner_ends_its_scope_without_a_tree() {
    let mut scope = Box::pin(scope(pending::<()>()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(scope.as_mut().poll(&mut cx).is_pending());
    assert!(scope.as_mut().request(text("over")));
    let Poll::Ready(Err(ended)) = scope.as_mut().poll(&mut cx) else {
        panic!("it was asked");
    };
    assert_eq!(ended.message(), Some("over"));
    assert!(!scope.as_mut().request(None), "it is over");
}

#[test]
#[should_panic(expected = "before its first poll")]
fn a_first_handle_that_comes_too_late_is_refused() {
    let mut scope = Box::pin(scope(pending::<()>()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(scope.as_mut().poll(&mut cx).is_pending());
    drop(scope.as_mut().handle());
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
