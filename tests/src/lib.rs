//! Nothing but tests: `it/` keeps the runtime's promises, `tidy/` the house's rules.
