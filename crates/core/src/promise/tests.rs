//! What a promise promises, on a toy loop: a list of callbacks, run by hand.

use std::fmt;
use std::future::IntoFuture;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake};

use super::*;
use crate::contexts::ContextVar;
use crate::sync::lock_unranked as lock;

/// A loop that only keeps what it is given.
#[derive(Default)]
struct Toy {
    callbacks: Mutex<Vec<Callback>>,
    reports: Mutex<Vec<String>>,
}

impl CallSoon for Toy {
    fn call_soon(&self, callback: Callback) {
        lock(&self.callbacks).push(callback);
    }

    fn never_retrieved(&self, report: NeverRetrieved) {
        lock(&self.reports).push(report.to_string());
    }
}

impl Toy {
    fn run(&self) -> usize {
        let callbacks = mem::take(&mut *lock(&self.callbacks));
        let count = callbacks.len();
        callbacks.into_iter().for_each(|callback| callback());
        count
    }

    fn reports(&self) -> Vec<String> {
        mem::take(&mut *lock(&self.reports))
    }
}

#[derive(Debug)]
struct Broken(&'static str);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Broken {}

fn pair<T: Clone + 'static>() -> (Arc<Toy>, Promise<T>) {
    let toy = Arc::new(Toy::default());
    (toy.clone(), Promise::new(toy))
}

/// Counts its wakes.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn poll<F: Future>(future: Pin<&mut F>, count: &Arc<Count>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(&Waker::from(count.clone())))
}

fn line_len<T>(promise: &Promise<T>) -> usize {
    lock(&promise.shared.line).wakers.len()
}

/// What can be done to a promise.
#[derive(Debug, Clone, Copy)]
enum Event {
    Value,
    Error,
    Cancel,
}

fn apply(promise: &Promise<u32>, event: Event) -> bool {
    match event {
        Event::Value => promise.set_result(1).is_ok(),
        Event::Error => promise.set_exception(Broken("broken")).is_ok(),
        Event::Cancel => promise.cancel_with("enough"),
    }
}

fn describe(promise: &Promise<u32>) -> String {
    match promise.result() {
        Ok(value) => format!("value {value}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_event_is_taken_once_and_in_no_other_state_than_pending() {
    let events = [Event::Value, Event::Error, Event::Cancel];
    let ends = ["value 1", "broken", "promise was cancelled: enough"];
    for (first, end) in events.into_iter().zip(ends) {
        for second in events {
            let (_toy, promise) = pair::<u32>();
            assert!(!promise.is_done() && !promise.is_cancelled());
            assert_eq!(describe(&promise), "promise has no result yet");
            assert!(apply(&promise, first), "{first:?} on pending");
            assert!(!apply(&promise, second), "{second:?} after {first:?}");
            assert!(promise.is_done());
            assert_eq!(promise.is_cancelled(), matches!(first, Event::Cancel));
            assert_eq!(describe(&promise), end, "{second:?} left {first:?} alone");
        }
    }
}

#[test]
fn setting_a_done_promise_says_so() {
    let (_toy, promise) = pair();
    promise.set_result(1).unwrap();
    assert_eq!(promise.set_result(2), Err(InvalidStateError::Done));
    assert_eq!(
        promise.set_exception(Broken("late")),
        Err(InvalidStateError::Done)
    );
}

#[test]
fn exception_tells_pending_value_error_and_cancelled_apart() {
    let (_toy, promise) = pair::<u32>();
    assert!(matches!(
        promise.exception(),
        Err(PromiseError::InvalidState(_))
    ));
    promise.set_result(1).unwrap();
    assert!(promise.exception().unwrap().is_none());
    let (_toy, promise) = pair::<u32>();
    promise.cancel();
    assert!(matches!(
        promise.exception(),
        Err(PromiseError::Cancelled(None))
    ));
    let (_toy, promise) = pair::<u32>();
    promise.set_exception(Broken("broken")).unwrap();
    let failure = promise.exception().unwrap().unwrap();
    assert!(failure.error().downcast_ref::<Broken>().is_some());
}

#[test]
fn a_failed_promise_gives_the_same_error_each_time() {
    let (_toy, promise) = pair::<u32>();
    promise.set_exception(Broken("broken")).unwrap();
    let (Err(PromiseError::Failed(one)), Err(PromiseError::Failed(two))) =
        (promise.result(), promise.clone().result())
    else {
        panic!("it failed");
    };
    assert!(one.is_same(&two));
}

#[test]
fn many_can_wait_and_all_are_woken_once() {
    let (_toy, promise) = pair();
    let counts: Vec<Arc<Count>> = (0..3).map(|_| Arc::default()).collect();
    let mut waits: Vec<_> = counts.iter().map(|_| (&promise).into_future()).collect();
    for (wait, count) in waits.iter_mut().zip(&counts) {
        assert!(poll(Pin::new(wait), count).is_pending());
        assert!(poll(Pin::new(wait), count).is_pending());
    }
    assert_eq!(
        line_len(&promise),
        3,
        "one place for each, however often polled"
    );
    promise.set_result(7).unwrap();
    for (wait, count) in waits.iter_mut().zip(&counts) {
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        assert!(matches!(poll(Pin::new(wait), count), Poll::Ready(Ok(7))));
    }
}

#[test]
fn a_dropped_wait_leaves_no_waker_and_the_promise_alone() {
    let (_toy, promise) = pair::<u32>();
    let count = Arc::new(Count::default());
    {
        let mut wait = pin!(promise.clone().into_future());
        assert!(poll(wait.as_mut(), &count).is_pending());
    }
    assert_eq!(line_len(&promise), 0);
    assert_eq!(Arc::strong_count(&count), 1);
    promise.set_result(1).unwrap();
    assert_eq!(count.0.load(Ordering::SeqCst), 0);
}

#[test]
fn a_wait_that_moved_to_another_task_wakes_that_one() {
    let (_toy, promise) = pair();
    let (old, new) = (Arc::new(Count::default()), Arc::new(Count::default()));
    let mut wait = (&promise).into_future();
    assert!(poll(Pin::new(&mut wait), &old).is_pending());
    assert!(poll(Pin::new(&mut wait), &new).is_pending());
    promise.set_result(1).unwrap();
    assert_eq!(
        (old.0.load(Ordering::SeqCst), new.0.load(Ordering::SeqCst)),
        (0, 1)
    );
}

/// Panics when woken.
struct Bomb;

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {
        panic!("a waker's own fault");
    }
}

#[test]
fn a_waker_that_panics_stops_neither_the_others_nor_the_callbacks() {
    let (toy, promise) = pair();
    let count = Arc::new(Count::default());
    let mut first = (&promise).into_future();
    let bomb = Waker::from(Arc::new(Bomb));
    assert!(
        Pin::new(&mut first)
            .poll(&mut Context::from_waker(&bomb))
            .is_pending()
    );
    let mut second = (&promise).into_future();
    assert!(poll(Pin::new(&mut second), &count).is_pending());
    promise.add_done_callback(|_| {});
    let set = catch_unwind(AssertUnwindSafe(|| promise.set_result(1)));
    assert!(set.is_err(), "the panic is not hidden");
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    assert_eq!(toy.run(), 1);
    assert!(matches!(promise.result(), Ok(1)));
}

#[test]
fn callbacks_run_on_the_loop_in_the_order_added_and_never_inside_set_result() {
    let (toy, promise) = pair::<u32>();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let seen = seen.clone();
        move |promise: &Promise<u32>| lock(&seen).push((name, promise.result().ok()))
    };
    promise.add_done_callback(note("one"));
    let two = promise.add_done_callback(note("two"));
    promise.add_done_callback(note("three"));
    assert!(promise.remove_done_callback(two));
    assert!(!promise.remove_done_callback(two));
    promise.set_result(7).unwrap();
    promise.add_done_callback(note("late"));
    assert!(lock(&seen).is_empty());
    assert_eq!(toy.run(), 3);
    let all = [("one", Some(7)), ("three", Some(7)), ("late", Some(7))];
    assert_eq!(*lock(&seen), all);
}

#[test]
fn a_callback_cannot_be_taken_back_once_the_promise_is_done() {
    let (toy, promise) = pair();
    let id = promise.add_done_callback(|_| {});
    promise.set_result(1).unwrap();
    assert!(!promise.remove_done_callback(id));
    assert_eq!(toy.run(), 1);
}

#[test]
fn a_callback_runs_in_the_context_in_which_it_was_added() {
    static VAR: ContextVar<u32> = ContextVar::new("var");
    let (toy, promise) = pair();
    let seen = Arc::new(Mutex::new(None));
    let slot = seen.clone();
    crate::contexts::Context::new().run(|| {
        let _token = VAR.set(7);
        promise.add_done_callback(move |_: &Promise<u32>| *lock(&slot) = VAR.get());
    });
    promise.set_result(1).unwrap();
    toy.run();
    assert_eq!(*lock(&seen), Some(7));
}

/// A loop whose door adds another callback while it takes the first.
struct Nested {
    promise: Mutex<Option<Promise<u32>>>,
    order: Arc<Mutex<Vec<&'static str>>>,
    taken: Mutex<Vec<Callback>>,
}

impl CallSoon for Nested {
    fn call_soon(&self, callback: Callback) {
        let promise = lock(&self.promise).take();
        if let Some(promise) = promise {
            let order = self.order.clone();
            promise.add_done_callback(move |_| lock(&order).push("added meanwhile"));
        }
        lock(&self.taken).push(callback);
    }

    fn never_retrieved(&self, _report: NeverRetrieved) {}
}

#[test]
fn a_callback_added_while_others_are_sent_comes_after_them() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::new(Nested {
        promise: Mutex::default(),
        order: order.clone(),
        taken: Mutex::default(),
    });
    let promise = Promise::new(hook.clone());
    *lock(&hook.promise) = Some(promise.clone());
    for name in ["one", "two"] {
        let order = order.clone();
        promise.add_done_callback(move |_| lock(&order).push(name));
    }
    promise.set_result(1).unwrap();
    let taken = mem::take(&mut *lock(&hook.taken));
    taken.into_iter().for_each(|callback| callback());
    assert_eq!(*lock(&order), ["one", "two", "added meanwhile"]);
}

/// A loop whose door tries to take a callback back that is about to be sent.
struct Regretting(
    Mutex<Option<(Promise<u32>, CallbackId)>>,
    Mutex<Vec<Callback>>,
);

impl CallSoon for Regretting {
    fn call_soon(&self, callback: Callback) {
        let regretted = lock(&self.0).take();
        assert!(regretted.is_none_or(|(promise, id)| !promise.remove_done_callback(id)));
        lock(&self.1).push(callback);
    }

    fn never_retrieved(&self, _report: NeverRetrieved) {}
}

#[test]
fn a_callback_not_sent_yet_cannot_be_taken_back_either() {
    let hook = Arc::new(Regretting(Mutex::default(), Mutex::default()));
    let promise = Promise::new(hook.clone());
    promise.add_done_callback(|_| {});
    let id = promise.add_done_callback(|_| {});
    *lock(&hook.0) = Some((promise.clone(), id));
    promise.set_result(1).unwrap();
    // Taken out, or hook and promise would keep each other.
    let (regretted, sent) = (lock(&hook.0).take(), std::mem::take(&mut *lock(&hook.1)));
    assert_eq!(sent.len(), 2);
    drop(regretted);
}

#[test]
fn an_error_that_nobody_read_is_reported_once_when_the_last_handle_goes() {
    let (toy, promise) = pair::<u32>();
    let other = promise.clone();
    promise.set_exception(Broken("broken")).unwrap();
    drop(promise);
    assert!(toy.reports().is_empty());
    drop(other);
    assert_eq!(
        toy.reports(),
        ["promise exception was never retrieved: broken"]
    );
}

#[test]
fn whoever_reads_the_error_silences_the_report() {
    let count = Arc::new(Count::default());
    type Reader = fn(&Promise<u32>, &Arc<Count>);
    let readers: [Reader; 4] = [
        |promise, _| drop(promise.result()),
        |promise, _| drop(promise.exception()),
        |promise, _| assert!(!promise.cancel()),
        |promise, count| drop(poll(Pin::new(&mut promise.into_future()), count)),
    ];
    for read in readers {
        let (toy, promise) = pair();
        promise.set_exception(Broken("broken")).unwrap();
        read(&promise, &count);
        drop(promise);
        assert!(toy.reports().is_empty());
    }
}

#[test]
fn a_value_or_a_cancellation_that_nobody_read_is_not_reported() {
    for event in [Event::Value, Event::Cancel] {
        let (toy, promise) = pair();
        assert!(apply(&promise, event));
        drop(promise);
        assert!(toy.reports().is_empty());
    }
}

/// Asks its promise while it is cloned and dropped: deadlocks if the lock is held.
struct Curious(Arc<Mutex<Option<Promise<Self>>>>);

impl Curious {
    fn ask(&self) {
        let promise = lock(&self.0).clone();
        assert!(promise.is_none_or(|promise| promise.is_done()));
    }
}

impl Clone for Curious {
    fn clone(&self) -> Self {
        self.ask();
        Self(self.0.clone())
    }
}

impl Drop for Curious {
    fn drop(&mut self) {
        self.ask();
    }
}

#[test]
fn no_lock_is_held_while_a_value_is_cloned_or_dropped() {
    let (_toy, promise) = pair();
    let slot = Arc::new(Mutex::new(None));
    promise.set_result(Curious(slot.clone())).unwrap();
    *lock(&slot) = Some(promise.clone());
    drop(promise.result());
    assert!(promise.set_result(Curious(slot.clone())).is_err());
    lock(&slot).take();
}
