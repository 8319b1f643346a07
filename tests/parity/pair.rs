//! Comparing the two programs of a pair with the text that both should print.

use std::fs;
use std::path::{Path, PathBuf};

use bowerbird::{Flavor, Runner};

use crate::page::Page;
use crate::python::run_python;

/// How often a program may print something else. Programs sleep to let others go first, and a
/// machine that stops one for longer than its sleeps changes the order of its lines; what differs
/// each time is a difference.
const ATTEMPTS: usize = 3;

/// Checks the pair of the calling module: `program` runs on a loop of one thread.
#[track_caller]
pub(crate) fn pair(module: &str, program: impl AsyncFn(Page)) {
    pair_without_loop(module, |page| {
        let mut runner = Runner::builder()
            .flavor(Flavor::CurrentThread)
            .build()
            .unwrap();
        runner.run(program(page));
        runner.close();
    });
}

/// The same, for programs that make their loops themselves.
#[track_caller]
pub(crate) fn pair_without_loop(module: &str, program: impl Fn(Page)) {
    let place = place(module);
    let expected = fs::read_to_string(place.with_extension("expected")).unwrap();
    let ours = || {
        let page = Page::default();
        program(page.clone());
        Some(page.into_text())
    };
    assert_printed("Rust", ours, &expected);
    let theirs = || run_python(&place.with_extension("py"));
    assert_printed("Python", theirs, &expected);
}

/// Checks what `run` prints, where it can be run.
#[track_caller]
fn assert_printed(who: &str, run: impl Fn() -> Option<String>, expected: &str) {
    let mut printed = run();
    for _ in 1..ATTEMPTS {
        if printed
            .as_deref()
            .is_some_and(|printed| printed != expected)
        {
            printed = run();
        }
    }
    if let Some(printed) = printed {
        assert_same(who, &printed, expected);
    }
}

/// Where the pair's files are, without their endings: `parity::tasks::order` is `tasks/order`.
fn place(module: &str) -> PathBuf {
    let (_crate, inside) = module.split_once("::").unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("parity");
    folder.join(inside.replace("::", "/"))
}

#[track_caller]
fn assert_same(who: &str, printed: &str, expected: &str) {
    let (mut printed, mut expected) = (printed.lines(), expected.lines());
    for number in 1.. {
        let (is, should_be) = (printed.next(), expected.next());
        assert_eq!(is, should_be, "line {number} of what {who} printed");
        if is.is_none() {
            return;
        }
    }
}

#[test]
#[should_panic(expected = "line 2 of what Rust printed")]
fn a_line_that_differs_is_found() {
    assert_same("Rust", "1\n2\n", "1\n3\n");
}

#[test]
#[should_panic(expected = "line 2 of what Python printed")]
fn a_line_too_few_is_found() {
    assert_same("Python", "1\n", "1\n2\n");
}

#[test]
#[should_panic(expected = "line 2 of what Rust printed")]
fn a_line_too_many_is_found() {
    assert_same("Rust", "1\n2\n", "1\n");
}
