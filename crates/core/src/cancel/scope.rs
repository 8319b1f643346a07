//! `scope(future)`: a future that can be asked to end by name, and says whether it did.
//!
//! `timeout`, `wait_for` and `TaskGroup` are made of it. It drops the future it was given, when it
//! must end, on the thread that polls it; it never cancels anything outside of it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use super::kinds::Message;
use super::link::{Anchor, Link, Role, request};
use crate::sync::Mutex;

/// Runs `future` as a scope of its own, which can be asked to end without its task.
///
/// - Result: the future's output, also when a request came and the future gave a value all the
///   same (it *refused*). `Err(Ended)` once a request has ended it.
/// - Cancel: dropping it drops the future; no clean-up that needs an await is run.
/// - Panics when polled again after its result.
pub fn scope<F: Future>(future: F) -> ScopeFuture<F> {
    ScopeFuture {
        link: Link::new(Role::Scope),
        future: Some(future),
        was_polled: false,
    }
}

pin_project_lite::pin_project! {
    /// The future behind [`scope`].
    #[must_use = "futures do nothing unless awaited"]
    pub struct ScopeFuture<F> {
        // The scope's place in the task's tree; goes before the future does, when dropped.
        link: Link,
        // The user's future, until it is done or must end.
        #[pin]
        future: Option<F>,
        // Whether it is too late for a first handle.
        was_polled: bool,
    }
}

impl<F: Future> ScopeFuture<F> {
    /// A handle by which others, on any thread, ask the scope to end. A scope without handles and
    /// without catchers inside enters no tree, and so costs next to nothing.
    ///
    /// # Panics
    /// When the first one is made after the first poll.
    pub fn handle(self: Pin<&mut Self>) -> ScopeHandle {
        assert!(
            !self.was_polled || self.link.has_anchor(),
            "make a scope's first handle before its first poll"
        );
        ScopeHandle {
            anchor: self.project().link.anchor(),
        }
    }

    /// Asks the scope to end, as [`ScopeHandle::request`] does, without a handle: for a future
    /// that owns the scope and polls it itself.
    pub fn request(self: Pin<&mut Self>, message: Option<Arc<str>>) -> bool {
        let this = self.project();
        this.future.is_some() && this.link.request(message)
    }
}

impl<F: Future> Future for ScopeFuture<F> {
    type Output = Result<F::Output, Ended>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        *this.was_polled = true;
        let polled = this.link.poll(cx, |cx| {
            let future = this.future.as_mut().as_pin_mut();
            future
                .expect("a scope is not polled after its result")
                .poll(cx)
        });
        let result = match polled {
            Ok(polled) => Ok(ready!(polled)),
            Err(message) => Err(Ended { message }),
        };
        this.future.set(None);
        this.link.finish();
        Poll::Ready(result)
    }
}

impl<F> fmt::Debug for ScopeFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeFuture")
            .field("is_over", &self.future.is_none())
            .finish()
    }
}

/// Asks a scope to end, from anywhere.
#[derive(Clone)]
pub struct ScopeHandle {
    /// Leads to the scope wherever it is.
    anchor: Arc<Mutex<Anchor>>,
}

impl ScopeHandle {
    /// Asks the scope to end, saying why.
    ///
    /// The innermost live catchers inside the scope get the request; where there are none, the
    /// scope's future is dropped at its next poll, which this call sees to. A request made while
    /// the catchers have yet to see an earlier one changes nothing; one made while they clean up
    /// interrupts that.
    ///
    /// Returns false when the scope is over already.
    pub fn request(&self, message: Option<Arc<str>>) -> bool {
        request(&self.anchor, message)
    }
}

impl fmt::Debug for ScopeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeHandle").finish_non_exhaustive()
    }
}

/// A scope was asked to end, and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What the requester said.
    message: Message,
}

impl Ended {
    /// What came with the request.
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message() {
            Some(message) => write!(f, "scope was cancelled: {message}"),
            None => f.write_str("scope was cancelled"),
        }
    }
}

impl std::error::Error for Ended {}
