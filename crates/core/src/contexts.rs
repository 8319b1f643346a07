//! Context variables: values that follow a task across threads, and change for that task only.
//!
//! A [`Context`] is a value: a shared, sorted slice of variables, or nothing at all. A copy is one
//! pointer, an empty context none. Each set writes a new slice; that beats a tree as long as there
//! are dozens of variables and not thousands, because reads, by far the most frequent, are a binary
//! search in one block of memory, and copies, one for each task, cost nothing.
//!
//! The task cell swaps a task's context in around each poll ([`swap`], [`enter`]); users go through
//! [`ContextVar`] and [`copy_context`]. No user code runs while this thread's context is borrowed.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ops::DerefMut;
use std::sync::Arc;
// std's and not loom's: they live in statics, and are only numbers.
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sync::thread_local;

#[cfg(all(test, not(loom)))]
mod tests;

thread_local! {
    /// The context of whatever runs on this thread.
    static CURRENT: RefCell<Context> = const { RefCell::new(Context::new()) };
}

/// A variable whose value belongs to the running context.
///
/// ```
/// use bowerbird_core::contexts::ContextVar;
///
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
        // A value that is dropped with its thread may still ask, and finds nothing.
        let value = CURRENT.try_with(|current| current.borrow().find(self.known_id()?));
        value
            .ok()
            .flatten()
            .and_then(|value| value.downcast_ref::<T>().cloned())
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
        let (before, context) = CURRENT.with(|current| {
            let mut current = current.borrow_mut();
            (current.replace(id, Some(value)), current.id())
        });
        let (before, _rest) = before;
        Token {
            var: id,
            context,
            before,
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
        let undone = CURRENT.with(|current| {
            let mut current = current.borrow_mut();
            (current.id == token.context).then(|| current.replace(token.var, token.before.clone()))
        });
        // What was dropped from the context goes here, where nothing is borrowed.
        match undone {
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

/// What leads back to a variable's former value.
#[must_use = "without the token the former value cannot come back"]
pub struct Token<T> {
    /// The variable.
    var: u64,
    /// The context in which it was set.
    context: u64,
    /// What it was.
    before: Option<Value>,
    /// The variable's type.
    value: PhantomData<fn() -> T>,
}

impl<T: Clone + Send + Sync + 'static> Token<T> {
    /// The former value; `None` where there was none.
    pub fn old_value(&self) -> Option<T> {
        self.before
            .as_ref()
            .and_then(|value| value.downcast_ref::<T>().cloned())
    }
}

impl<T> fmt::Debug for Token<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("had_value", &self.before.is_some())
            .finish_non_exhaustive()
    }
}

/// A token that does not fit.
pub struct ResetError<T> {
    /// Why.
    problem: ResetProblem,
    /// Good as before.
    token: Token<T>,
}

impl<T> ResetError<T> {
    /// Why the token did not fit.
    pub fn problem(&self) -> ResetProblem {
        self.problem
    }

    /// The token, to be used where it belongs.
    pub fn into_token(self) -> Token<T> {
        self.token
    }
}

/// Why a token did not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetProblem {
    /// Another variable made it.
    OtherVar,
    /// It was made in another context.
    OtherContext,
}

impl<T> fmt::Debug for ResetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResetError").field(&self.problem).finish()
    }
}

impl<T> fmt::Display for ResetError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.problem {
            ResetProblem::OtherVar => "token was made by another context variable",
            ResetProblem::OtherContext => "token was made in another context",
        })
    }
}

impl<T> std::error::Error for ResetError<T> {}

/// A set of variables with their values.
///
/// A clone starts with the same values and goes its own way; it is another context, so that tokens
/// of the first do not fit it.
#[derive(Default)]
pub struct Context {
    /// The variables that have a value, sorted by number; `None` is no allocation.
    vars: Option<Arc<[Entry]>>,
    /// Which context this is, as tokens know it; zero until something is set in it.
    id: u64,
}

/// A variable's value, shared by all contexts that have it.
type Value = Arc<dyn Any + Send + Sync>;

/// A variable with its value.
#[derive(Clone)]
struct Entry {
    /// Its number.
    var: u64,
    /// Its value.
    value: Value,
}

impl Context {
    /// A context in which no variable has a value.
    pub const fn new() -> Self {
        Self { vars: None, id: 0 }
    }

    /// Runs `f` in this context. What it sets is seen in later runs, and not by the caller's own
    /// context.
    ///
    /// # Panics
    /// When `f` does; the caller's context is back by then.
    pub fn run<R>(&mut self, f: impl FnOnce() -> R) -> R {
        let _entered = enter(self);
        f()
    }

    /// The value that `var` has in this context.
    pub fn get<T: Clone + Send + Sync + 'static>(&self, var: &ContextVar<T>) -> Option<T> {
        self.find(var.known_id()?)?.downcast_ref::<T>().cloned()
    }

    /// How many variables have a value.
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    /// Whether no variable has a value.
    pub fn is_empty(&self) -> bool {
        self.vars.is_none()
    }

    fn entries(&self) -> &[Entry] {
        self.vars.as_deref().unwrap_or_default()
    }

    fn find(&self, var: u64) -> Option<Value> {
        let entries = self.entries();
        let at = entries.binary_search_by_key(&var, |entry| entry.var).ok()?;
        Some(entries[at].value.clone())
    }

    /// Puts `value` in, or takes the variable out. What was there comes back with the former slice:
    /// both are dropped by the caller, where nothing is borrowed.
    fn replace(&mut self, var: u64, value: Option<Value>) -> (Option<Value>, Self) {
        let entries = self.entries();
        let found = entries.binary_search_by_key(&var, |entry| entry.var);
        let before = found.ok().map(|at| entries[at].value.clone());
        let (head, tail) = match found {
            Ok(at) => (&entries[..at], &entries[at + 1..]),
            Err(at) => entries.split_at(at),
        };
        let middle = value.map(|value| Entry { var, value });
        let all: Vec<Entry> = head
            .iter()
            .cloned()
            .chain(middle)
            .chain(tail.iter().cloned())
            .collect();
        let vars = if all.is_empty() {
            None
        } else {
            Some(Arc::from(all))
        };
        let former = Self {
            vars: mem::replace(&mut self.vars, vars),
            id: 0,
        };
        (before, former)
    }

    /// Which context this is, given now if it had no number.
    fn id(&mut self) -> u64 {
        static IDS: AtomicU64 = AtomicU64::new(1);
        if self.id == 0 {
            self.id = next(&IDS);
        }
        self.id
    }
}

impl Clone for Context {
    fn clone(&self) -> Self {
        Self {
            vars: self.vars.clone(),
            id: 0,
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// A copy of the running context.
///
/// - asyncio: `contextvars.copy_context`.
pub fn copy_context() -> Context {
    CURRENT.with(|current| current.borrow().clone())
}

/// Exchanges the running context with `context`: a few words move, nothing is counted.
pub fn swap(context: &mut Context) {
    CURRENT.with(|current| mem::swap(&mut *current.borrow_mut(), context));
}

/// Makes `context` the running one until the guard drops, unwinding included; meanwhile its place
/// keeps the caller's.
pub fn enter<C: DerefMut<Target = Context>>(mut context: C) -> Entered<C> {
    swap(&mut context);
    Entered { context }
}

/// The time in which another context runs.
#[must_use = "the context is left again when this drops"]
pub struct Entered<C: DerefMut<Target = Context>> {
    /// Holds the caller's context meanwhile.
    context: C,
}

impl<C: DerefMut<Target = Context>> Drop for Entered<C> {
    fn drop(&mut self) {
        swap(&mut self.context);
    }
}

impl<C: DerefMut<Target = Context>> fmt::Debug for Entered<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entered").finish_non_exhaustive()
    }
}

/// The next number of a kind.
fn next(numbers: &AtomicU64) -> u64 {
    // Relaxed: numbers need only differ.
    numbers.fetch_add(1, Ordering::Relaxed)
}
