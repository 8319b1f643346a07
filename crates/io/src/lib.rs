//! What the runtime waits for: time and the kernel.
//!
//! The executor's idle workers turn the reactor; sources and timers leave behind std's
//! [`Waker`](std::task::Waker), and that is all this crate knows of tasks. It keeps no run queue
//! and starts no thread.
//!
//! Reading order: [`Clock`] and [`Deadline`], the timing wheel behind [`Timers`], the reactor.

mod clock;

mod wheel;

mod timers;

pub use clock::{Clock, Deadline};
pub use timers::{Inserted, Timers, TimersClosed};
pub use wheel::TimerKey;
