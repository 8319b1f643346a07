//! What the compiler's lints cannot see: sizes, maps, rooms, doors, links, leftovers.
//!
//! Each rule is a function from text to complaints, tested on a few lines of its own beside it, and
//! then held against the whole house. Exceptions stand in lists that may only shrink.
#![expect(clippy::unwrap_used, reason = "what cannot be read fails the test")]

mod house;

mod sources;

mod manifests;

mod prose;

mod examples;

mod faults;

mod unsafety;
