//! Which scope or catcher is in force on this thread: the ground that the next one stands on.
//!
//! [`Link`](super::link::Link) puts its place here while its future is polled, and asks here where
//! it stands. A place enters its tree only when something inside it has to wait, or itself: so a
//! future that is ready at once costs two bits that come and go, and touches neither list nor tree.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::forest::NodeId;
use super::link::{Place, Role};
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

/// The innermost futures under poll, as long as nothing is known of them but that they are there.
/// They become frames once one inside them asks where it stands.
#[derive(Clone, Copy)]
struct Fresh {
    /// The task that polls them all, as in a frame.
    task: usize,
    /// A bit each, the innermost one last: whether it is a catcher. Above them all a bit that marks
    /// where they begin.
    roles: u64,
}

impl Fresh {
    const NONE: Self = Self { task: 0, roles: 1 };

    #[inline]
    fn is_none(self) -> bool {
        self.roles == 1
    }

    /// With one more inside; `None` if they are too many, or it is polled by another task.
    #[inline]
    fn with(self, task: usize, role: Role) -> Option<Self> {
        let has_room = self.roles.leading_zeros() > 0;
        let is_one_of_us = self.is_none() || self.task == task;
        (has_room && is_one_of_us).then(|| Self {
            task,
            roles: self.roles << 1 | u64::from(role == Role::Catcher),
        })
    }

    /// Without the innermost one; `None` if there is none.
    #[inline]
    fn without_last(self) -> Option<Self> {
        let roles = self.roles >> 1;
        (roles > 0).then_some(Self { roles, ..self })
    }

    /// What they are, outermost first.
    fn roles(self) -> impl Iterator<Item = Role> {
        let count = self.roles.ilog2();
        (0..count).rev().map(move |at| match self.roles >> at & 1 {
            0 => Role::Scope,
            _ => Role::Catcher,
        })
    }
}

thread_local! {
    /// The futures under poll on this thread, outermost first, but for those that are fresh.
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

thread_local! {
    /// Those inside of them.
    static FRESH: Cell<Fresh> = const { Cell::new(Fresh::NONE) };
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

/// Lends the place to the thread until the guard drops, unwinding included. Guards drop in turn,
/// the innermost one first.
#[must_use]
pub(super) struct Lent<'a> {
    /// Where the place goes back to.
    home: &'a mut Place,
}

impl<'a> Lent<'a> {
    #[inline]
    pub(super) fn new(home: &'a mut Place) -> Self {
        if !(home.is_nowhere() && stand_fresh(home.role())) {
            push_frame(home);
        }
        Self { home }
    }
}

impl Drop for Lent<'_> {
    #[inline]
    fn drop(&mut self) {
        // Whoever is fresh stands inside of all frames. So if anybody is, it is we: all who came
        // after us have left.
        match FRESH.with(Cell::get).without_last() {
            Some(rest) => FRESH.with(|fresh| fresh.set(rest)),
            None => pop_frame(self.home),
        }
    }
}

/// Notes one more fresh future; false if it needs a frame.
#[inline]
fn stand_fresh(role: Role) -> bool {
    let with_us = FRESH.with(Cell::get).with(mark(), role);
    with_us
        .map(|all| FRESH.with(|fresh| fresh.set(all)))
        .is_some()
}

/// Lends a place that somebody knows of.
fn push_frame(home: &mut Place) {
    let task = mark();
    FRAMES.with(|frames| {
        let mut frames = frames.borrow_mut();
        settle(&mut frames);
        let place = home.lend();
        frames.push(Frame { task, place });
    });
}

/// Gives the innermost place back.
fn pop_frame(home: &mut Place) {
    if let Some(frame) = FRAMES.with(|frames| frames.borrow_mut().pop()) {
        *home = frame.place;
    }
}

/// Makes frames of those that are fresh.
fn settle(frames: &mut Vec<Frame>) {
    let fresh = FRESH.with(|fresh| fresh.replace(Fresh::NONE));
    frames.extend(fresh.roles().map(|role| Frame {
        task: fresh.task,
        place: Place::new(role),
    }));
}

/// Tells `f` where a future stands that was linked in the task `known` before (zero: nowhere yet).
pub(super) fn with_ground<R>(known: usize, f: impl FnOnce(Ground<'_>) -> R) -> R {
    let task = mark();
    FRAMES.with(|frames| {
        let mut frames = frames.borrow_mut();
        settle(&mut frames);
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

#[cfg(all(test, not(loom)))]
mod tests {
    //! Promises of the bits in which fresh futures are noted.

    use super::*;

    #[test]
    fn bits_tell_who_stands_in_whom_until_they_are_full() {
        let role_of = |depth: usize| [Role::Scope, Role::Catcher][usize::from(depth % 3 == 0)];
        let mut fresh = Fresh::NONE;
        let mut depth = 0;
        while let Some(deeper) = fresh.with(7, role_of(depth)) {
            fresh = deeper;
            depth += 1;
        }
        assert_eq!(depth, 63, "one bit says where they begin");
        assert!(fresh.roles().eq((0..depth).map(role_of)));
        while let Some(rest) = fresh.without_last() {
            fresh = rest;
            depth -= 1;
            assert!(fresh.roles().eq((0..depth).map(role_of)));
        }
        assert!(depth == 0 && fresh.is_none());
    }

    #[test]
    fn a_future_of_another_task_is_not_noted_among_them() {
        let fresh = Fresh::NONE.with(7, Role::Scope).unwrap();
        assert!(fresh.with(8, Role::Scope).is_none());
        let before = fresh.without_last().unwrap();
        assert!(before.with(8, Role::Scope).is_some(), "they have left");
    }
}
