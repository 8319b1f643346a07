//! Rules for the numbered faults: `docs/faults.md` and the names of the tests must tell the same.
//!
//! A test of a fault carries its number (`fault_017_…`). The table has a row for each number that a
//! test carries or that is still without one; the last column names files with such tests, or says
//! `none:` and why. So a fault cannot lose its last test, nor get its first, without the table.

use std::collections::{BTreeMap, BTreeSet};

use crate::house::{assert_none, files, root};

/// What a name begins with.
const PREFIX: &str = concat!("fault", "_");

/// A number without a test says so by this, and then why.
const WITHOUT: &str = "none: ";

/// The files in which a test of each number stands.
type Tests = BTreeMap<u32, BTreeSet<String>>;

/// A row: its number, and what is in the last column.
type Row = (u32, String);

/// The number of a test's name, if it has one.
fn number(name: &str) -> Option<u32> {
    let rest = name.strip_prefix(PREFIX)?;
    let (digits, _) = rest.split_at_checked(3)?;
    digits.parse().ok()
}

/// The numbers of the tests in a text.
fn numbers_in(text: &str) -> impl Iterator<Item = u32> {
    let names = text
        .lines()
        .filter_map(|line| line.trim().split_once("fn "));
    // What comes before is `async`, `pub(crate)` or nothing: no comment.
    let names = names.filter(|(before, _)| !before.contains("//"));
    names.filter_map(|(_, name)| number(name))
}

fn tests() -> Tests {
    let mut tests = Tests::new();
    for file in files(&[".rs"]) {
        let name = file.path.rsplit('/').next().and_then(number);
        for number in numbers_in(&file.text).chain(name) {
            let places = tests.entry(number).or_default();
            places.insert(file.path.clone());
        }
    }
    tests
}

/// The rows of the table in a text; a row begins with a number.
fn rows(text: &str) -> Vec<Row> {
    let cells = |line: &str| -> Option<Row> {
        let cells: Vec<_> = line.strip_prefix('|')?.split('|').map(str::trim).collect();
        let last = cells.iter().rev().find(|cell| !cell.is_empty())?;
        Some((cells[0].parse().ok()?, (*last).to_owned()))
    };
    text.lines().filter_map(cells).collect()
}

/// What is wrong with a row.
fn complaint((number, place): &Row, tests: &Tests) -> Option<String> {
    let known = tests.get(number);
    if let Some(reason) = place.strip_prefix(WITHOUT) {
        return match known {
            Some(files) => Some(format!("{number:03} has a test now, in {files:?}: name it")),
            None if reason.len() < 10 => Some(format!("{number:03} has no test: say why")),
            None => None,
        };
    }
    let wrong = |name: &&str| {
        let name = name.trim().trim_matches('`');
        !known.is_some_and(|files| files.iter().any(|file| file.ends_with(name)))
    };
    let wrong: Vec<_> = place.split(',').filter(wrong).collect();
    let is_right = wrong.is_empty();
    (!is_right).then(|| format!("{number:03} has no test in {wrong:?}"))
}

#[test]
fn numbers_and_rows_are_read() {
    let text = concat!(
        "fn fault",
        "_017_x() {\n// fn fault",
        "_018_y\nasync fn fault",
        "_019_z()"
    );
    assert_eq!(numbers_in(text).collect::<Vec<_>>(), [17, 19]);
    let rows = rows("| case | where |\n|---|---|\n| 017 | what | `a/b.rs`, `c.rs` |\n");
    assert_eq!(rows, [(17, "`a/b.rs`, `c.rs`".to_owned())]);
    let tests = Tests::from([(
        17,
        BTreeSet::from(["x/a/b.rs".to_owned(), "c.rs".to_owned()]),
    )]);
    assert_eq!(complaint(&rows[0], &tests), None);
    assert!(complaint(&(17, "`d.rs`".into()), &tests).is_some());
    assert!(complaint(&(17, "none: there is no such thing".into()), &tests).is_some());
    assert_eq!(
        complaint(&(18, "none: there is no such thing".into()), &tests),
        None
    );
    assert!(complaint(&(18, "none: ".into()), &tests).is_some());
    assert!(complaint(&(18, "`c.rs`".into()), &tests).is_some());
}

#[test]
fn every_numbered_fault_has_a_test_or_a_reason() {
    let text = std::fs::read_to_string(root().join("docs/faults.md")).unwrap();
    let (tests, rows) = (tests(), rows(&text));
    let listed: BTreeSet<u32> = rows.iter().map(|(number, _)| *number).collect();
    assert!(listed.len() == rows.len(), "a number stands there twice");
    let unlisted = tests.keys().filter(|number| !listed.contains(number));
    let unlisted = unlisted.map(|number| format!("{number:03} is not in docs/faults.md"));
    assert_none(unlisted.chain(rows.iter().filter_map(|row| complaint(row, &tests))));
}
