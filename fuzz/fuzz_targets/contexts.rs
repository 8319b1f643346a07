//! The fuzzer's bytes for tests/it/from_bytes/contexts.rs, which says what must hold.
#![no_main]

#[path = "../../tests/it/from_bytes/contexts.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
