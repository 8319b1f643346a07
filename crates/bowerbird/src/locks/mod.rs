//! Locks and their kin, for tasks: waiting gives the worker to others. asyncio: `locks.py`.
//!
//! All of them are fair, strictly first come, first served: what is freed goes to whoever has
//! waited longest, before anybody who comes later can take it. And all are safe to cancel: a wait
//! that is dropped gives its place up, and what it had been given already goes to the next.
//!
//! - They can be used from any thread and any loop, or none; asyncio binds each to one.
//! - Borrow them, or share them through an [`Arc`](std::sync::Arc) with tasks.
//! - They are not poisoned by a panic: the value is left as the panic left it.

mod lock;

mod rwlock;

mod event;

mod condition;

mod semaphore;

mod barrier;

pub use barrier::Barrier;
pub use condition::Condition;
pub use event::Event;
pub use lock::{Lock, LockGuard};
pub use rwlock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{BoundedSemaphore, Semaphore, SemaphorePermit};
