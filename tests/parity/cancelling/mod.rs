//! Cancel requests: when they come, who gets them, what they undo.

mod before_start;

mod by_itself;

mod caught;

mod chain;

mod finally;

mod innermost_first;

mod taken_back;

mod too_late;

mod twice;

mod uncancel;

mod wins_over_a_value;
