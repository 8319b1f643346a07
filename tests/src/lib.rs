//! Nothing but tests: `it/` keeps the runtime's promises, `tidy.rs` the house's rules.
