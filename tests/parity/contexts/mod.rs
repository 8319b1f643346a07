//! Context variables, in tasks and in threads.

mod callbacks;

mod copied_at_creation;

mod given;

mod to_thread;

mod tokens;
