//! The tasks of a gather, and what came of them so far.

use std::fmt;
use std::task::{Context, Poll};

use bowerbird_core::{Awaited, note_all};

use super::Rule;
use crate::tasks::Task;
use crate::tasks::ready::Ready;

/// Tasks that are gathered by [`gather`](crate::gather()): [`Many`] of one type, or a tuple of
/// [`Slot`]s.
pub trait Children {
    /// What comes of it when none has failed.
    type Values;
    /// What comes of it in any case.
    type Results;
    /// Why one has failed.
    type Error;

    /// All values, or the first failure there is. Not to be called again when it was ready.
    fn poll_values(&mut self, cx: &mut Context<'_>) -> Poll<Result<Self::Values, Self::Error>>;

    /// All results. Not to be called again when it was ready.
    fn poll_results(&mut self, cx: &mut Context<'_>) -> Poll<Self::Results>;

    /// Cancels those that are not done.
    fn cancel(&self);
}

/// One task of a [`gather!`](crate::gather!), then its result.
pub struct Slot<R: Rule>(State<R>);

enum State<R: Rule> {
    /// It is not done.
    Waiting(Task<R::Output>),
    /// It is.
    Done(Result<R::Value, R::Error>),
    /// Its result was taken.
    Gone,
}

impl<R: Rule> Slot<R> {
    pub(super) fn new(task: Task<R::Output>) -> Self {
        Self(State::Waiting(task))
    }

    /// True when it is done.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        let State::Waiting(task) = &mut self.0 else {
            return true;
        };
        let Poll::Ready(result) = task.poll_result(cx) else {
            return false;
        };
        self.0 = State::Done(R::judge(result));
        true
    }

    /// Its error, if it has failed.
    pub(super) fn take_failure(&mut self) -> Option<R::Error> {
        match std::mem::replace(&mut self.0, State::Gone) {
            State::Done(Err(error)) => Some(error),
            other => {
                self.0 = other;
                None
            }
        }
    }

    /// Its result; it is done.
    pub(super) fn take(&mut self) -> Result<R::Value, R::Error> {
        match std::mem::replace(&mut self.0, State::Gone) {
            State::Done(result) => result,
            State::Waiting(_) | State::Gone => unreachable!("taken once, when all are done"),
        }
    }

    pub(super) fn cancel(&self) {
        if let State::Waiting(task) = &self.0 {
            task.cancel();
        }
    }
}

impl<R: Rule> fmt::Debug for Slot<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            State::Waiting(_) => "waiting",
            State::Done(Ok(_)) => "done",
            State::Done(Err(_)) => "failed",
            State::Gone => "gone",
        })
    }
}

/// Any number of tasks with values of one type; see [`gather`](crate::gather()).
pub struct Many<R: Rule> {
    /// The tasks, in the order given.
    slots: Vec<Slot<R>>,
    /// How many are not done.
    waiting: usize,
    /// The first that failed.
    failed: Option<usize>,
    /// Which of them want a poll.
    ready: Ready,
}

impl<R: Rule> Many<R> {
    pub(super) fn new(tasks: Vec<Task<R::Output>>) -> Self {
        Self {
            waiting: tasks.len(),
            ready: Ready::new(tasks.len()),
            slots: tasks.into_iter().map(Slot::new).collect(),
            failed: None,
        }
    }

    /// Polls those that were woken.
    fn poll_woken(&mut self, cx: &Context<'_>) {
        for index in self.ready.take(cx) {
            let slot = &mut self.slots[index];
            let mut cx = Context::from_waker(self.ready.waker(index));
            let was_waiting = matches!(slot.0, State::Waiting(_));
            if was_waiting && slot.poll(&mut cx) {
                self.waiting -= 1;
                if self.failed.is_none() && matches!(slot.0, State::Done(Err(_))) {
                    self.failed = Some(index);
                }
            }
        }
        // Those that were not woken are awaited still.
        note_all(self.slots.iter().filter_map(|slot| match &slot.0 {
            State::Waiting(task) => Some(Awaited::Task(task.id())),
            _ => None,
        }));
    }

    fn take<C: FromIterator<Result<R::Value, R::Error>>>(&mut self) -> C {
        self.slots.iter_mut().map(Slot::take).collect()
    }
}

impl<R: Rule> Children for Many<R> {
    type Values = Vec<R::Value>;
    type Results = Vec<Result<R::Value, R::Error>>;
    type Error = R::Error;

    fn poll_values(&mut self, cx: &mut Context<'_>) -> Poll<Result<Self::Values, R::Error>> {
        self.poll_woken(cx);
        let failed = self
            .failed
            .and_then(|index| self.slots[index].take_failure());
        if let Some(error) = failed {
            return Poll::Ready(Err(error));
        }
        match self.waiting {
            0 => Poll::Ready(self.take()),
            _ => Poll::Pending,
        }
    }

    fn poll_results(&mut self, cx: &mut Context<'_>) -> Poll<Self::Results> {
        self.poll_woken(cx);
        match self.waiting {
            0 => Poll::Ready(self.take()),
            _ => Poll::Pending,
        }
    }

    fn cancel(&self) {
        self.slots.iter().for_each(Slot::cancel);
    }
}

impl<R: Rule> fmt::Debug for Many<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.slots).finish()
    }
}
