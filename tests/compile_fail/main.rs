//! Programs that must not compile, and what their authors are told.
//!
//! Each file in `cases` is a program with a mistake, and beside it lies what the compiler says. The
//! words are rustc's for the most part, so they are compared on the release that they were recorded
//! with, and nowhere else. To record them anew: `TRYBUILD=overwrite cargo test -p bowerbird-tests
//! --test compile_fail`, read the difference, and name the release below.

use std::io::Write;
use std::process::Command;

/// The release whose words lie beside the cases.
const RECORDED_WITH: &str = "rustc 1.95.";

#[test]
fn mistakes_do_not_compile_and_their_authors_are_told_why() {
    let release = release();
    if !release.starts_with(RECORDED_WITH) {
        // Past the harness, which keeps to itself what a passing test prints.
        let mut harness = std::io::stderr();
        let _unseen = writeln!(
            harness,
            "\nSKIPPED: recorded with {RECORDED_WITH}x, not {release}"
        );
        return;
    }
    trybuild::TestCases::new().compile_fail("compile_fail/cases/*.rs");
}

/// What the compiler of this build calls itself.
fn release() -> String {
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let answer = Command::new(compiler).arg("--version").output();
    let answer = answer.expect("cargo has found the compiler, so it is there");
    String::from_utf8_lossy(&answer.stdout).trim().to_string()
}
