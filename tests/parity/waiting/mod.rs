//! Waiting for several: `gather`, `wait`, `as_completed`, `wait_for`, `shield`.

mod as_completed;

mod gather_cancelled;

mod gather_first_failure;

mod gather_order;

mod gather_return_exceptions;

mod shield;

mod wait_and_cancelled_members;

mod wait_for;

mod wait_for_refused;

mod wait_for_zero;

mod wait_modes;

mod wait_timeout;
