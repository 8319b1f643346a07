use std::process::{Command, Stdio};
use std::time::Duration;

use super::{note_left_out, read_within};
use crate::job::{Job, Target};
use crate::summary::Summary;

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

#[test]
fn what_is_left_out_is_told_once() {
    let target = Target::plain("x");
    let on = |runtime| Job { target, runtime };
    let mut summary = Summary::new(&["a", "b"]);
    note_left_out(&mut summary, &[on("a"), on("b"), on("a")]);
    assert_eq!(summary.failures.len(), 1);
    assert_eq!(summary.failures[0].target, target);
}
