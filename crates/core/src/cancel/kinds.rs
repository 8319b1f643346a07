//! What the nodes of a tree are, and what can have been asked of each.
//!
//! Plain values, changed by [`requests`](super::requests) and [`passing`](super::passing) under
//! the tree's lock.

use std::sync::Arc;

use super::forest::{Node, NodeId};

/// The text that may come with a request.
pub(super) type Message = Option<Arc<str>>;

/// A wish that a scope end.
#[derive(Clone)]
pub(super) struct Request {
    /// The scope that is to end.
    pub(super) target: NodeId,
    /// The same scope by its lasting name, should it move to another tree.
    pub(super) serial: u64,
    /// Which of all requests it is: later ones have greater numbers.
    pub(super) number: u64,
    /// What the requester said.
    pub(super) message: Message,
}

/// What a node is.
pub(super) enum Kind {
    /// It can be asked to end.
    Scope(Scope),
    /// It wants to see requests.
    Catcher(Catcher),
    /// A request that a catcher inside the parent has seen, and that is not answered yet.
    Receipt(Request),
}

/// What was asked of a scope.
#[derive(Default)]
pub(super) struct Scope {
    /// Its lasting name, given with the first request; zero until then.
    pub(super) serial: u64,
    /// A request that met no live catcher: judged again when the scope is polled next.
    pub(super) asked: Option<Message>,
    /// A request that was passed on to the scope; waits until nobody inside holds it, or a later
    /// one. Its number, and the message of the first.
    pub(super) leaving: Option<(u64, Message)>,
    /// The scope must end at its next poll, whatever is live inside.
    pub(super) ended: Option<Message>,
}

/// What was told to a catcher.
pub(super) struct Catcher {
    /// Where it is between polled and resolved.
    pub(super) state: Catching,
    /// A request passed on by a catcher inside; waits until nobody inside holds it, or a later one.
    pub(super) arrived: Option<Request>,
}

/// A catcher's life: live, told, closing, then a receipt takes its place.
pub(super) enum Catching {
    /// Polled, and waiting.
    Live,
    /// It has a request that it was not polled for yet.
    Told {
        /// What it was told.
        request: Request,
        /// The count of the task's polls by then.
        since: u64,
    },
    /// It drops its future right now; what reaches it meanwhile is merged.
    Closing(Request),
    /// It was told and did not come to look: nobody polls it, so it counts no longer.
    Asleep,
}

/// How a node leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// Its future gave a value; what was seen inside may have come out with it.
    Finished,
    /// Its future was dropped midway.
    Dropped,
}

/// What a polled node must do.
pub(super) enum Verdict {
    /// Poll the future.
    Go,
    /// Drop the future and end.
    Stop(Message),
}

impl Node {
    /// The request that the node holds.
    pub(super) fn request(&self) -> Option<&Request> {
        match &self.kind {
            Kind::Receipt(request) => Some(request),
            Kind::Catcher(catcher) => match &catcher.state {
                Catching::Told { request, .. } | Catching::Closing(request) => Some(request),
                Catching::Live | Catching::Asleep => None,
            },
            Kind::Scope(_) => None,
        }
    }

    pub(super) fn request_mut(&mut self) -> Option<&mut Request> {
        match &mut self.kind {
            Kind::Receipt(request) => Some(request),
            Kind::Catcher(catcher) => match &mut catcher.state {
                Catching::Told { request, .. } | Catching::Closing(request) => Some(request),
                Catching::Live | Catching::Asleep => None,
            },
            Kind::Scope(_) => None,
        }
    }

    /// The number of the request that waits at the node until nobody inside holds it.
    pub(super) fn waiting(&self) -> Option<u64> {
        match &self.kind {
            Kind::Scope(scope) => scope.leaving.as_ref().map(|(number, _)| *number),
            Kind::Catcher(catcher) => catcher.arrived.as_ref().map(|request| request.number),
            Kind::Receipt(_) => None,
        }
    }

    pub(super) fn has_arrived(&self) -> bool {
        matches!(&self.kind, Kind::Catcher(catcher) if catcher.arrived.is_some())
    }

    pub(super) fn is_live_catcher(&self) -> bool {
        match &self.kind {
            Kind::Catcher(catcher) => !matches!(catcher.state, Catching::Asleep),
            Kind::Scope(_) | Kind::Receipt(_) => false,
        }
    }
}
