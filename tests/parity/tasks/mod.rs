//! Tasks: when they start, who they are, how they end.

mod all_tasks;

mod done_callbacks;

mod eager;

mod failures;

mod names;

mod sleeps;

mod spawned_by_tasks;

mod start_order;

mod yields_take_turns;
