//! What the compiler's lints cannot see.
