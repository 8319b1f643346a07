//! What cancellation promises, on toy tasks: one thread, polls by hand.

mod model;

mod properties;

pub(super) mod toy;

mod units;
