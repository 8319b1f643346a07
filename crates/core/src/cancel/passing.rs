//! How a request travels: told to a catcher, passed outwards by it, waiting for others, arriving.
//!
//! The second half of [`State`]; see [`requests`](super::requests) for the words. No user code runs
//! here, and nothing is woken: wakers that are due are gathered (I4).

use std::mem;

use super::forest::{Node, NodeId};
use super::kinds::{Catcher, Catching, Kind, Request};
use super::requests::State;

impl State {
    /// Sends a request outwards, beginning with the node `from`.
    pub(super) fn pass(&mut self, from: Option<NodeId>, request: Request) {
        let target = request.target;
        let inside = from.filter(|from| self.forest.is_beneath(*from, target));
        let mut at = inside.unwrap_or(target);
        while at != target {
            match self.catcher(at) {
                Some(Catcher {
                    state: Catching::Live,
                    arrived,
                }) => {
                    let earlier = arrived.take();
                    let widest = earlier.map(|earlier| self.wider(earlier, request.clone()));
                    if let Some(catcher) = self.catcher(at) {
                        catcher.arrived = widest.or(Some(request));
                    }
                    return self.settle(at);
                }
                Some(Catcher {
                    state: Catching::Told { .. } | Catching::Closing(_),
                    ..
                }) => {
                    return self.tell(at, request);
                }
                Some(Catcher {
                    state: Catching::Asleep,
                    ..
                })
                | None => {}
            }
            let Some(outwards) = self.forest.parent(at) else {
                return;
            };
            at = outwards;
        }
        if let Some(scope) = self.scope(target) {
            let (number, _) = scope.leaving.get_or_insert((0, request.message));
            *number = request.number.max(*number);
            self.settle(target);
        }
    }

    /// Tells a live catcher, or widens what it was told.
    pub(super) fn tell(&mut self, id: NodeId, request: Request) {
        match self.held_by(id).cloned() {
            Some(earlier) => {
                let widest = self.wider(earlier, request);
                self.unhold(id);
                if let Some(held) = self.forest.find_mut(id).and_then(Node::request_mut) {
                    *held = widest;
                }
            }
            None => {
                let since = self.polls;
                let Some(catcher) = self.catcher(id) else {
                    return;
                };
                catcher.state = Catching::Told { request, since };
                self.told += 1;
                self.wake(id);
            }
        }
        self.hold(id);
    }

    /// Lets go of all that is held inside `id` for `id` itself or for scopes around it; the latter
    /// goes on from `from`.
    pub(super) fn cut(&mut self, id: NodeId, from: Option<NodeId>) {
        if self.holders == 0 || !self.forest.has_children(id) {
            return;
        }
        let mut passed = Vec::new();
        for holder in self.forest.inside(id, |node| node.request().is_some()) {
            let target = self.held_by(holder).map(|request| request.target);
            if target.is_none_or(|target| target != id && self.forest.is_beneath(target, id)) {
                continue;
            }
            passed.extend(self.release(holder).filter(|request| request.target != id));
        }
        for waiting in self.forest.inside(id, Node::has_arrived) {
            let arrived = self
                .catcher(waiting)
                .and_then(|catcher| catcher.arrived.take());
            passed.extend(arrived.filter(|it| !self.forest.is_beneath(it.target, id)));
        }
        passed
            .into_iter()
            .for_each(|request| self.pass(from, request));
        self.settle_outwards(from);
    }

    /// Receipts that came out with the node's value stand in its parent from now on.
    pub(super) fn hoist_receipts(&mut self, id: NodeId, parent: Option<NodeId>) {
        let Some(parent) = parent else { return };
        let receipts = self
            .forest
            .inside(id, |node| matches!(node.kind, Kind::Receipt(_)));
        for receipt in receipts {
            let target = self.held_by(receipt).map(|request| request.target);
            if target.is_some_and(|target| !self.forest.is_beneath(target, id)) {
                self.unhold(receipt);
                self.forest.reparent(receipt, parent);
                self.hold(receipt);
            }
        }
    }

    /// A catcher that does not look counts as live no longer.
    pub(super) fn doze(&mut self, id: NodeId) {
        let parent = self.forest.parent(id);
        let request = self.release(id);
        let arrived = self.catcher(id).and_then(|catcher| {
            catcher.state = Catching::Asleep;
            catcher.arrived.take()
        });
        self.forest.count_out(id);
        request
            .into_iter()
            .chain(arrived)
            .for_each(|request| self.pass(parent, request));
        self.settle_outwards(parent);
    }

    /// Looks at every node from `at` outwards whether its time has come.
    pub(super) fn settle_outwards(&mut self, mut at: Option<NodeId>) {
        while let Some(id) = at {
            self.settle(id);
            at = self.forest.parent(id);
        }
    }

    /// What waits at the node moves on once nobody inside holds that request, or a later one. Who
    /// holds an earlier one is interrupted: the one that waits may have been passed on from within
    /// that holder's clean-up, which then never ends by itself.
    fn settle(&mut self, id: NodeId) {
        if self.is_held_up(id) {
            return;
        }
        let Some(node) = self.forest.find_mut(id) else {
            return;
        };
        match &mut node.kind {
            Kind::Scope(scope) => {
                if let Some((_, message)) = scope.leaving.take() {
                    scope.ended.get_or_insert(message);
                    self.wake(id);
                }
            }
            Kind::Catcher(catcher) => {
                if let Some(request) = catcher.arrived.take() {
                    self.tell(id, request);
                }
            }
            Kind::Receipt(_) => {}
        }
    }

    /// Whether what waits at the node, if anything does, must wait on.
    fn is_held_up(&self, id: NodeId) -> bool {
        let Some(node) = self.forest.find(id).filter(|node| node.held > 0) else {
            return false;
        };
        let Some(number) = node.waiting() else {
            return true;
        };
        let holders = self.forest.inside(id, |node| {
            node.request().is_some_and(|held| held.number >= number)
        });
        holders.into_iter().any(|holder| {
            let target = self.held_by(holder).map(|request| request.target);
            target.is_some_and(|target| target == id || self.forest.is_beneath(id, target))
        })
    }

    /// The live catchers inside `top` that have no live one inside themselves.
    pub(super) fn innermost(&self, top: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut at = self.forest.next_inside(top, top, true);
        while let Some(id) = at {
            let live = self.forest.live(id);
            let is_live = self.forest.find(id).is_some_and(Node::is_live_catcher);
            if is_live && live == 1 {
                found.push(id);
            }
            at = self
                .forest
                .next_inside(top, id, live > usize::from(is_live));
        }
        found
    }

    /// Takes from the node what it holds; a receipt goes with it.
    pub(super) fn release(&mut self, id: NodeId) -> Option<Request> {
        let request = self.held_by(id)?.clone();
        self.unhold(id);
        match &mut self.forest.find_mut(id)?.kind {
            Kind::Catcher(catcher) => {
                let before = mem::replace(&mut catcher.state, Catching::Live);
                self.told -= usize::from(matches!(before, Catching::Told { .. }));
            }
            Kind::Receipt(_) => drop(self.forest.remove(id)),
            Kind::Scope(_) => {}
        }
        Some(request)
    }

    /// Of two requests the one whose target is further out; of equals the earlier, which counts as
    /// the later one from now on.
    fn wider(&self, earlier: Request, later: Request) -> Request {
        let is_wider = earlier.target != later.target
            && (self.forest.is_beneath(earlier.target, later.target)
                || self.forest.find(earlier.target).is_none());
        let number = earlier.number.max(later.number);
        let wider = if is_wider { later } else { earlier };
        Request { number, ..wider }
    }

    /// Counts the node's request at everyone it is inside of, up to the target.
    pub(super) fn hold(&mut self, id: NodeId) {
        self.holders += 1;
        self.shift_held(id, |held| held + 1);
    }

    pub(super) fn unhold(&mut self, id: NodeId) {
        self.holders -= 1;
        self.shift_held(id, |held| held - 1);
    }

    fn shift_held(&mut self, id: NodeId, shift: impl Fn(usize) -> usize) {
        let Some(target) = self.held_by(id).map(|request| request.target) else {
            return;
        };
        let mut at = self.forest.parent(id);
        while let Some(outer) = at {
            if let Some(node) = self.forest.find_mut(outer) {
                node.held = shift(node.held);
            }
            at = self.forest.parent(outer).filter(|_| outer != target);
        }
    }
}
