//! Task groups.

mod body_fails;

mod cancelled_child;

mod cancelled_from_outside;

mod failure;

mod nested;

mod swallowed;

mod values;
