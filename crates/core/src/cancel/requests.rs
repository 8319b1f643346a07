//! What a cancel request does to the tree: whom it reaches, how it travels outwards, what ends.
//!
//! Called under the tree's lock by [`link`](super::link), [`catcher`](super::catcher) and the
//! [`Tree`](super::Tree). It never runs user code: wakers that are due are only gathered here, and
//! the lock's owner wakes them afterwards (I4).
//!
//! A request is *told* to a catcher, *seen* when that catcher is polled (from then on a receipt
//! holds it), and then either swallowed or *passed* outwards: to the next live catcher around, or
//! to the target, which ends. Whoever it was passed to waits until nobody inside holds it still,
//! but not for holders of earlier requests: a second one interrupts the clean-ups of the first.
//! A holder that is dropped before its user could decide passes on, so no request is ever lost.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;

use super::forest::{Forest, Node, NodeId};
use super::kinds::{Catcher, Catching, Kind, Leave, Message, Request, Scope, Verdict};

/// Names scopes for good. Only uniqueness matters, so Relaxed will do; std's, because loom knows
/// no statics.
static SERIALS: AtomicU64 = AtomicU64::new(1);

/// Numbers requests. Those of one tree are made under its lock, which orders them, so Relaxed will
/// do.
static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// All that a tree's lock guards.
pub(super) struct State {
    /// The nodes.
    pub(super) forest: Forest,
    /// Wakers that are due once the lock is released.
    pub(super) wakes: Vec<Waker>,
    /// Whether the task is due to be woken, too.
    pub(super) is_root_due: bool,
    /// What wakes the task; none after its end.
    pub(super) root_waker: Option<Arc<Waker>>,
    /// Polls of the task that ended while somebody had yet to see what it was told.
    pub(super) polls: u64,
    /// Catchers that were told and not polled since.
    pub(super) told: usize,
    /// Requests told or seen, and not answered.
    pub(super) holders: usize,
}

impl State {
    pub(super) fn new(root_waker: Option<Waker>) -> Self {
        Self {
            forest: Forest::new(Kind::Scope(Scope::default())),
            wakes: Vec::new(),
            is_root_due: false,
            root_waker: root_waker.map(Arc::new),
            polls: 0,
            told: 0,
            holders: 0,
        }
    }

    /// Asks `target` to end. True: the live catchers inside were told; false: there is none.
    pub(super) fn request(&mut self, target: NodeId, message: Message) -> bool {
        if self.forest.live(target) == 0 {
            return false;
        }
        let request = Request {
            target,
            serial: self.serial(target),
            number: REQUESTS.fetch_add(1, Ordering::Relaxed),
            message,
        };
        for catcher in self.innermost(target) {
            self.tell(catcher, request.clone());
        }
        true
    }

    /// The same for a scope that judges a request without catchers at its own next poll.
    pub(super) fn request_scope(&mut self, target: NodeId, message: Message) {
        if self.request(target, message.clone()) {
            return;
        }
        if let Some(scope) = self.scope(target) {
            scope.asked.get_or_insert(message);
            self.wake(target);
        }
    }

    /// What the node must do now that it is polled.
    pub(super) fn judge(&mut self, id: NodeId) -> Verdict {
        let has_catchers = self.forest.live(id) > 0;
        match self.forest.find_mut(id).map(|node| &mut node.kind) {
            Some(Kind::Scope(scope)) => {
                if let Some(message) = scope.ended.clone() {
                    return self.stop(id, message);
                }
                match scope.asked.take() {
                    None => Verdict::Go,
                    Some(message) if has_catchers => {
                        self.request(id, message);
                        Verdict::Go
                    }
                    Some(message) => self.stop(id, message),
                }
            }
            Some(Kind::Catcher(catcher)) => {
                match mem::replace(&mut catcher.state, Catching::Live) {
                    Catching::Live => Verdict::Go,
                    Catching::Asleep => {
                        self.forest.count_in(id);
                        Verdict::Go
                    }
                    Catching::Told { request, .. } => {
                        catcher.state = Catching::Closing(request);
                        self.told -= 1;
                        self.cut(id, Some(id));
                        Verdict::Stop(None)
                    }
                    closing @ Catching::Closing(_) => {
                        catcher.state = closing;
                        Verdict::Stop(None)
                    }
                }
            }
            Some(Kind::Receipt(_)) | None => Verdict::Go,
        }
    }

    /// The scope's end begins: what its content still holds for scopes further out goes there.
    fn stop(&mut self, id: NodeId, message: Message) -> Verdict {
        if let Some(scope) = self.scope(id) {
            scope.ended.get_or_insert(message.clone());
        }
        self.cut(id, self.forest.parent(id));
        Verdict::Stop(message)
    }

    /// The closing catcher has dropped its future: a receipt takes its place. Its waker comes
    /// back, to be dropped outside the lock.
    pub(super) fn close(&mut self, id: NodeId) -> Option<(Request, Option<Waker>)> {
        self.cut(id, Some(id));
        let node = self.forest.find_mut(id)?;
        let Kind::Catcher(Catcher {
            state: Catching::Closing(request),
            ..
        }) = &node.kind
        else {
            return None;
        };
        let request = request.clone();
        let waker = node.waker.take();
        node.kind = Kind::Receipt(request.clone());
        self.forest.count_out(id);
        self.forest.orphan_children(id);
        Some((request, waker))
    }

    /// Brings the node to where it is polled now.
    pub(super) fn stand(&mut self, id: NodeId, parent: NodeId) {
        let old = self.forest.parent(id);
        if old == Some(parent) {
            return;
        }
        if self.holders == 0 {
            self.forest.reparent(id, parent);
            return;
        }
        let mut moving = self.forest.inside(id, |node| node.request().is_some());
        moving.extend(self.held_by(id).map(|_| id));
        moving.iter().for_each(|holder| self.unhold(*holder));
        self.forest.reparent(id, parent);
        moving.iter().for_each(|holder| self.hold(*holder));
        // What was meant for a scope that they have left goes on there without them.
        let left: Vec<NodeId> = moving
            .into_iter()
            .filter(|holder| self.is_astray(*holder))
            .collect();
        let passed: Vec<Request> = left
            .into_iter()
            .filter_map(|holder| self.release(holder))
            .collect();
        passed
            .into_iter()
            .for_each(|request| self.pass(old, request));
        self.settle_outwards(old);
    }

    /// Takes the node out. Its waker comes back, to be dropped outside the lock.
    pub(super) fn leave(&mut self, id: NodeId, how: Leave) -> Option<Waker> {
        if self.holders == 0 {
            return self.forest.remove(id)?.waker;
        }
        let parent = self.forest.parent(id);
        if how == Leave::Finished {
            self.hoist_receipts(id, parent);
        }
        self.cut(id, parent);
        let arrived = self.catcher(id).and_then(|catcher| catcher.arrived.take());
        let own = self.release(id);
        let node = self.forest.remove(id);
        own.into_iter()
            .chain(arrived)
            .for_each(|request| self.pass(parent, request));
        self.settle_outwards(parent);
        node?.waker
    }

    /// The receipt's owner has decided to go on: the request ends here.
    pub(super) fn swallow(&mut self, receipt: NodeId) {
        let parent = self.forest.parent(receipt);
        self.release(receipt);
        self.settle_outwards(parent);
    }

    /// The receipt's owner passes the request on from `position`, if that is inside the target,
    /// else from where the receipt is. False: the receipt is gone.
    pub(super) fn resume(&mut self, receipt: NodeId, position: Option<NodeId>) -> bool {
        let parent = self.forest.parent(receipt);
        let Some(request) = self.release(receipt) else {
            return false;
        };
        let inside = position.filter(|at| self.forest.is_beneath(*at, request.target));
        self.pass(inside.or(parent), request);
        self.settle_outwards(parent);
        true
    }

    /// The scope named `serial` around `at`.
    pub(super) fn named_around(&self, at: NodeId, serial: u64) -> Option<NodeId> {
        let mut at = Some(at);
        while let Some(id) = at {
            if self.serial_of(id) == Some(serial) {
                return Some(id);
            }
            at = self.forest.parent(id);
        }
        None
    }

    /// Sees to it that `waker` is woken for the node. `None`: it needs the clone in `fresh` for
    /// that, made outside the lock. Else what it had before, to be dropped outside the lock.
    pub(super) fn take_waker(
        &mut self,
        id: NodeId,
        waker: &Waker,
        fresh: &mut Option<Waker>,
    ) -> Option<Option<Waker>> {
        let Some(node) = self.forest.find_mut(id) else {
            return Some(None);
        };
        if node
            .waker
            .as_ref()
            .is_some_and(|known| known.will_wake(waker))
        {
            return Some(None);
        }
        let fresh = fresh.take()?;
        Some(node.waker.replace(fresh))
    }

    /// The task was polled: those who had the time to look and did not are asleep.
    pub(super) fn poll_ended(&mut self) {
        if self.told == 0 {
            return;
        }
        self.polls += 1;
        // A combinator with a budget looks at 32 children or more in one poll, so this many polls
        // suffice for whoever is awake.
        let patience = 8 + self.forest.len() as u64 / 16;
        let now = self.polls;
        let slow = |node: &Node| match &node.kind {
            Kind::Catcher(Catcher {
                state: Catching::Told { since, .. },
                ..
            }) => now - since > patience,
            _ => false,
        };
        let slow: Vec<NodeId> = self
            .forest
            .all()
            .filter(|(_, node)| slow(node))
            .map(|(id, _)| id)
            .collect();
        slow.into_iter().for_each(|id| self.doze(id));
        self.is_root_due |= self.told > 0;
    }

    /// Whether someone has yet to look, or the task must end.
    pub(super) fn is_stirred(&mut self) -> bool {
        self.told > 0 || self.must_root_end()
    }

    pub(super) fn must_root_end(&mut self) -> bool {
        self.scope(NodeId::ROOT)
            .is_some_and(|root| root.ended.is_some())
    }

    /// Whether the node has something to do at its next poll.
    pub(super) fn is_due(&self, id: NodeId) -> bool {
        match self.forest.find(id).map(|node| &node.kind) {
            Some(Kind::Scope(scope)) => scope.asked.is_some() || scope.ended.is_some(),
            Some(Kind::Catcher(catcher)) => matches!(catcher.state, Catching::Told { .. }),
            Some(Kind::Receipt(_)) | None => false,
        }
    }

    /// What a scope that moves to another tree takes along.
    pub(super) fn belongings(&mut self, id: NodeId) -> Scope {
        let unseen = self.forest.inside(id, |node| match &node.kind {
            Kind::Catcher(Catcher {
                state: Catching::Told { request, .. },
                ..
            }) => request.target == id,
            _ => false,
        });
        let unseen = unseen
            .first()
            .and_then(|told| self.held_by(*told))
            .map(|it| it.message.clone());
        let Some(scope) = self.scope(id) else {
            return Scope::default();
        };
        Scope {
            serial: scope.serial,
            asked: scope.asked.take().or(unseen),
            leaving: None,
            ended: scope
                .ended
                .take()
                .or(scope.leaving.take().map(|(_, message)| message)),
        }
    }

    /// Whether the node holds a request for a scope that it is not in.
    pub(super) fn is_astray(&self, id: NodeId) -> bool {
        self.held_by(id)
            .is_some_and(|request| !self.forest.is_beneath(id, request.target))
    }

    /// Makes the node's waker due.
    pub(super) fn wake(&mut self, id: NodeId) {
        self.is_root_due |= id == NodeId::ROOT;
        let waker = self.forest.find_mut(id).and_then(|node| node.waker.take());
        self.wakes.extend(waker);
    }

    /// The scope's lasting name, given now if it had none.
    pub(super) fn serial(&mut self, id: NodeId) -> u64 {
        let Some(scope) = self.scope(id) else {
            return 0;
        };
        if scope.serial == 0 {
            scope.serial = SERIALS.fetch_add(1, Ordering::Relaxed);
        }
        scope.serial
    }

    pub(super) fn serial_of(&self, id: NodeId) -> Option<u64> {
        match &self.forest.find(id)?.kind {
            Kind::Scope(scope) => Some(scope.serial).filter(|serial| *serial != 0),
            _ => None,
        }
    }

    pub(super) fn scope(&mut self, id: NodeId) -> Option<&mut Scope> {
        match &mut self.forest.find_mut(id)?.kind {
            Kind::Scope(scope) => Some(scope),
            _ => None,
        }
    }

    pub(super) fn catcher(&mut self, id: NodeId) -> Option<&mut Catcher> {
        match &mut self.forest.find_mut(id)?.kind {
            Kind::Catcher(catcher) => Some(catcher),
            _ => None,
        }
    }

    pub(super) fn held_by(&self, id: NodeId) -> Option<&Request> {
        self.forest.find(id)?.request()
    }
}
