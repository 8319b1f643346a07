//! `catch_cancel(future)`: what `try`/`except CancelledError` is, and how to go on from there.
//!
//! Awaited by users who clean up with more awaits. [`Catcher`] is the same without a future of its
//! own, for futures that keep what they wait for when they are asked to end. What is caught is
//! dropped on the thread that polls; a request that nobody had the time to see is never lost, it
//! goes on outwards.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::NodeRef;
use super::forest::NodeId;
use super::kinds::Request;
use super::link::{Link, Role, position};

/// Runs `future` and sees the cancel requests that arrive meanwhile.
///
/// A request on the task, or on a scope around, ends `future` only: it is dropped, and the result
/// is `Err(Cancelled)`. The code around may then clean up with awaits, and go on (the request is
/// *refused*) or pass it on with [`Cancelled::resume`]. Catchers nest: the innermost gets the
/// request. One that arrives when the catcher is done goes to the next outside.
///
/// - Cancel: dropping it drops `future`; a request it had not seen yet goes on outwards.
/// - Panics when polled again after its result.
/// - asyncio: `try: await future` / `except CancelledError`.
pub fn catch_cancel<F: Future>(future: F) -> CatchCancel<F> {
    CatchCancel {
        catcher: Catcher::new(),
        future: Some(future),
    }
}

pin_project_lite::pin_project! {
    /// The future behind [`catch_cancel`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct CatchCancel<F> {
        // Who sees the requests; goes before the future does, when dropped.
        catcher: Catcher,
        // The user's future, until it is done or a request arrives.
        #[pin]
        future: Option<F>,
    }
}

impl<F: Future> Future for CatchCancel<F> {
    type Output = Result<F::Output, Cancelled>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let polled = this.catcher.poll(cx, |cx| {
            let future = this.future.as_mut().as_pin_mut();
            future
                .expect("a catcher is not polled after its result")
                .poll(cx)
        });
        let result = match polled {
            Ok(polled) => Ok(ready!(polled)),
            Err(asked) => {
                this.future.set(None);
                return Poll::Ready(Err(asked.see()));
            }
        };
        this.future.set(None);
        this.catcher.finish();
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for CatchCancel<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CatchCancel")
            .field("is_over", &self.future.is_none())
            .finish()
    }
}

/// [`catch_cancel`] for those who write futures: it sees the requests and owns nothing else.
///
/// The owner calls [`poll`](Self::poll) around all that it polls, and stands in for a live catcher
/// from its first wait until [`finish`](Self::finish), or until it is dropped. It may be used again
/// after a request: whoever waits on for what it has asked to end sees the next request, too.
#[derive(Debug)]
pub struct Catcher {
    /// Its place in the task's tree.
    link: Link,
}

impl Catcher {
    /// In no tree before the first wait.
    pub fn new() -> Self {
        Self {
            link: Link::new(Role::Catcher),
        }
    }

    /// Polls by way of `inner`, unless a request has arrived.
    ///
    /// # Errors
    /// The request, not seen yet: drop what must not be polled any more, then see it.
    pub fn poll<R>(
        &mut self,
        cx: &mut Context<'_>,
        inner: impl FnOnce(&mut Context<'_>) -> Poll<R>,
    ) -> Result<Poll<R>, Asked<'_>> {
        match self.link.poll(cx, inner) {
            Ok(polled) => Ok(polled),
            Err(_message) => Err(Asked(&mut self.link)),
        }
    }

    /// What was polled is done, and dropped: requests go to the next catcher outside.
    pub fn finish(&mut self) {
        self.link.finish();
    }
}

impl Default for Catcher {
    fn default() -> Self {
        Self::new()
    }
}

/// A request that a [`Catcher`] was told.
#[derive(Debug)]
#[must_use = "the request waits to be seen"]
pub struct Asked<'a>(&'a mut Link);

impl Asked<'_> {
    /// The request. What stood inside the catcher and ends with it was dropped by now.
    #[expect(clippy::missing_panics_doc, reason = "it was told, and sees once")]
    pub fn see(self) -> Cancelled {
        let (node, request) = self.0.close().expect("who must stop was told a request");
        Cancelled {
            receipt: Receipt { node, request },
        }
    }
}

/// A cancel request, seen. Keep it while cleaning up, then pass it on or drop it.
///
/// Dropping it refuses the request for this branch of the code. As long as one of several branches
/// keeps it, the scope that was asked to end waits, even if the others have passed theirs on.
#[must_use = "dropping it refuses the cancellation; `resume().await` passes it on"]
pub struct Cancelled {
    /// The claim on the request.
    receipt: Receipt,
}

impl Cancelled {
    /// What came with the request.
    pub fn message(&self) -> Option<&str> {
        self.receipt.request.message.as_deref()
    }

    /// Whether the task itself was asked to end, rather than a scope in it.
    pub fn is_for_task(&self) -> bool {
        self.receipt.request.target == NodeId::ROOT
    }

    /// Passes the request on outwards. The future never completes: the next catcher outside gets
    /// the request, or the scope that was asked to end drops everything inside it.
    ///
    /// Awaited outside of the scope that was asked, when that is over, it ends the task.
    ///
    /// - Cancel: dropped before its first poll, it refuses the request as dropping `self` does.
    pub fn resume(self) -> Resume {
        Resume {
            receipt: Some(self.receipt),
        }
    }

    /// Passes the request on outwards without waiting for the end: for a poll that returns a value
    /// of its own all the same, so that the code around is cancelled at its next await.
    pub fn pass_on(self) {
        self.receipt.pass_on(position());
    }

    /// Passes the request on from where it was seen, if it still stands: the code that would have
    /// decided is dropped.
    pub(super) fn hand_back(self) {
        let NodeRef { tree, id } = &self.receipt.node;
        tree.act(|state| state.resume(*id, None));
    }
}

impl fmt::Debug for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cancelled")
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Cancelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "cancelled: {message}"),
            None => f.write_str("cancelled"),
        }
    }
}

impl std::error::Error for Cancelled {}

/// The future behind [`Cancelled::resume`]; it never completes.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Resume {
    /// What is to be passed on at the first poll.
    receipt: Option<Receipt>,
}

impl Future for Resume {
    type Output = std::convert::Infallible;

    fn poll(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(receipt) = self.receipt.take() {
            receipt.pass_on(position());
        }
        Poll::Pending
    }
}

/// A claim on a request that was seen.
struct Receipt {
    /// Where the claim is known, in the tree of the task that was asked.
    node: NodeRef,
    /// The request.
    request: Request,
}

impl Receipt {
    /// Sends the request outwards from `position`, or from where it was seen.
    fn pass_on(self, position: Option<NodeRef>) {
        let tree = &self.node.tree;
        let here = position
            .as_ref()
            .filter(|here| Arc::ptr_eq(&here.tree, tree));
        let is_inside = here.is_some_and(|here| {
            tree.act(|state| state.forest.is_beneath(here.id, self.request.target))
        });
        let Some(abroad) = position.as_ref().filter(|_| !is_inside) else {
            tree.act(|state| state.resume(self.node.id, here.map(|here| here.id)));
            return;
        };
        // The scope may have moved to the task that this is polled in.
        let serial = self.request.serial;
        let moved = abroad
            .tree
            .act(|state| state.named_around(abroad.id, serial));
        if moved.is_none() && tree.act(|state| state.resume(self.node.id, None)) {
            return;
        }
        // Its scope is over and cannot end any more: a cancellation of the code's own making.
        let target = moved.unwrap_or(NodeId::ROOT);
        let request = Request {
            target,
            ..self.request.clone()
        };
        abroad
            .tree
            .act(|state| state.pass(Some(abroad.id), request));
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.node.tree.act(|state| state.swallow(self.node.id));
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("message", &self.request.message)
            .finish_non_exhaustive()
    }
}
