//! The attribute makes a loop for an async function; this one needs none.

#[bowerbird::main]
fn main() {}
