//! What can go wrong with a loop itself.

use std::fmt;

/// Why a loop could not be run, closed or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoopError {
    /// This loop is being run already.
    AlreadyRunning,
    /// The calling thread runs another loop, and would block it.
    AnotherRunning,
    /// The loop was closed.
    Closed,
    /// The loop runs, and a running loop cannot be closed.
    Running,
    /// `stop` was called before the future had its value.
    Stopped,
    /// The future was cancelled before it had a value.
    Cancelled,
    /// Ctrl-C ended the run.
    Interrupted,
}

impl fmt::Display for LoopError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyRunning => "this event loop is already running",
            Self::AnotherRunning => "cannot run the event loop while another loop is running",
            Self::Closed => "event loop is closed",
            Self::Running => "cannot close a running event loop",
            Self::Stopped => "event loop stopped before the future completed",
            Self::Cancelled => "the future was cancelled",
            Self::Interrupted => "the run was interrupted by Ctrl-C",
        })
    }
}

impl std::error::Error for LoopError {}
