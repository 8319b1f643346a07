//! The parking protocol under loom. Tests through the public API are in `tests/it`.

mod loom;
