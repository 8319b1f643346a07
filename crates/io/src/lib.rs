//! What the runtime waits for: time and the kernel.
//!
//! The executor's idle workers turn the [`Reactor`]; sources and timers leave behind std's
//! [`Waker`](std::task::Waker), and that is all this crate knows of tasks. It keeps no run queue
//! and starts no thread.
//!
//! Reading order: [`Clock`] and [`Deadline`], the wheel behind [`Timers`]; then what a source knows
//! about itself (`readiness`, `side`, `source`), the [`Reactor`] and its backends (`sys`), and
//! [`Async`], which owns a source and its descriptor; [`net`] makes sockets for it, and [`files`]
//! reads and writes what needs no reactor.

mod sync;

mod clock;

mod wheel;

mod timers;

mod readiness;

mod side;

#[cfg_attr(
    any(not(target_os = "linux"), bowerbird_portable_reactor),
    expect(
        unsafe_code,
        reason = "polling wants a promise that sources leave it before closing"
    )
)]
mod source;

mod sources;

mod wake;

mod sys;

#[cfg(unix)]
mod watches;

mod reactor;

mod pollable;

pub mod net;

pub mod files;
pub mod signals;

pub mod children;

#[cfg(test)]
#[cfg(unix)]
mod fixtures;

#[cfg(all(test, loom))]
mod tests;

pub use clock::{Clock, Deadline};
pub use pollable::{Async, Operation, Ready};
pub use reactor::{Events, Reactor, Turn, Wait};
pub use source::Direction;
pub use timers::{Inserted, Timers, TimersClosed};
pub use wheel::TimerKey;

/// What [`Async`] can watch: on Unix everything that is `AsFd`, on Windows what is `AsSocket`.
pub use polling::AsSource;
pub use wake::wake_all;
#[cfg(unix)]
pub use watches::{Watch, Watches};
