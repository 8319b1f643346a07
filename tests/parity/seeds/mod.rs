//! The programs of the two texts that this project started from, in today's Python. Lines that
//! print a task as such are left out: what a task looks like is no promise.
//!
//! What the second text says of `gather`, `wait` and its constants, `wait_for` and `as_completed`
//! is shown in `waiting`.

mod already_running;

mod async_generator;

mod callback;

mod callback_of_each;

mod create_task;

mod loop_methods;

mod producers_and_consumers;

mod run_until_complete;

mod shield;

mod to_thread;

mod two_in_turn;
