//! How a promise can disappoint: whoever sets it twice, whoever reads it, whoever never did.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The error of a failed promise: one value, shared by all who ask for it.
#[derive(Debug, Clone)]
pub struct Failure(Arc<dyn Error + Send + Sync>);

impl Failure {
    pub(super) fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }

    /// The error itself, for `downcast_ref`.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }

    /// Whether the two are one and the same error.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

/// A promise was asked for what its state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidStateError {
    /// It has no result yet.
    Pending,
    /// It is done and cannot be set again.
    Done,
}

impl fmt::Display for InvalidStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "promise has no result yet",
            Self::Done => "promise is already done",
        })
    }
}

impl Error for InvalidStateError {}

/// Why a promise gave no value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum PromiseError {
    /// It is pending.
    InvalidState(InvalidStateError),
    /// It was cancelled, with this message.
    Cancelled(Option<Arc<str>>),
    /// It failed with this error.
    Failed(Failure),
}

impl fmt::Display for PromiseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidState(error) => error.fmt(f),
            Self::Cancelled(Some(message)) => write!(f, "promise was cancelled: {message}"),
            Self::Cancelled(None) => f.write_str("promise was cancelled"),
            Self::Failed(failure) => failure.fmt(f),
        }
    }
}

impl Error for PromiseError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(failure) => failure.source(),
            Self::InvalidState(_) | Self::Cancelled(_) => None,
        }
    }
}

/// A promise failed, and its last handle went before anyone asked for the error.
#[derive(Debug)]
pub struct NeverRetrieved {
    /// The error.
    failure: Failure,
}

impl NeverRetrieved {
    pub(super) fn new(failure: Failure) -> Self {
        Self { failure }
    }

    /// The error that nobody read.
    pub fn failure(&self) -> &Failure {
        &self.failure
    }
}

impl fmt::Display for NeverRetrieved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "promise exception was never retrieved: {}", self.failure)
    }
}
