//! What cancellation promises, on toy tasks: one thread, polls by hand.

mod clean_up;

mod delivery;

mod model;

mod moving;

mod program;

mod properties;

pub(super) mod toy;
