use std::process::{Command, Stdio};
use std::time::Duration;

use super::{read_within, schedule};
use crate::options::Options;
use crate::workloads::Plan;

#[test]
fn runtimes_take_turns_and_each_is_first_once() {
    let options = Options {
        plan: Plan { is_quick: true },
        rounds: 2,
        is_json: false,
        report: None,
        runtimes: vec!["a", "b"],
        workloads: vec!["x", "y"],
    };
    let expected = [
        [("x", "a"), ("x", "b"), ("y", "a"), ("y", "b")],
        [("x", "b"), ("x", "a"), ("y", "b"), ("y", "a")],
    ];
    assert_eq!(schedule(&options), expected.concat());
}

#[test]
fn a_child_that_hangs_is_given_up() {
    // `cat` waits for the end of its input, which is the end of this test.
    let mut command = Command::new("cat");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let error = read_within(&mut child, Duration::from_millis(10)).unwrap_err();
    assert!(error.to_string().contains("did not end"), "{error}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn all_a_child_prints_is_read() {
    let mut command = Command::new("echo");
    let mut child = command
        .arg("readings")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    assert_eq!(
        read_within(&mut child, Duration::from_secs(30)).unwrap(),
        "readings\n"
    );
    child.wait().unwrap();
}
