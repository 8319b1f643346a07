//! Who frees what: the whole table of drop orders, and the cycles a task can tie with itself.

use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

use super::toy::Toy;
use super::wakes::Shelf;
use crate::{Runnable, Task, TaskRef};

/// Counts the drops of the guards it gave out.
#[derive(Clone)]
pub(super) struct Counter(Arc<Tally>);

struct Tally {
    /// Guards dropped.
    dropped: AtomicUsize,
    /// A task that a guard's holder wants to reach from its drop.
    task: Mutex<Option<TaskRef>>,
}

/// Counted when it is dropped.
pub(super) struct Counted(Counter);

impl Counter {
    pub(super) fn new() -> Self {
        Self(Arc::new(Tally {
            dropped: AtomicUsize::new(0),
            task: Mutex::new(None),
        }))
    }

    pub(super) fn guard(&self) -> Counted {
        Counted(self.clone())
    }

    pub(super) fn dropped(&self) -> usize {
        self.0.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn point_at(&self, task: TaskRef) {
        *self.0.task.lock().unwrap() = Some(task);
    }

    pub(super) fn task(&self) -> TaskRef {
        self.0.task.lock().unwrap().clone().unwrap()
    }

    pub(super) fn forget_task(&self) {
        drop(self.0.task.lock().unwrap().take());
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        // Relaxed: a count, read on the same thread.
        self.0.0.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// How the task of the table ends.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Value,
    Panic,
    Cancelled,
    Aborted,
    RunnableDropped,
}

/// One holder of the task; dropping it is one step of the table.
enum Holder {
    /// The right to poll: its step ends the task.
    Runnable(Runnable, End),
    Handle(Task<Counted>),
    Reference(TaskRef),
    Waker(Waker),
}

impl Holder {
    fn let_go(self) {
        match self {
            Self::Runnable(runnable, End::RunnableDropped) => drop(runnable),
            Self::Runnable(runnable, _) => assert!(runnable.run().is_none()),
            Self::Handle(task) => drop(task),
            Self::Reference(task) => drop(task),
            Self::Waker(waker) => waker.wake(),
        }
    }
}

/// All orders of `count` things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for shorter in orders(count - 1) {
        for at in 0..count {
            let mut order = shorter.clone();
            order.insert(at, count - 1);
            all.push(order);
        }
    }
    all
}

/// A task that was woken, its holders, and the counters of its future and of its output.
fn woken_task(toy: &Toy, end: End, awaited: bool, registered: bool) -> (Vec<Holder>, [Counter; 2]) {
    let (held, made) = (Counter::new(), Counter::new());
    let (guard, mut value) = (held.guard(), Some(made.guard()));
    let shelf = Shelf::default();
    let mut wait = Box::pin(shelf.wait());
    let (runnable, mut task, reference) = toy.create(poll_fn(move |cx| {
        let _kept = &guard;
        if wait.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        assert!(end != End::Panic, "as asked");
        Poll::Ready(value.take().unwrap())
    }));
    runnable.schedule();
    toy.settle();
    if awaited {
        let mut cx = std::task::Context::from_waker(Waker::noop());
        assert!(task.poll_result(&mut cx).is_pending());
    }
    let waker = shelf.waker();
    shelf.clear();
    waker.wake_by_ref();
    match end {
        End::Cancelled => assert!(task.cancel()),
        End::Aborted => reference.abort(),
        _ => {}
    }
    let runnable = Holder::Runnable(toy.pop().unwrap(), end);
    if registered {
        toy.register(reference.clone());
    }
    (
        vec![
            runnable,
            Holder::Handle(task),
            Holder::Reference(reference),
            Holder::Waker(waker),
        ],
        [held, made],
    )
}

#[test]
fn fault_014_in_every_drop_order_the_cell_is_freed_once_and_last() {
    let ends = [
        End::Value,
        End::Panic,
        End::Cancelled,
        End::Aborted,
        End::RunnableDropped,
    ];
    let ways = [(false, false), (false, true), (true, false), (true, true)];
    for order in orders(4) {
        for (end, (awaited, registered)) in
            ends.into_iter().flat_map(|end| ways.map(|way| (end, way)))
        {
            let toy = Toy::new();
            let case = format!("{end:?}, awaited {awaited}, registered {registered}, {order:?}");
            let (holders, [held, made]) = woken_task(&toy, end, awaited, registered);
            let mut holders: Vec<_> = holders.into_iter().map(Some).collect();
            for at in &order {
                assert_eq!(toy.live(), 1, "freed too early: {case}");
                holders[*at].take().unwrap().let_go();
            }
            assert_eq!(toy.live(), 0, "not freed: {case}");
            assert_eq!((held.dropped(), made.dropped()), (1, 1), "{case}");
            assert_eq!((toy.queued(), toy.registered()), (0, 0), "{case}");
            assert_eq!(toy.unseen().len(), usize::from(end == End::Panic), "{case}");
        }
    }
}

#[test]
fn fault_085_a_task_that_owns_its_own_waker_goes_with_its_future() {
    let toy = Toy::new();
    let mut own = None;
    let task = toy.spawn(poll_fn(move |cx| {
        own.get_or_insert_with(|| cx.waker().clone());
        Poll::<()>::Pending
    }));
    toy.settle();
    task.handle().abort();
    toy.settle();
    drop(task);
    toy.assert_clean();
}

#[test]
fn fault_085_a_task_that_owns_its_own_handle_goes_with_its_future() {
    for awaits in [false, true] {
        let toy = Toy::new();
        let place = Arc::new(Mutex::new(None::<Task<()>>));
        let inside = place.clone();
        let mut own = None;
        let task = toy.spawn(poll_fn(move |cx| {
            let own = own.get_or_insert_with(|| inside.lock().unwrap().take().unwrap());
            if awaits {
                assert!(own.poll_result(cx).is_pending());
            }
            Poll::Pending
        }));
        let reference = task.handle();
        *place.lock().unwrap() = Some(task);
        toy.settle();
        assert_eq!(toy.live(), 1);
        reference.abort();
        toy.settle();
        assert!(reference.is_done());
        drop(reference);
        toy.assert_clean();
    }
}

#[test]
fn fault_085_two_tasks_that_await_each_other_go_with_the_queue() {
    let toy = Toy::new();
    let place = Arc::new(Mutex::new(None::<Task<()>>));
    let later = place.clone();
    let one = toy.spawn(async move {
        super::wakes::yield_now().await;
        let other = later.lock().unwrap().take().unwrap();
        let _ = other.await;
    });
    let reference = one.handle();
    *place.lock().unwrap() = Some(toy.spawn(async move {
        let _ = one.await;
    }));
    toy.settle();
    assert_eq!(toy.live(), 2);
    reference.abort();
    drop(reference);
    toy.settle();
    toy.assert_clean();
}

#[test]
fn a_registry_that_gives_back_the_wrong_task_harms_nobody() {
    let toy = Toy::new();
    let (one, other) = (toy.spawn(pending::<()>()), toy.spawn(pending::<()>()));
    let slot = one.id().as_u64();
    one.handle().set_slot(other.id().as_u64());
    toy.settle();
    one.cancel();
    toy.settle();
    drop(one);
    assert_eq!(toy.live(), 2, "the registry still holds the first one");
    other.handle().set_slot(slot);
    other.cancel();
    drop(other);
    toy.settle();
    toy.assert_clean();
}

#[test]
fn the_scheduler_in_a_cell_is_dropped_with_the_cell() {
    let toy = Toy::new();
    let task = toy.spawn(pending::<()>());
    let reference = task.handle();
    toy.settle();
    toy.close();
    drop(task);
    assert_eq!(toy.live(), 1);
    reference.abort();
    assert_eq!((toy.queued(), toy.live()), (0, 1));
    drop(reference);
    toy.assert_clean();
}
