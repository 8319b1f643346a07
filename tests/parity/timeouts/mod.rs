//! Limits.

mod around_a_group;

mod at_once;

mod nested;

mod refused;

mod rescheduled;
