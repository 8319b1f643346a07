//! The fuzzer's bytes for crates/http/tests/it/from_bytes.rs, which says what must hold.
#![no_main]

#[path = "../../crates/http/tests/it/from_bytes.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::check(bytes));
