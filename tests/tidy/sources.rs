//! Rules for Rust files.

use crate::house::{File, assert_none, files, is_test};

/// Lines of a file that is not a test.
const LINES_MAX: usize = 500;

/// Columns of a line; rustfmt does not break comments.
const COLUMNS_MAX: usize = 100;

/// The only rooms of unsafe code, and one test that builds a waker which panics.
const UNSAFE_ROOMS: [&str; 9] = [
    "crates/core/src/cell.rs",
    "crates/core/src/cell/",
    "crates/core/src/waker.rs",
    "crates/core/src/home.rs",
    "crates/core/src/slot.rs",
    "crates/core/src/task.rs",
    "crates/core/src/tests/panics.rs",
    "crates/io/src/source.rs",
    "crates/io/src/sys/",
];

/// Files that may know loom: the seams, and whole modules left out of its builds in a `lib.rs`.
/// `counts.rs` leaves out its tests, in two lines, and `locked.rs` its book, because loom's threads
/// share the locals of one.
const LOOM_SEAMS: [&str; 5] = [
    "/sync.rs",
    "/queue.rs",
    "/lib.rs",
    "executor/src/counts.rs",
    "core/src/locked.rs",
];

/// What is for tests alone, on one side of loom or the other; fine anywhere.
const TESTS_BY_LOOM: [&str; 2] = ["#[cfg(all(test, not(loom)))]", "#[cfg(all(test, loom))]"];

fn rust_files() -> Vec<File> {
    files(&[".rs"])
}

/// What is code in a line: no comment, and nothing between quotes.
pub(crate) fn code(line: &str) -> String {
    let mut code = String::new();
    let mut is_text = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if is_text => drop(characters.next()),
            '"' => is_text = !is_text,
            '/' if !is_text && characters.peek() == Some(&'/') => break,
            _ if is_text => {}
            _ => code.push(character),
        }
    }
    code
}

pub(crate) fn is_unsafe(line: &str) -> bool {
    let code = code(line);
    let mut words = code.split(|character: char| !character.is_alphanumeric() && character != '_');
    words.any(|word| word == "unsafe")
}

fn knows_loom(line: &str) -> bool {
    let code = code(line);
    code.contains("cfg") && code.contains("loom") && !TESTS_BY_LOOM.contains(&code.trim())
}

#[test]
fn rules_see_code_and_neither_comments_nor_texts() {
    assert!(is_unsafe("    let x = unsafe { y() };"));
    assert!(is_unsafe("pub unsafe fn f() {}"));
    assert!(!is_unsafe("// unsafe { }"));
    assert!(!is_unsafe("let text = \"unsafe \\\" unsafe\";"));
    assert!(!is_unsafe("#![deny(unsafe_code)]"));
    assert!(knows_loom("#[cfg(loom)]"));
    assert!(knows_loom("#[cfg(not(loom))] // why"));
    assert!(!knows_loom(TESTS_BY_LOOM[0]));
    assert!(!knows_loom("// cfg(loom)"));
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let long = rust_files().into_iter().filter(|file| !is_test(&file.path));
    assert_none(long.filter_map(|file| {
        let lines = file.text.lines().count();
        (lines > LINES_MAX).then(|| format!("{}: {lines} lines", file.path))
    }));
}

#[test]
fn no_line_is_wider_than_the_page() {
    let files = rust_files();
    assert_none(files.iter().flat_map(|file| {
        let wide = |(_, line): &(usize, &str)| line.chars().count() > COLUMNS_MAX;
        let lines = file.text.lines().enumerate().filter(wide);
        let complaints = lines.map(|(at, _)| format!("{}:{}: too wide", file.path, at + 1));
        complaints.collect::<Vec<_>>()
    }));
}

#[test]
fn every_module_says_what_it_is() {
    // The tests of a module, in a file beside it, are explained by the module.
    let told = |file: &File| file.path.ends_with("/tests.rs") || file.text.starts_with("//!");
    let silent = rust_files().into_iter().filter(|file| !told(file));
    assert_none(silent.map(|file| format!("{}: does not open with //!", file.path)));
}

#[test]
fn unsafe_code_stays_in_its_rooms() {
    assert_none(rust_files().iter().flat_map(|file| {
        let is_room = UNSAFE_ROOMS.iter().any(|room| file.path.starts_with(room));
        let lines = file.text.lines().enumerate();
        let found = lines.filter(move |(_, line)| !is_room && is_unsafe(line));
        let complaints = found.map(|(at, _)| format!("{}:{}: unsafe", file.path, at + 1));
        complaints.collect::<Vec<_>>()
    }));
}

#[test]
fn every_unsafe_room_is_in_use() {
    let files = rust_files();
    // The backends are safe at present; the room is kept for systems to come.
    let rooms = UNSAFE_ROOMS.iter().filter(|room| !room.ends_with("/sys/"));
    assert_none(rooms.filter_map(|room| {
        let mut inside = files.iter().filter(|file| file.path.starts_with(room));
        let is_used = inside.any(|file| file.text.lines().any(is_unsafe));
        (!is_used).then(|| format!("{room}: safe by now, take it off the list"))
    }));
}

#[test]
fn loom_is_known_at_the_seams_only() {
    assert_none(rust_files().iter().flat_map(|file| {
        let is_seam =
            is_test(&file.path) || LOOM_SEAMS.iter().any(|seam| file.path.ends_with(seam));
        let lines = file.text.lines().enumerate();
        let found = lines.filter(move |(_, line)| !is_seam && knows_loom(line));
        let complaints = found.map(|(at, _)| format!("{}:{}: loom", file.path, at + 1));
        complaints.collect::<Vec<_>>()
    }));
}
