//! `run` and `Runner`.

mod leftovers;

mod one_context;

mod one_loop_for_many_runs;

mod run;
