//! Cancellation that knows its scope: who is asked to end, who sees it first, what ends at last.
//!
//! A task is a tree of *scopes* (what can be asked to end: the task itself, and every [`scope`])
//! and *catchers* (who wants to see that: [`catch_cancel`], [`finally`]). A request on a scope goes
//! to the innermost live catchers inside it, and each of them drops its own future and resolves to
//! `Err(Cancelled)`. [`Cancelled::resume`] passes it on outwards, until the scope that was asked
//! ends. Where no catcher lives, the scope's future is dropped at its current await.
//!
//! The task cell calls `Tree`; users' futures call the rest from inside a poll. Nothing here
//! polls, drops, wakes or calls back while a lock is held (I4), a future that is dropped midway
//! leaves no node behind (I8), and a task without scopes and catchers pays nothing.
//!
//! Reading order: `requests` (whom a request reaches), `forest` (the nodes), `ground` (which scope
//! is in force on this thread), `link` (a future's place in a tree), then the futures.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

use crate::sync::ranks::TREE;
use crate::sync::{AtomicUsize, Mutex, Ordering, lock};

mod kinds;

mod requests;

mod passing;

mod forest;

mod ground;

mod link;

mod scope;

mod catcher;

mod held;

mod finally;

pub(crate) mod wakes;

#[cfg(all(test, not(loom)))]
mod tests;

pub use catcher::{Asked, Cancelled, CatchCancel, Catcher, Resume, catch_cancel};
pub use finally::{Finally, finally};
pub use held::Requests;
pub use scope::{Ended, ScopeFuture, ScopeHandle, scope};

use forest::NodeId;
use requests::State;
use wakes::wake_all;

/// What became of a request on a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Delivery {
    /// A catcher inside has it: poll the task.
    Caught,
    /// Nobody inside wants to see it: drop the task's future.
    NoCatcher,
}

/// The scopes and catchers of one task, made when the first of them has to wait.
pub(crate) struct Tree {
    /// All of it; held for a few steps at a time, never around user code.
    state: Mutex<State>,
    /// What the cell may ask without the lock: [`STIRRED`] and [`OVER`].
    flags: AtomicUsize,
    /// Whether no task is behind the root: futures polled outside of every task.
    is_private: bool,
}

/// Somebody has yet to see what they were told, or the task must end.
const STIRRED: usize = 1;
/// The task is over.
const OVER: usize = 2;

impl Tree {
    /// The tree of a task that `waker` wakes.
    pub(crate) fn new(waker: Waker) -> Arc<Self> {
        Self::with_root(Some(waker))
    }

    /// A tree for a future that is polled outside of every task.
    fn private() -> Arc<Self> {
        Self::with_root(None)
    }

    fn with_root(waker: Option<Waker>) -> Arc<Self> {
        let is_private = waker.is_none();
        let state = Mutex::new(State::new(waker));
        Arc::new(Self {
            state,
            flags: AtomicUsize::new(0),
            is_private,
        })
    }

    /// Asks the task to end. Called by the worker that owns the task, before a poll.
    pub(crate) fn request_root(&self, message: Option<Arc<str>>) -> Delivery {
        if self.act(|state| state.request(NodeId::ROOT, message)) {
            Delivery::Caught
        } else {
            Delivery::NoCatcher
        }
    }

    /// Whether the task must end now, because its last catcher passed a request on. Called by the
    /// worker after each poll that left the task pending; when it says no, the task may have been
    /// woken by the call.
    pub(crate) fn root_must_end(&self) -> bool {
        // Relaxed: what this thread's own poll did is in program order, and whoever told somebody
        // from another thread also wakes the task, whose next poll synchronises with that wake.
        if self.flags.load(Ordering::Relaxed) & STIRRED == 0 {
            return false;
        }
        self.act(|state| {
            state.poll_ended();
            state.must_root_end()
        })
    }

    /// Lets go of the task: called once its future was dropped. Handles to scopes may outlive it.
    pub(crate) fn task_ended(&self) {
        // Relaxed: it only guards against a task that is given the same address later, and that
        // can happen only after the waker below let go of the cell.
        self.flags.fetch_or(OVER, Ordering::Relaxed);
        let waker = lock(&self.state, TREE).root_waker.take();
        drop(waker);
    }

    /// Whether the task is over.
    fn is_over(&self) -> bool {
        // Relaxed: see `task_ended`.
        self.flags.load(Ordering::Relaxed) & OVER != 0
    }

    /// Changes the tree, then wakes whom that concerns.
    fn act<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let (result, due) = self.change(change);
        due.wake();
        result
    }

    /// Changes the tree and leaves the waking to the caller, who holds another lock.
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> (R, Due) {
        let mut state = lock(&self.state, TREE);
        let result = change(&mut state);
        let stirred = if state.is_stirred() { STIRRED } else { 0 };
        // Relaxed twice: only holders of the lock write this bit, and readers need no more than
        // their own thread's writes, see `root_must_end`.
        if self.flags.load(Ordering::Relaxed) & STIRRED != stirred {
            self.flags.fetch_xor(STIRRED, Ordering::Relaxed);
        }
        let root = state
            .root_waker
            .clone()
            .filter(|_| mem::take(&mut state.is_root_due));
        (
            result,
            Due {
                wakers: mem::take(&mut state.wakes),
                root,
            },
        )
    }

    /// Nodes alive, the root included.
    #[cfg(all(test, not(loom)))]
    fn len(&self) -> usize {
        lock(&self.state, TREE).forest.len()
    }
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = lock(&self.state, TREE).forest.len();
        f.debug_struct("Tree")
            .field("nodes", &nodes)
            .field("is_over", &self.is_over())
            .finish()
    }
}

/// Who is to be woken once no lock is held.
#[must_use]
struct Due {
    /// Those that poll scopes and catchers.
    wakers: Vec<Waker>,
    /// The task.
    root: Option<Arc<Waker>>,
}

impl Due {
    fn is_empty(&self) -> bool {
        self.wakers.is_empty() && self.root.is_none()
    }

    fn wake(self) {
        if !self.wakers.is_empty() {
            wake_all(self.wakers);
        }
        if let Some(root) = self.root {
            root.wake_by_ref();
        }
    }
}

/// A place in a tree, as those outside of it know it.
#[derive(Clone)]
struct NodeRef {
    /// The tree.
    tree: Arc<Tree>,
    /// The place.
    id: NodeId,
}

impl fmt::Debug for NodeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}
