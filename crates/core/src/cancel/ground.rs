//! Which scope or catcher is in force on this thread: the ground that the next one stands on.
//!
//! [`Link`](super::link::Link) puts its place here while its future is polled, and asks here where
//! it stands. A place enters its tree only when something inside it has to wait, or itself: so a
//! future that is ready at once costs a push and a pop and touches no tree.

use std::cell::RefCell;
use std::sync::Arc;

use super::forest::NodeId;
use super::link::Place;
use super::{NodeRef, Tree};
use crate::current;
use crate::sync::thread_local;

/// A future under poll.
struct Frame {
    /// The task that polls it, as [`mark`] names it. A task polled inside the poll of
    /// another does not stand in that one's scopes.
    task: usize,
    /// The future's place, lent for the poll.
    place: Place,
}

thread_local! {
    /// The futures under poll on this thread, outermost first.
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// Where a future stands that is polled now.
pub(super) enum Ground<'a> {
    /// Directly in this scope or catcher.
    Inside(&'a NodeRef),
    /// Directly in the task that it was linked in before.
    SameTask,
    /// Directly in this task.
    Task(NodeRef),
    /// Outside of every task.
    Nowhere,
}

/// Lends the place to the thread until the guard drops, unwinding included.
#[must_use]
pub(super) struct Lent<'a> {
    /// Where the place goes back to.
    home: &'a mut Place,
}

impl<'a> Lent<'a> {
    #[inline]
    pub(super) fn new(home: &'a mut Place) -> Self {
        let place = home.lend();
        let task = mark();
        FRAMES.with(|frames| frames.borrow_mut().push(Frame { task, place }));
        Self { home }
    }
}

impl Drop for Lent<'_> {
    #[inline]
    fn drop(&mut self) {
        FRAMES.with(|frames| {
            let mut frames = frames.borrow_mut();
            // A place that is in no tree came back as what was left behind for it. Moving it out,
            // a moment after it was written in several words, costs a third of such a poll.
            if frames.last().is_some_and(|top| top.place.is_nowhere()) {
                let outer = frames.len() - 1;
                frames.truncate(outer);
            } else if let Some(frame) = frames.pop() {
                *self.home = frame.place;
            }
        });
    }
}

/// Tells `f` where a future stands that was linked in the task `known` before (zero: nowhere yet).
pub(super) fn with_ground<R>(known: usize, f: impl FnOnce(Ground<'_>) -> R) -> R {
    let task = mark();
    FRAMES.with(|frames| {
        let mut frames = frames.borrow_mut();
        if frames.last().is_some_and(|top| top.task == task) {
            link_all(&mut frames, task);
            let top = frames.last().and_then(|top| top.place.node());
            return f(top.map_or(Ground::Nowhere, Ground::Inside));
        }
        if known != 0 && known == task {
            return f(Ground::SameTask);
        }
        f(task_ground())
    })
}

/// Brings the frames of this task into its tree, outermost first.
fn link_all(frames: &mut [Frame], task: usize) {
    // Whoever is linked saw to it that all around it are.
    let is_done = |frame: &Frame| frame.task != task || frame.place.node().is_some();
    let first = frames.iter().rposition(is_done).map_or(0, |done| done + 1);
    for at in first..frames.len() {
        let around = at.checked_sub(1).map(|outer| &frames[outer]);
        let outer = around
            .filter(|outer| outer.task == task)
            .and_then(|outer| outer.place.node());
        match outer.cloned() {
            Some(outer) => frames[at].place.link(Ground::Inside(&outer)),
            None => frames[at].place.link(task_ground()),
        }
    }
}

/// The ground of a future that stands in no scope.
fn task_ground() -> Ground<'static> {
    match tree() {
        Some(tree) => Ground::Task(NodeRef {
            tree,
            id: NodeId::ROOT,
        }),
        None => Ground::Nowhere,
    }
}

/// A ground as an owned place; outside of every task that is a tree of its own.
pub(super) fn owned(ground: Ground<'_>, linked: Option<&NodeRef>) -> NodeRef {
    let root = |tree: Arc<Tree>| NodeRef {
        tree,
        id: NodeId::ROOT,
    };
    match (ground, linked) {
        (Ground::Inside(node), _) => node.clone(),
        (Ground::Task(node), _) => node,
        (Ground::SameTask, Some(linked)) if !linked.tree.is_over() => root(linked.tree.clone()),
        (Ground::SameTask, _) => owned(task_ground(), None),
        (Ground::Nowhere, Some(linked)) if linked.tree.is_private => root(linked.tree.clone()),
        (Ground::Nowhere, _) => root(Tree::private()),
    }
}

/// The task under poll on this thread as a number that no other task has at the same time; zero
/// outside of tasks.
#[inline]
pub(super) fn mark() -> usize {
    #[cfg(all(test, not(loom)))]
    if let Some((mark, _)) = super::tests::toy::current() {
        return mark;
    }
    current::mark()
}

/// The scopes of the task under poll on this thread, made now if it had none.
fn tree() -> Option<Arc<Tree>> {
    #[cfg(all(test, not(loom)))]
    if let Some((_, tree)) = super::tests::toy::current() {
        return Some(tree);
    }
    current::tree()
}
