//! Tells the compiler that `cfg(tokio_unstable)` is no misspelling: tokio's switches that are off
//! by default can be measured in a build that sets it (see `src/runtimes/tokio.rs`). Hands down
//! which compiler built the harness, and which versions of the runtimes are in it: without them no
//! number means much.

use std::env;
use std::fs;
use std::process::Command;

/// Which version of what is built, from the harness's own folder.
const LOCK: &str = "../Cargo.lock";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(tokio_unstable)");
    println!("cargo::rustc-env=BENCH_RUSTC={}", compiler());
    println!("cargo::rerun-if-changed={LOCK}");
    println!("cargo::rustc-env=BENCH_VERSIONS={}", versions());
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

/// The runtimes and their versions: `bowerbird 0.1.0, tokio 1.54.1`.
fn versions() -> String {
    let lock = fs::read_to_string(LOCK).expect("cargo writes the lock file before it builds");
    let versions = ["bowerbird", "tokio", "smol"].map(|name| {
        let heading = format!("name = \"{name}\"\nversion = \"");
        let (_, rest) = lock.split_once(&heading).expect("it is a dependency");
        let (version, _) = rest.split_once('"').expect("the lock file is TOML");
        format!("{name} {version}")
    });
    versions.join(", ")
}
