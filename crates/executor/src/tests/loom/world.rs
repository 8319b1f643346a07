//! What surrounds the protocol in a model.

use std::cell::Cell;

use crate::counts::{Counts, Place, Wish};
use crate::queue::{Injector, Local, Stealer};
use crate::sleep::{Call, Sleep};
use crate::sync::explorer::sync::atomic::{AtomicUsize, Ordering, fence};
use crate::sync::explorer::sync::{Arc, Condvar, Mutex};
use crate::sync::explorer::thread;

/// Looks that a spinner takes before it settles.
const LOOKS: usize = 1;

/// What workers wish for in models.
pub(super) const SPIN: Wish = Wish {
    spin: true,
    nap: false,
};
pub(super) const NAP: Wish = Wish {
    spin: false,
    nap: true,
};
pub(super) const NOTHING: Wish = Wish {
    spin: false,
    nap: false,
};

/// Everything that the threads of a model share.
pub(super) struct World {
    pub(super) sleep: Sleep,
    /// Work for anybody, one cell for each publisher: 1 is a piece of work. Published by Release
    /// and no more, as crossbeam does: what finds it is the protocol's to see to.
    work: Vec<AtomicUsize>,
    /// The far ends of the workers' queues, and the queue of all, where a model has them.
    pub(super) queues: Option<(Vec<Stealer<usize>>, Injector<usize>)>,
    /// What only one worker can do. Relaxed: calls carry it.
    wishes: Vec<AtomicUsize>,
    /// 1: a timer is set, and due at once. Relaxed, as if its wheel had no lock: whether those who
    /// rest learn of it is the protocol's to see to.
    timer: AtomicUsize,
    /// Workers are to end. Relaxed: calls carry it, as they carry the phase of a loop.
    over: AtomicUsize,
    /// Pieces of work that nobody has taken.
    left: AtomicUsize,
    /// The kernel's part.
    reactor: Reactor,
    /// A token for each worker's thread, as `std::thread::park` has it.
    tokens: Vec<Gate>,
}

/// An eventfd in an edge-triggered epoll: an event for one waiter or for the next that comes; more
/// than one may melt into one. And one event of a source.
struct Reactor {
    /// Notified; and ready.
    events: Mutex<Turn>,
    told: Condvar,
}

/// What a turn brought.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) notified: bool,
    pub(super) io: bool,
}

/// Opened by one thread, passed by another one, which shuts it.
pub(super) struct Gate {
    open: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    pub(super) fn new() -> Self {
        Self {
            open: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    pub(super) fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.changed.notify_one();
    }

    pub(super) fn pass(&self) {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.changed.wait(open).unwrap();
        }
        *open = false;
    }
}

impl Reactor {
    fn post(&self, event: impl FnOnce(&mut Turn)) {
        event(&mut self.events.lock().unwrap());
        // All of them, and whoever is first takes the event: the kernel wakes whom it likes.
        self.told.notify_all();
    }

    fn poll(&self) -> Turn {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    fn wait(&self) -> Turn {
        let mut events = self.events.lock().unwrap();
        while *events == Turn::default() {
            events = self.told.wait(events).unwrap();
        }
        std::mem::take(&mut *events)
    }
}

impl World {
    /// `publishers` pieces of work are going to come.
    pub(super) fn new(workers: usize, seats: usize, publishers: usize) -> Arc<Self> {
        Self::with_reliefs(workers, 0, seats, publishers)
    }

    /// The same with workers that may never have a thread, behind the others.
    pub(super) fn with_reliefs(
        workers: usize,
        reliefs: usize,
        seats: usize,
        publishers: usize,
    ) -> Arc<Self> {
        Arc::new(Self::empty(workers, reliefs, seats, publishers))
    }

    /// With a queue for each worker and one for all, instead of cells.
    #[cfg(shuttle)]
    pub(super) fn with_queues(seats: usize, queues: &[Local<usize>]) -> Arc<Self> {
        let stealers = queues.iter().map(Local::stealer).collect();
        Arc::new(Self {
            queues: Some((stealers, Injector::new())),
            ..Self::empty(queues.len(), 0, seats, 0)
        })
    }

    fn empty(workers: usize, reliefs: usize, seats: usize, publishers: usize) -> Self {
        let zeros = |count: usize| (0..count).map(|_| AtomicUsize::new(0)).collect();
        Self {
            sleep: Sleep::new(workers, reliefs, seats),
            work: zeros(publishers),
            queues: None,
            wishes: zeros(workers + reliefs),
            timer: AtomicUsize::new(0),
            over: AtomicUsize::new(0),
            left: AtomicUsize::new(publishers),
            reactor: Reactor {
                events: Mutex::default(),
                told: Condvar::new(),
            },
            tokens: (0..workers + reliefs).map(|_| Gate::new()).collect(),
        }
    }

    /// Publishes a piece of work for anybody.
    pub(super) fn publish(&self, cell: usize) {
        self.work[cell].store(1, Ordering::Release);
        self.wake_up(self.sleep.work_added());
    }

    /// Publishes a piece of work that the caller is going to do itself, unless that takes long.
    pub(super) fn publish_for_monitor(&self, cell: usize) {
        self.work[cell].store(1, Ordering::Release);
        if !self.sleep.leave_to_monitor() {
            self.wake_up(self.sleep.work_added());
        }
    }

    /// Wants something of one worker.
    pub(super) fn wish(&self, worker: usize) {
        self.wishes[worker].store(1, Ordering::Relaxed);
        self.wake_up(self.sleep.call(worker));
    }

    /// A source becomes ready.
    pub(super) fn make_ready(&self) {
        self.reactor.post(|turn| turn.io = true);
    }

    /// Sets a timer, as `timekeeping.rs` does.
    pub(super) fn set_timer(&self) {
        self.timer.store(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if self.sleep.is_reactor_turned() {
            self.arm();
        }
    }

    /// Arms the kernel's timer for the deadline that is set, if any: it comes at once.
    fn arm(&self) {
        if is_set(&self.timer) {
            self.make_ready();
        }
    }

    /// Ends all workers but one, which knows.
    pub(super) fn close(&self, by: Option<usize>) {
        self.over.store(1, Ordering::Relaxed);
        for worker in (0..self.tokens.len()).filter(|&worker| Some(worker) != by) {
            self.wake_up(self.sleep.call(worker));
        }
    }

    /// The counts once all threads have ended.
    pub(super) fn assert_quiet(&self) {
        assert_eq!(self.sleep.counts(), Counts::BUSY, "somebody is miscounted");
        assert!(!self.has_work(), "work is left");
        assert!(self.wishes.iter().all(|wish| !is_set(wish)));
    }

    /// Forgets a wish that came together with the end.
    pub(super) fn clear_wish(&self, worker: usize) {
        self.wishes[worker].store(0, Ordering::Relaxed);
    }

    pub(super) fn wake_up(&self, call: Call) {
        match call {
            Call::Nobody => {}
            Call::Reactor => self.reactor.post(|turn| turn.notified = true),
            Call::Thread(worker) => self.tokens[worker].open(),
        }
    }

    pub(super) fn has_work(&self) -> bool {
        let is_queued = |(stealers, injector): &(Vec<Stealer<usize>>, Injector<usize>)| {
            !injector.is_empty() || stealers.iter().any(|queue| !queue.is_empty())
        };
        self.work.iter().any(is_set) || self.queues.as_ref().is_some_and(is_queued)
    }

    /// Whether one of the first `cells` holds work.
    pub(super) fn has_work_below(&self, cells: usize) -> bool {
        self.work[..cells].iter().any(is_set)
    }

    /// Whether the workers are to end.
    pub(super) fn is_over(&self) -> bool {
        is_set(&self.over)
    }

    pub(super) fn take(&self) -> bool {
        self.take_below(self.work.len())
    }

    /// Takes what one of the first `cells` holds.
    pub(super) fn take_below(&self, cells: usize) -> bool {
        self.work[..cells]
            .iter()
            .any(|cell| is_set(cell) && cell.swap(0, Ordering::Acquire) == 1)
    }
}

fn is_set(cell: &AtomicUsize) -> bool {
    cell.load(Ordering::Relaxed) == 1
}

/// A worker: `worker.rs` and `rest.rs` with all that is not the protocol left out.
pub(super) struct Worker {
    pub(super) world: Arc<World>,
    pub(super) me: usize,
    pub(super) searching: Cell<bool>,
    /// Where it rests before it settles.
    pub(super) wish: Wish,
    /// Whether it searches before it rests.
    pub(super) may_search: bool,
}

/// What a step of a worker came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It took a piece of work.
    Work,
    /// It did what only it can do.
    Wish,
    /// A source was ready.
    Ready,
    /// It rested, or was kept from it.
    Rest,
    /// It is to end.
    Over,
}

impl Worker {
    pub(super) fn new(world: &Arc<World>, me: usize) -> Self {
        Self {
            world: world.clone(),
            me,
            searching: Cell::new(false),
            wish: Wish::default(),
            may_search: false,
        }
    }

    pub(super) fn wishing(self, wish: Wish) -> Self {
        Self { wish, ..self }
    }

    pub(super) fn searching(self) -> Self {
        Self {
            may_search: true,
            ..self
        }
    }

    /// Works on a thread of its own until all is done.
    pub(super) fn start(self) -> thread::JoinHandle<()> {
        thread::spawn(move || self.work())
    }

    /// Takes work until none is left to come, then ends the others.
    pub(super) fn work(&self) {
        loop {
            match self.step() {
                // Relaxed: each piece is counted by who took it, and the last one tells all.
                Step::Work if self.world.left.fetch_sub(1, Ordering::Relaxed) == 1 => {
                    return self.world.close(Some(self.me));
                }
                Step::Over => return self.end_search(),
                _ => {}
            }
        }
    }

    pub(super) fn step(&self) -> Step {
        if is_set(&self.world.over) {
            return Step::Over;
        }
        let wish = &self.world.wishes[self.me];
        if is_set(wish) {
            wish.store(0, Ordering::Relaxed);
            self.end_search();
            return Step::Wish;
        }
        if self.world.take() || self.search() {
            self.end_search();
            return Step::Work;
        }
        self.rest()
    }

    fn search(&self) -> bool {
        if !self.may_search {
            return false;
        }
        if !self.searching.get() {
            if !self.world.sleep.start_search() {
                return false;
            }
            self.searching.set(true);
        }
        self.world.take()
    }

    pub(super) fn end_search(&self) {
        let sleep = &self.world.sleep;
        if self.searching.take() && sleep.end_search() {
            let call = if self.world.has_work() {
                sleep.work_added()
            } else {
                sleep.fill_seat()
            };
            self.world.wake_up(call);
        }
    }

    fn rest(&self) -> Step {
        self.rest_unless(&|| self.world.has_work())
    }

    /// Rests, unless `has_work` finds some at the last look.
    pub(super) fn rest_unless(&self, has_work: &dyn Fn() -> bool) -> Step {
        let sleep = &self.world.sleep;
        let Some(place) = sleep.rest(self.me, self.searching.get(), self.wish) else {
            return Step::Rest;
        };
        self.searching.set(false);
        if has_work() {
            self.end_rest(place);
            // Another one may be about to take it; loom wants to know that we wait for that.
            thread::yield_now();
            return Step::Rest;
        }
        self.world.arm();
        match place {
            Place::Spin => self.spin(),
            Place::Seat => self.sit(),
            Place::Nap => self.nap(has_work),
            Place::Asleep => self.sleep(),
        }
    }

    pub(super) fn end_rest(&self, place: Place) {
        let awake = self.world.sleep.retract(self.me, place);
        self.searching.set(awake.searching);
        if awake.searching {
            return;
        }
        let sleep = &self.world.sleep;
        self.world
            .wake_up(if place == Place::Nap && self.world.has_work() {
                sleep.work_added()
            } else {
                sleep.fill_seat()
            });
    }

    fn spin(&self) -> Step {
        let sleep = &self.world.sleep;
        for _ in 0..LOOKS {
            if sleep.is_wanted(self.me) {
                self.end_rest(Place::Spin);
                return Step::Rest;
            }
            let turn = self.world.reactor.poll();
            if turn != Turn::default() {
                self.end_rest(Place::Spin);
                return self.after_turn(turn);
            }
        }
        self.settle(Place::Spin, &|| false)
    }

    /// A nap is over at any time: the looks of a monitor come when they like. Each may be the one
    /// before which nothing moved; those after which it naps again are as if they had not been.
    fn nap(&self, has_work: &dyn Fn() -> bool) -> Step {
        if self.world.sleep.is_wanted(self.me) || has_work() {
            self.end_rest(Place::Nap);
            return Step::Rest;
        }
        let turn = self.world.reactor.poll();
        if turn != Turn::default() {
            self.end_rest(Place::Nap);
            return self.after_turn(turn);
        }
        self.settle(Place::Nap, has_work)
    }

    fn settle(&self, from: Place, is_left: &dyn Fn() -> bool) -> Step {
        let Some(place) = self.world.sleep.settle(self.me, from) else {
            self.end_rest(from);
            return Step::Rest;
        };
        if is_left() {
            self.end_rest(place);
            return Step::Rest;
        }
        self.world.arm();
        match place {
            Place::Seat => self.sit(),
            _ => self.sleep(),
        }
    }

    fn sit(&self) -> Step {
        let turn = if self.world.sleep.is_wanted(self.me) {
            Turn::default()
        } else {
            self.world.reactor.wait()
        };
        self.end_rest(Place::Seat);
        self.after_turn(turn)
    }

    /// One look of a spinner at the reactor, after which it has something else to do.
    pub(super) fn spin_once(&self) {
        if self.world.sleep.rest(self.me, false, SPIN) == Some(Place::Spin) {
            let turn = self.world.reactor.poll();
            self.end_rest(Place::Spin);
            self.after_turn(turn);
        }
    }

    fn after_turn(&self, turn: Turn) -> Step {
        if turn.notified {
            let call = self.world.sleep.pass_on();
            self.world.wake_up(call);
            if call != Call::Nobody {
                // Epoll queues its waiters, so the same one is not woken again before the others.
                thread::yield_now();
            }
        }
        if turn.io { Step::Ready } else { Step::Rest }
    }

    fn sleep(&self) -> Step {
        while !self.world.sleep.is_wanted(self.me) {
            self.world.tokens[self.me].pass();
        }
        self.end_rest(Place::Asleep);
        Step::Rest
    }
}
