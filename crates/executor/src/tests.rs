//! The parking protocol and the pool under loom. Tests through the public API are in `tests/it`.

mod loom;
