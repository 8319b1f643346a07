//! `finally`, and user code that panics or calls back at the worst time.

use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use super::super::{Delivery, ScopeFuture, ScopeHandle, catch_cancel, finally, scope};
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
