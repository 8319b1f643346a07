//! The producer and consumer program prints in Rust what it prints in Python.

use std::path::Path;
use std::process::Command;

use bowerbird::{Flavor, Runner};

#[path = "../examples/producer_consumer.rs"]
mod example;

/// Set where a missing peer is a failure, not a reason to skip.
const REQUIRE_PEERS: &str = "BOWERBIRD_REQUIRE_PEERS";

fn lines_in_python() -> Option<Vec<String>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/producer_consumer.py");
    let ended = Command::new("python3").arg(script).output().ok()?;
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "the original fails: {errors}");
    let printed = String::from_utf8(ended.stdout).expect("it prints plain text");
    Some(printed.lines().map(str::to_owned).collect())
}

fn lines_in_rust(flavor: Flavor) -> Vec<String> {
    let mut lines = Vec::new();
    let mut runner = Runner::builder()
        .flavor(flavor)
        .build()
        .expect("there are threads and descriptors");
    runner.run(example::program(|line| lines.push(line)));
    lines
}

#[test]
fn the_same_program_prints_the_same_lines_in_both_languages() {
    let Some(original) = lines_in_python() else {
        let is_required = std::env::var_os(REQUIRE_PEERS).is_some_and(|value| value == "1");
        assert!(!is_required, "{REQUIRE_PEERS}=1, and there is no python3");
        eprintln!("skipped: there is no python3 to run producer_consumer.py with");
        return;
    };
    assert!(original.len() > 20, "the original says something");
    for flavor in [Flavor::CurrentThread, Flavor::MultiThread] {
        assert_eq!(lines_in_rust(flavor), original);
    }
}
