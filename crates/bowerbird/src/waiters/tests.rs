//! The line against a naive one, and what wakers may do to a desk.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use super::line::Asked;
use super::{Line, Ticket, Wakes};
use crate::locks::{Event, Lock};

/// Writes its number down when it is woken.
struct Scribe {
    number: usize,
    woken: Arc<Mutex<Vec<usize>>>,
}

impl Wake for Scribe {
    fn wake(self: Arc<Self>) {
        self.woken.lock().unwrap().push(self.number);
    }
}

/// Numbers that are not random at all, from a seed.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

/// A real line beside a list of numbers that does what a line should do.
struct Twins {
    line: Line<usize, usize>,
    woken: Arc<Mutex<Vec<usize>>>,
    /// Numbers that wait, in order.
    waiting: Vec<usize>,
    /// Numbers that were served and have not asked, with their gifts.
    served: Vec<(usize, usize)>,
    /// Everybody with a place.
    tickets: Vec<(usize, Ticket)>,
    /// The next number, of waiters and of gifts.
    next: usize,
}

impl Twins {
    fn join(&mut self) {
        let number = self.next;
        self.next += 1;
        let woken = self.woken.clone();
        let waker = Waker::from(Arc::new(Scribe { number, woken }));
        self.tickets.push((number, self.line.join(number, waker)));
        self.waiting.push(number);
    }

    fn serve(&mut self) {
        let gift = self.next;
        self.next += 1;
        let mut wakes = Wakes::new();
        let served = self.line.serve(gift, &mut wakes);
        drop(wakes);
        let woken = std::mem::take(&mut *self.woken.lock().unwrap());
        if self.waiting.is_empty() {
            assert_eq!((served, woken), (Err(gift), vec![]));
            return;
        }
        let first = self.waiting.remove(0);
        assert_eq!((served, woken), (Ok(()), vec![first]));
        self.served.push((first, gift));
    }

    fn gift_of(&mut self, number: usize) -> Option<usize> {
        let at = self.served.iter().position(|&(who, _)| who == number)?;
        Some(self.served.remove(at).1)
    }

    fn ask(&mut self, at: usize) {
        let (number, ticket) = self.tickets.swap_remove(at);
        let asked = self.line.ask(ticket, Waker::noop(), &mut None);
        match (asked, self.gift_of(number)) {
            (Asked::Served(got), Some(gift)) => assert_eq!(got, gift),
            (Asked::OtherWaker(ticket), None) => self.tickets.push((number, ticket)),
            _ => panic!("{number} was not told the truth"),
        }
    }

    fn leave(&mut self, at: usize) {
        let (number, ticket) = self.tickets.swap_remove(at);
        let (waker, gift) = self.line.leave(ticket);
        assert_eq!(gift, self.gift_of(number));
        assert_eq!(waker.is_none(), gift.is_some());
        self.waiting.retain(|&who| who != number);
    }
}

#[test]
fn the_line_does_what_a_list_would_do() {
    for seed in 0..200 {
        let mut random = Seeded(seed);
        let mut twins = Twins {
            line: Line::new(),
            woken: Arc::default(),
            waiting: vec![],
            served: vec![],
            tickets: vec![],
            next: 0,
        };
        // Long phases of joining and of leaving, so that slots are given back to the system too.
        for step in 0..1_000 {
            let joins = if step / 150 % 2 == 0 { 5 } else { 1 };
            let choice = random.below(joins + 3);
            let at = random.below(twins.tickets.len().max(1));
            match choice.checked_sub(joins) {
                None => twins.join(),
                Some(0) => twins.serve(),
                Some(1) if !twins.tickets.is_empty() => twins.ask(at),
                Some(_) if !twins.tickets.is_empty() => twins.leave(at),
                Some(_) => {}
            }
            assert_eq!(twins.line.len(), twins.waiting.len());
            assert_eq!(twins.line.is_empty(), twins.waiting.is_empty());
            assert_eq!(twins.line.first(), twins.waiting.first());
        }
    }
}

#[test]
fn a_line_that_was_long_gives_its_memory_back() {
    let mut line = Line::<(), ()>::new();
    let tickets: Vec<_> = (0..1_000)
        .map(|_| line.join((), Waker::noop().clone()))
        .collect();
    for ticket in tickets {
        line.leave(ticket);
    }
    assert_eq!(line.capacity(), 0);
}

fn poll<F: Future>(future: &mut Pin<Box<F>>, waker: &Waker) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(waker))
}

/// Uses the event it waits for whenever it is woken or dropped: a deadlock, if that were locked.
struct Nosy(Arc<Event>, Arc<AtomicUsize>);

impl Wake for Nosy {
    fn wake(self: Arc<Self>) {
        self.0.clear();
    }
}

impl Drop for Nosy {
    fn drop(&mut self) {
        self.0.clear();
        self.1.fetch_add(1, Ordering::Relaxed); // One thread: no order to keep.
    }
}

#[test]
fn a_waker_may_use_what_it_waits_for_when_it_is_woken_replaced_or_dropped() {
    let event = Arc::new(Event::new());
    let drops = Arc::new(AtomicUsize::new(0));
    let nosy = || Waker::from(Arc::new(Nosy(event.clone(), drops.clone())));

    let mut replaced = Box::pin(event.wait());
    assert!(poll(&mut replaced, &nosy()).is_pending());
    assert!(poll(&mut replaced, &nosy()).is_pending());
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    drop(replaced);
    assert_eq!(drops.load(Ordering::Relaxed), 2);

    let mut woken = Box::pin(event.wait());
    assert!(poll(&mut woken, &nosy()).is_pending());
    event.set();
    assert_eq!(drops.load(Ordering::Relaxed), 3);
    assert!(poll(&mut woken, &nosy()).is_ready());
}

#[test]
fn a_wait_that_moved_to_another_task_wakes_that_one() {
    let event = Event::new();
    let woken = Arc::new(Mutex::new(vec![]));
    let scribe = |number| {
        let woken = woken.clone();
        Waker::from(Arc::new(Scribe { number, woken }))
    };
    let mut wait = Box::pin(event.wait());
    assert!(poll(&mut wait, &scribe(1)).is_pending());
    assert!(poll(&mut wait, &scribe(2)).is_pending());
    event.set();
    assert_eq!(*woken.lock().unwrap(), [2]);
}

/// Fails whenever it is woken.
struct Broken;

impl Wake for Broken {
    fn wake(self: Arc<Self>) {
        panic!("a broken waker");
    }
}

#[test]
fn a_waker_that_panics_keeps_nobody_else_asleep_and_no_lock_locked() {
    let event = Event::new();
    let woken = Arc::new(Mutex::new(vec![]));
    let mut waits: Vec<_> = (0..4).map(|_| Box::pin(event.wait())).collect();
    for (number, wait) in waits.iter_mut().enumerate() {
        let woken = woken.clone();
        let waker = match number % 2 {
            0 => Waker::from(Arc::new(Broken)),
            _ => Waker::from(Arc::new(Scribe { number, woken })),
        };
        assert!(poll(wait, &waker).is_pending());
    }
    let set = catch_unwind(AssertUnwindSafe(|| event.set()));
    assert!(set.is_err(), "the first panic goes to the caller");
    assert_eq!(*woken.lock().unwrap(), [1, 3]);
    for wait in &mut waits {
        assert!(poll(wait, Waker::noop()).is_ready());
    }
    event.clear();
    assert!(!event.is_set());
}

#[test]
fn a_panic_with_the_lock_in_hand_hands_it_on() {
    let lock = Lock::new(1);
    let mut next = Box::pin(lock.acquire());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = lock.try_acquire().unwrap();
        assert!(poll(&mut next, Waker::noop()).is_pending());
        *guard = 2;
        panic!("with the lock in hand");
    }));
    assert!(panicked.is_err());
    let Poll::Ready(guard) = poll(&mut next, Waker::noop()) else {
        panic!("the next in line has the lock");
    };
    assert_eq!(*guard, 2);
}
