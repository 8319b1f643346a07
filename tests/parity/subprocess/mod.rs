//! Child processes.

mod communicate;
