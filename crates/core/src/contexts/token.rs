//! The way back to a variable's former value, and what is wrong with a token that does not fit.

use std::fmt;
use std::marker::PhantomData;

use super::vars::Value;

/// What leads back to a variable's former value.
pub struct Token<T> {
    /// The variable.
    pub(super) var: u64,
    /// The context in which it was set.
    pub(super) context: u64,
    /// What it was.
    pub(super) before: Option<Value>,
    /// The variable's type.
    pub(super) value: PhantomData<fn() -> T>,
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
    pub(super) problem: ResetProblem,
    /// Good as before.
    pub(super) token: Token<T>,
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
