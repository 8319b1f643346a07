//! The workers of a bowerbird loop: they run its tasks, steal from each other, wait in the reactor,
//! and keep a pool of threads for calls that block.
//!
//! Built on `bowerbird-core` (what a task is) and `bowerbird-io` (what can be waited for); knows
//! neither sockets nor what users see. Reading order: `worker` (the control flow), `queue`,
//! `counts` and `sleep` (who is awake; the proof is in `docs/parking.md`), `rest`, `watch`,
//! `timekeeping`, `blocking`, `runtime` (the life of a loop).
//!
//! Under loom only the queues, the counts, the parking protocol, the roster of the pool and the
//! reserve of reliefs are built: the rest stands on the kernel and on crossbeam, which loom cannot
//! see into.

#![cfg_attr(
    loom,
    allow(
        dead_code,
        unused_imports,
        reason = "the callers are not built under loom"
    )
)]

mod sync;

#[cfg(not(loom))]
mod worker;

#[cfg(not(loom))]
mod placing;

mod queue;

mod counts;

mod words;

mod sleep;

#[cfg(not(loom))]
mod chaos;

#[cfg(not(loom))]
mod gaps;

#[cfg(not(loom))]
mod rest;

#[cfg(not(loom))]
mod watch;

#[cfg(not(loom))]
mod timekeeping;

#[cfg(not(loom))]
mod callbacks;

#[cfg(not(loom))]
mod signal_handlers;

#[cfg(not(loom))]
mod timed;

#[cfg(not(loom))]
mod slow;

mod roster;

#[cfg(not(loom))]
mod blocking;

#[cfg(not(loom))]
mod in_place;

mod reserve;

#[cfg(not(loom))]
mod relief;

#[cfg(not(loom))]
mod shared;

#[cfg(not(loom))]
mod registry;

#[cfg(not(loom))]
mod current;

#[cfg(not(loom))]
mod handle;

#[cfg(not(loom))]
mod eager;

#[cfg(not(loom))]
mod main_future;

#[cfg(not(loom))]
mod life;

#[cfg(not(loom))]
mod refusal;

#[cfg(not(loom))]
mod runtime;

#[cfg(not(loom))]
mod closing;

#[cfg(not(loom))]
mod config;

#[cfg(not(loom))]
pub mod budget;

#[cfg(not(loom))]
mod report;

#[cfg(not(loom))]
mod metrics;

#[cfg(not(loom))]
mod error;

#[cfg(not(loom))]
pub use callbacks::Call;
#[cfg(not(loom))]
pub use config::{Config, Flavor, ThreadHook};
#[cfg(not(loom))]
pub use error::LoopError;
#[cfg(not(loom))]
pub use handle::Handle;
#[cfg(not(loom))]
pub use in_place::block_in_place;
#[cfg(not(loom))]
pub use metrics::{Metrics, WorkerMetrics};
#[cfg(not(loom))]
pub use report::{CallSite, Fallback, Level, Report, Reporter, print};
#[cfg(not(loom))]
pub use runtime::Runtime;
#[cfg(not(loom))]
pub use signal_handlers::SignalHandler;
#[cfg(not(loom))]
pub use timed::CallKey;
#[cfg(not(loom))]
pub use timekeeping::TimerId;

#[cfg(test)]
#[cfg(loom)]
mod tests;
