//! What the children and the scope of a group share: who is alive, and what has failed.
//!
//! Each child has a seat, from before its task is made until its future is dropped. The future goes
//! a moment before the task is done, so those that left stay in `leaving` until they are. No
//! user's code runs under the lock (I4): tasks and wakers are taken out of it to be dropped.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::task::Waker;

use bowerbird_core::Awaited;
use bowerbird_executor::{Handle, Report};

use super::Failure;
use crate::tasks::{TaskRef, with_loop};

/// A child's place, for as long as its future lives.
pub(super) type Seat = usize;

pub(super) struct Group<E> {
    /// All that changes.
    state: Mutex<State<E>>,
    /// The loop of the first child: hears of failures that nobody waits for.
    handle: OnceLock<Handle>,
}

struct State<E> {
    /// How far the group has come.
    stage: Stage,
    /// By seat.
    children: Vec<Sitting>,
    /// Seats that are free.
    free: Vec<Seat>,
    /// Children whose futures live, or whose tasks were not seated yet.
    alive: usize,
    /// Tasks whose futures are gone, and which may not be done yet.
    leaving: VecDeque<TaskRef>,
    /// What failed, in the order of happening.
    failures: Vec<Failure<E>>,
    /// Whether the body has ended, so that the last child's end is the group's.
    is_waiting: bool,
    /// Who polls the scope.
    waker: Option<Waker>,
}

/// A group's life, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// It takes children.
    Open,
    /// Everybody is to be asked to end.
    Stopping,
    /// Everybody was asked, and ends.
    Ending,
    /// All have ended.
    Over,
    /// The scope was dropped: nobody waits for the children any more.
    Abandoned,
}

/// Who has a seat.
enum Sitting {
    Nobody,
    /// A child whose task is being made.
    Reserved,
    /// A child.
    Child(TaskRef),
    /// A child whose future was gone before it was seated.
    Left,
}

/// Where the children of a group without a body are.
pub(super) enum Children {
    /// Some are alive; the scope is woken when none is.
    Alive,
    /// None is, but these tasks are not done yet.
    Leaving(Vec<TaskRef>),
    /// All are done.
    Done,
}

/// A child that is to be asked to end, and how many requests it had by then.
pub(super) struct Asked {
    task: TaskRef,
    requests: usize,
}

impl Asked {
    /// Asks the child, unless somebody has meanwhile: a body that awaits a child cancels it when it
    /// ends, and a second request would interrupt the clean-up.
    pub(super) fn cancel(self) {
        if self.task.cancelling() == self.requests {
            self.task.cancel();
        }
    }
}

impl<E> Group<E> {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                stage: Stage::Open,
                children: Vec::new(),
                free: Vec::new(),
                alive: 0,
                leaving: VecDeque::new(),
                failures: Vec::new(),
                is_waiting: false,
                waker: None,
            }),
            handle: OnceLock::new(),
        }
    }

    /// A seat for a new child; none when no more are taken.
    #[track_caller]
    pub(super) fn enter(&self) -> Option<Seat> {
        // Looked for each time, and before a seat is given: where no loop runs the child's task
        // cannot be made, and nobody would ever leave the seat.
        let handle = with_loop(Handle::clone);
        self.handle.get_or_init(|| handle);
        let mut state = self.lock();
        if state.stage != Stage::Open {
            return None;
        }
        state.alive += 1;
        let seat = state.free.pop().unwrap_or(state.children.len());
        if seat == state.children.len() {
            state.children.push(Sitting::Nobody);
        }
        state.children[seat] = Sitting::Reserved;
        Some(seat)
    }

    /// The task of the child that was given this seat.
    pub(super) fn seat(&self, seat: Seat, task: TaskRef) {
        let mut state = self.lock();
        if matches!(state.children[seat], Sitting::Left) {
            let waker = state.left(seat, task);
            drop(state);
            return wake(waker);
        }
        let is_late = state.stage > Stage::Stopping;
        state.children[seat] = Sitting::Child(task.clone());
        drop(state);
        if is_late {
            // The others were asked when it was not there yet.
            task.cancel();
        }
    }

    /// The child's future is gone.
    pub(super) fn leave(&self, seat: Seat) {
        let mut state = self.lock();
        let sitting = std::mem::replace(&mut state.children[seat], Sitting::Left);
        let Sitting::Child(task) = sitting else {
            return;
        };
        let waker = state.left(seat, task);
        let done = state.take_done();
        drop(state);
        drop(done);
        wake(waker);
    }

    /// A child has failed: everybody is to end.
    pub(super) fn fail(&self, failure: Failure<E>) {
        let mut state = self.lock();
        if state.stage == Stage::Abandoned {
            drop(state);
            return self.report(failure);
        }
        state.failures.push(failure);
        let waker = state.stop();
        drop(state);
        wake(waker);
    }

    /// Everybody is to end, though nothing has failed.
    pub(super) fn stop(&self) {
        let waker = self.lock().stop();
        wake(waker);
    }

    /// Whom to ask to end, if that is due: once.
    pub(super) fn take_asking(&self) -> Option<Vec<Asked>> {
        let mut state = self.lock();
        if state.stage != Stage::Stopping {
            return None;
        }
        state.stage = Stage::Ending;
        let tasks: Vec<TaskRef> = state.tasks().collect();
        drop(state);
        let asked = |task: TaskRef| Asked {
            requests: task.cancelling(),
            task,
        };
        Some(tasks.into_iter().map(asked).collect())
    }

    /// From now on failures and the end of the last child wake `waker`.
    pub(super) fn watch(&self, waker: &Waker) {
        let waker = waker.clone();
        let before = self.lock().waker.replace(waker);
        drop(before);
    }

    /// Where the children are, now that the body has ended. When none is alive no more are taken.
    pub(super) fn look(&self) -> Children {
        let mut state = self.lock();
        state.is_waiting = true;
        if state.alive > 0 {
            return Children::Alive;
        }
        state.stage = Stage::Over;
        let (done, leaving) = std::mem::take(&mut state.leaving)
            .into_iter()
            .partition::<Vec<_>, _>(TaskRef::is_done);
        drop(state);
        drop(done);
        if leaving.is_empty() {
            Children::Done
        } else {
            Children::Leaving(leaving)
        }
    }

    /// What the scope waits for while children are alive.
    pub(super) fn awaited(&self) -> Vec<Awaited> {
        let state = self.lock();
        let tasks = state.children.iter().filter_map(|sitting| match sitting {
            Sitting::Child(task) => Some(Awaited::Task(task.id())),
            _ => None,
        });
        tasks.collect()
    }

    pub(super) fn take_failures(&self) -> Vec<Failure<E>> {
        std::mem::take(&mut self.lock().failures)
    }

    /// The scope is dropped midway: gives whom to ask to end. Failures have nobody else to go to
    /// from now on than the loop.
    pub(super) fn abandon(&self) -> Vec<Asked> {
        self.stop();
        let asked = self.take_asking().unwrap_or_default();
        let mut state = self.lock();
        let is_over = state.stage == Stage::Over;
        state.stage = Stage::Abandoned;
        let failures = std::mem::take(&mut state.failures);
        let waker = state.waker.take();
        drop(state);
        drop(waker);
        failures
            .into_iter()
            .for_each(|failure| self.report(failure));
        if is_over { Vec::new() } else { asked }
    }

    /// Tells the loop of a failure that no scope will give.
    pub(super) fn report(&self, failure: Failure<E>) {
        let Some(handle) = self.handle.get() else {
            return;
        };
        let mut report = Report::new("a child failed in a task group whose result nobody gets");
        if let Failure::Panicked(panic) = failure {
            report.panic = Some(panic);
        }
        handle.report(&report);
    }

    fn lock(&self) -> MutexGuard<'_, State<E>> {
        self.state
            .lock()
            .expect("nothing under this lock can panic")
    }
}

impl<E> State<E> {
    /// Somebody's end is everybody's; gives the waker that is due.
    fn stop(&mut self) -> Option<Waker> {
        if self.stage != Stage::Open {
            return None;
        }
        self.stage = Stage::Stopping;
        self.waker.take()
    }

    /// Frees the seat of a child that has left; gives the waker that is due.
    fn left(&mut self, seat: Seat, task: TaskRef) -> Option<Waker> {
        self.children[seat] = Sitting::Nobody;
        self.free.push(seat);
        self.leaving.push_back(task);
        self.alive -= 1;
        let is_last = self.alive == 0 && self.is_waiting;
        is_last.then(|| self.waker.take()).flatten()
    }

    /// Up to two tasks that are done by now. One comes with each call, so they never pile up.
    fn take_done(&mut self) -> [Option<TaskRef>; 2] {
        let mut next = || {
            let is_done = self.leaving.front().is_some_and(TaskRef::is_done);
            is_done.then(|| self.leaving.pop_front()).flatten()
        };
        [next(), next()]
    }

    fn tasks(&self) -> impl Iterator<Item = TaskRef> {
        self.children.iter().filter_map(|sitting| match sitting {
            Sitting::Child(task) => Some(task.clone()),
            Sitting::Nobody | Sitting::Reserved | Sitting::Left => None,
        })
    }
}

impl<E> fmt::Debug for Group<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Group")
            .field("stage", &state.stage)
            .field("alive", &state.alive)
            .field("failures", &state.failures.len())
            .finish_non_exhaustive()
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
