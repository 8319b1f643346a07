//! Queues.

mod bounded;

mod getters;

mod join;

mod nowait;

mod orders;

mod shutdown;
