//! The fuzzer's bytes for crates/io/tests/timers.rs, which says what must hold.
#![no_main]

#[path = "../../crates/io/tests/timers.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
