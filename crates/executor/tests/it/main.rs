//! A loop from outside: what its runtime and its handle promise. Each test is a promise; where it
//! guards a numbered fault of the project's list its name says so.
//!
//! Every test runs under a watchdog ([`stage::watched`]), because nearly everything that can break
//! here breaks by hanging.
#![cfg(not(loom))]
#![expect(
    clippy::unwrap_used,
    reason = "what a test is built of fails as tests do"
)]

mod stage;

mod running;

mod configuring;

mod ordering;

mod waking;

#[cfg(unix)]
mod fairness;

#[cfg(unix)]
mod floods;

mod timing;

mod blocking;

mod closing;

mod hydra;

mod callbacks;
