//! The nodes of one tree of scopes: who stands inside whom, kept in a slab.
//!
//! Used by [`requests`](super::requests) under the tree's lock. Pure bookkeeping: it never locks,
//! wakes, or decides who gets a request. A node whose parent went away is an orphan: it stands in
//! no scope until its future is polled again.

use std::task::Waker;

use super::kinds::Kind;

/// Where a node is; a slot that was used again gives a different id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NodeId {
    /// The slot in the slab.
    index: u32,
    /// How often the slot had been emptied when the node moved in.
    generation: u32,
}

impl NodeId {
    /// The task itself: first in, never removed.
    pub(super) const ROOT: Self = Self {
        index: 0,
        generation: 0,
    };
}

/// One scope, catcher or receipt.
pub(super) struct Node {
    /// The node this one stands in; `None` for the root and for orphans.
    parent: Option<NodeId>,
    /// The head of the list of children; the order in it means nothing.
    first_child: Option<NodeId>,
    /// The sibling before this one.
    before: Option<NodeId>,
    /// The sibling after this one.
    after: Option<NodeId>,
    /// Live catchers in this subtree, this node included.
    live: usize,
    /// Requests beneath this node whose target is this node or stands around it.
    pub(super) held: usize,
    /// What wakes whoever polls the node; taken when it is woken.
    pub(super) waker: Option<Waker>,
    /// What the node is, and what was asked of it.
    pub(super) kind: Kind,
}

/// A place in the slab.
struct Slot {
    /// Rises each time the slot is emptied.
    generation: u32,
    /// The tenant.
    node: Option<Node>,
}

/// See the module.
pub(super) struct Forest {
    /// All slots, the root's first.
    slots: Vec<Slot>,
    /// Slots free to use again.
    vacant: Vec<u32>,
}

impl Forest {
    pub(super) fn new(root: Kind) -> Self {
        let mut forest = Self {
            slots: Vec::new(),
            vacant: Vec::new(),
        };
        forest.settle_in(root);
        forest
    }

    /// Nodes alive, the root included.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    pub(super) fn find(&self, id: NodeId) -> Option<&Node> {
        let slot = self.slots.get(id.index as usize)?;
        slot.node
            .as_ref()
            .filter(|_| slot.generation == id.generation)
    }

    pub(super) fn find_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        let slot = self.slots.get_mut(id.index as usize)?;
        slot.node
            .as_mut()
            .filter(|_| slot.generation == id.generation)
    }

    /// A new node without children inside `parent`, or an orphan if that is gone.
    pub(super) fn insert(&mut self, parent: NodeId, kind: Kind) -> NodeId {
        let id = self.settle_in(kind);
        self.attach(id, parent);
        id
    }

    /// Takes the node out; its children become orphans.
    pub(super) fn remove(&mut self, id: NodeId) -> Option<Node> {
        self.find(id)?;
        self.detach(id);
        self.orphan_children(id);
        let slot = self.slots.get_mut(id.index as usize)?;
        slot.generation = slot.generation.wrapping_add(1);
        // A slot whose count has run out is never used again, so no stale id can ever fit.
        if slot.generation != 0 {
            self.vacant.push(id.index);
        }
        slot.node.take()
    }

    /// Moves the node with all it contains into `parent`; a node never moves into itself.
    pub(super) fn reparent(&mut self, id: NodeId, parent: NodeId) {
        self.detach(id);
        if self.is_beneath(parent, id) {
            // Its own content took it in: cut the knot by emptying it.
            self.orphan_children(id);
        }
        self.attach(id, parent);
    }

    /// Nobody stands in the node any longer.
    pub(super) fn orphan_children(&mut self, id: NodeId) {
        while let Some(child) = self.find(id).and_then(|node| node.first_child) {
            self.detach(child);
        }
    }

    pub(super) fn parent(&self, id: NodeId) -> Option<NodeId> {
        self.find(id)?.parent
    }

    pub(super) fn has_children(&self, id: NodeId) -> bool {
        self.find(id).is_some_and(|node| node.first_child.is_some())
    }

    /// Whether `id` is `around` or stands inside it.
    pub(super) fn is_beneath(&self, id: NodeId, around: NodeId) -> bool {
        let mut at = Some(id).filter(|id| self.find(*id).is_some());
        while let Some(node) = at {
            if node == around {
                return true;
            }
            at = self.parent(node);
        }
        false
    }

    /// Live catchers in the subtree of `id`.
    pub(super) fn live(&self, id: NodeId) -> usize {
        self.find(id).map_or(0, |node| node.live)
    }

    /// A catcher at `id` became live.
    pub(super) fn count_in(&mut self, id: NodeId) {
        self.shift_live(Some(id), |live| live + 1);
    }

    /// The catcher at `id` is live no longer.
    pub(super) fn count_out(&mut self, id: NodeId) {
        self.shift_live(Some(id), |live| live - 1);
    }

    /// The next node inside `top` after `at`, parents first; start with `top` itself, which is not
    /// among them. `is_worth` says whether to look inside `at`. Needs no stack, so that depth
    /// costs none.
    pub(super) fn next_inside(&self, top: NodeId, at: NodeId, is_worth: bool) -> Option<NodeId> {
        let child = self.find(at)?.first_child.filter(|_| is_worth);
        if child.is_some() {
            return child;
        }
        let mut at = at;
        while at != top {
            let node = self.find(at)?;
            if node.after.is_some() {
                return node.after;
            }
            at = node.parent?;
        }
        None
    }

    /// All nodes inside `top` that pass, parents first.
    pub(super) fn inside(&self, top: NodeId, passes: impl Fn(&Node) -> bool) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut at = self.next_inside(top, top, true);
        while let Some(id) = at {
            if self.find(id).is_some_and(&passes) {
                found.push(id);
            }
            at = self.next_inside(top, id, true);
        }
        found
    }

    /// All nodes, orphans too.
    pub(super) fn all(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.slots.iter().zip(0..).filter_map(|(slot, index)| {
            let id = NodeId {
                index,
                generation: slot.generation,
            };
            slot.node.as_ref().map(|node| (id, node))
        })
    }

    fn settle_in(&mut self, kind: Kind) -> NodeId {
        let node = Node {
            parent: None,
            first_child: None,
            before: None,
            after: None,
            live: 0,
            held: 0,
            waker: None,
            kind,
        };
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.slots.push(Slot {
                generation: 0,
                node: None,
            });
            u32::try_from(self.slots.len() - 1).expect("four billion nodes do not fit in memory")
        });
        let slot = &mut self.slots[index as usize];
        slot.node = Some(node);
        NodeId {
            index,
            generation: slot.generation,
        }
    }

    /// Puts an orphan into `parent`, if that is alive.
    fn attach(&mut self, id: NodeId, parent: NodeId) {
        let Some(home) = self.find_mut(parent) else {
            return;
        };
        let sibling = home.first_child.replace(id);
        if let Some(sibling) = sibling.and_then(|sibling| self.find_mut(sibling)) {
            sibling.before = Some(id);
        }
        let Some(node) = self.find_mut(id) else {
            return;
        };
        node.parent = Some(parent);
        node.after = sibling;
        let live = node.live;
        self.shift_live(Some(parent), |count| count + live);
    }

    /// Makes the node an orphan.
    fn detach(&mut self, id: NodeId) {
        let Some(node) = self.find_mut(id) else {
            return;
        };
        let (before, after) = (node.before.take(), node.after.take());
        let (parent, live) = (node.parent.take(), node.live);
        if let Some(next) = after.and_then(|next| self.find_mut(next)) {
            next.before = before;
        }
        match before.and_then(|previous| self.find_mut(previous)) {
            Some(previous) => previous.after = after,
            None => {
                if let Some(home) = parent.and_then(|home| self.find_mut(home)) {
                    home.first_child = after;
                }
            }
        }
        self.shift_live(parent, |count| count - live);
    }

    /// Changes the count of live catchers from `at` outwards.
    fn shift_live(&mut self, mut at: Option<NodeId>, shift: impl Fn(usize) -> usize) {
        while let Some(node) = at.and_then(|id| self.find_mut(id)) {
            node.live = shift(node.live);
            at = node.parent;
        }
    }
}
