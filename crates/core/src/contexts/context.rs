//! Contexts as values, and as handles of one and the same context.
//!
//! [`Context`] is what tasks, callbacks and blocking calls carry about; a clone goes its own way
//! and costs a pointer. [`SharedContext`] is for users, who give one context to several tasks.

use std::fmt;
use std::mem;
use std::sync::Arc;

use super::force::enter;
use super::vars::Vars;
use super::{ContextVar, in_force};
use crate::sync::ranks::VARS;
use crate::sync::{Mutex, lock};

/// A set of variables with their values.
///
/// A clone starts with the same values and goes its own way; it is another context, so that tokens
/// of the first do not fit it.
#[derive(Default)]
pub struct Context(pub(super) Kept);

/// Where the variables of a context are.
pub(super) enum Kept {
    /// Here, and nobody else sees them.
    Own(Vars),
    /// In a place that others know: locked for a few steps, never around user code (I4).
    Shared(Arc<Mutex<Vars>>),
}

impl Default for Kept {
    fn default() -> Self {
        Self::Own(Vars::new())
    }
}

impl Kept {
    /// Lends the variables to `f`, which runs no user code.
    pub(super) fn with<R>(&mut self, f: impl FnOnce(&mut Vars) -> R) -> R {
        match self {
            Self::Own(vars) => f(vars),
            Self::Shared(vars) => f(&mut lock(vars, VARS)),
        }
    }

    /// Lends them for a look.
    fn look<R>(&self, f: impl FnOnce(&Vars) -> R) -> R {
        match self {
            Self::Own(vars) => f(vars),
            Self::Shared(vars) => f(&lock(vars, VARS)),
        }
    }
}

impl Context {
    /// A context in which no variable has a value.
    pub const fn new() -> Self {
        Self(Kept::Own(Vars::new()))
    }

    /// Runs `f` in this context. What it sets is seen in later runs, and not by the caller's own
    /// context.
    ///
    /// # Panics
    /// When `f` does; the caller's context is back by then.
    pub fn run<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let _entered = enter(&mut self.0);
        f()
    }

    /// The value that `var` has in this context.
    pub fn get<T: Clone + Send + Sync + 'static>(&self, var: &ContextVar<T>) -> Option<T> {
        let value = self.0.look(|vars| vars.find(var.known_id()?))?;
        value.downcast_ref::<T>().cloned()
    }

    /// How many variables have a value.
    pub fn len(&self) -> usize {
        self.0.look(Vars::len)
    }

    /// Whether no variable has a value.
    pub fn is_empty(&self) -> bool {
        self.0.look(|vars| vars.entries.is_none())
    }

    /// Whether a new context would do as well: it is empty, and nobody else knows it.
    #[inline]
    pub fn is_blank(&self) -> bool {
        matches!(&self.0, Kept::Own(vars) if vars.entries.is_none())
    }

    /// A handle of this very context, which others may know from now on.
    pub(crate) fn share(&mut self) -> SharedContext {
        let shared = match &mut self.0 {
            Kept::Own(vars) => Arc::new(Mutex::new(mem::take(vars))),
            Kept::Shared(shared) => shared.clone(),
        };
        self.0 = Kept::Shared(shared.clone());
        SharedContext(shared)
    }
}

impl Clone for Context {
    fn clone(&self) -> Self {
        Self(Kept::Own(self.0.look(Vars::copy)))
    }
}

impl From<&SharedContext> for Context {
    /// That very context.
    fn from(shared: &SharedContext) -> Self {
        Self(Kept::Shared(shared.0.clone()))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// A set of variables with their values, as a handle: all clones are the same context, and what one
/// task sets in it every other one that runs in it sees, on whatever thread.
///
/// A task copies its creator's context, so most programs never need one of these. It is for running
/// a function apart, and for tasks that share what they set.
///
/// ```
/// # use bowerbird_core::contexts::{ContextVar, SharedContext as Context};
/// static USER: ContextVar<&str> = ContextVar::new("user");
///
/// let context = Context::new();
/// context.run(|| drop(USER.set("ann")));
/// assert_eq!(USER.get(), None);
/// assert_eq!(context.get(&USER), Some("ann"));
/// assert_eq!(context.run(|| USER.get()), Some("ann"));
/// ```
///
/// - asyncio: `contextvars.Context`. It may be entered while it is entered already, on this thread
///   or another one: only single reads and writes exclude each other.
#[derive(Clone)]
pub struct SharedContext(Arc<Mutex<Vars>>);

impl SharedContext {
    /// A context in which no variable has a value.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Vars::new())))
    }

    /// A copy of the running context. asyncio: `contextvars.copy_context`.
    pub fn current() -> Self {
        let vars = in_force::<Vars>(|vars| vars.copy());
        Self(Arc::new(Mutex::new(vars.unwrap_or_default())))
    }

    /// A context of its own with the same values. asyncio: `Context.copy`.
    pub fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(lock(&self.0, VARS).copy())))
    }

    /// Runs `f` in this context: what it sets is set here, and not in the caller's own context.
    ///
    /// # Panics
    /// When `f` does; the caller's context is back by then.
    pub fn run<R>(&self, f: impl FnOnce() -> R) -> R {
        Context::from(self).run(f)
    }

    /// The value that `var` has in this context.
    pub fn get<T: Clone + Send + Sync + 'static>(&self, var: &ContextVar<T>) -> Option<T> {
        Context::from(self).get(var)
    }

    /// How many variables have a value.
    pub fn len(&self) -> usize {
        lock(&self.0, VARS).len()
    }

    /// Whether no variable has a value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Default for SharedContext {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for SharedContext {
    /// Whether both are the same context; equal values are not enough.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SharedContext {}

impl fmt::Debug for SharedContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
