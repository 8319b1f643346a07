//! The loop itself: runs, callbacks, errors.

mod call_later;

mod call_soon;

mod exception_handler;

mod never_retrieved;

mod refusals;

mod stop_and_run_again;
