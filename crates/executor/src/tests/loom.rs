//! The parking protocol, the pool for blocking calls and the reliefs, under loom: every
//! interleaving, and every stale read that the orderings allow, of two or three threads.
//!
//! `world` plays what surrounds the parking protocol: work, an eventfd, threads that park, and
//! workers that follow `worker.rs` and `rest.rs` step by step. A model fails in one of three ways:
//! a thread that rests for ever is a deadlock to loom; one that spins for ever exceeds loom's
//! branches; and at the end all counts must be zero. How to run them, and which change makes which
//! of them fail: `docs/testing.md`.

mod world;

mod publishing;

mod timing;

mod calling;

mod searching;

mod seats;

mod closing;

mod blocking;

mod reliefs;

mod hand_over;
