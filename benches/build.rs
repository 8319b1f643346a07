//! Tells the compiler that `cfg(tokio_unstable)` is no misspelling: tokio's switches that are off
//! by default can be measured in a build that sets it (see `src/runtimes/tokio.rs`).

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(tokio_unstable)");
}
