//! Locks and their kin: who is next.

mod barrier;

mod condition;

mod event;

mod lock;

mod semaphore;
