//! What cancellation promises, on toy tasks: one thread, polls by hand.

pub(super) mod toy;

mod units;
