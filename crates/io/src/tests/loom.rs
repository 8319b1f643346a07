//! What several threads do to timers and sources at once, under loom: every interleaving, and every
//! stale read that the orderings allow.
//!
//! The kernel is left out: an event is a [`Signal`](crate::sys::Signal) in some thread's hands, as
//! it is between a wait and its delivery. How to run them, and which change makes which of them
//! fail: `docs/testing.md`.

mod alarm;

mod timers;

mod sources;
