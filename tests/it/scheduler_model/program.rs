//! The language of random programs: what a task does, one step after another.

use proptest::collection::vec;
use proptest::prelude::*;

/// Events that a program may set and wait for.
pub(super) const EVENTS: usize = 3;

/// What a task does next. Numbers are taken modulo what there is, and a step for which there is
/// nothing is none.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Creates a task with a script of its own.
    Spawn(Script),
    /// Lets the others run.
    Yield,
    /// Sets an event, for good.
    Set(usize),
    /// Waits for an event.
    Wait(usize),
    /// Awaits a child, and owns it: who is cancelled here cancels the child.
    Join(usize),
    /// Awaits a child that stays its own master.
    Watch(usize),
    /// Cancels any task there is, itself included.
    Cancel(usize),
    /// Hands in a callback.
    CallSoon,
    /// Has another thread hand one in, and waits for that thread.
    CallElsewhere,
    /// Has a callback run when a child is done.
    OnDone(usize),
    /// Awaits a call on another thread.
    Thread,
    /// Calls something that blocks, on the worker's own thread.
    Block,
    /// Sleeps until the one time that all sleeps of a program end at.
    Sleep,
}

impl Step {
    /// Whether it hands in a callback, by itself or through another thread.
    pub(super) fn is_call(&self) -> bool {
        matches!(self, Self::CallSoon | Self::CallElsewhere)
    }
}

/// What a task does in all.
pub(super) type Script = Vec<Step>;

/// Any program, small ones mostly.
pub(super) fn scripts() -> impl Strategy<Value = Script> {
    let number = || 0..8_usize;
    let step = prop_oneof![
        4 => Just(Step::Yield),
        3 => (0..EVENTS).prop_map(Step::Set),
        3 => (0..EVENTS).prop_map(Step::Wait),
        3 => number().prop_map(Step::Join),
        2 => number().prop_map(Step::Watch),
        3 => number().prop_map(Step::Cancel),
        2 => Just(Step::CallSoon),
        2 => Just(Step::CallElsewhere),
        2 => number().prop_map(Step::OnDone),
        1 => Just(Step::Thread),
        1 => Just(Step::Block),
        1 => Just(Step::Sleep),
    ];
    let nested = step.prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            1 => inner.clone(),
            2 => vec(inner, 0..8).prop_map(Step::Spawn),
        ]
    });
    vec(nested, 1..12)
}

/// A line of what happened. `task` is how manieth one was created, from zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    /// The first poll of a task.
    Begins { task: usize },
    /// A poll found that a step has to wait.
    Waits { task: usize, step: usize },
    /// A step is over.
    Did { task: usize, step: usize, saw: Saw },
    /// The callback of that step ran.
    Called { task: usize, step: usize },
    /// The future is gone; it had come to its end, or was dropped on the way.
    Ends { task: usize, is_finished: bool },
}

/// What a step gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Saw {
    /// Nothing to tell.
    Nothing,
    /// The answer of a cancel.
    Asked { task: usize, is_taken: bool },
    /// What an awaited child came to.
    Child { task: usize, is_cancelled: bool },
    /// A new task.
    Made { task: usize },
}
