//! The task cell from outside, with a toy queue in place of an executor. Each test is a promise;
//! where it guards a numbered fault of the project's list its name says so.
//!
//! `toy` runs what one thread asks of it, in order. The same toy carries the loom models.

mod toy;

#[cfg(not(loom))]
mod awaiting;

#[cfg(not(loom))]
mod panics;

#[cfg(not(loom))]
mod wakes;

#[cfg(not(loom))]
mod cancelling;

#[cfg(not(loom))]
mod callbacks;

#[cfg(not(loom))]
mod drops;

#[cfg(not(loom))]
mod local;

#[cfg(not(loom))]
mod slots;

#[cfg(not(loom))]
mod scopes;

#[cfg(not(loom))]
mod names;

#[cfg(loom)]
mod loom;
