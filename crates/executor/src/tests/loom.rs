//! The parking protocol, the pool for blocking calls and the reliefs, under loom: every
//! interleaving, and every stale read that the orderings allow, of two or three threads.
//!
//! `world` plays what surrounds the parking protocol: work, an eventfd, threads that park, and
//! workers that follow `worker.rs` and `rest.rs` step by step. A model fails in one of three ways:
//! a thread that rests for ever is a deadlock to loom; one that spins for ever exceeds loom's
//! branches; and at the end all counts must be zero. How to run them, and which change makes which
//! of them fail: `docs/testing.md`.
//!
//! Under shuttle the same world is played with more threads, at random: `programs`.

mod world;

#[cfg(not(shuttle))]
mod publishing;

#[cfg(not(shuttle))]
mod timing;

#[cfg(not(shuttle))]
mod calling;

#[cfg(not(shuttle))]
mod searching;

#[cfg(not(shuttle))]
mod seats;

#[cfg(not(shuttle))]
mod closing;

#[cfg(not(shuttle))]
mod blocking;

#[cfg(not(shuttle))]
mod reliefs;

#[cfg(not(shuttle))]
mod hand_over;

#[cfg(shuttle)]
mod programs;
