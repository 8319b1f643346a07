//! A future's place in the tree: found, kept and left by the futures of this module's parent.
//!
//! [`ScopeFuture`](super::ScopeFuture) and [`CatchCancel`](super::CatchCancel) own one [`Link`]
//! each and call it around every poll. It knows where the future stands, follows it to another
//! scope or task, and takes it out when it is dropped. It never polls anything itself.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::ground::{Ground, Lent, mark, owned, with_ground};
use super::kinds::{Catcher, Catching, Kind, Leave, Message, Request, Scope, Verdict};
use super::{Due, NodeRef};
use crate::sync::ranks::ANCHOR;
use crate::sync::{Mutex, lock};

/// What a link stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It can be asked to end.
    Scope,
    /// It wants to see requests.
    Catcher,
}

/// Where handles find a scope, wherever it has moved.
#[derive(Debug)]
pub(super) enum Anchor {
    /// In no tree yet; a request waits for the first poll.
    Ashore(Option<Message>),
    /// In a tree.
    At(NodeRef),
    /// Its future is gone.
    Over,
}

/// Where a future is; travels to the thread's frames while the future is polled.
#[derive(Debug)]
pub(super) struct Place {
    /// The place in a tree, from the first wait on.
    node: Option<NodeRef>,
    /// The task in which the place was entered; zero outside of tasks.
    task: usize,
    /// Shared with the handles, if there are any. Locked before the tree, never after it.
    anchor: Option<Arc<Mutex<Anchor>>>,
    /// What to enter into the tree.
    role: Role,
}

impl Place {
    #[inline]
    pub(super) fn new(role: Role) -> Self {
        Self {
            node: None,
            task: 0,
            anchor: None,
            role,
        }
    }

    pub(super) fn node(&self) -> Option<&NodeRef> {
        self.node.as_ref()
    }

    /// Whether only its owner can ask it to end, who need not find it in a tree for that. A catcher
    /// inside brings it into the tree all the same.
    fn is_private(&self) -> bool {
        self.role == Role::Scope && self.anchor.is_none()
    }

    /// Whether nobody knows of it.
    #[inline]
    pub(super) fn is_nowhere(&self) -> bool {
        self.node.is_none() && self.anchor.is_none()
    }

    /// What it stands for.
    #[inline]
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// The place, leaving an empty one behind for the time of a poll.
    pub(super) fn lend(&mut self) -> Self {
        let empty = Self::new(self.role);
        std::mem::replace(self, empty)
    }

    /// Enters a tree for the first time.
    pub(super) fn link(&mut self, ground: Ground<'_>) {
        let outer = owned(ground, None);
        let anchor = self.anchor.clone();
        let mut anchor = anchor.as_deref().map(|anchor| lock(anchor, ANCHOR));
        let asked = match anchor.as_deref_mut() {
            Some(Anchor::Ashore(asked)) => asked.take(),
            _ => None,
        };
        let node = self.enter(
            &outer,
            Scope {
                asked,
                ..Scope::default()
            },
        );
        if let Some(anchor) = anchor.as_deref_mut() {
            *anchor = Anchor::At(node);
        }
    }

    /// Follows the future into another tree; what the scope was asked goes along.
    fn migrate(&mut self, old: NodeRef, outer: &NodeRef) -> Moved {
        let anchor = self.anchor.clone();
        let mut anchor = anchor.as_deref().map(|anchor| lock(anchor, ANCHOR));
        let ((scope, left), due) = old.tree.change(|state| {
            let scope = state.belongings(old.id);
            (scope, state.leave(old.id, Leave::Dropped))
        });
        let is_asked = scope.asked.is_some();
        let node = self.enter(outer, scope);
        let before = anchor
            .as_deref_mut()
            .map(|anchor| std::mem::replace(anchor, Anchor::At(node)));
        drop(anchor);
        Moved {
            is_asked,
            due,
            _left: left,
            _before: before,
            _old: old,
        }
    }

    /// Puts a new node with `scope`'s requests into `outer`.
    fn enter(&mut self, outer: &NodeRef, scope: Scope) -> NodeRef {
        let kind = match self.role {
            Role::Scope => Kind::Scope(scope),
            Role::Catcher => Kind::Catcher(Catcher {
                state: Catching::Live,
                arrived: None,
            }),
        };
        let is_catcher = self.role == Role::Catcher;
        let (id, due) = outer.tree.change(|state| {
            let id = state.forest.insert(outer.id, kind);
            if is_catcher {
                state.forest.count_in(id);
            }
            id
        });
        debug_assert!(due.is_empty(), "a new node concerns nobody yet");
        self.task = mark();
        let node = NodeRef {
            tree: outer.tree.clone(),
            id,
        };
        self.node = Some(node.clone());
        node
    }
}

/// What is left to do after a move, once no lock is held.
#[must_use]
struct Moved {
    /// Whether a request came along that is to be judged at the next poll, when those inside have
    /// followed.
    is_asked: bool,
    /// Whom the old tree wants woken.
    due: Due,
    /// The old node's waker.
    _left: Option<Waker>,
    /// The old tree, as the anchor knew it.
    _before: Option<Anchor>,
    /// The old tree, as the future knew it.
    _old: NodeRef,
}

/// See the module. Dropping it takes the future's node out.
#[derive(Debug)]
pub(super) struct Link(Place);

impl Link {
    #[inline]
    pub(super) fn new(role: Role) -> Self {
        Self(Place::new(role))
    }

    /// Runs `inner`, which polls the future, on its own ground. `Err`: the future must be dropped
    /// instead, with the message for it.
    #[inline]
    pub(super) fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        inner: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Result<Poll<R>, Message> {
        let is_new = self.0.node.is_none();
        if !self.0.is_nowhere() {
            if let Verdict::Stop(message) = self.begin(cx.waker()) {
                return Err(message);
            }
        }
        let polled = {
            let _lent = Lent::new(&mut self.0);
            inner(cx)
        };
        if is_new && polled.is_pending() {
            self.rest(cx.waker());
        }
        Ok(polled)
    }

    /// The handles' way to the scope.
    pub(super) fn anchor(&mut self) -> Arc<Mutex<Anchor>> {
        let node = self.0.node.clone();
        let fresh = || Arc::new(Mutex::new(node.map_or(Anchor::Ashore(None), Anchor::At)));
        self.0.anchor.get_or_insert_with(fresh).clone()
    }

    /// Whether handles may exist.
    pub(super) fn has_anchor(&self) -> bool {
        self.0.anchor.is_some()
    }

    /// Asks the scope to end, as its handles do.
    pub(super) fn request(&mut self, message: Message) -> bool {
        match &self.0.node {
            Some(node) => {
                node.tree.act(|state| state.request_scope(node.id, message));
                true
            }
            None => request(&self.anchor(), message),
        }
    }

    /// The future is done and dropped; what was seen inside may have come out with its value.
    #[inline]
    pub(super) fn finish(&mut self) {
        self.leave(Leave::Finished);
    }

    /// The closing catcher's future is dropped: its node is now the receipt's.
    pub(super) fn close(&mut self) -> Option<(NodeRef, Request)> {
        let node = self.0.node.take()?;
        let (request, waker) = node.tree.act(|state| state.close(node.id))?;
        drop(waker);
        Some((node, request))
    }

    /// Where the future stands, what it was told, and who is to be woken for it from now on.
    fn begin(&mut self, waker: &Waker) -> Verdict {
        let Some(node) = self.0.node.clone() else {
            return self.begin_ashore();
        };
        let outer = with_ground(self.0.task, |ground| owned(ground, Some(&node)));
        if !Arc::ptr_eq(&outer.tree, &node.tree) {
            return self.begin_abroad(node, &outer, waker);
        }
        let mut fresh = None;
        loop {
            let tried = node.tree.act(|state| {
                state.stand(node.id, outer.id);
                let before = state.take_waker(node.id, waker, &mut fresh)?;
                Some((state.judge(node.id), before))
            });
            if let Some((verdict, before)) = tried {
                drop(before);
                return verdict;
            }
            fresh = Some(waker.clone());
        }
    }

    /// The first poll: nobody can have told it anything but through a handle.
    fn begin_ashore(&mut self) -> Verdict {
        let Some(anchor) = &self.0.anchor else {
            return Verdict::Go;
        };
        match &mut *lock(anchor, ANCHOR) {
            Anchor::Ashore(asked) => asked.take().map_or(Verdict::Go, Verdict::Stop),
            Anchor::At(_) | Anchor::Over => Verdict::Go,
        }
    }

    /// The future has come to another task.
    fn begin_abroad(&mut self, old: NodeRef, outer: &NodeRef, waker: &Waker) -> Verdict {
        let moved = self.0.migrate(old, outer);
        moved.due.wake();
        let Some(node) = &self.0.node else {
            return Verdict::Go;
        };
        let mut fresh = Some(waker.clone());
        let verdict = node.tree.act(|state| {
            let _none_before = state.take_waker(node.id, waker, &mut fresh);
            if moved.is_asked {
                Verdict::Go
            } else {
                state.judge(node.id)
            }
        });
        if moved.is_asked {
            waker.wake_by_ref();
        }
        verdict
    }

    /// The first wait: from now on the future can be told.
    fn rest(&mut self, waker: &Waker) {
        if self.0.node.is_none() && self.0.is_private() {
            return;
        }
        if self.0.node.is_none() {
            with_ground(0, |ground| self.0.link(ground));
        }
        let Some(node) = &self.0.node else { return };
        let mut fresh = Some(waker.clone());
        let (before, is_due) = node.tree.act(|state| {
            (
                state.take_waker(node.id, waker, &mut fresh),
                state.is_due(node.id),
            )
        });
        drop(before);
        if is_due {
            waker.wake_by_ref();
        }
    }

    #[inline]
    fn leave(&mut self, how: Leave) {
        if !self.0.is_nowhere() {
            self.leave_tree(how);
        }
    }

    fn leave_tree(&mut self, how: Leave) {
        let before = self
            .0
            .anchor
            .take()
            .map(|anchor| std::mem::replace(&mut *lock(&anchor, ANCHOR), Anchor::Over));
        if let Some(node) = self.0.node.take() {
            let waker = node.tree.act(|state| state.leave(node.id, how));
            drop(waker);
        }
        drop(before);
    }
}

impl Drop for Link {
    #[inline]
    fn drop(&mut self) {
        self.leave(Leave::Dropped);
    }
}

/// Asks the scope behind the anchor to end; false when it is over.
pub(super) fn request(anchor: &Mutex<Anchor>, message: Message) -> bool {
    let mut place = lock(anchor, ANCHOR);
    let due = match &mut *place {
        Anchor::Over => return false,
        Anchor::Ashore(asked) => {
            asked.get_or_insert(message);
            return true;
        }
        Anchor::At(node) => {
            node.tree
                .change(|state| state.request_scope(node.id, message))
                .1
        }
    };
    drop(place);
    due.wake();
    true
}

/// The place in force, for a receipt that is passed on from it.
pub(super) fn position() -> Option<NodeRef> {
    with_ground(0, |ground| match ground {
        Ground::Nowhere => None,
        ground => Some(owned(ground, None)),
    })
}
