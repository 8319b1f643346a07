//! Tells the compiler that `cfg(tokio_unstable)` is no misspelling: tokio's switches that are off
//! by default can be measured in a build that sets it (see `src/runtimes/tokio.rs`). Hands down
//! which compiler built the harness, without which no number of it means much.

use std::env;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(tokio_unstable)");
    println!("cargo::rustc-env=BENCH_RUSTC={}", compiler());
}

/// What the compiler calls itself, without date and hash: `rustc 1.85.0`.
fn compiler() -> String {
    let rustc = env::var("RUSTC").expect("cargo tells build scripts the compiler");
    let told = Command::new(rustc).arg("--version").output();
    let told = told.expect("the compiler is about to build this crate");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let mut words = told.split_whitespace();
    let named = (words.next(), words.next());
    let (Some(name), Some(version)) = named else {
        panic!("the compiler calls itself {told:?}");
    };
    format!("{name} {version}")
}
