//! Context variables: values that follow a task across threads, and change for that task only.
//!
//! A task has its context in its cold part, and `force` finds the one that is in force: polls pay
//! nothing for it. Users go through [`ContextVar`] and [`SharedContext`]; what the loop makes goes
//! through [`copy_context`]. No lock is held, and nothing of this thread borrowed, while user code
//! runs (I4).

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
// std's and not loom's: they live in statics, and are only numbers.
use std::sync::atomic::{AtomicU64, Ordering};

mod context;

mod force;

mod token;

mod vars;

#[cfg(all(test, not(loom)))]
mod tests;

pub use context::{Context, SharedContext};
pub use token::{ResetError, ResetProblem, Token};

use force::{change, in_force};
use vars::{Vars, next};

/// A variable whose value belongs to the running context.
///
/// ```
/// # use bowerbird_core::contexts::ContextVar;
/// static REQUEST: ContextVar<u32> = ContextVar::new("request");
///
/// assert_eq!(REQUEST.get(), None);
/// let token = REQUEST.set(7);
/// assert_eq!(REQUEST.get_or(0), 7);
/// REQUEST.reset(token).expect("set by the same variable in the same context");
/// assert_eq!(REQUEST.get(), None);
/// ```
///
/// - asyncio: `contextvars.ContextVar`; the default is an argument of [`get_or`](Self::get_or).
pub struct ContextVar<T> {
    /// For people; two variables may share it.
    name: &'static str,
    /// Which variable this is; zero until it is set for the first time.
    id: AtomicU64,
    /// It hands out values and owns none.
    value: PhantomData<fn() -> T>,
}

impl<T: Clone + Send + Sync + 'static> ContextVar<T> {
    /// A variable without a value. Keep it in a `static`: each one made is a variable of its own.
    pub const fn new(name: &'static str) -> Self {
        Self {
            name,
            id: AtomicU64::new(0),
            value: PhantomData,
        }
    }

    /// What it was named.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its value in the running context.
    pub fn get(&self) -> Option<T> {
        let var = self.known_id()?;
        // A value that is dropped with its thread may still ask, and finds nothing.
        let value = in_force(|vars| vars.find(var)).flatten()?;
        value.downcast_ref::<T>().cloned()
    }

    /// Its value in the running context, or `default` where it has none.
    pub fn get_or(&self, default: T) -> T {
        self.get().unwrap_or(default)
    }

    /// Gives it a value in the running context; other contexts do not see it.
    ///
    /// The token leads back to what it was before.
    pub fn set(&self, value: T) -> Token<T> {
        let (id, value) = (self.id(), Arc::new(value));
        let (mut former, context) = change(|vars| (vars.replace(id, Some(value)), vars.id()));
        Token {
            var: id,
            context,
            before: former.value.take(),
            value: PhantomData,
        }
    }

    /// Makes it what it was before the call of [`set`](Self::set) that gave `token`.
    ///
    /// A token works once, which the type sees to.
    ///
    /// # Errors
    /// With the token given back, when another variable made it ([`ResetProblem::OtherVar`]), or
    /// when it was made in another context ([`ResetProblem::OtherContext`]). Nothing has changed.
    pub fn reset(&self, token: Token<T>) -> Result<(), ResetError<T>> {
        if self.known_id() != Some(token.var) {
            return Err(ResetError {
                problem: ResetProblem::OtherVar,
                token,
            });
        }
        let undo = |vars: &mut Vars| {
            let fits = vars.is(token.context);
            fits.then(|| vars.replace(token.var, token.before.clone()))
        };
        // What was dropped from the context goes here, where nothing is borrowed.
        match in_force(undo).flatten() {
            Some(_gone) => Ok(()),
            None => Err(ResetError {
                problem: ResetProblem::OtherContext,
                token,
            }),
        }
    }

    /// Its number, if it was ever set.
    fn known_id(&self) -> Option<u64> {
        // Relaxed: the id is all there is to see, nothing else is published with it.
        Some(self.id.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    /// Its number, given now if it had none.
    fn id(&self) -> u64 {
        static IDS: AtomicU64 = AtomicU64::new(1);
        self.known_id().unwrap_or_else(|| {
            let fresh = next(&IDS);
            // Relaxed: as in `known_id`; who comes second takes the number of who came first.
            let given = self
                .id
                .compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed);
            given.err().unwrap_or(fresh)
        })
    }
}

impl<T> fmt::Debug for ContextVar<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextVar")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// A copy of the running context.
///
/// - asyncio: `contextvars.copy_context`.
#[inline]
pub fn copy_context() -> Context {
    let vars = in_force(|vars| vars.copy());
    vars.map_or(Context::new(), |vars| Context(context::Kept::Own(vars)))
}
