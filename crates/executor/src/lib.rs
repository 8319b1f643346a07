//! The workers of a bowerbird loop: they run its tasks, steal from each other, wait in the reactor,
//! and keep a pool of threads for calls that block.
//!
//! Built on `bowerbird-core` (what a task is) and `bowerbird-io` (what can be waited for); knows
//! neither sockets nor what users see. Reading order: `worker` (the control flow), `queue`,
//! `counts` and `sleep` (who is awake; the proof is in `docs/parking.md`), `rest`, `watch`,
//! `timekeeping`, `blocking`, `runtime` (the life of a loop).

mod sync;

mod worker;

mod queue;

mod counts;

mod sleep;

mod rest;

mod watch;

mod timekeeping;

mod callbacks;

mod blocking;

mod shared;

mod registry;

mod current;

mod handle;

mod main_future;

mod life;

mod refusal;

mod runtime;

mod config;

pub mod budget;

mod report;

mod metrics;

mod error;

pub use config::{Config, Flavor, ThreadHook};
pub use error::LoopError;
pub use handle::Handle;
pub use metrics::{Metrics, WorkerMetrics};
pub use report::{Report, Reporter};
pub use runtime::Runtime;
pub use timekeeping::TimerId;
