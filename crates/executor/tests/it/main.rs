//! A loop from outside: what its runtime and its handle promise. Each test is a promise; where it
//! guards a numbered fault of the project's list its name says so.
//!
//! Every test runs under a watchdog ([`stage::watched`]), because nearly everything that can break
//! here breaks by hanging.
#![cfg(not(loom))]

mod stage;

mod running;

mod configuring;

mod ordering;

mod waking;

mod fairness;

mod timing;

mod blocking;

mod closing;

mod callbacks;
