//! A task with nothing but a poll: what the cell does with a [`Tree`], by hand.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::super::{Delivery, ScopeFuture, ScopeHandle, Tree, catch_cancel, scope};

std::thread_local! {
    /// The toy task under poll.
    static CURRENT: RefCell<Vec<(usize, Arc<Tree>)>> = const { RefCell::new(Vec::new()) };
}

/// The toy task under poll on this thread.
pub(in super::super) fn current() -> Option<(usize, Arc<Tree>)> {
    CURRENT.with_borrow(|stack| stack.last().cloned())
}

/// For tests in which a poll panics.
pub(super) fn forget_current() {
    CURRENT.with_borrow_mut(Vec::clear);
}

/// Whether somebody woke the task.
#[derive(Default)]
pub(super) struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Flag {
    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

/// How a toy task stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stand<T> {
    Running,
    Done(T),
    Cancelled,
}

pub(super) struct Task<T> {
    pub(super) tree: Arc<Tree>,
    mark: usize,
    flag: Arc<Flag>,
    future: Option<Pin<Box<dyn Future<Output = T>>>>,
    pub(super) stand: Stand<T>,
    pub(super) polls: usize,
    /// Whether the future goes with the task; a borrowed one leaves its nodes until it moves on.
    pub(super) is_owner: bool,
}

impl<T> Task<T> {
    pub(super) fn new(future: impl Future<Output = T> + 'static) -> Self {
        static MARKS: AtomicUsize = AtomicUsize::new(1);
        let flag = Arc::new(Flag::default());
        Self {
            tree: Tree::new(Waker::from(flag.clone())),
            mark: MARKS.fetch_add(1, Ordering::Relaxed),
            flag,
            future: Some(Box::pin(future)),
            stand: Stand::Running,
            polls: 0,
            is_owner: true,
        }
    }

    /// A task whose mark another one had before.
    pub(super) fn at_the_place_of<U>(
        other: &Task<U>,
        future: impl Future<Output = T> + 'static,
    ) -> Self {
        Self {
            mark: other.mark,
            ..Self::new(future)
        }
    }

    /// A task that was polled until it slept.
    pub(super) fn started(future: impl Future<Output = T> + 'static) -> Self {
        let mut task = Self::new(future);
        task.poll();
        task.run();
        task
    }

    pub(super) fn poll(&mut self) {
        let Some(future) = &mut self.future else {
            return;
        };
        self.polls += 1;
        CURRENT.with_borrow_mut(|stack| stack.push((self.mark, self.tree.clone())));
        let waker = Waker::from(self.flag.clone());
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        CURRENT.with_borrow_mut(Vec::pop);
        match polled {
            Poll::Ready(value) => self.end(Stand::Done(value)),
            Poll::Pending if self.tree.root_must_end() => self.end(Stand::Cancelled),
            Poll::Pending => {}
        }
    }

    /// Polls until nobody wakes the task any more.
    pub(super) fn run(&mut self) {
        while self.flag.take() {
            self.poll();
        }
    }

    /// A cancel request, delivered before a poll as the worker does.
    pub(super) fn request(&mut self, message: &str) -> Delivery {
        let delivery = self.tree.request_root(Some(message.into()));
        if delivery == Delivery::NoCatcher {
            self.end(Stand::Cancelled);
        }
        delivery
    }

    pub(super) fn cancel(&mut self, message: &str) {
        let _either = self.request(message);
        self.run();
    }

    pub(super) fn is_cancelled(&self) -> bool {
        matches!(self.stand, Stand::Cancelled)
    }

    /// Drops the future if it is there still, and sees that nothing is left in the tree.
    pub(super) fn end_now(&mut self) {
        self.future = None;
        assert_eq!(self.tree.len(), 1, "only the root is left of an ended task");
    }

    fn end(&mut self, stand: Stand<T>) {
        self.future = None;
        self.tree.task_ended();
        self.stand = stand;
        if self.is_owner {
            assert_eq!(self.tree.len(), 1, "only the root is left of an ended task");
        }
    }
}

/// What happened, in order.
#[derive(Clone, Default)]
pub(super) struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub(super) fn add(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.borrow_mut())
    }
}

/// Completes when opened.
#[derive(Clone, Default)]
pub(super) struct Gate(Rc<RefCell<(bool, VecDeque<Waker>)>>);

impl Gate {
    pub(super) fn open(&self) {
        let wakers = {
            let mut gate = self.0.borrow_mut();
            gate.0 = true;
            std::mem::take(&mut gate.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(super) async fn pass(&self) {
        poll_fn(|cx| {
            let mut gate = self.0.borrow_mut();
            if gate.0 {
                return Poll::Ready(());
            }
            gate.1.push_back(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// A boxed future.
pub(super) type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;

/// Polls all that are not done, always; done when all are.
pub(super) async fn join<T>(mut all: Vec<Boxed<T>>) -> Vec<T> {
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    poll_fn(move |cx| {
        for (slot, future) in done.iter_mut().zip(&mut all) {
            if slot.is_none() {
                if let Poll::Ready(value) = future.as_mut().poll(cx) {
                    *slot = Some(value);
                }
            }
        }
        if done.iter().any(Option::is_none) {
            return Poll::Pending;
        }
        Poll::Ready(done.drain(..).flatten().collect())
    })
    .await
}

/// Wakes one child of [`join_woken`], and whoever polls that.
struct ChildWaker {
    woken: AtomicBool,
    outer: Waker,
}

impl Wake for ChildWaker {
    fn wake(self: Arc<Self>) {
        self.woken.store(true, Ordering::SeqCst);
        self.outer.wake_by_ref();
    }
}

/// The same, but polls a child only when that very child was woken.
pub(super) async fn join_woken<T>(mut all: Vec<Boxed<T>>) -> Vec<T> {
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    let mut wakers: Vec<Arc<ChildWaker>> = Vec::new();
    poll_fn(move |cx| {
        if wakers
            .first()
            .is_none_or(|first| !first.outer.will_wake(cx.waker()))
        {
            let fresh = |_: &Boxed<T>| {
                Arc::new(ChildWaker {
                    woken: AtomicBool::new(true),
                    outer: cx.waker().clone(),
                })
            };
            wakers = all.iter().map(fresh).collect();
        }
        for ((slot, future), waker) in done.iter_mut().zip(&mut all).zip(&wakers) {
            if slot.is_none() && waker.woken.swap(false, Ordering::SeqCst) {
                let mine = Waker::from(waker.clone());
                if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&mine)) {
                    *slot = Some(value);
                }
            }
        }
        if done.iter().any(Option::is_none) {
            return Poll::Pending;
        }
        Poll::Ready(done.drain(..).flatten().collect())
    })
    .await
}

/// The first value of two; the other is dropped.
pub(super) async fn select<T>(mut one: Boxed<T>, mut two: Boxed<T>) -> T {
    poll_fn(move |cx| match one.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(value),
        Poll::Pending => two.as_mut().poll(cx),
    })
    .await
}

/// Catches, notes the message, then goes on.
pub(super) async fn refuse(log: Log, name: &'static str, body: impl Future<Output = ()>) {
    if let Err(cancelled) = catch_cancel(body).await {
        log.add(format!(
            "{name}: {}",
            cancelled.message().unwrap_or_default()
        ));
    }
}

/// Catches, notes the message, then passes it on.
pub(super) async fn pass_on(log: Log, name: &'static str, body: impl Future<Output = ()>) {
    if let Err(cancelled) = catch_cancel(body).await {
        log.add(format!(
            "{name}: {}",
            cancelled.message().unwrap_or_default()
        ));
        cancelled.resume().await;
    }
}

/// Catches, waits at the gate, then passes on.
pub(super) async fn clean_up(log: Log, name: &'static str, gate: Gate) {
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
pub(super) fn scoped<F: Future>(future: F) -> (Pin<Box<ScopeFuture<F>>>, ScopeHandle) {
    let mut scope = Box::pin(scope(future));
    let handle = scope.as_mut().handle();
    (scope, handle)
}

pub(super) fn boxed<T>(future: impl Future<Output = T> + 'static) -> Boxed<T> {
    Box::pin(future)
}

/// Notes when it is dropped.
pub(super) struct OnDrop(pub(super) Log, pub(super) &'static str);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add(format!("{} dropped", self.1));
    }
}

pub(super) fn text(message: &str) -> Option<Arc<str>> {
    Some(message.into())
}

/// A gate that can be sent along.
pub(super) async fn gate_then(gate: Gate) {
    gate.pass().await;
}

/// A future that several can poll.
pub(super) type Shared<F> = Rc<RefCell<Pin<Box<F>>>>;

/// Makes it so.
pub(super) fn shared<F>(future: F) -> Shared<F> {
    Rc::new(RefCell::new(Box::pin(future)))
}

/// Polls a shared future.
pub(super) fn borrow<F: Future>(future: &Shared<F>) -> impl Future<Output = F::Output> + use<F> {
    let future = future.clone();
    poll_fn(move |cx| future.borrow_mut().as_mut().poll(cx))
}
